//! Who was called when, as lists; every rule is a scan over them.

use std::collections::{BTreeMap, BTreeSet};

use events::Position;
use events::gate::{Direction, GateEvent, PermitRequest};
use jiff::tz::TimeZone;
use model::{AgencyId, CaseId, ContactPointId, Outcome, PersonId, Timestamp};

use crate::caps::{Cap, Scope};
use crate::promise::{Checked, Promise, Violation, holds};

/// A permit, as the log tells its life.
#[derive(Debug, Clone)]
pub struct Permit {
    pub partition: u16,
    pub position: Position,
    pub asked: PermitRequest,
    pub expires_at: Timestamp,
    pub stage: Stage,
}

/// How far it has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    Waiting,
    /// The call was placed then.
    Redeemed(Timestamp),
    Settled(Timestamp, Outcome),
    Expired,
    Voided,
}

/// A case's link to a contact point.
#[derive(Debug, Clone)]
struct Link {
    person: PersonId,
    agency: Option<AgencyId>,
    closed: bool,
}

/// A contact that no permit was asked for.
struct Recorded {
    contact: ContactPointId,
    case: CaseId,
    at: Timestamp,
    outcome: Outcome,
}

/// Everything, of all partitions.
pub struct Book {
    laws: BTreeMap<String, Vec<Cap>>,
    /// The caps in force, by partition.
    caps: Vec<Vec<Cap>>,
    links: BTreeMap<(ContactPointId, CaseId), Link>,
    zones: BTreeMap<ContactPointId, Vec<TimeZone>>,
    permits: Vec<Permit>,
    recorded: Vec<Recorded>,
    stops: BTreeSet<ContactPointId>,
    /// Holds on a whole contact point, by where they were placed.
    holds: BTreeMap<(u16, Position), ContactPointId>,
    /// Redemptions so far.
    pub redeemed: u64,
    /// Permits given so far.
    pub reserved: u64,
}

/// What never reached the number (12 CFR 1006.14(b)(3)(ii)).
fn reached_nobody(outcome: Outcome) -> bool {
    [Outcome::Busy, Outcome::NotInService, Outcome::Undelivered].contains(&outcome)
}

impl Book {
    pub fn new(partitions: u16, laws: BTreeMap<String, Vec<Cap>>) -> Self {
        Self {
            laws,
            caps: vec![Vec::new(); usize::from(partitions)],
            links: BTreeMap::new(),
            zones: BTreeMap::new(),
            permits: Vec::new(),
            recorded: Vec::new(),
            stops: BTreeSet::new(),
            holds: BTreeMap::new(),
            redeemed: 0,
            reserved: 0,
        }
    }

    /// Permits that are neither used up nor over.
    pub fn open(&self) -> Vec<&Permit> {
        let open = |stage| matches!(stage, Stage::Waiting | Stage::Redeemed(_));
        self.permits.iter().filter(|permit| open(permit.stage)).collect()
    }

    /// Whether a contact point was stopped.
    pub fn stopped(&self, contact: ContactPointId) -> bool {
        self.stops.contains(&contact)
    }

    /// Takes an event in, if it keeps every promise.
    pub fn take(&mut self, partition: u16, position: Position, at: Timestamp, event: &GateEvent) -> Checked {
        match event {
            GateEvent::PolicyAdopted(adopted) => {
                let caps = self.laws.get(&adopted.pack).cloned();
                self.caps[usize::from(partition)] = caps
                    .ok_or_else(|| Violation::of(Promise::Durable, "a pack was adopted that nobody wrote"))?;
            }
            GateEvent::ContactLinked(linked) => {
                let link = Link { person: linked.person, agency: None, closed: false };
                self.links.entry((linked.contact, linked.case)).or_insert(link);
                let zones = self.zones.entry(linked.contact).or_default();
                let known = linked.zones.iter().filter_map(|zone| TimeZone::get(zone.as_str()).ok());
                zones.extend(known);
            }
            GateEvent::ContactPlaced(placed) => {
                if let Some(link) = self.links.get_mut(&(placed.contact, placed.case)) {
                    link.agency = placed.agency;
                }
            }
            GateEvent::ContactClosed(closed) => {
                if let Some(link) = self.links.get_mut(&(closed.contact, closed.case)) {
                    link.closed = true;
                }
            }
            GateEvent::StopPlaced(stop) => {
                self.stops.insert(stop.contact);
            }
            GateEvent::HoldPlaced(placed) => {
                if let Some(contact) = placed.contact {
                    self.holds.insert((partition, position), contact);
                }
            }
            GateEvent::HoldLifted(lifted) => {
                self.holds.remove(&(partition, lifted.hold));
            }
            GateEvent::ContactRecorded(recorded) if recorded.direction == Direction::Outbound => {
                let (contact, case) = (recorded.contact, recorded.case);
                let (at, outcome) = (recorded.at, recorded.outcome);
                self.recorded.push(Recorded { contact, case, at, outcome });
            }
            GateEvent::PermitReserved(reserved) => {
                self.reserved += 1;
                let asked = reserved.asked.clone();
                self.may(&asked, at, "a permit")?;
                self.within_caps(partition, &asked, at, None, "a permit")?;
                let (expires_at, stage) = (reserved.expires_at, Stage::Waiting);
                self.permits.push(Permit { partition, position, asked, expires_at, stage });
            }
            GateEvent::PermitRedeemed(redeemed) => {
                self.redeemed += 1;
                let permit = self.permit(partition, redeemed.permit)?.clone();
                let broken = match permit.stage {
                    Stage::Voided => Promise::Stop,
                    Stage::Expired => Promise::Cap,
                    _ => Promise::Once,
                };
                holds(broken, permit.stage == Stage::Waiting, || {
                    format!("expected the redemption of a permit that waits, got one of {:?}", permit.stage)
                })?;
                holds(Promise::Cap, at <= permit.expires_at, || {
                    format!("expected a redemption until {}, got one at {}", permit.expires_at.0, at.0)
                })?;
                self.may(&permit.asked, at, "a redemption")?;
                self.within_caps(partition, &permit.asked, at, Some(redeemed.permit), "a redemption")?;
                self.permit_mut(partition, redeemed.permit)?.stage = Stage::Redeemed(at);
            }
            GateEvent::PermitSettled(settled) => {
                let permit = self.permit_mut(partition, settled.permit)?;
                let Stage::Redeemed(made) = permit.stage else {
                    let detail = format!("expected a permit in use, got {:?}: settled", permit.stage);
                    return Err(Violation::of(Promise::Once, detail));
                };
                permit.stage = Stage::Settled(made, settled.outcome);
            }
            GateEvent::PermitExpired(expired) => {
                let permit = self.permit_mut(partition, expired.permit)?;
                let over = permit.stage == Stage::Waiting && at > permit.expires_at;
                holds(Promise::Once, over, || format!("expired, but it was {:?}", permit.stage))?;
                permit.stage = Stage::Expired;
            }
            GateEvent::PermitVoided(voided) => {
                let stopped = self.stopped(voided.contact);
                let permit = self.permit_mut(partition, voided.permit)?;
                holds(Promise::Once, permit.stage == Stage::Waiting, || {
                    format!("voided, but it was {:?}", permit.stage)
                })?;
                holds(Promise::Stop, stopped, || "voided without a stop".to_owned())?;
                permit.stage = Stage::Voided;
            }
            _ => {}
        }
        Ok(())
    }

