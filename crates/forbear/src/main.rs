//! The program `forbear`.

use std::process::ExitCode;

use forbear::cli::{Command, Format, Unread};
use forbear::{cli, commands};

#[tokio::main]
async fn main() -> ExitCode {
    let arguments: Vec<_> = std::env::args_os().collect();
    let (cli, given) = match cli::read(&arguments) {
        Ok(read) => read,
        // Help and the version, or what is wrong, as clap says it to people.
        Err(Unread::Shown(shown)) => shown.exit(),
        Err(Unread::Wrong(failure)) => {
            failure.print(Format::Json);
            return failure.exit_code();
        }
    };
    let format = cli.format;
    let runs = matches!(cli.command, Command::Up(_) | Command::Serve(_));
    let usual = if runs { tracing::Level::INFO } else { tracing::Level::WARN };
    // Whoever reads results as JSON reads the rest as JSON too.
    forbear::logging::start(cli.log.unwrap_or(usual), cli.log_json || format == Format::Json);
    match commands::run(cli, &given).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            failure.print(format);
            failure.exit_code()
        }
    }
}
