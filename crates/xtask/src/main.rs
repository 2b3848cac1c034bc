//! The project's own chores: `cargo xtask <setup|check|test|compare>`.
//!
//! Exit codes: 0 all steps passed, 1 a step failed (the message names it and what to do), 2 the command line was wrong.

mod architecture;
mod check;
mod compare;
mod graph;
mod purity;
mod run;
mod rust_text;
mod setup;
mod sources;
mod test;
mod violation;
mod workspace;

use std::process::ExitCode;

use run::Steps;
use workspace::Workspace;

const HELP: &str = "\
The project's chores.

Usage: cargo xtask <command>

Commands:
  setup           Get what the tests need into .tools/ (nats-server, cargo-nextest, cargo-deny); safe to repeat
  check           Architecture, file names, hosts, formatting, dependency policy, clippy
  test [--quick]  setup, check, all tests, doc tests; --quick leaves out check
  compare gate [--quick]
                  The gate beside Redis and PostgreSQL (from Debian's packages) on the same work, and a table;
                  --quick takes a tenth of the contact points
  help            This text

Exit codes: 0 passed, 1 a step failed, 2 wrong command line
";

/// What the command line asks for.
#[derive(Debug, PartialEq, Eq)]
enum Chore {
    Setup,
    Check,
    Test { quick: bool },
    CompareGate { quick: bool },
    Help,
}

/// Reads the arguments after the program's name. The error is the text to print.
fn parse(args: &[String]) -> Result<Chore, String> {
    let words: Vec<&str> = args.iter().map(String::as_str).collect();
    match words.as_slice() {
        ["setup"] => Ok(Chore::Setup),
        ["check"] => Ok(Chore::Check),
        ["test"] => Ok(Chore::Test { quick: false }),
        ["test", "--quick"] => Ok(Chore::Test { quick: true }),
        ["compare", "gate"] => Ok(Chore::CompareGate { quick: false }),
        ["compare", "gate", "--quick"] => Ok(Chore::CompareGate { quick: true }),
        ["help" | "--help" | "-h"] | [_, "--help" | "-h"] => Ok(Chore::Help),
        [] => Err("expected a command: setup, check, test or compare".to_owned()),
        other => Err(format!(
            "expected setup, check, test [--quick] or compare gate [--quick], got `{}`",
            other.join(" ")
        )),
    }
}

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let chore = match parse(&args) {
        Ok(chore) => chore,
        Err(problem) => {
            eprintln!("xtask: {problem}\n\n{HELP}");
            return ExitCode::from(2);
        }
    };
    let workspace = Workspace::locate();
    let mut steps = Steps::default();
    let outcome = match chore {
        Chore::Help => {
            print!("{HELP}");
            return ExitCode::SUCCESS;
        }
        Chore::Setup => setup::all(&workspace, &mut steps).map(|_| ()),
        Chore::Check => check::all(&workspace, &mut steps),
        Chore::Test { quick } => test::all(&workspace, &mut steps, quick),
        Chore::CompareGate { quick } => compare::gate(&workspace, &mut steps, quick),
    };
    eprint!("{}", steps.summary());
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("\nxtask: {failure}");
            ExitCode::FAILURE
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Chore, parse};

    fn words(line: &str) -> Vec<String> {
        line.split_whitespace().map(str::to_owned).collect()
    }

    #[test]
    fn given_known_commands_when_parsed_then_they_are_recognised() {
        assert_eq!(parse(&words("setup")), Ok(Chore::Setup));
        assert_eq!(parse(&words("check")), Ok(Chore::Check));
        assert_eq!(parse(&words("test")), Ok(Chore::Test { quick: false }));
        assert_eq!(parse(&words("test --quick")), Ok(Chore::Test { quick: true }));
        assert_eq!(parse(&words("compare gate")), Ok(Chore::CompareGate { quick: false }));
        assert_eq!(parse(&words("compare gate --quick")), Ok(Chore::CompareGate { quick: true }));
        assert_eq!(parse(&words("check --help")), Ok(Chore::Help));
    }

    #[test]
    fn given_a_wrong_command_when_parsed_then_the_error_says_what_was_expected_and_what_came() {
        let problem = parse(&words("test --fast")).unwrap_err();
        assert!(problem.contains("expected setup, check, test"), "{problem}");
        assert!(problem.contains("test --fast"), "{problem}");
        assert!(parse(&[]).is_err());
        assert!(parse(&words("setup --quick")).is_err());
        assert!(parse(&words("compare")).is_err());
    }
}
