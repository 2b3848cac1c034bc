//! Who holds a contact point, and what was done to it.

use events::gate::{ConsentAnswer, Direction, GateEvent};
use model::{AgencyId, CaseId, Channel, ContactPointId, LenderId, PersonId, Role, Timestamp, ZoneName};
use runtime::projection::{Reader, StoreError};
use serde::{Deserialize, Serialize};

use crate::figures::{Figures, StopRecord};
use crate::key;
use crate::timeline::gate_events;

/// A contact point: who holds it and why, and what came of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ContactView {
    /// Which.
    pub contact: ContactPointId,
    /// The stop, if there is one.
    pub stop: Option<StopRecord>,
    /// Every zone that it was linked with.
    pub zones: Vec<ZoneName>,
    /// Every case that names it, in the order in which they did.
    pub holders: Vec<ContactHolder>,
    /// What was asked about it, by anybody.
    pub figures: Figures,
    /// When it was last called, as far as is known: a call that was recorded late counts from its own time.
    pub last_call: Option<Timestamp>,
}

/// A case that names a contact point.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ContactHolder {
    /// The case.
    pub case: CaseId,
    /// Whose it is.
    pub lender: LenderId,
    /// Who is said to be behind it.
    pub person: PersonId,
    /// What they are to the case.
    pub role: Role,
    /// Since when the case names it.
    pub since: Timestamp,
    /// The agency that it is placed with.
    pub agency: Option<AgencyId>,
    /// Since when it is placed there, or was taken back.
    pub placed_since: Option<Timestamp>,
    /// What they answered when asked.
    pub consent: Option<ConsentAnswer>,
    /// Since when the case needs no more contact.
    pub closed_since: Option<Timestamp>,
}

/// `None`: nothing is known of it.
pub fn view(rows: &Reader, contact: ContactPointId) -> Result<Option<ContactView>, StoreError> {
    let events = gate_events(rows, &key::contact(&contact))?;
    if events.is_empty() {
        return Ok(None);
    }
    let mut view = ContactView {
        contact,
        stop: None,
        zones: Vec::new(),
        holders: Vec::new(),
        figures: Figures::default(),
        last_call: None,
    };
    let mut refused = Vec::new();
    let mut disproved = Vec::new();
    for (kept, event) in events {
        let (at, position) = (kept.at, kept.position);
        match event {
            GateEvent::ContactLinked(linked) => {
                view.zones.extend(linked.zones);
                let holder = ContactHolder {
                    case: linked.case,
                    lender: linked.lender,
                    person: linked.person,
                    role: linked.role,
                    since: at,
                    agency: None,
                    placed_since: None,
                    consent: None,
                    closed_since: None,
                };
                match view.holder(linked.case) {
                    // Shown to be somebody else's, it stays theirs.
                    Some(_) if disproved.contains(&linked.case) => {}
                    Some(known) => {
                        (known.lender, known.person, known.role) = (holder.lender, holder.person, holder.role)
                    }
                    None => view.holders.push(holder),
                }
            }
            GateEvent::ContactPlaced(placed) => {
                if let Some(holder) = view.holder(placed.case) {
                    holder.agency = placed.agency;
                    holder.placed_since = Some(at);
                }
            }
            GateEvent::ContactClosed(closed) => {
                if let Some(holder) = view.holder(closed.case) {
                    holder.closed_since = Some(at);
                }
            }
            GateEvent::ConsentAnswered(answered) => {
                if let Some(holder) = view.holder(answered.case) {
                    holder.consent = Some(answered.answer);
                }
            }
            GateEvent::PermitReserved(_) => view.figures.reserved(),
            GateEvent::PermitRefused(refusal) => {
                view.figures.refused(&refusal);
                refused.push((kept.stream, position, refusal));
            }
            GateEvent::RefusalsRepeated(repeated) => {
                let is_first = |(stream, position, _): &&(_, _, _)| {
                    (*stream, *position) == (kept.stream, repeated.first)
                };
                let mut codes = repeated.codes;
                if let (true, Some((_, _, first))) = (codes.is_empty(), refused.iter().rev().find(is_first)) {
                    codes = first.reasons.iter().map(|reason| reason.code).collect();
                    codes.dedup();
                }
                view.figures.repeated(&codes, repeated.count);
            }
            GateEvent::PermitRedeemed(_) => {
                view.figures.0.redeemed += 1;
                view.last_call = view.last_call.max(Some(at));
            }
            GateEvent::NumberDisproved(wrong) => {
                let theirs = |holder: &&mut ContactHolder| holder.person == wrong.person;
                for holder in view.holders.iter_mut().filter(theirs) {
                    disproved.push(holder.case);
                    (holder.person, holder.role) = (wrong.belongs_to, Role::OtherThirdParty);
                    holder.consent = None;
                }
            }
            GateEvent::ContactRecorded(recorded) => {
                if recorded.direction == Direction::Outbound && recorded.channel == Channel::Call {
                    view.last_call = view.last_call.max(Some(recorded.at));
                }
            }
            GateEvent::FindingRaised(_) => view.figures.0.findings += 1,
            GateEvent::PermitSettled(settled) => view.figures.settled(settled.outcome, settled.given_back),
            GateEvent::PermitExpired(_) => view.figures.0.expired += 1,
            GateEvent::PermitVoided(_) => view.figures.0.voided += 1,
            GateEvent::StopPlaced(stop) => {
                let record = StopRecord { contact, at, source: stop.source, stream: kept.stream, position };
                view.stop.get_or_insert(record);
            }
            // Told by the timeline; of the rest, none is kept with a contact point.
            GateEvent::HoldPlaced(_)
            | GateEvent::HoldLifted(_)
            | GateEvent::NumberChecked(_)
            | GateEvent::ConsentGiven(_)
            | GateEvent::ConsentRevoked(_)
            | GateEvent::PolicyAdopted(_)
            | GateEvent::PolicyWithdrawn(_)
            | GateEvent::StandingChanged(_)
            | GateEvent::LineRegistered(_)
            | GateEvent::TemplateApproved(_)
            | GateEvent::TemplateWithdrawn(_)
            | GateEvent::PartitionsSet(_)
            | GateEvent::ShareReserved(_)
            | GateEvent::ShareRedeemed(_)
            | GateEvent::ShareSettled(_)
            | GateEvent::ShareExpired(_)
            | GateEvent::PermitShared(_)
            | GateEvent::SharesEnded(_)
            | GateEvent::ContactReached(_) => {}
        }
    }
    view.zones.sort();
    view.zones.dedup();
    Ok(Some(view))
}

impl ContactView {
    fn holder(&mut self, case: CaseId) -> Option<&mut ContactHolder> {
        self.holders.iter_mut().find(|holder| holder.case == case)
    }
}
