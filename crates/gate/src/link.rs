//! Which cases name a contact point: linked, placed, closed, and what a named contact answered.

use events::gate::{
    ConsentAnswer, ConsentAnsweredV1, ContactClosedV1, ContactLinkedV2, ContactPlacedV1, GateEvent,
    StopSource,
};
use events::{Code, Reason, Refusal};
use model::{CaseId, ContactPointId, Place};

use crate::contact::{Contact, Early, Link};
use crate::person::Talk;
use crate::{State, stop};

/// Most zones, and most regions, that one link may name.
pub(crate) const PLACES_MAX: usize = 16;

pub(crate) fn link(state: &State, asked: &ContactLinkedV2) -> Result<Vec<GateEvent>, Refusal> {
    let most = asked.zones.len().max(asked.regions.len());
    if most > PLACES_MAX {
        let detail = format!("expected at most {PLACES_MAX} zones and regions, got {most}");
        return Err(Reason::detail(Code::MALFORMED, detail).into());
    }
    let known = state.contacts.get(&asked.contact).is_some_and(|contact| {
        let regions = state.policies.regions(contact.regions);
        let link = state.cases.number(&asked.case).and_then(|case| contact.link(case));
        link.is_some_and(|link| same(state, link, asked))
            && (asked.place == Place::Unknown || asked.place == contact.place)
            && asked.regions.iter().all(|region| regions.contains(region))
            && asked.zones.iter().all(|zone| state.zones.names(contact.zones).any(|name| name == zone))
    });
    Ok(if known { Vec::new() } else { vec![GateEvent::ContactLinked(asked.clone())] })
}

/// A number that was shown to be somebody else's is not made the first person's again by the lender's file.
fn same(state: &State, link: &Link, asked: &ContactLinkedV2) -> bool {
    let person = state.persons.number(&asked.person);
    let same_lender = link.lender == asked.lender;
    same_lender && (link.disproved || (Some(link.person), link.role) == (person, asked.role))
}

/// Takes a link in. Zones and regions only ever add up: a place where somebody may be stays plausible.
pub(crate) fn linked(state: &mut State, linked: &ContactLinkedV2) {
    let early = state.early.remove(&(linked.contact, linked.case)).unwrap_or_default();
    let (case, person) = (state.cases.number_or(linked.case), state.persons.number_or(linked.person));
    let &ContactLinkedV2 { contact: id, lender, role, .. } = linked;
    let (number, contact) = state.contacts.get_or(id, Contact::new);
    if contact.links().is_empty() && state.partitions.is_here(&id.0) {
        state.tallies.new_contact();
    }
    contact.zones = state.zones.union(contact.zones, &linked.zones);
    contact.regions = state.policies.union(contact.regions, &linked.regions);
    if linked.place != Place::Unknown {
        contact.place = linked.place;
    }
    let mut former = None;
    if let Some(link) = contact.link_mut(case) {
        if link.disproved {
            return;
        }
        // Consent was the person's, in that role.
        let same = (link.lender, link.person, link.role) == (lender, person, role);
        former = Some(link.person).filter(|former| *former != person);
        link.consent = link.consent.filter(|_| same);
        (link.person, link.lender, link.role) = (person, lender, role);
    } else {
        contact.add(Link::new(case, person, lender, role, early));
    }
    if let Some(former) = former {
        if !contact.links().iter().any(|link| link.person == former) {
            state.persons.forget(former, number);
        }
        // What was spoken moves with the link, as what was counted does.
        let spoken = |talk: &Talk| talk.contact == id && talk.case == linked.case;
        let moved = state.persons.facts_at_mut(former).map(|facts| facts.take_talks(spoken));
        crate::record::spoke(state, linked.person, moved.unwrap_or_default());
    }
    state.persons.name(person, number);
    state.cases.name(case, number);
}

/// A placement or a closing may come before the link: it is kept until then.
pub(crate) fn place(state: &State, asked: &ContactPlacedV1) -> Vec<GateEvent> {
    let changed = known(state, asked.contact, asked.case).agency != asked.agency;
    changed.then_some(GateEvent::ContactPlaced(*asked)).into_iter().collect()
}

pub(crate) fn close(state: &State, asked: &ContactClosedV1) -> Vec<GateEvent> {
    let open = !known(state, asked.contact, asked.case).closed;
    open.then_some(GateEvent::ContactClosed(*asked)).into_iter().collect()
}

/// What is known of a case's contact point, linked or not.
fn known(state: &State, contact: ContactPointId, case: CaseId) -> Early {
    match find(state, contact, case) {
        Ok(link) => Early { agency: link.agency(), closed: link.closed },
        Err(_) => state.early.get(&(contact, case)).copied().unwrap_or_default(),
    }
}

/// A no is for good and for everybody (RULES.md section 10): it stops the contact point.
pub(crate) fn answer_consent(state: &State, asked: &ConsentAnsweredV1) -> Result<Vec<GateEvent>, Refusal> {
    let link = find(state, asked.contact, asked.case)?;
    if link.role.owes() || link.role == model::Role::Attorney {
        let detail = format!("expected somebody named as a contact, got a {}", link.role);
        return Err(Reason::detail(Code::PURPOSE_NOT_ALLOWED, detail).into());
    }
    if link.consent == Some(asked.answer) {
        return Ok(Vec::new());
    }
    let mut events = vec![GateEvent::ConsentAnswered(*asked)];
    if asked.answer != ConsentAnswer::Confirmed {
        events.extend(stop::place(state, asked.contact, StopSource::CalledPerson));
    }
    Ok(events)
}

fn find(state: &State, contact: ContactPointId, case: CaseId) -> Result<&Link, Refusal> {
    let case = state.cases.number(&case);
    let link = state.contacts.get(&contact).zip(case).and_then(|(contact, case)| contact.link(case));
    link.ok_or_else(|| Code::CONTACT_UNKNOWN.into())
}
