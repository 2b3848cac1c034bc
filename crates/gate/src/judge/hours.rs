//! Calling hours.

use events::Code;
use events::gate::ConsentCovers;
use policy::pack::Hours;

use super::finding::Trace;
use super::{Finding, On};
use crate::hours::{next_open, open_in};

pub(super) fn judge(on: &On<'_, '_>, hours: &Hours, _trace: &mut Trace) -> Finding {
    if !on.facts.timed() {
        return Finding::SILENT;
    }
    if on.facts.clocks().all(|clock| open_in(clock, hours, on.now())) {
        return Finding::allows(Code::OUTSIDE_HOURS);
    }
    if hours.unless_consented && on.consented(ConsentCovers::Hours) {
        return Finding::excepted(Code::OUTSIDE_HOURS);
    }
    // The last of the zones to open; whether the others are open then, the search asks again.
    let mut next = Some(on.now());
    for clock in on.facts.clocks() {
        next = next.and_then(|latest| next_open(clock, hours, latest));
    }
    Finding::until(Code::OUTSIDE_HOURS, next)
}
