//! From which numbers an agency calls.

use events::Code;
use model::Timestamp;
use policy::pack::Lines;
use smallvec::SmallVec;

use super::On;
use super::finding::{Finding, Trace};
use super::frequency::{End, below, later};
use super::seen::Seen;
use crate::askers::LineNumber;

pub(super) fn ask(on: &On<'_, '_>, lines: &Lines, trace: &mut Trace) -> Finding {
    if !registered(on, lines) {
        return Finding::refuses_with(Code::LINE_NOT_REGISTERED);
    }
    let Some(most) = lines.most else { return Finding::allows(Code::TOO_MANY_LINES) };
    if !on.timed() {
        return Finding::SILENT;
    }
    let counted = on.view.moments.iter().map(|moment| {
        let mut others: SmallVec<[LineNumber; 4]> = SmallVec::new();
        each_other(on, moment.window_start(lines.window), &mut |one, line| {
            trace.note(one.position());
            if !others.contains(&line) {
                others.push(line);
            }
        });
        others.len()
    });
    let counted = counted.max().unwrap_or(0);
    // A line that they know already is always theirs to use; these are the rest. A few, as the rule has it.
    let counted = u16::try_from(counted).unwrap_or(u16::MAX);
    let refuses = Finding::refuses_if(counted >= most, Code::TOO_MANY_LINES);
    Finding { counted: Some(counted), ..refuses }
}

/// When it ends.
pub(super) fn ends(on: &On<'_, '_>, lines: &Lines) -> End {
    let most = lines.most.filter(|_| registered(on, lines))?;
    let mut next = Some(on.now());
    for moment in on.view.moments {
        let mut others: Vec<(LineNumber, End)> = Vec::new();
        each_other(on, moment.window_start(lines.window), &mut |one, line| {
            let end = on.leaves(lines.window, moment.clock, &one.attempt());
            match others.iter_mut().find(|(known, _)| *known == line) {
                Some((_, until)) => *until = later(*until, end),
                None => others.push((line, end)),
            }
        });
        let ends = others.into_iter().map(|(_, end)| end).collect();
        next = later(next, below(ends, most, on.now()));
    }
    next
}

fn registered(on: &On<'_, '_>, lines: &Lines) -> bool {
    !lines.registered || on.view.facts.registered
}

/// Gives each contact since then that was from another line.
fn each_other(on: &On<'_, '_>, start: Timestamp, take: &mut impl FnMut(&Seen<'_>, LineNumber)) {
    let own = on.view.facts.line;
    for one in on.view.seen {
        if Some(one.line) != own && on.prepared.screen.counts(one.marks) && one.since(start) {
            take(one, one.line);
        }
    }
}
