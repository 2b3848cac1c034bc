//! Whether it was shown lately that a number is still that person's.

use events::Code;
use events::gate::{ConsentCovers, NumberCheck};
use model::Timestamp;
use policy::pack::Fresh;

use super::{Finding, On};

const DAY_MS: i64 = 86_400_000;

pub(super) fn judge(on: &On<'_, '_>, fresh: &Fresh) -> Finding {
    if !on.facts.now.trusted {
        return Finding::SILENT;
    }
    let asked = on.facts.asked;
    let recent =
        |at: Timestamp| at <= on.now() && on.now().ms_since(at) <= i64::from(fresh.within_days) * DAY_MS;
    let by_message = fresh.by_message && on.contact.inbound(asked.channel).is_some_and(recent);
    let by_check = fresh.by_check && on.contact.checked(NumberCheck::NotReassigned).is_some_and(recent);
    let by_consent = fresh.by_consent
        && on.facts.person.is_some_and(|person| {
            person.consents().iter().any(|consent| {
                let given = &consent.given;
                given.covers == ConsentCovers::Messages
                    && given.agency == asked.agency
                    && given.contact.is_none_or(|contact| contact == asked.contact)
                    && recent(given.given)
                    && given.from <= on.now()
                    && given.until.is_none_or(|until| on.now() <= until)
                    && consent.revoked.is_none_or(|revoked| on.now() < revoked)
            })
        });
    Finding::refuses_if(!(by_message || by_check || by_consent), Code::NUMBER_STALE)
}
