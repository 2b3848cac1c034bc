//! Consents: given and taken back.

use events::gate::{ConsentGivenV1, ConsentRevokedV1, GateEvent};
use events::{Code, Position, Reason, Refusal};

use crate::State;
use crate::person::{Consent, PersonFacts};

/// The longest that a consent may name: a year.
const CONSENT_MAX_MS: i64 = 366 * 86_400_000;

/// Most consents that are kept for one person; the oldest go first, which errs towards silence.
const CONSENTS_MAX: usize = 64;

pub(crate) fn give(state: &State, asked: &ConsentGivenV1) -> Result<Vec<GateEvent>, Refusal> {
    let ends_early = asked.until.is_some_and(|until| until < asked.from);
    let lasts = asked.until.map_or(0, |until| until.ms_since(asked.given));
    if ends_early || asked.from < asked.given || lasts > CONSENT_MAX_MS {
        let detail = "expected given <= from <= until, and at most a year".to_owned();
        return Err(Reason::detail(Code::CONSENT_INVALID, detail).into());
    }
    let person = state.persons.get(&asked.person);
    let known = person.is_some_and(|person| {
        person.consents().iter().any(|consent| consent.given == *asked && consent.revoked.is_none())
    });
    Ok(if known { Vec::new() } else { vec![GateEvent::ConsentGiven(*asked)] })
}

pub(crate) fn revoke(state: &State, asked: &ConsentRevokedV1) -> Vec<GateEvent> {
    let person = state.persons.get(&asked.person);
    let any = person.is_some_and(|person| person.consents().iter().any(|consent| concerned(consent, asked)));
    any.then_some(GateEvent::ConsentRevoked(*asked)).into_iter().collect()
}

fn concerned(consent: &Consent, revoked: &ConsentRevokedV1) -> bool {
    consent.revoked.is_none() && revoked.consent.is_none_or(|position| position == consent.position)
}

pub(crate) fn was_given(state: &mut State, given: &ConsentGivenV1, position: Position) {
    let PersonFacts { consents, .. } = state.persons.facts_mut(given.person);
    if consents.len() >= CONSENTS_MAX {
        consents.remove(0);
    }
    consents.push(Consent { position, given: *given, revoked: None });
}

pub(crate) fn was_revoked(state: &mut State, revoked: &ConsentRevokedV1) {
    let PersonFacts { consents, .. } = state.persons.facts_mut(revoked.person);
    consents.iter_mut().filter(|consent| concerned(consent, revoked)).for_each(|consent| {
        consent.revoked = Some(revoked.at);
    });
}
