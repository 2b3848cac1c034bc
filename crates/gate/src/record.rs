//! Contacts that took place without a permit, and what a fact that comes late shows of what was done before.

use events::gate::{ContactRecordedV1, Direction, FindingRaisedV1, GateEvent, Line, PermitRequest};
use events::{Code, Now, Position, Reason, Refusal};
use model::{CaseId, ContactPointId, Outcome};

use crate::State;
use crate::attempts::{Attempt, LineNumber, Stage};
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
    let contact = state.contacts.get(&asked.contact).ok_or(Code::CONTACT_UNKNOWN)?;
    let link = contact.link(asked.case).ok_or(Code::CONTACT_UNKNOWN)?;
    let mut events = vec![GateEvent::ContactRecorded(asked.clone())];
    events.extend(findings(state, contact, link, asked));
    Ok(events)
}

/// Contacts that were made after this one took place and would not have been allowed, had it been known.
fn findings(state: &State, contact: &Contact, link: &Link, asked: &ContactRecordedV1) -> Vec<GateEvent> {
    let Some(number) = contact.link_number(asked.case) else { return Vec::new() };
    let attempt = attempt(asked, number, LineNumber(u16::MAX), NOWHERE);
    let debts = debts(asked);
    let talks = talks(asked, NOWHERE);
    let (attempt, debts, talks) = (&attempt, &debts[..], &talks[..]);
    let more = More { contact: asked.contact, attempt, link, debts, talks };
    let mut findings = Vec::new();
    // A rule counts what has the contact point, the person or the case in common.
    let persons = state.persons.get(&link.person).map_or(&[][..], |person| &person.contacts);
    let cases = state.cases.get(&asked.case).map_or(&[][..], Vec::as_slice);
    let mut contacts: Vec<ContactPointId> = persons.iter().chain(cases).copied().collect();
    contacts.push(asked.contact);
    contacts.sort_unstable();
    contacts.dedup();
    for id in &contacts {
        let Some(contact) = state.contacts.get(id) else { continue };
        for made in &contact.attempts {
            let outbound = matches!(made.stage, Stage::Dialing | Stage::Made(_));
            let Some(of) = contact.links.get(usize::from(made.link)) else { continue };
            if !outbound || made.at < asked.at || findings.len() >= FINDINGS_MAX {
                continue;
            }
            let request = request(*id, of, made);
            let before = Facts::as_of(state, &request, made);
            let known = before.broken();
            let after = Facts { more: Some(more), ..before.clone() }.broken();
            findings.extend(after.into_iter().filter(|rule| !known.contains(rule)).map(|rule| {
                let (contact, contact_made, at) = (*id, made.position, made.at);
                GateEvent::FindingRaised(FindingRaisedV1 { contact, contact_made, at, rule })
            }));
        }
    }
    findings
}

/// The request that a contact was made by, as far as its rules on frequency look at it.
fn request(contact: ContactPointId, link: &Link, made: &Attempt) -> PermitRequest {
    PermitRequest {
        contact,
        case: link.case,
        also: Vec::new(),
        agency: made.agency,
        collector: model::CollectorId(0),
        channel: made.channel,
        purpose: made.purpose,
        line: NO_LINE,
        template: None,
    }
}

pub(crate) const NO_LINE: Line = match Line::new("-") {
    Some(line) => line,
    None => panic!("a line"),
};

fn attempt(asked: &ContactRecordedV1, link: u16, line: LineNumber, position: Position) -> Attempt {
    Attempt {
        at: asked.at,
        position,
        agency: asked.agency,
        link,
        line,
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
    let line = recorded.line.as_ref().map_or(LineNumber(u16::MAX), |line| state.line_numbers.number(line));
    let Some(contact) = state.contacts.get_mut(&recorded.contact) else { return };
    let Some(number) = contact.link_number(recorded.case) else { return };
    let person = contact.link(recorded.case).map(|link| link.person);
    let attempt = attempt(recorded, number, line, position);
    contact.attempts.push(attempt);
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
    let known = &mut state.person_mut(person).facts_mut().talks;
    known.extend(talks);
    if let Some(surplus) = known.len().checked_sub(TALKS_MAX) {
        known.drain(..surplus);
    }
}

impl<'a> Facts<'a> {
    /// The facts on which a contact that was made would be judged now, as of when it was made.
    fn as_of(state: &'a State, asked: &'a PermitRequest, made: &'a Attempt) -> Self {
        let facts = Self::gather(state, asked, Now { at: made.at, trusted: true });
        let toward = made.attributed.then(|| state.attributed(made));
        Self { but: Some(made.position), toward, ..facts }
    }
}
