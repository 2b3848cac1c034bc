//! Contacts that took place without a permit, and what a fact that comes late shows of what was done before.

use events::gate::{ContactRecordedV1, Direction, FindingRaisedV1, GateEvent, PermitRequest};
use events::{Code, Now, Position, Reason, Refusal};
use model::{CaseId, Outcome};

use crate::State;
use crate::arena::{ContactNumber, Record};
use crate::askers::{AskerNumber, NO_LINE};
use crate::attempts::{Attempt, Stage};
use crate::contact::{Contact, Link};
use crate::judge::{Facts, More};
use crate::person::Talk;

/// Most debts that one contact may name.
pub(crate) const DEBTS_MAX: usize = 16;

/// Most findings of one fact; a person has few contacts in a window.
const FINDINGS_MAX: usize = 256;

/// Most conversations that are kept for one person; the oldest go first.
const TALKS_MAX: usize = 512;

/// The place of a record that is not in the log yet.
const NOWHERE: Position = Position(u64::MAX);

pub(crate) fn record(state: &State, asked: &ContactRecordedV1, now: Now) -> Result<Vec<GateEvent>, Refusal> {
    if asked.toward.len() > DEBTS_MAX || asked.discussed.len() > DEBTS_MAX {
        let got = asked.toward.len().max(asked.discussed.len());
        return Err(Reason::detail(
            Code::MALFORMED,
            format!("expected at most {DEBTS_MAX} debts, got {got}"),
        )
        .into());
    }
    if now.trusted && asked.at > now.at {
        return Err(
            Reason::detail(Code::MALFORMED, "expected a contact of the past, got one in the future").into()
        );
    }
    let number = state.contacts.number(&asked.contact).ok_or(Code::CONTACT_UNKNOWN)?;
    let contact = state.contacts.at(number).ok_or(Code::CONTACT_UNKNOWN)?;
    let case = state.cases.number(&asked.case).ok_or(Code::CONTACT_UNKNOWN)?;
    let link = contact.link(case).ok_or(Code::CONTACT_UNKNOWN)?;
    let mut events = vec![GateEvent::ContactRecorded(asked.clone())];
    if let Some(place) = contact.link_number(case) {
        events.extend(findings(state, number, (link, place), asked));
    }
    Ok(events)
}

/// Contacts that were made after this one took place and would not have been allowed, had it been known.
fn findings(
    state: &State,
    number: ContactNumber,
    (link, place): (&Link, u16),
    asked: &ContactRecordedV1,
) -> Vec<GateEvent> {
    let attempt = attempt(asked, place, NOBODY, NOWHERE);
    let debts = debts(asked);
    let talks = talks(asked, NOWHERE);
    let (attempt, debts, talks) = (&attempt, &debts[..], &talks[..]);
    let more = More { contact: number, agency: asked.agency, attempt, link, debts, talks };
    let mut findings = Vec::new();
    // A rule counts what has the contact point, the person or the case in common.
    let persons = state.persons.at(link.person).map_or(&[][..], |person| person.contacts);
    let cases = state.cases.at(link.case).map_or(&[][..], |case| case.contacts);
    let mut contacts: Vec<&Contact> = persons
        .iter()
        .chain(cases)
        .chain([&number])
        .filter_map(|number| state.contacts.at(*number))
        .collect();
    contacts.sort_unstable_by_key(|contact| contact.id());
    contacts.dedup_by_key(|contact| contact.id());
    for contact in contacts {
        for made in contact.attempts() {
            let outbound = matches!(made.stage, Stage::Dialing | Stage::Made(_));
            if !outbound || made.at < asked.at || findings.len() >= FINDINGS_MAX {
                continue;
            }
            let Some(request) = request(state, contact, &made) else { continue };
            let before = Facts::as_of(state, &request, &made);
            let known = before.broken();
            let after = Facts { more: Some(more), ..before.clone() }.broken();
            findings.extend(after.into_iter().filter(|rule| !known.contains(rule)).map(|rule| {
                let (contact, contact_made, at) = (contact.id(), made.position, made.at);
                GateEvent::FindingRaised(FindingRaisedV1 { contact, contact_made, at, rule })
            }));
        }
    }
    findings
}

