//! The program `forbear`.

use std::process::ExitCode;

use clap::Parser;
use forbear::cli::{Cli, Command};
use forbear::commands;

#[tokio::main]
async fn main() -> ExitCode {
    let cli = Cli::parse();
    let runs = matches!(cli.command, Command::Up(_) | Command::Serve(_));
    let usual = if runs { tracing::Level::INFO } else { tracing::Level::WARN };
    forbear::logging::start(cli.log.unwrap_or(usual), cli.log_json);
    match commands::run(cli).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("forbear: {failure}");
            failure.exit_code()
        }
    }
}
