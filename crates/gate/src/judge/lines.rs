//! From which numbers an agency calls.

use events::Code;
use model::Timestamp;
use policy::pack::Lines;
use policy::sets::Exceptions;

use super::finding::Trace;
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
        let mut others: Vec<(LineNumber, Option<Timestamp>)> = Vec::new();
        on.each_attempt(lines.scope, Exceptions::NONE, &mut |one| {
            let attempt = one.attempt;
            let inside = attempt.stage == Stage::Waiting || attempt.at >= start;
            if !inside || Some(attempt.line) == own {
                return;
            }
            trace.note(attempt.position);
            let end = match attempt.stage {
                Stage::Waiting => on.facts.state.permits.lapses(attempt.position),
                _ => clock.window_end(lines.window, attempt.at),
            };
            match others.iter_mut().find(|(line, _)| *line == attempt.line) {
                Some((_, until)) => *until = until.zip(end).map(|(until, end)| until.max(end)),
                None => others.push((attempt.line, end)),
            }
        });
        // A few lines, as the rule has it.
        counted = counted.max(others.len() as u32);
        let mut ends: Vec<_> =
            others.into_iter().map(|(_, end)| end.unwrap_or(Timestamp(i64::MAX))).collect();
        ends.sort_unstable();
        if let Some(surplus) = ends.len().checked_sub(usize::from(most)) {
            let end = ends.get(surplus).copied().filter(|end| end.0 < i64::MAX);
            next = next.zip(end).map(|(next, end)| next.max(end));
        }
    }
    let refuses = Finding::refuses_if(counted >= limit, Code::TOO_MANY_LINES);
    // A line that they know already is always theirs to use; `others` are the rest.
    Finding { limit: None, counted: Some(counted), next: next.filter(|_| counted >= limit), ..refuses }
}
