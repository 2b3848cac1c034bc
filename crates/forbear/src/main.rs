//! The program `forbear`.

use std::process::ExitCode;

use clap::Parser;
use forbear::cli::Cli;
use forbear::commands;

#[tokio::main]
async fn main() -> ExitCode {
    let cli = Cli::parse();
    forbear::logging::start(cli.log, cli.log_json);
    match commands::run(cli).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("forbear: {failure}");
            failure.exit_code()
        }
    }
}
