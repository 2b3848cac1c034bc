//! When each statement takes place.
//!
//! A statement that names no time of day takes place at noon, or ten minutes after the last one above it on that day:
//! so what stands lower on one day is later. A question without a date is asked ten minutes after the last thing above.

use std::collections::BTreeMap;

use jiff::civil::{Date, Time};
use model::Timestamp;

use crate::STEPS_MAX;
use crate::case::{Case, Question, Statement, What};
use crate::clock;
use crate::error::Problem;

/// Time between two statements that name none: more than the five minutes that are "rapid succession".
const STEP_MS: i64 = 10 * 60 * 1000;

/// One occurrence of a statement.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Step {
    /// Which statement.
    pub statement: usize,
    /// When it takes place.
    pub at: Timestamp,
    /// When the gate comes to know of it.
    pub known: Timestamp,
}

/// Every occurrence, in the order of the file.
pub(crate) fn steps(case: &Case) -> Result<Vec<Step>, Vec<Problem>> {
    let (mut steps, mut problems) = (Vec::new(), Vec::new());
    let mut last_of_day: BTreeMap<Date, Timestamp> = BTreeMap::new();
    let mut last: Option<Timestamp> = None;
    for (index, statement) in case.statements.iter().enumerate() {
        let asked = matches!(statement.what, What::Ask(_));
        let often = statement.when.dates.len().max(1) * statement.when.times.max(1) as usize;
        if steps.len() + often > STEPS_MAX {
            let expected = format!("at most {STEPS_MAX} events and questions, each repetition counted");
            problems.push(problem(statement.line, expected, "more".to_owned()));
            break;
        }
        match one(statement, &last_of_day, last) {
            Ok(moments) => {
                for (date, at) in moments {
                    let known = match &statement.learned {
                        Some(learned) => match learned_at(statement, learned, at) {
                            Ok(known) => known,
                            Err(problem) => {
                                problems.push(problem);
                                continue;
                            }
                        },
                        None => at,
                    };
                    if !asked {
                        if let Some(date) = date {
                            let latest = last_of_day.entry(date).or_insert(at);
                            *latest = (*latest).max(at);
                        }
                        last = Some(last.map_or(known, |last| last.max(known)));
                    }
                    steps.push(Step { statement: index, at, known });
                }
            }
            Err(problem) => problems.push(problem),
        }
    }
    if problems.is_empty() { Ok(steps) } else { Err(problems) }
}

fn one(
    statement: &Statement,
    last_of_day: &BTreeMap<Date, Timestamp>,
    last: Option<Timestamp>,
) -> Result<Vec<(Option<Date>, Timestamp)>, Problem> {
    let Statement { when, zone, line, .. } = statement;
    if when.dates.is_empty() {
        return match (&statement.what, last) {
            (_, Some(last)) => Ok(vec![(None, last.plus_ms(STEP_MS))]),
            // Asked of the past as a whole.
            (
                What::Ask(
                    Question::Was(_)
                    | Question::Presumed(_)
                    | Question::Counts(_)
                    | Question::WasPermit(_)
                    | Question::WasUse(_),
                ),
                None,
            ) => Ok(vec![(None, Timestamp(0))]),
            _ => Err(problem(*line, "a date, such as on Tue 2026-04-07".to_owned(), "none".to_owned())),
        };
    }
    let mut moments = Vec::new();
    for date in &when.dates {
        let mut next = match &when.time {
            Some(time) => clock::moment(*date, time, zone)
                .map_err(|got| problem(*line, "one moment".to_owned(), got))?,
            None => {
                let noon = clock::plain(date.to_datetime(Time::constant(12, 0, 0, 0)), zone);
                let after = last_of_day.get(date).map(|last| last.plus_ms(STEP_MS));
                after.map_or(noon, |after| after.max(noon))
            }
        };
        for _ in 0..when.times.max(1) {
            moments.push((Some(*date), next));
            next = next.plus_ms(STEP_MS);
        }
    }
    Ok(moments)
}

fn learned_at(
    statement: &Statement,
    learned: &crate::case::Moment,
    at: Timestamp,
) -> Result<Timestamp, Problem> {
    let (zone, line) = (&statement.zone, statement.line);
    let known = match &learned.time {
        Some(time) => clock::moment(learned.date, time, zone),
        None => Ok(clock::plain(learned.date.to_datetime(Time::constant(12, 0, 0, 0)), zone).max(at)),
    };
    let known = known.map_err(|got| problem(line, "one moment".to_owned(), got))?;
    if known < at {
        let got = "an earlier one".to_owned();
        return Err(problem(line, "to be learned when it happens or later".to_owned(), got));
    }
    Ok(known)
}

fn problem(line: usize, expected: String, got: String) -> Problem {
    Problem { line, column: 1, expected, got, suggestion: None }
}
