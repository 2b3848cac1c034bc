//! The commands, one file each kind.

mod account;
mod agency;
mod bulk;
mod case;
mod code;
mod contact;
mod demo;
mod explain;
mod hold;
mod import;
mod lines_file;
mod permit;
mod placement;
mod policy;
mod process;
mod registry;
mod replay;
mod status;
mod token;
mod told;

use serde_json::Value;

use crate::cli::{Cli, Command, ConfigCommand, Format};
use crate::config::Given;
use crate::failure::Failure;

/// Carries out a command.
pub async fn run(cli: Cli, given: &Given) -> Result<(), Failure> {
    let format = cli.format;
    match cli.command {
        Command::Up(settings) => process::up(&settings, given, format).await,
        Command::Serve(serve) => process::serve(&serve, given, format).await,
        Command::Config(ConfigCommand::Check(check)) => process::check(&check, given, format),
        Command::Demo(demo) => demo::run(demo, format).await,
        // The rest are clients and block.
        command => match tokio::task::spawn_blocking(move || client(command, format)).await {
            Ok(result) => result,
            Err(error) => Err(Failure::failed(error)),
        },
    }
}

fn client(command: Command, format: Format) -> Result<(), Failure> {
    match command {
        Command::Import(import) => import::run(import, format),
        Command::Case(case) => case::run(case, format),
        Command::Account(account) => account::account(&account, format),
        Command::Terms(terms) => account::terms(&terms, format),
        Command::Reconcile(reconcile) => account::reconcile(&reconcile, format),
        Command::Agency(agency) => agency::run(agency, format),
        Command::Place(server) => agency::place(&server, format),
        Command::Placement(asked) => placement::run(asked, format),
        Command::Queue(queue) => agency::queue(&queue, format),
        Command::Permit(permit) => permit::run(permit, format),
        Command::Stop(stop) => contact::stop(&stop, format),
        Command::Hold(hold) => hold::run(hold, format),
        Command::Consent(consent) => told::consent(&consent, format),
        Command::Contacts(contacts) => told::contacts(&contacts, format),
        Command::Number(number) => told::number(&number, format),
        Command::Explain(explain) => explain::decision(&explain, format),
        Command::Timeline(timeline) => contact::timeline(&timeline, format),
        Command::Status(server) => status::status(&server, format),
        Command::Recount(server) => status::recount(&server, format),
        Command::Reproduce(server) => replay::reproduce(&server, format),
        Command::Token(token) => token::run(&token, format),
        Command::Key { file } => token::key(&file, format),
        Command::Code { code } => code::run(&code, format),
        Command::Policy(policy) => policy::run(policy, format),
        Command::Up(_) | Command::Serve(_) | Command::Config(_) | Command::Demo(_) => Ok(()),
    }
}

/// Prints an answer: as it is, or as `text` says it.
fn print(format: Format, value: &Value, text: impl FnOnce(&Value) -> String) {
    match format {
        Format::Json => println!("{value}"),
        Format::Text => println!("{}", text(value).trim_end()),
    }
}

/// So many of something: `1 case`, `2 cases`.
fn count(number: &Value, one: &str) -> String {
    let several = if number.as_u64() == Some(1) { "" } else { "s" };
    format!("{} {one}{several}", text(number))
}

/// A field's text, or a dash.
fn text(value: &Value) -> String {
    match value {
        Value::Null => "-".to_owned(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}
