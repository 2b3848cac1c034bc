//! Timelines: what happened to a contact point or a case, in order.

use std::collections::{HashMap, HashSet};

use events::assignment::AssignmentEvent;
use events::gate::{Direction, GateEvent, HoldKind, Line, PermitRequest, RuleName, StopSource};
use events::ledger::LedgerEvent;
use events::{Actor, Code, Decoded, Event, Position, Service, StreamId};
use model::{
    AgencyId, CaseId, Channel, CollectorId, ContactPointId, LenderId, Outcome, Purpose, Role, Timestamp,
};
use runtime::projection::{Reader, StoreError};
use serde::{Deserialize, Serialize};

use crate::case::{self, Opened};
use crate::kept::{self, Kept};
use crate::key::{self, Subject};
use crate::sentence;

/// Whose timeline.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum TimelineOf {
    /// A contact point's: every case, lender and agency.
    Contact(ContactPointId),
    /// A case's: the ledger's, the assignment's and the gate's events.
    Case(CaseId),
}

/// Where a page of a timeline ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct After {
    /// Time of its last entry.
    pub at: Timestamp,
    /// The log of its last entry.
    pub stream: StreamId,
    /// Where in it.
    pub position: Position,
}

/// A page of a timeline.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Timeline {
    /// In order of time.
    pub entries: Vec<TimelineEntry>,
    /// True: there is more after the last entry.
    pub more: bool,
}

/// Something that happened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TimelineEntry {
    /// When.
    pub at: Timestamp,
    /// The log that says so.
    pub stream: StreamId,
    /// Where in it.
    pub position: Position,
    /// The event's name in the catalogue, such as `PermitReserved`.
    pub kind: String,
    /// Who gave the command.
    pub actor: Actor,
    /// The case that it was about.
    pub case: Option<CaseId>,
    /// The contact point that it was about.
    pub contact: Option<ContactPointId>,
    /// Whose case.
    pub lender: Option<LenderId>,
    /// Which agency.
    pub agency: Option<AgencyId>,
    /// Which collector.
    pub collector: Option<CollectorId>,
    /// How.
    pub channel: Option<Channel>,
    /// What for.
    pub purpose: Option<Purpose>,
    /// The number or name that was to be shown.
    pub line: Option<Line>,
    /// What the person is to the case.
    pub role: Option<Role>,
    /// The permit that it was about.
    pub permit: Option<Position>,
    /// What became of the call.
    pub outcome: Option<Outcome>,
    /// The slot was given back.
    pub given_back: bool,
    /// Every rule that refused.
    pub reasons: Vec<TimelineReason>,
    /// When all of them together would next have allowed it.
    pub next_allowed: Option<Timestamp>,
    /// For how many refusals this stands, if for repeats.
    pub repeated: Option<u32>,
    /// Who placed the stop.
    pub stop: Option<StopSource>,
    /// An amount, in minor units of the case's currency.
    pub minor: Option<i64>,
    /// Why there is a hold.
    pub hold: Option<HoldKind>,
    /// The rule of a finding; of a permit, the frequency rule that leaves least.
    pub rule: Option<RuleName>,
    /// Who began a recorded contact.
    pub direction: Option<Direction>,
    /// When the contact was made, where that became known later.
    pub made_at: Option<Timestamp>,
    /// What else the event says, in plain words; never personal data.
    pub detail: Option<String>,
}

/// A rule that refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct TimelineReason {
    /// What kind; [`Code::word`] is its name.
    pub code: Code,
    /// Which; `None` where the code says it all, and in repeats whose first is not known.
    pub rule: Option<RuleName>,
    /// The limit, where the rule has one.
    pub limit: Option<u32>,
    /// What was counted against it.
    pub counted: Option<u32>,
    /// When this rule alone would next have allowed it.
    pub next_allowed: Option<Timestamp>,
}

impl TimelineEntry {
    fn new(event: &Kept, kind: &str) -> Self {
        Self {
            at: event.at,
            stream: event.stream,
            position: event.position,
            kind: kind.to_owned(),
            actor: event.actor,
            case: None,
            contact: None,
            lender: None,
            agency: None,
            collector: None,
            channel: None,
            purpose: None,
            line: None,
            role: None,
            permit: None,
            outcome: None,
            given_back: false,
            reasons: Vec::new(),
            next_allowed: None,
            repeated: None,
            stop: None,
            minor: None,
            hold: None,
            rule: None,
            direction: None,
            made_at: None,
            detail: None,
        }
    }

