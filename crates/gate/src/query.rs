//! Questions that change nothing.

use events::Now;
use events::gate::{ContactStatus, GateQuery, GateReply, Holder, PermitRequest, Verdict};
use model::{ContactPointId, Timestamp};

use crate::State;
use crate::rules::{Facts, Judgement, notice_used};
use crate::state::Link;
use crate::window::recorded;

pub(crate) fn answer(state: &State, query: &GateQuery, now: Now) -> GateReply {
    match query {
        GateQuery::Check(asked) => GateReply::Check(check(state, asked, now)),
        GateQuery::CheckMany(asked) => {
            GateReply::CheckMany(asked.iter().map(|asked| next_allowed(state, asked, now)).collect())
        }
        GateQuery::Contact(contact) => GateReply::Contact(status(state, *contact, now.at).map(Box::new)),
        GateQuery::Figures => {
            let policy = state.policy.as_ref().map(|adopted| &adopted.policy);
            GateReply::Figures(Box::new(state.tallies.figures(policy)))
        }
    }
}

fn check(state: &State, asked: &PermitRequest, now: Now) -> Verdict {
    let facts = Facts::gather(state, asked, now);
    let Judgement { reasons, next_allowed } = facts.judge();
    let (Some(adopted), Some(counts), true) = (&state.policy, facts.counts, reasons.is_empty()) else {
        return Verdict::Refused { reasons, next_allowed };
    };
    Verdict::Allowed {
        day: recorded(counts.day + 1, adopted.policy.per_day),
        seven_days: recorded(counts.seven_days + 1, adopted.policy.per_seven_days),
    }
}

fn next_allowed(state: &State, asked: &PermitRequest, now: Now) -> Option<Timestamp> {
    Facts::gather(state, asked, now).judge().next_allowed
}

fn status(state: &State, id: ContactPointId, now: Timestamp) -> Option<ContactStatus> {
    let contact = state.contacts.get(&id)?;
    let counts =
        contact.attempts.count(state.zones.clocks(contact.zones), &state.permits, now).unwrap_or_default();
    let limits = state.policy.as_ref().map(|adopted| (adopted.policy.per_day, adopted.policy.per_seven_days));
    let (per_day, per_seven_days) = limits.unwrap_or_default();
    let waiting = contact.attempts.waiting().filter(|permit| state.permits.waits(*permit, now));
    Some(ContactStatus {
        stop: state.stops.get(&id).copied(),
        day: recorded(counts.day, per_day),
        seven_days: recorded(counts.seven_days, per_seven_days),
        // At most the caps.
        pending: waiting.count() as u32,
        notice_used: notice_used(state, contact, now),
        zones: state.zones.names(contact.zones).cloned().collect(),
        holders: contact.links.iter().map(holder).collect(),
    })
}

fn holder(link: &Link) -> Holder {
    let Link { case, lender, agency, role, consent, closed, .. } = *link;
    Holder { case, lender, agency, role, consent, closed }
}
