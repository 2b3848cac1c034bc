//! From which numbers an agency calls.

use events::Code;
use policy::pack::Lines;
use policy::sets::Exceptions;

use super::finding::Trace;
use super::frequency::{End, below, later};
use super::{Finding, On};
use crate::attempts::{LineNumber, Stage};

pub(super) fn judge(on: &On<'_, '_>, lines: &Lines, trace: &mut Trace) -> Finding {
    let asked = on.facts.asked;
    if lines.registered && !on.facts.state.lines.contains(&(asked.agency, asked.line)) {
        return Finding::refuses(Code::LINE_NOT_REGISTERED);
    }
    let Some(most) = lines.most else { return Finding::allows(Code::TOO_MANY_LINES) };
    if !on.facts.timed() {
        return Finding::SILENT;
    }
    let own = on.facts.state.line_numbers.get(&asked.line);
    let (limit, mut counted, mut next) = (u32::from(most), 0, Some(on.now()));
    for clock in on.facts.clocks() {
        let start = clock.window_start(lines.window, on.now());
        // The other lines, and until when each was seen last.
        let mut others: Vec<(LineNumber, End)> = Vec::new();
        on.each_attempt(lines.scope, Exceptions::NONE, &mut |one| {
            let attempt = one.attempt;
            let inside = attempt.stage == Stage::Waiting || attempt.at >= start;
            if !inside || Some(attempt.line) == own {
                return;
            }
            trace.note(attempt.position);
            let end = on.leaves(lines.window, clock, attempt);
            match others.iter_mut().find(|(line, _)| *line == attempt.line) {
                Some((_, until)) => *until = later(*until, end),
                None => others.push((attempt.line, end)),
            }
        });
        // A few lines, as the rule has it.
        counted = counted.max(others.len() as u32);
        let ends = others.into_iter().map(|(_, end)| end).collect();
        next = later(next, below(ends, most, on.now()));
    }
    let refuses = Finding::refuses_if(counted >= limit, Code::TOO_MANY_LINES);
    // A line that they know already is always theirs to use; `others` are the rest.
    Finding { limit: None, counted: Some(counted), next: next.filter(|_| counted >= limit), ..refuses }
}
