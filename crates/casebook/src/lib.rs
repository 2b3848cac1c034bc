//! Cases: a small text file says who there is, what happened, and what is asked; the gate answers, with its rules.
//!
//! The format is `proto/case.md`. [`judge`] reads a case and puts it to the gate's decider, moment by moment, exactly
//! as the service would: nothing here decides anything itself.
//!
//! **Architecture invariant:** no clock, no randomness, no I/O; a case is judged by the gate and by nothing else.

mod case;
mod clock;
mod desk;
mod error;
mod expect;
mod factors;
mod hindsight;
mod law;
mod parse;
mod print;
mod report;
mod run;
mod schedule;
mod text;
mod wire;
mod words;

pub use clock::Instant;
pub use error::{CaseError, Problem};
pub use report::{Answer, ContactSays, Met, Note, PackUsed, Report, RuleSays, Says, Verdict};

/// Most bytes of a case file.
pub const TEXT_BYTES_MAX: usize = 1024 * 1024;

/// Most events and questions of a case, each repetition counted.
pub const STEPS_MAX: usize = 1_000;

/// Reads a case and answers its questions.
///
/// # Errors
/// Whatever the text says that a case cannot say: unknown words and names, days of the week that are not those of
/// their dates, times that the clocks skip. All of it at once, each with its line and column.
pub fn judge(text: &str) -> Result<Report, CaseError> {
    let too_much = |expected: String, got: String| {
        CaseError::new(vec![Problem { line: 1, column: 1, expected, got, suggestion: None }])
    };
    if text.len() > TEXT_BYTES_MAX {
        return Err(too_much(format!("at most {TEXT_BYTES_MAX} bytes"), format!("{} bytes", text.len())));
    }
    let case = parse::parse(text)?;
    let steps = schedule::steps(&case).map_err(CaseError::new)?;
    Ok(run::run(&case, &steps))
}
