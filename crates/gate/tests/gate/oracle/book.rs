//! What the oracle knows: plain lists, filled from the gate's events.

use events::Position;
use events::gate::{
    ConsentAnswer, ConsentGivenV1, ContactLinkedV2, ContactRecordedV1, Direction, GateEvent, HoldPlacedV1,
    Line, NumberCheck, TemplateApprovedV1, TemplateId,
};
use jiff::tz::TimeZone;
use model::{
    AgencyId, CaseId, Channel, CollectorId, ContactPointId, LenderId, Outcome, PersonId, Place, Purpose,
    Region, Role,
};
use policy::Pack;

/// A contact, from its reservation or its record on. Milliseconds.
#[derive(Debug, Clone)]
pub struct Attempt {
    pub position: Position,
    pub contact: ContactPointId,
    pub case: CaseId,
    pub agency: AgencyId,
    pub channel: Channel,
    pub purpose: Purpose,
    pub line: Option<Line>,
    pub inbound: bool,
    pub reserved: i64,
    /// The last moment at which it may be redeemed; while it waits it counts until then.
    pub expires: i64,
    pub made: Option<i64>,
    pub call: [u8; 16],
    pub outcome: Option<Outcome>,
    /// Expired or voided.
    pub dead: Option<Dead>,
    /// What it counts toward.
    pub debts: Vec<CaseId>,
    /// What was spoken about, if there was a conversation.
    pub spoken: Vec<CaseId>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dead {
    Expired,
    Voided,
}

#[derive(Debug, Clone)]
pub struct Named {
    pub contact: ContactPointId,
    pub case: CaseId,
    pub person: PersonId,
    pub lender: LenderId,
    pub role: Role,
    pub agency: Option<AgencyId>,
    pub answer: Option<ConsentAnswer>,
    pub closed: bool,
    pub disproved: bool,
}

#[derive(Debug, Clone)]
pub struct Adopted {
    pub pack: Pack,
    /// First and last moment in force.
    pub from: i64,
    pub last: i64,
}

#[derive(Default, Clone)]
pub struct Book {
    pub packs: Vec<Adopted>,
    pub named: Vec<Named>,
    pub placed_early: Vec<(ContactPointId, CaseId, Option<AgencyId>)>,
    pub closed_early: Vec<(ContactPointId, CaseId)>,
    pub zones: Vec<(ContactPointId, TimeZone)>,
    pub regions: Vec<(ContactPointId, Region)>,
    pub places: Vec<(ContactPointId, Place)>,
    pub attempts: Vec<Attempt>,
    pub consents: Vec<(Position, ConsentGivenV1, Option<i64>)>,
    pub holds: Vec<(Position, i64, HoldPlacedV1)>,
    pub stops: Vec<ContactPointId>,
    pub checks: Vec<(ContactPointId, NumberCheck, i64)>,
    pub suspended: Vec<(AgencyId, Option<CollectorId>)>,
    pub lines: Vec<(AgencyId, Line)>,
    pub templates: Vec<(TemplateApprovedV1, bool)>,
}

fn midnight(date: jiff::civil::Date) -> i64 {
    TimeZone::UTC.to_timestamp(date.at(0, 0, 0, 0)).expect("in range").as_millisecond()
}

impl Book {
    pub fn take(&mut self, event: &GateEvent, at: i64, position: Position) {
        match event {
            GateEvent::PolicyAdopted(adopted) => {
                let pack = policy::parse(&adopted.pack).expect("a pack");
                self.packs.retain(|known| known.pack.id != pack.id);
                let from = midnight(pack.effective);
                let last = pack.until.map_or(i64::MAX, |until| midnight(until) + 86_399_999);
                self.packs.push(Adopted { pack, from, last });
                self.packs.sort_by(|one, other| one.pack.id.cmp(&other.pack.id));
            }
            GateEvent::PolicyWithdrawn(withdrawn) => self.packs.retain(|known| known.pack.id != withdrawn.id),
            GateEvent::ContactLinked(linked) => self.link(linked),
            GateEvent::ContactPlaced(placed) => match self.find(placed.contact, placed.case) {
                Some(named) => named.agency = placed.agency,
                None => self.placed_early.push((placed.contact, placed.case, placed.agency)),
            },
            GateEvent::ContactClosed(closed) => match self.find(closed.contact, closed.case) {
                Some(named) => named.closed = true,
                None => self.closed_early.push((closed.contact, closed.case)),
            },
            GateEvent::ConsentAnswered(answered) => {
                self.find(answered.contact, answered.case).expect("named").answer = Some(answered.answer);
            }
            GateEvent::PermitReserved(reserved) => {
                let asked = &reserved.asked;
                let mut debts = vec![asked.case];
                debts.extend(&asked.also);
                self.attempts.push(Attempt {
                    position,
                    contact: asked.contact,
                    case: asked.case,
                    agency: asked.agency,
                    channel: asked.channel,
                    purpose: asked.purpose,
                    line: Some(asked.line),
                    inbound: false,
                    reserved: at,
                    expires: reserved.expires_at.0,
                    made: None,
                    call: [0; 16],
                    outcome: None,
                    dead: None,
                    debts,
                    spoken: Vec::new(),
                });
            }
            GateEvent::PermitRedeemed(redeemed) => {
                let attempt = self.attempt(redeemed.permit);
                (attempt.made, attempt.call) = (Some(at), redeemed.call);
            }
            GateEvent::PermitSettled(settled) => {
                let attempt = self.attempt(settled.permit);
                attempt.outcome = Some(settled.outcome);
                if !settled.toward.is_empty() {
                    attempt.debts.clone_from(&settled.toward);
                }
                if settled.outcome == Outcome::Conversation {
                    let all = settled.discussed.is_empty();
                    attempt.spoken = if all { attempt.debts.clone() } else { settled.discussed.clone() };
                }
            }
            GateEvent::PermitExpired(expired) => self.attempt(expired.permit).dead = Some(Dead::Expired),
            GateEvent::PermitVoided(voided) => self.attempt(voided.permit).dead = Some(Dead::Voided),
            GateEvent::StopPlaced(stop) => self.stops.push(stop.contact),
            GateEvent::HoldPlaced(placed) => self.holds.push((position, at, placed.clone())),
            GateEvent::HoldLifted(lifted) => self.holds.retain(|(position, ..)| *position != lifted.hold),
            GateEvent::ConsentGiven(given) => self.consents.push((position, *given, None)),
            GateEvent::ConsentRevoked(gone) => {
                for (position, given, revoked) in &mut self.consents {
                    let meant = gone.consent.is_none_or(|consent| consent == *position);
                    if given.person == gone.person && meant && revoked.is_none() {
                        *revoked = Some(gone.at.0);
                    }
                }
            }
            GateEvent::ContactRecorded(recorded) => self.attempts.push(Self::recorded(recorded, position)),
            GateEvent::NumberDisproved(gone) => {
                let wrong = |named: &&mut Named| named.contact == gone.contact && named.person == gone.person;
                for named in self.named.iter_mut().filter(wrong) {
                    (named.person, named.role) = (gone.belongs_to, Role::OtherThirdParty);
                    (named.answer, named.disproved) = (None, true);
                }
            }
            GateEvent::NumberChecked(checked) => {
                self.checks.push((checked.contact, checked.found, checked.at.0))
            }
            GateEvent::StandingChanged(changed) => {
                self.suspended.retain(|who| *who != (changed.agency, changed.collector));
                if !changed.active {
                    self.suspended.push((changed.agency, changed.collector));
                }
            }
            GateEvent::LineRegistered(line) => {
                self.lines.retain(|known| *known != (line.agency, line.line));
                if line.registered {
                    self.lines.push((line.agency, line.line));
                }
            }
            GateEvent::TemplateApproved(approved) => self.templates.push((approved.clone(), true)),
            GateEvent::TemplateWithdrawn(gone) => {
                let key = (gone.agency, gone.template);
                self.templates
                    .iter_mut()
                    .filter(|(known, _)| (known.agency, known.template) == key)
                    .for_each(|(_, good)| *good = false);
            }
            GateEvent::PermitRefused(_)
            | GateEvent::RefusalsRepeated(_)
            | GateEvent::FindingRaised(_)
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

    pub fn recorded(recorded: &ContactRecordedV1, position: Position) -> Attempt {
        let debts = if recorded.toward.is_empty() { vec![recorded.case] } else { recorded.toward.clone() };
        let spoken = match (recorded.outcome, recorded.discussed.is_empty()) {
            (Outcome::Conversation, true) => debts.clone(),
            (Outcome::Conversation, false) => recorded.discussed.clone(),
            _ => Vec::new(),
        };
        Attempt {
            position,
            contact: recorded.contact,
            case: recorded.case,
            agency: recorded.agency,
            channel: recorded.channel,
            purpose: recorded.purpose,
            line: recorded.line,
            inbound: recorded.direction == Direction::Inbound,
            reserved: recorded.at.0,
            expires: i64::MIN,
            made: Some(recorded.at.0),
            call: [0; 16],
            outcome: Some(recorded.outcome),
            dead: None,
            debts,
            spoken,
        }
    }

    fn link(&mut self, linked: &ContactLinkedV2) {
        for zone in &linked.zones {
            if let Ok(zone) = TimeZone::get(zone.as_str())
                && !self.zones.contains(&(linked.contact, zone.clone()))
            {
                self.zones.push((linked.contact, zone));
            }
        }
        self.regions.extend(linked.regions.iter().map(|region| (linked.contact, *region)));
        if linked.place != Place::Unknown {
            self.places.retain(|(contact, _)| *contact != linked.contact);
            self.places.push((linked.contact, linked.place));
        }
        let key = (linked.contact, linked.case);
        if let Some(named) = self.find(linked.contact, linked.case) {
            if !named.disproved {
                if (named.person, named.lender, named.role) != (linked.person, linked.lender, linked.role) {
                    named.answer = None;
                }
                (named.person, named.lender, named.role) = (linked.person, linked.lender, linked.role);
            }
            return;
        }
        let agency = self.placed_early.iter().rev().find(|(contact, case, _)| (*contact, *case) == key);
        self.named.push(Named {
            contact: linked.contact,
            case: linked.case,
            person: linked.person,
            lender: linked.lender,
            role: linked.role,
            agency: agency.and_then(|(_, _, agency)| *agency),
            answer: None,
            closed: self.closed_early.contains(&key),
            disproved: false,
        });
    }

    fn find(&mut self, contact: ContactPointId, case: CaseId) -> Option<&mut Named> {
        self.named.iter_mut().find(|named| (named.contact, named.case) == (contact, case))
    }

    pub fn link_of(&self, contact: ContactPointId, case: CaseId) -> Option<&Named> {
        self.named.iter().find(|named| (named.contact, named.case) == (contact, case))
    }

    fn attempt(&mut self, permit: Position) -> &mut Attempt {
        self.attempts.iter_mut().find(|attempt| attempt.position == permit).expect("reserved")
    }

    pub fn template(&self, agency: AgencyId, id: TemplateId) -> Option<&TemplateApprovedV1> {
        let known = self.templates.iter().find(|(known, _)| (known.agency, known.template) == (agency, id));
        known.filter(|(_, good)| *good).map(|(known, _)| known)
    }
}
