//! From which numbers an agency calls.

use events::Code;
use policy::pack::Lines;
use policy::sets::Exceptions;
use smallvec::SmallVec;

use super::On;
use super::finding::{Finding, Trace};
use super::frequency::{End, below, later};
use crate::askers::LineNumber;
use crate::zone::Moment;

pub(super) fn ask(on: &On<'_, '_>, lines: &Lines, trace: &mut Trace) -> Finding {
    if !registered(on, lines) {
        return Finding::refuses_with(Code::LINE_NOT_REGISTERED);
    }
    let Some(most) = lines.most else { return Finding::allows(Code::TOO_MANY_LINES) };
    if !on.timed() {
        return Finding::SILENT;
    }
    let counted = on.view.moments.iter().map(|moment| others(on, lines, moment, trace).len()).max();
    let counted = counted.unwrap_or(0);
    // A line that they know already is always theirs to use; these are the rest. A few, as the rule has it.
    let counted = u16::try_from(counted).unwrap_or(u16::MAX);
    let refuses = Finding::refuses_if(counted >= most, Code::TOO_MANY_LINES);
    Finding { counted: Some(counted), ..refuses }
}

/// When it ends.
pub(super) fn ends(on: &On<'_, '_>, lines: &Lines) -> End {
    let most = lines.most.filter(|_| registered(on, lines))?;
    let mut next = Some(on.now());
    for moment in &on.view.moments {
        let ends = others(on, lines, moment, &mut Trace::Off).into_iter().map(|(_, end)| end).collect();
        next = later(next, below(ends, most, on.now()));
    }
    next
}

fn registered(on: &On<'_, '_>, lines: &Lines) -> bool {
    !lines.registered || on.view.facts.registered()
}

/// The other lines within the window by a clock, and until when each is.
fn others(
    on: &On<'_, '_>,
    lines: &Lines,
    moment: &Moment<'_>,
    trace: &mut Trace,
) -> SmallVec<[(LineNumber, End); 4]> {
    let askers = &on.view.facts.state.askers;
    let own = on.view.facts.line;
    let start = moment.window_start(lines.window);
    let mut others: SmallVec<[(LineNumber, End); 4]> = SmallVec::new();
    for one in on.counted(Exceptions::NONE).filter(|one| one.since(start)) {
        let line = askers.at(one.asker()).map(|asker| asker.line);
        let Some(line) = line.filter(|line| Some(*line) != own) else { continue };
        trace.note(one.position());
        let end = on.leaves(lines.window, moment.clock, &one.attempt());
        match others.iter_mut().find(|(known, _)| *known == line) {
            Some((_, until)) => *until = later(*until, end),
            None => others.push((line, end)),
        }
    }
    others
}
