//! Holds: placed and lifted.

use events::gate::{GateEvent, HoldKind, HoldLiftedV1, HoldPlacedV1, HoldSource, StandingHold};
use events::{Code, Now, Position, Reason, Refusal};
use model::{CaseId, Timestamp};

use crate::State;
use crate::person::Hold;

/// Most times of the week that one hold may name.
const TIMES_MAX: usize = 32;

pub(crate) fn place(state: &State, asked: &HoldPlacedV1, now: Now) -> Result<Vec<GateEvent>, Refusal> {
    let malformed = |detail: String| Err(Reason::detail(Code::MALFORMED, detail).into());
    if asked.contact.is_none() && asked.person.is_none() && asked.case.is_none() {
        return malformed("expected a contact point, a person or a case, got none of them".to_owned());
    }
    if asked.times.len() > TIMES_MAX {
        return malformed(format!("expected at most {TIMES_MAX} times, got {}", asked.times.len()));
    }
    for time in &asked.times {
        let sound = time.from_s <= time.until_s && time.until_s < 86_400 && (1..128).contains(&time.days);
        if !sound {
            return malformed(format!("expected days and seconds of a week, got {time:?}"));
        }
    }
    if asked.until.is_some_and(|until| until < now.at) {
        return malformed("expected an end in the future, got one in the past".to_owned());
    }
    // The same again changes nothing.
    let known = list(state, asked.contact, asked.person, asked.case).any(|hold| hold.placed == *asked);
    Ok(if known { Vec::new() } else { vec![GateEvent::HoldPlaced(asked.clone())] })
}

/// A person's own holds are theirs to lift; the operator and a court may lift any.
pub(crate) fn lift(state: &State, asked: &HoldLiftedV1) -> Result<Vec<GateEvent>, Refusal> {
    let found = list(state, asked.contact, asked.person, asked.case).find(|hold| hold.position == asked.hold);
    let may = found.is_some_and(|hold| match asked.by {
        HoldSource::Operator | HoldSource::Regulator => true,
        by => by == hold.placed.by && !matches!(hold.placed.kind, HoldKind::Order),
    });
    if may { Ok(vec![GateEvent::HoldLifted(*asked)]) } else { Err(Code::HOLD_UNKNOWN.into()) }
}

/// What these placed on the case as a whole is over; what concerns one contact point or person stays.
pub(crate) fn end(
    state: &State,
    case: CaseId,
    kind: HoldKind,
    placed_by: &[HoldSource],
    by: HoldSource,
) -> Vec<GateEvent> {
    let ends = |hold: &&Hold| hold.placed.kind == kind && placed_by.contains(&hold.placed.by);
    let lifted = |hold: &Hold| {
        let (contact, person, case) = (None, None, Some(case));
        GateEvent::HoldLifted(HoldLiftedV1 { contact, person, case, hold: hold.position, by })
    };
    list(state, None, None, Some(case)).filter(ends).map(lifted).collect()
}

/// The holds on these that have not ended.
pub(crate) fn standing(
    state: &State,
    contact: Option<model::ContactPointId>,
    person: Option<model::PersonId>,
    case: Option<model::CaseId>,
    now: Timestamp,
) -> Vec<StandingHold> {
    let holds = list(state, contact, person, case);
    let standing = holds.filter(|hold| hold.placed.until.is_none_or(|until| now <= until));
    let shown =
        |hold: &Hold| StandingHold { position: hold.position, at: hold.at, placed: hold.placed.clone() };
    standing.map(shown).collect()
}

/// The holds where one on these is kept.
fn list(
    state: &State,
    contact: Option<model::ContactPointId>,
    person: Option<model::PersonId>,
    case: Option<model::CaseId>,
) -> impl Iterator<Item = &Hold> {
    let holds = match (contact, person, case) {
        (Some(contact), ..) => state.contacts.get(&contact).map(|contact| contact.holds()),
        (None, Some(person), _) => state.persons.get(&person).map(|person| person.holds()),
        (None, None, Some(case)) => state.cases.get(&case).and_then(|case| case.facts).map(Vec::as_slice),
        (None, None, None) => None,
    };
    holds.into_iter().flatten()
}

fn list_mut(
    state: &mut State,
    contact: Option<model::ContactPointId>,
    person: Option<model::PersonId>,
    case: Option<model::CaseId>,
) -> Option<&mut Vec<Hold>> {
    match (contact, person, case) {
        (Some(contact), ..) => Some(&mut state.contact_mut(contact).facts_mut().holds),
        (None, Some(person), _) => Some(&mut state.persons.facts_mut(person).holds),
        (None, None, Some(case)) => Some(state.cases.facts_mut(case)),
        (None, None, None) => None,
    }
}

pub(crate) fn was_placed(state: &mut State, placed: &HoldPlacedV1, at: Timestamp, position: Position) {
    if let Some(holds) = list_mut(state, placed.contact, placed.person, placed.case) {
        // What has ended stays in the log.
        holds.retain(|hold| hold.placed.until.is_none_or(|until| until >= at));
        holds.push(Hold { position, at, placed: placed.clone() });
    }
}

pub(crate) fn was_lifted(state: &mut State, lifted: &HoldLiftedV1) {
    if let Some(holds) = list_mut(state, lifted.contact, lifted.person, lifted.case) {
        holds.retain(|hold| hold.position != lifted.hold);
    }
}