/// The request that a contact was made by, as far as its rules on frequency look at it.
fn request(state: &State, contact: &Contact, made: &Attempt) -> Option<PermitRequest> {
    let link = contact.links().get(usize::from(made.link))?;
    Some(PermitRequest {
        contact: contact.id(),
        case: state.cases.id(link.case)?,
        also: Vec::new(),
        agency: state.askers.at(made.asker)?.agency,
        collector: model::CollectorId(0),
        channel: made.channel,
        purpose: made.purpose,
        line: NO_LINE,
        template: None,
    })
}

/// The asker of a record that is not in the log yet.
const NOBODY: AskerNumber = AskerNumber(u32::MAX);

fn attempt(asked: &ContactRecordedV1, link: u16, asker: AskerNumber, position: Position) -> Attempt {
    Attempt {
        at: asked.at,
        position,
        asker,
        link,
        channel: asked.channel,
        purpose: asked.purpose,
        stage: match asked.direction {
            Direction::Outbound => Stage::Made(asked.outcome),
            Direction::Inbound => Stage::Inbound(asked.outcome),
        },
        attributed: !asked.toward.is_empty(),
    }
}

fn debts(asked: &ContactRecordedV1) -> Vec<CaseId> {
    if asked.toward.is_empty() { vec![asked.case] } else { asked.toward.clone() }
}

fn talks(asked: &ContactRecordedV1, position: Position) -> Vec<Talk> {
    if asked.outcome != Outcome::Conversation {
        return Vec::new();
    }
    let discussed = if asked.discussed.is_empty() { debts(asked) } else { asked.discussed.clone() };
    let &ContactRecordedV1 { at, contact, case, agency, channel, .. } = asked;
    discussed.into_iter().map(|debt| Talk { at, position, contact, debt, case, agency, channel }).collect()
}

pub(crate) fn was_recorded(state: &mut State, recorded: &ContactRecordedV1, position: Position) {
    let asker = state.askers.number(recorded.agency, recorded.line.as_ref().unwrap_or(&NO_LINE));
    let Some(case) = state.cases.number(&recorded.case) else { return };
    let Some(contact) = state.contacts.get_mut(&recorded.contact) else { return };
    let Some(number) = contact.link_number(case) else { return };
    let person = contact.link(case).and_then(|link| state.persons.id(link.person));
    let attempt = attempt(recorded, number, asker, position);
    contact.push(&attempt);
    if attempt.stage.reached() {
        contact.reached(recorded.at);
    }
    if recorded.direction == Direction::Outbound {
        contact.contacted(recorded.channel, recorded.purpose, recorded.at);
    } else {
        let inbound = &mut contact.facts_mut().inbound;
        match inbound.iter_mut().find(|(channel, _)| *channel == recorded.channel) {
            Some((_, last)) => *last = (*last).max(recorded.at),
            None => inbound.push((recorded.channel, recorded.at)),
        }
    }
    if !recorded.toward.is_empty() {
        state.attributions.insert(position, recorded.toward.clone().into());
    }
    if let Some(person) = person {
        spoke(state, person, talks(recorded, position));
    }
}

/// Takes conversations in.
pub(crate) fn spoke(state: &mut State, person: model::PersonId, talks: Vec<Talk>) {
    if talks.is_empty() {
        return;
    }
    let known = &mut state.persons.facts_mut(person).talks;
    known.extend(talks);
    if let Some(surplus) = known.len().checked_sub(TALKS_MAX) {
        known.drain(..surplus);
    }
}

impl<'a> Facts<'a> {
    /// The facts on which a contact that was made would be judged now, as of when it was made.
    fn as_of(state: &'a State, asked: &'a PermitRequest, made: &Attempt) -> Self {
        let facts = Self::gather(state, asked, Now { at: made.at, trusted: true });
        let toward = made.attributed.then(|| state.attributed(made.position));
        Self { but: Some(made.position), toward, ..facts }
    }
}