    /// It is about the case; or about no case, and so about each: a stop, a hold, a consent, whose the number is.
    fn concerns(&self, case: CaseId) -> bool {
        const OF_EACH: [&str; 7] = [
            "StopPlaced",
            "HoldPlaced",
            "HoldLifted",
            "ConsentGiven",
            "ConsentRevoked",
            "NumberDisproved",
            "NumberChecked",
        ];
        match self.case {
            Some(of) => of == case,
            None => OF_EACH.contains(&self.kind.as_str()),
        }
    }

    fn place(&self) -> After {
        After { at: self.at, stream: self.stream, position: self.position }
    }

    fn asked(&mut self, asked: &PermitRequest) {
        self.case = Some(asked.case);
        self.agency = Some(asked.agency);
        self.collector = Some(asked.collector);
        self.channel = Some(asked.channel);
        self.purpose = Some(asked.purpose);
        self.line = Some(asked.line);
    }
}

/// A page of a timeline, from after `after` on.
pub fn page(rows: &Reader, of: TimelineOf, limit: u32, after: Option<After>) -> Result<Timeline, StoreError> {
    let mut entries = match of {
        TimelineOf::Contact(contact) => of_contact(rows, contact, None, &mut HashSet::new())?,
        TimelineOf::Case(case) => of_case(rows, case)?,
    };
    entries.retain(|entry| after.is_none_or(|after| entry.place() > after));
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    let more = entries.len() > limit;
    entries.truncate(limit);
    Ok(Timeline { entries, more })
}

/// A subject's gate events, decoded. Such as this program does not know are left out.
pub fn gate_events(rows: &Reader, subject: &Subject) -> Result<Vec<(Kept, GateEvent)>, StoreError> {
    let mut events = Vec::new();
    for kept in kept::all(rows, subject)? {
        if kept.stream.service == Service::Gate
            && let Ok(Decoded::Known(event)) = GateEvent::decode(&kept.bytes)
        {
            events.push((kept, event));
        }
    }
    Ok(events)
}

/// A contact point's gate events, with those about its persons and cases: all of them, or those of one case. An event
/// about a person or a case stands in every partition's log; it is told as the contact point's own log has it, and only
/// if no contact point before has `told` it.
fn around(
    rows: &Reader,
    contact: ContactPointId,
    only: Option<CaseId>,
    told: &mut HashSet<Subject>,
) -> Result<Vec<(Kept, GateEvent)>, StoreError> {
    let mut events = gate_events(rows, &key::contact(&contact))?;
    let mut more = Vec::new();
    for (kept, event) in &events {
        let GateEvent::ContactLinked(linked) = event else { continue };
        if only.is_some_and(|case| case != linked.case) {
            continue;
        }
        for subject in [key::person(&linked.person), key::case(&linked.case)] {
            if told.insert(subject) {
                let of_subject = gate_events(rows, &subject)?.into_iter();
                more.extend(of_subject.filter(|(other, _)| other.stream == kept.stream));
            }
        }
    }
    if !more.is_empty() {
        events.extend(more);
        events.sort_by_key(|(kept, _)| (kept.at, kept.stream, kept.position));
    }
    Ok(events)
}

