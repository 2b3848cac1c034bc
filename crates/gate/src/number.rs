//! Numbers: whose they are, and what a check found.

use events::gate::{GateEvent, NumberCheckedV1, NumberDisprovedV1};
use events::{Code, Refusal};
use model::Role;

use crate::State;
use crate::attempts::Stage;

pub(crate) fn disprove(state: &State, asked: &NumberDisprovedV1) -> Result<Vec<GateEvent>, Refusal> {
    let contact = state.contacts.get(&asked.contact).ok_or(Code::CONTACT_UNKNOWN)?;
    let number = |person| state.persons.number(person);
    let (wrong, right) = (number(&asked.person), number(&asked.belongs_to));
    let named = contact.links().iter().any(|link| Some(link.person) == wrong);
    let done = contact.links().iter().any(|link| link.disproved && Some(link.person) == right);
    match (named, done) {
        (true, _) => Ok(vec![GateEvent::NumberDisproved(*asked)]),
        (false, true) => Ok(Vec::new()),
        (false, false) => Err(Code::CONTACT_UNKNOWN.into()),
    }
}

pub(crate) fn check(state: &State, asked: &NumberCheckedV1) -> Result<Vec<GateEvent>, Refusal> {
    let contact = state.contacts.get(&asked.contact).ok_or(Code::CONTACT_UNKNOWN)?;
    let known = contact.checked(asked.found).is_some_and(|at| at >= asked.at);
    Ok(if known { Vec::new() } else { vec![GateEvent::NumberChecked(*asked)] })
}

/// What was counted for the one is counted for the other from now on: contacts count for whom their link names.
pub(crate) fn was_disproved(state: &mut State, disproved: &NumberDisprovedV1) {
    let &NumberDisprovedV1 { contact: id, person: wrong, belongs_to } = disproved;
    let (Some(number), Some(from)) = (state.contacts.number(&id), state.persons.number(&wrong)) else {
        return;
    };
    let to = state.persons.number_or(belongs_to);
    let links = state.contacts.at_mut(number).into_iter().flat_map(|contact| contact.links_mut());
    for link in links.filter(|link| link.person == from) {
        link.person = to;
        link.role = Role::OtherThirdParty;
        link.consent = None;
        link.disproved = true;
    }
    state.persons.forget(from, number);
    let moved = state.persons.facts_at_mut(from).map(|facts| facts.take_talks(|talk| talk.contact == id));
    state.persons.name(to, number);
    crate::record::spoke(state, belongs_to, moved.unwrap_or_default());
}

pub(crate) fn was_checked(state: &mut State, checked: &NumberCheckedV1) {
    let Some(contact) = state.contacts.get_mut(&checked.contact) else { return };
    let last =
        contact.attempts().filter(|attempt| matches!(attempt.stage, Stage::Made(_) | Stage::Inbound(_)));
    let last = last.filter(|attempt| attempt.stage.reached()).map(|attempt| attempt.at).max();
    let checks = &mut contact.facts_mut().checks;
    checks.retain(|(found, _)| *found != checked.found);
    checks.push((checked.found, checked.at));
    if let Some(last) = last {
        contact.reached(last);
    }
}