    fn permit(&self, partition: u16, position: Position) -> Checked<&Permit> {
        let found =
            self.permits.iter().find(|permit| (permit.partition, permit.position) == (partition, position));
        found.ok_or_else(|| Violation::of(Promise::Once, format!("there is no permit {position}")))
    }

    fn permit_mut(&mut self, partition: u16, position: Position) -> Checked<&mut Permit> {
        let mut permits = self.permits.iter_mut();
        let found = permits.find(|permit| (permit.partition, permit.position) == (partition, position));
        found.ok_or_else(|| Violation::of(Promise::Once, format!("there is no permit {position}")))
    }

    /// Nobody said no, and everything is known that has to be.
    fn may(&self, asked: &PermitRequest, at: Timestamp, what: &str) -> Checked {
        let contact = asked.contact;
        holds(Promise::Stop, !self.stopped(contact), || format!("{what} for {contact} after its stop"))?;
        let held = self.holds.values().any(|held| *held == contact);
        holds(Promise::Stop, !held, || format!("{what} for {contact} while a hold stands"))?;
        let link = self.links.get(&(contact, asked.case));
        let known = link.is_some_and(|link| link.agency == Some(asked.agency) && !link.closed);
        holds(Promise::NoWithoutKnowing, known, || {
            format!("{what} for {contact} and {} at {}, but the link is {link:?}", asked.agency, at.0)
        })?;
        let zones = self.zones.get(&contact).is_some_and(|zones| !zones.is_empty());
        holds(Promise::NoWithoutKnowing, zones, || format!("{what} for {contact}, whose zone is unknown"))
    }

    fn within_caps(
        &self,
        partition: u16,
        asked: &PermitRequest,
        at: Timestamp,
        but: Option<Position>,
        what: &str,
    ) -> Checked {
        let caps = &self.caps[usize::from(partition)];
        holds(Promise::NoWithoutKnowing, !caps.is_empty(), || format!("{what} without any rule"))?;
        for cap in caps {
            for zone in self.zones.get(&asked.contact).into_iter().flatten() {
                let counted = self.counted(cap, asked, at, zone, (partition, but));
                holds(Promise::Cap, counted < cap.limit, || {
                    let contact = asked.contact;
                    format!("{what} for {contact} at {} beside {counted} others, against {cap:?}", at.0)
                })?;
            }
        }
        Ok(())
    }

    /// Calls that count together with this one in the window that ends now, without it. While a permit is asked for
    /// (`but` is none), those that wait count too.
    fn counted(
        &self,
        cap: &Cap,
        asked: &PermitRequest,
        now: Timestamp,
        zone: &TimeZone,
        (partition, but): (u16, Option<Position>),
    ) -> usize {
        let person = |contact, case| self.links.get(&(contact, case)).map(|link| link.person);
        let same = |contact: ContactPointId, case: CaseId| match cap.scope {
            Scope::ContactPoint => contact == asked.contact,
            Scope::Person => person(contact, case) == person(asked.contact, asked.case),
            Scope::Case => case == asked.case,
        };
        let counts = |outcome| !(cap.gives_back && reached_nobody(outcome));
        let permits = self.permits.iter().filter(|permit| {
            if !same(permit.asked.contact, permit.asked.case)
                || (permit.partition, Some(permit.position)) == (partition, but)
            {
                return false;
            }
            match permit.stage {
                Stage::Waiting => but.is_none() && now <= permit.expires_at,
                Stage::Redeemed(at) => cap.window.holds(at, now, zone),
                Stage::Settled(at, outcome) => counts(outcome) && cap.window.holds(at, now, zone),
                Stage::Expired | Stage::Voided => false,
            }
        });
        let recorded = self.recorded.iter().filter(|recorded| {
            same(recorded.contact, recorded.case)
                && counts(recorded.outcome)
                && cap.window.holds(recorded.at, now, zone)
        });
        permits.count() + recorded.count()
    }
}