fn of_contact(
    rows: &Reader,
    contact: ContactPointId,
    only: Option<CaseId>,
    told: &mut HashSet<Subject>,
) -> Result<Vec<TimelineEntry>, StoreError> {
    let mut lenders: HashMap<CaseId, (LenderId, Role)> = HashMap::new();
    let mut requests: HashMap<(StreamId, Position), PermitRequest> = HashMap::new();
    let mut reasons: HashMap<(StreamId, Position), Vec<TimelineReason>> = HashMap::new();
    let mut holds: HashMap<(StreamId, Position), HoldKind> = HashMap::new();
    let mut recorded_for: HashMap<(StreamId, Position), (CaseId, AgencyId)> = HashMap::new();
    let mut entries = Vec::new();
    for (kept, event) in around(rows, contact, only, told)? {
        let mut entry = TimelineEntry::new(&kept, event.name());
        entry.detail = sentence::of(&event);
        entry.contact = Some(contact);
        let mut permit = None;
        match event {
            GateEvent::ContactLinked(linked) => {
                lenders.insert(linked.case, (linked.lender, linked.role));
                entry.case = Some(linked.case);
            }
            GateEvent::ContactPlaced(placed) => {
                entry.case = Some(placed.case);
                entry.agency = placed.agency;
            }
            GateEvent::ContactClosed(closed) => entry.case = Some(closed.case),
            GateEvent::PermitReserved(reserved) => {
                entry.permit = Some(kept.position);
                entry.rule = reserved.tightest.map(|tightest| tightest.rule);
                entry.asked(&reserved.asked);
                requests.insert((kept.stream, kept.position), reserved.asked);
            }
            GateEvent::PermitRefused(refused) => {
                entry.asked(&refused.asked);
                entry.next_allowed = refused.next_allowed;
                entry.reasons = refused.reasons.iter().map(reason).collect();
                reasons.insert((kept.stream, kept.position), entry.reasons.clone());
                requests.insert((kept.stream, kept.position), refused.asked);
            }
            GateEvent::RefusalsRepeated(repeated) => {
                entry.repeated = Some(repeated.count);
                let first = (kept.stream, repeated.first);
                entry.reasons = match reasons.get(&first) {
                    Some(reasons) => reasons.clone(),
                    None => repeated.codes.iter().map(|code| bare(*code)).collect(),
                };
                if let Some(asked) = requests.get(&first) {
                    entry.asked(asked);
                }
            }
            GateEvent::ShareReserved(reserved) => {
                // Its permit is told; what is found later may refer to it.
                requests.insert((kept.stream, kept.position), reserved.asked);
                continue;
            }
            GateEvent::PermitRedeemed(redeemed) => permit = Some(redeemed.permit),
            GateEvent::PermitSettled(settled) => {
                permit = Some(settled.permit);
                entry.outcome = Some(settled.outcome);
                entry.given_back = settled.given_back;
            }
            GateEvent::PermitExpired(expired) => permit = Some(expired.permit),
            GateEvent::PermitVoided(voided) => permit = Some(voided.permit),
            GateEvent::StopPlaced(stop) => entry.stop = Some(stop.source),
            GateEvent::ConsentAnswered(answered) => entry.case = Some(answered.case),
            GateEvent::HoldPlaced(placed) => {
                entry.case = placed.case;
                entry.hold = Some(placed.kind);
                holds.insert((kept.stream, kept.position), placed.kind);
            }
            GateEvent::HoldLifted(lifted) => {
                entry.case = lifted.case;
                entry.hold = holds.get(&(kept.stream, lifted.hold)).copied();
            }
            GateEvent::ConsentGiven(given) => {
                if given.contact.is_some_and(|given| given != contact) {
                    // To be contacted elsewhere: still this person's.
                    entry.contact = given.contact;
                }
                entry.case = given.case;
                entry.agency = Some(given.agency);
            }
            GateEvent::ConsentRevoked(_) | GateEvent::NumberDisproved(_) | GateEvent::NumberChecked(_) => {}
            GateEvent::ContactRecorded(recorded) => {
                entry.case = Some(recorded.case);
                entry.agency = Some(recorded.agency);
                entry.channel = Some(recorded.channel);
                entry.purpose = Some(recorded.purpose);
                entry.line = recorded.line;
                entry.outcome = Some(recorded.outcome);
                entry.direction = Some(recorded.direction);
                entry.made_at = Some(recorded.at);
                recorded_for.insert((kept.stream, kept.position), (recorded.case, recorded.agency));
            }
            GateEvent::FindingRaised(finding) => {
                let made = (kept.stream, finding.contact_made);
                if let Some((case, agency)) = recorded_for.get(&made) {
                    (entry.case, entry.agency) = (Some(*case), Some(*agency));
                } else if let Some(asked) = requests.get(&made) {
                    entry.permit = Some(finding.contact_made);
                    entry.asked(asked);
                }
                entry.rule = Some(finding.rule);
                entry.made_at = Some(finding.at);
            }
            // About no contact point; or of a permit that stands in another partition, which tells it all.
            GateEvent::PolicyAdopted(_)
            | GateEvent::PolicyWithdrawn(_)
            | GateEvent::StandingChanged(_)
            | GateEvent::LineRegistered(_)
            | GateEvent::TemplateApproved(_)
            | GateEvent::TemplateWithdrawn(_)
            | GateEvent::PartitionsSet(_)
            | GateEvent::ShareRedeemed(_)
            | GateEvent::ShareSettled(_)
            | GateEvent::ShareExpired(_)
            | GateEvent::PermitShared(_)
            | GateEvent::SharesEnded(_)
            | GateEvent::ContactReached(_) => continue,
        }
        if let Some(permit) = permit {
            entry.permit = Some(permit);
            if let Some(asked) = requests.get(&(kept.stream, permit)) {
                entry.asked(asked);
            }
        }
        if let Some((lender, role)) = entry.case.and_then(|case| lenders.get(&case)) {
            entry.lender = Some(*lender);
            entry.role = Some(*role);
        }
        entries.push(entry);
    }
    Ok(entries)
}

