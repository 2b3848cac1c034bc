//! Running commands, and the steps of a chore with their wall time.

use std::fmt;
use std::process::Command;
use std::time::{Duration, Instant};

/// Why a step failed, and what to do about it. One sentence or several, for a person.
#[derive(Debug)]
pub struct Failure(pub String);

impl fmt::Display for Failure {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0)
    }
}

/// The steps done so far. A failed step ends the chore, and is in the summary too.
#[derive(Default)]
pub struct Steps {
    done: Vec<Step>,
}

struct Step {
    name: &'static str,
    wall: Duration,
    passed: bool,
}

impl Steps {
    /// Runs one step and keeps its wall time.
    pub fn step<T>(
        &mut self,
        name: &'static str,
        work: impl FnOnce() -> Result<T, Failure>,
    ) -> Result<T, Failure> {
        eprintln!("== {name}");
        let start = Instant::now();
        let outcome = work().map_err(|failure| Failure(format!("step `{name}` failed: {failure}")));
        self.done.push(Step { name, wall: start.elapsed(), passed: outcome.is_ok() });
        outcome
    }

    /// One line for each step: its name, its wall time in seconds, and whether it passed; then the total.
    pub fn summary(&self) -> String {
        let mut text = String::from("\n");
        let mut total = Duration::ZERO;
        for step in &self.done {
            total += step.wall;
            let verdict = if step.passed { "ok" } else { "FAILED" };
            text.push_str(&format!("{:<28} {:>8.1} s  {verdict}\n", step.name, step.wall.as_secs_f64()));
        }
        text.push_str(&format!("{:<28} {:>8.1} s\n", "total", total.as_secs_f64()));
        text
    }
}

/// Runs a command with its output on the terminal; `remedy` says what to do if it fails.
pub fn run(command: &mut Command, remedy: &str) -> Result<(), Failure> {
    let line = command_line(command);
    eprintln!("$ {line}");
    match command.status() {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(Failure(format!("`{line}` ended with {status}; {remedy}"))),
        Err(error) => Err(Failure(format!("`{line}` did not start: {error}; {remedy}"))),
    }
}

/// Runs a command and returns what it wrote to its standard output; `remedy` says what to do if it fails.
pub fn capture(command: &mut Command, remedy: &str) -> Result<String, Failure> {
    let line = command_line(command);
    let output =
        command.output().map_err(|error| Failure(format!("`{line}` did not start: {error}; {remedy}")))?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        return Err(Failure(format!("`{line}` ended with {}; {remedy}\n{}", output.status, said.trim_end())));
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// Whether a command starts and succeeds; its output is thrown away.
pub fn succeeds(command: &mut Command) -> bool {
    command.output().is_ok_and(|output| output.status.success())
}

fn command_line(command: &Command) -> String {
    let program = std::path::Path::new(command.get_program());
    let name = program.file_name().unwrap_or(command.get_program()).to_string_lossy().into_owned();
    std::iter::once(name)
        .chain(command.get_args().map(|arg| arg.to_string_lossy().into_owned()))
        .collect::<Vec<_>>()
        .join(" ")
}

#[cfg(test)]
mod tests {
    use super::{Failure, Steps, capture, run, succeeds};
    use std::process::Command;

    #[test]
    fn given_a_failed_step_when_summed_up_then_it_is_named_and_marked() {
        let mut steps = Steps::default();
        steps.step("first", || Ok(())).unwrap();
        let failure = steps.step::<()>("second", || Err(Failure("broken; mend it".into()))).unwrap_err();
        assert_eq!(failure.to_string(), "step `second` failed: broken; mend it");
        let summary = steps.summary();
        let lines: Vec<&str> = summary.lines().collect();
        assert!(lines[1].starts_with("first") && lines[1].ends_with("ok"), "{summary}");
        assert!(lines[2].starts_with("second") && lines[2].ends_with("FAILED"), "{summary}");
        assert!(lines[3].starts_with("total"), "{summary}");
    }

    #[test]
    fn given_a_program_that_is_absent_when_run_then_the_remedy_is_in_the_error() {
        let absent = || Command::new("no-such-program-of-ours");
        assert!(run(&mut absent(), "install it").unwrap_err().to_string().contains("install it"));
        assert!(capture(&mut absent(), "install it").unwrap_err().to_string().contains("install it"));
        assert!(!succeeds(&mut absent()));
    }
}
