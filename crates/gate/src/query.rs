//! Questions that change nothing.

use events::Now;
use events::gate::{ContactStatus, GateQuery, GateReply, Held, Holder, PermitRequest, Verdict};
use model::{CaseId, Channel, ContactPointId, Purpose, Timestamp};

use crate::askers::NO_LINE;
use crate::attempts::{Attempt, Stage};
use crate::contact::{Contact, Link};
use crate::judge::{Facts, Judgement};
use crate::person::Hold;
use crate::{State, homes, share};

pub(crate) fn answer(state: &State, query: &GateQuery, now: Now) -> GateReply {
    match query {
        GateQuery::Check(asked) => GateReply::Check(check(state, asked, now)),
        GateQuery::CheckMany(asked) => {
            GateReply::CheckMany(asked.iter().map(|asked| next_allowed(state, asked, now)).collect())
        }
        GateQuery::Explain(asked) => GateReply::Explain(Facts::gather(state, asked, now).explain()),
        GateQuery::Contact(contact) => GateReply::Contact(status(state, *contact, now).map(Box::new)),
        GateQuery::Link(contact, case) => {
            GateReply::Link(homes::link_of(state, *contact, *case).map(Box::new))
        }
        GateQuery::Persons(asked) => {
            let person = |(contact, case): &(ContactPointId, CaseId)| {
                let link = state.contacts.get(contact)?.link(state.cases.number(case)?)?;
                state.persons.id(link.person)
            };
            GateReply::Persons(asked.iter().map(person).collect())
        }
        GateQuery::Shares(contact, permit) => {
            GateReply::Shares(Box::new(share::stands_on(state, *contact, *permit)))
        }
        GateQuery::Debtors(case) => GateReply::Debtors(share::debtors_elsewhere(state, *case)),
        GateQuery::Reached(contact) => {
            let attempts = state.contacts.get(contact).into_iter().flat_map(|contact| contact.attempts());
            let reached = attempts.filter(|attempt| attempt.stage.reached());
            GateReply::Reached(reached.map(|attempt| attempt.at).max())
        }
        GateQuery::ShareRedeemed(contact, share) => {
            let known = state.permits.get(*contact, *share).is_ok();
            GateReply::ShareRedeemed(state.permits.redeemed(*share).filter(|_| known))
        }
        GateQuery::History(contact, person) => GateReply::History(share::history(state, *contact, *person)),
        GateQuery::Policies => {
            let texts = state.policies.packs().iter().map(|adopted| adopted.text.clone()).collect();
            GateReply::Policies(state.policies.position(), texts)
        }
        GateQuery::Holds { contact, person, case } => {
            GateReply::Holds(crate::hold::standing(state, *contact, *person, *case, now.at))
        }
        GateQuery::Figures => {
            let packs = state.policies.packs().iter();
            let policies = packs.map(|adopted| (adopted.pack.id.clone(), adopted.pack.version)).collect();
            GateReply::Figures(Box::new(state.tallies.figures(policies)))
        }
    }
}

fn check(state: &State, asked: &PermitRequest, now: Now) -> Verdict {
    let Judgement { reasons, next_allowed, tightest } = Facts::gather(state, asked, now).judge();
    if reasons.is_empty() {
        Verdict::Allowed { tightest }
    } else {
        Verdict::Refused { reasons, next_allowed }
    }
}

fn next_allowed(state: &State, asked: &PermitRequest, now: Now) -> Option<Timestamp> {
    let Judgement { reasons, next_allowed, .. } = Facts::gather(state, asked, now).judge();
    if reasons.is_empty() { Some(now.at) } else { next_allowed }
}

fn status(state: &State, id: ContactPointId, now: Now) -> Option<ContactStatus> {
    let contact = state.contacts.get(&id)?;
    let waits =
        |attempt: &Attempt| attempt.stage == Stage::Waiting && state.permits.waits(attempt.position, now.at);
    let notice = |attempt: Attempt| {
        attempt.purpose == Purpose::ConsentNotice && (attempt.stage != Stage::Waiting || waits(&attempt))
    };
    Some(ContactStatus {
        stop: state.stops.get(&id).copied(),
        counts: counts(state, id, contact, now),
        // At most the caps.
        pending: contact.attempts().filter(waits).count() as u32,
        notice_used: contact.attempts().any(notice),
        zones: state.zones.names(contact.zones).cloned().collect(),
        regions: state.policies.regions(contact.regions).to_vec(),
        place: contact.place,
        holds: holds(state, id, contact, now),
        holders: contact.links().iter().filter_map(|link| holder(state, link)).collect(),
    })
}

/// As a call to collect for the first of its cases would be counted.
fn counts(
    state: &State,
    id: ContactPointId,
    contact: &Contact,
    now: Now,
) -> Vec<(events::gate::RuleName, events::gate::Count)> {
    let Some(link) = contact.links().first() else { return Vec::new() };
    let Some(case) = state.cases.id(link.case) else { return Vec::new() };
    let asked = PermitRequest {
        contact: id,
        case,
        also: Vec::new(),
        agency: link.agency().unwrap_or(model::AgencyId(0)),
        collector: model::CollectorId(0),
        channel: Channel::Call,
        purpose: if link.role.owes() { Purpose::Collect } else { Purpose::Locate },
        line: NO_LINE,
        template: None,
    };
    Facts::gather(state, &asked, now).counts()
}

fn holds(state: &State, id: ContactPointId, contact: &Contact, now: Now) -> Vec<Held> {
    let persons = contact.links().iter().filter_map(|link| state.persons.at(link.person));
    let persons = persons.flat_map(|person| person.holds());
    let cases = contact.links().iter().filter_map(|link| state.cases.at(link.case)?.facts).flatten();
    let concerns = |hold: &&Hold| {
        hold.placed.contact.is_none_or(|contact| contact == id)
            && hold.placed.until.is_none_or(|until| now.at <= until)
    };
    let mut holds: Vec<Held> =
        contact.holds().iter().chain(persons).chain(cases).filter(concerns).map(held).collect();
    holds.sort_unstable_by_key(|held| held.position);
    holds.dedup();
    holds
}

fn held(hold: &Hold) -> Held {
    Held { position: hold.position, at: hold.at, kind: hold.placed.kind, until: hold.placed.until }
}

fn holder(state: &State, link: &Link) -> Option<Holder> {
    let (case, person) = (state.cases.id(link.case)?, state.persons.id(link.person)?);
    let (agency, &Link { lender, role, consent, closed, .. }) = (link.agency(), link);
    Some(Holder { case, lender, person, agency, role, consent, closed })
}