fn reason(refused: &events::gate::RefusedByV2) -> TimelineReason {
    let events::gate::RefusedByV2 { code, rule, limit, counted, next_allowed } = *refused;
    TimelineReason { code, rule, limit, counted, next_allowed }
}

fn bare(code: Code) -> TimelineReason {
    TimelineReason { code, rule: None, limit: None, counted: None, next_allowed: None }
}

fn of_case(rows: &Reader, case: CaseId) -> Result<Vec<TimelineEntry>, StoreError> {
    let mut entries = Vec::new();
    let opened = Opened::load(rows, &case)?;
    let lender = opened.as_ref().map(|opened| opened.view.lender);
    if let Some(opened) = opened {
        let stream = StreamId { service: Service::Ledger, partition: opened.partition };
        let (position, at, actor) = (opened.position, opened.view.opened_at, opened.actor);
        let kept = Kept { stream, position, at, actor, bytes: Vec::new() };
        let mut entry = TimelineEntry::new(&kept, "CaseOpened");
        entry.minor = Some(opened.view.balance);
        entries.push(entry);
    }
    for kept in kept::all(rows, &key::case(&case))? {
        let entry = match kept.stream.service {
            Service::Ledger => ledger_entry(&kept),
            Service::Assignment => assignment_entry(&kept),
            Service::Gate => None,
        };
        entries.extend(entry);
    }
    for entry in &mut entries {
        entry.case = Some(case);
        entry.lender = lender;
    }
    let mut told = HashSet::new();
    for contact in case::contacts(rows, &case)? {
        let of_contact = of_contact(rows, contact, Some(case), &mut told)?;
        entries.extend(of_contact.into_iter().filter(|entry| entry.concerns(case)));
    }
    entries.sort_by_key(TimelineEntry::place);
    Ok(entries)
}

fn ledger_entry(kept: &Kept) -> Option<TimelineEntry> {
    let Ok(Decoded::Known(event)) = LedgerEvent::decode(&kept.bytes) else { return None };
    let mut entry = TimelineEntry::new(kept, event.name());
    match event {
        LedgerEvent::PaymentPosted(payment) => {
            (entry.minor, entry.agency) = (Some(payment.minor), payment.agency);
        }
        LedgerEvent::EntryBooked(booked) => {
            entry.minor = booked.postings.first().map(|leg| leg.minor);
            entry.agency = booked.agency;
        }
        LedgerEvent::InterestAccrued(interest) => {
            entry.minor = interest.postings.first().map(|leg| leg.minor);
        }
        _ => {}
    }
    Some(entry)
}

fn assignment_entry(kept: &Kept) -> Option<TimelineEntry> {
    let Ok(Decoded::Known(event)) = AssignmentEvent::decode(&kept.bytes) else { return None };
    let mut entry = TimelineEntry::new(kept, event.name());
    match event {
        AssignmentEvent::CasePlaced(placed) => {
            entry.agency = Some(placed.agency);
            entry.collector = Some(placed.collector);
        }
        AssignmentEvent::CaseWithdrawn(withdrawn) => entry.agency = withdrawn.agency,
        _ => {}
    }
    Some(entry)
}
