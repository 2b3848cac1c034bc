//! Whether it was shown lately that a number is still that person's.

use events::Code;
use events::gate::{ConsentCovers, NumberCheck};
use model::{Place, Timestamp};
use policy::pack::Fresh;

use super::On;
use super::finding::Finding;
use crate::person::Consent;

const DAY_MS: i64 = 86_400_000;

pub(super) fn ask(on: &On<'_, '_>, fresh: &Fresh) -> Finding {
    if !on.view.facts.now.trusted {
        return Finding::SILENT;
    }
    if fresh.at_work && on.view.contact.place != Place::Work {
        return Finding::allows(Code::NUMBER_STALE);
    }
    let asked = on.view.facts.asked;
    let recent =
        |at: Timestamp| at <= on.now() && on.now().ms_since(at) <= i64::from(fresh.within_days) * DAY_MS;
    let by_message = fresh.by_message && on.view.contact.inbound(asked.channel).is_some_and(recent);
    let by_check = fresh.by_check && on.view.contact.checked(NumberCheck::NotReassigned).is_some_and(recent);
    if by_message || by_check {
        return Finding::allows(Code::NUMBER_STALE);
    }
    // A consent that is given for later shows it then.
    if shown_from(on, fresh).is_some_and(|from| from <= on.now()) {
        return Finding::allows(Code::NUMBER_STALE);
    }
    Finding::refuses_with(Code::NUMBER_STALE)
}

/// From when on a consent to messages shows it, now or later.
pub(super) fn shown_from(on: &On<'_, '_>, fresh: &Fresh) -> Option<Timestamp> {
    if !fresh.by_consent {
        return None;
    }
    let (asked, now) = (on.view.facts.asked, on.now());
    let shows = |consent: &Consent| {
        let given = &consent.given;
        let from = given.from.max(now);
        let fits = given.covers == ConsentCovers::Messages
            && given.agency == asked.agency
            && given.contact.is_none_or(|contact| contact == asked.contact);
        let lasts = given.given <= now
            && from.ms_since(given.given) <= i64::from(fresh.within_days) * DAY_MS
            && given.until.is_none_or(|until| from <= until)
            && consent.revoked.is_none_or(|revoked| from < revoked);
        (fits && lasts).then_some(from)
    };
    on.view.facts.person?.consents().iter().filter_map(shows).min()
}
