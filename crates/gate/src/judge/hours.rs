//! Calling hours.

use events::Code;
use events::gate::ConsentCovers;
use model::Timestamp;
use policy::pack::Hours;

use super::frequency::sooner;
use super::{Finding, On};
use crate::hours::{next_open, open_in};

/// How often the search for a moment at which every zone is open may go through the zones.
const ROUNDS_MAX: usize = 64;

pub(super) fn judge(on: &On<'_, '_>, hours: &Hours) -> Finding {
    if !on.facts.timed() {
        return Finding::SILENT;
    }
    if on.facts.clocks().all(|clock| open_in(clock, hours, on.now())) {
        return Finding::allows(Code::OUTSIDE_HOURS);
    }
    if hours.unless_consented && on.consented(ConsentCovers::Hours) {
        return Finding::excepted(Code::OUTSIDE_HOURS);
    }
    let mut next = opens(on, hours);
    if hours.unless_consented {
        next = sooner(next, on.consented_from(ConsentCovers::Hours));
    }
    Finding::until(Code::OUTSIDE_HOURS, next)
}

/// The first moment at which it is open in every zone; `None` also if there is none for days.
fn opens(on: &On<'_, '_>, hours: &Hours) -> Option<Timestamp> {
    let mut at = on.now();
    for _ in 0..ROUNDS_MAX {
        let before = at;
        for clock in on.facts.clocks() {
            at = next_open(clock, hours, at)?;
        }
        if at == before {
            return Some(at);
        }
    }
    None
}
