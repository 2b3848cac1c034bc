//! Calling hours.

use events::Code;
use events::gate::ConsentCovers;
use model::Timestamp;
use policy::pack::Hours;

use super::On;
use super::finding::Finding;
use super::frequency::sooner;
use crate::hours::{next_open, open_in};

/// How often the search for a moment at which every zone is open may go through the zones.
const ROUNDS_MAX: usize = 64;

pub(super) fn ask(on: &On<'_, '_>, hours: &Hours) -> Finding {
    if !on.timed() {
        return Finding::SILENT;
    }
    if on.view.moments.iter().all(|moment| open_in(moment, hours)) {
        return Finding::allows(Code::OUTSIDE_HOURS);
    }
    if hours.unless_consented && on.consented(ConsentCovers::Hours) {
        return Finding::excepted(Code::OUTSIDE_HOURS);
    }
    Finding::refuses_with(Code::OUTSIDE_HOURS)
}

/// When it ends.
pub(super) fn opens(on: &On<'_, '_>, hours: &Hours) -> Option<Timestamp> {
    let next = all_open(on, hours);
    if hours.unless_consented { sooner(next, on.consented_from(ConsentCovers::Hours)) } else { next }
}

/// The first moment at which it is open in every zone; `None` also if there is none for days.
fn all_open(on: &On<'_, '_>, hours: &Hours) -> Option<Timestamp> {
    let mut at = on.now();
    let moments = on.view.moments;
    for _ in 0..ROUNDS_MAX {
        let before = at;
        for moment in moments {
            at = next_open(moment.clock, hours, at)?;
        }
        // With one clock the first opening is all of them.
        if at == before || moments.len() == 1 {
            return Some(at);
        }
    }
    None
}
