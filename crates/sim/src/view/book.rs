//! Who was called when, as lists; every rule is a scan over them.

use std::collections::{BTreeMap, BTreeSet};

use events::gate::{Direction, GateEvent, PermitRequest, ShareV1};
use events::{Position, partition_of};
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
    /// The shares that it stands on, by their places.
    shares: Vec<(u16, Position)>,
}

/// A share, as its home's log tells its life.
struct Share {
    asked: PermitRequest,
    expires_at: Timestamp,
    stage: ShareStage,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum ShareStage {
    Waiting,
    Placing([u8; 16]),
    Closed,
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
    /// In whose log.
    partition: u16,
    contact: ContactPointId,
    case: CaseId,
    at: Timestamp,
    outcome: Outcome,
}

/// A permit was used: each share that it stands on was redeemed for the same call before.
struct Used {
    partition: u16,
    permit: Position,
    call: [u8; 16],
}

/// What is judged: a contact that is asked for, or one whose permit or share is redeemed.
#[derive(Clone, Copy)]
struct Judged<'a> {
    partition: u16,
    asked: &'a PermitRequest,
    at: Timestamp,
    /// Its permit or share in that partition; `None`: there is none yet.
    itself: Option<Position>,
    what: &'static str,
}

/// Everything, of all partitions.
pub struct Book {
    laws: BTreeMap<String, Vec<Cap>>,
    /// The caps in force, by partition.
    caps: Vec<Vec<Cap>>,
    links: BTreeMap<(ContactPointId, CaseId), Link>,
    zones: BTreeMap<ContactPointId, Vec<TimeZone>>,
    permits: Vec<Permit>,
    shares: BTreeMap<(u16, Position), Share>,
    /// Uses whose shares are still to be looked for: they may stand in a log that is looked at later.
    used: Vec<Used>,
    /// Shares that were redeemed, and for which call.
    placed: BTreeMap<(u16, Position), [u8; 16]>,
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
            shares: BTreeMap::new(),
            used: Vec::new(),
            placed: BTreeMap::new(),
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

    /// Shares that are neither used up nor over.
    pub fn open_shares(&self) -> usize {
        self.shares.values().filter(|share| share.stage != ShareStage::Closed).count()
    }

    /// All partitions were looked at.
    pub fn looked(&mut self) -> Checked {
        for used in std::mem::take(&mut self.used) {
            let Used { partition, permit, call } = used;
            let stands_on = self.permit(partition, permit)?.shares.clone();
            for share in stands_on {
                let placed = self.placed.get(&share) == Some(&call);
                holds(Promise::NoWithoutKnowing, placed, || {
                    format!("{permit} of {partition} was used before its share {share:?} was redeemed")
                })?;
            }
        }
        Ok(())
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
                self.recorded.push(Recorded { partition, contact, case, at, outcome });
            }
            GateEvent::PermitReserved(reserved) => {
                self.reserved += 1;
                let asked = reserved.asked.clone();
                self.may(&asked, at, "a permit")?;
                self.within_caps(Judged { partition, asked: &asked, at, itself: None, what: "a permit" })?;
                let (expires_at, stage, shares) = (reserved.expires_at, Stage::Waiting, Vec::new());
                self.permits.push(Permit { partition, position, asked, expires_at, stage, shares });
            }
            GateEvent::PermitShared(shared) => {
                let partitions = self.caps.len() as u16;
                let place = |share: &ShareV1| (partition_of(&share.home, partitions), share.share);
                let permit = Position(position.0.saturating_sub(1));
                self.permit_mut(partition, permit)?.shares = shared.shares.iter().map(place).collect();
            }
            GateEvent::ShareReserved(reserved) => {
                let asked = reserved.asked.clone();
                self.within_caps(Judged { partition, asked: &asked, at, itself: None, what: "a share" })?;
                let (expires_at, stage) = (reserved.expires_at, ShareStage::Waiting);
                self.shares.insert((partition, position), Share { asked, expires_at, stage });
            }
            GateEvent::ShareRedeemed(redeemed) => {
                let place = (partition, redeemed.share);
                let share = self.share(place)?;
                let waits = share.stage == ShareStage::Waiting && at <= share.expires_at;
                holds(Promise::Cap, waits, || format!("a share was redeemed that is {:?}", share.stage))?;
                let (asked, itself) = (share.asked.clone(), Some(redeemed.share));
                self.within_caps(Judged {
                    partition,
                    asked: &asked,
                    at,
                    itself,
                    what: "the redemption of a share",
                })?;
                self.placed.insert(place, redeemed.call);
                self.share(place)?.stage = ShareStage::Placing(redeemed.call);
            }
            GateEvent::ShareSettled(settled) => {
                self.share((partition, settled.share))?.stage = ShareStage::Closed;
            }
            GateEvent::ShareExpired(expired) => {
                let share = self.share((partition, expired.share))?;
                let over = share.stage == ShareStage::Waiting && at > share.expires_at;
                holds(Promise::Once, over, || format!("expired, but it was {:?}", share.stage))?;
                share.stage = ShareStage::Closed;
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
                let (asked, itself) = (&permit.asked, Some(redeemed.permit));
                self.within_caps(Judged { partition, asked, at, itself, what: "a redemption" })?;
                self.permit_mut(partition, redeemed.permit)?.stage = Stage::Redeemed(at);
                self.within_any_window(partition, asked, at)?;
                let (permit, call) = (redeemed.permit, redeemed.call);
                self.used.push(Used { partition, permit, call });
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
                let permit = self.permit_mut(partition, voided.permit)?;
                holds(Promise::Once, permit.stage == Stage::Waiting, || {
                    format!("voided, but it was {:?}", permit.stage)
                })?;
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

    fn share(&mut self, place: (u16, Position)) -> Checked<&mut Share> {
        let share = self.shares.get_mut(&place);
        share.ok_or_else(|| Violation::of(Promise::Once, format!("there is no share {place:?}")))
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

    /// Whether what a cap counts is known in this partition: it is the home of what the scope names.
    fn is_judged_in(&self, partition: u16, scope: Scope, asked: &PermitRequest) -> bool {
        let partitions = self.caps.len() as u16;
        let key = match scope {
            Scope::ContactPoint => Some(asked.contact.0),
            Scope::Person => self.links.get(&(asked.contact, asked.case)).map(|link| link.person.0),
            Scope::Case => Some(asked.case.0),
        };
        key.is_some_and(|key| partition_of(&key, partitions) == partition)
    }

    fn within_caps(&self, judged: Judged<'_>) -> Checked {
        let Judged { partition, asked, at, what, .. } = judged;
        let caps = &self.caps[usize::from(partition)];
        holds(Promise::NoWithoutKnowing, !caps.is_empty(), || format!("{what} without any rule"))?;
        for cap in caps.iter().filter(|cap| self.is_judged_in(partition, cap.scope, asked)) {
            for zone in self.zones.get(&asked.contact).into_iter().flatten() {
                let [permits, shares, recorded] = self.counted(cap, judged, zone);
                holds(Promise::Cap, permits + shares + recorded < cap.limit, || {
                    let contact = asked.contact;
                    format!(
                        "{what} for {contact} at {} of {partition} beside {permits} other permits, {shares} shares and \
                         {recorded} recorded contacts, against {cap:?}",
                        at.0
                    )
                })?;
            }
        }
        Ok(())
    }

    /// Whether two contacts count together.
    fn same(&self, scope: Scope, asked: &PermitRequest, contact: ContactPointId, case: CaseId) -> bool {
        let person = |contact, case| self.links.get(&(contact, case)).map(|link| link.person);
        match scope {
            Scope::ContactPoint => contact == asked.contact,
            Scope::Person => person(contact, case) == person(asked.contact, asked.case),
            Scope::Case => case == asked.case,
        }
    }

    /// Contacts that count together with this one in the window that ends now, without it: of permits, of shares, and
    /// recorded ones. While a permit is asked for, those that wait in this partition count too.
    fn counted(&self, cap: &Cap, judged: Judged<'_>, zone: &TimeZone) -> [usize; 3] {
        let Judged { partition, asked, at: now, itself, .. } = judged;
        let same = |contact, case| self.same(cap.scope, asked, contact, case);
        let counts = |outcome| !(cap.gives_back && reached_nobody(outcome));
        let waits = |until: Timestamp| itself.is_none() && now <= until;
        let permits = self.permits.iter().filter(|permit| {
            let own = permit.partition == partition && Some(permit.position) == itself;
            let on_it = itself.is_some_and(|share| permit.shares.contains(&(partition, share)));
            if own || on_it || !same(permit.asked.contact, permit.asked.case) {
                return false;
            }
            match permit.stage {
                Stage::Waiting => permit.partition == partition && waits(permit.expires_at),
                Stage::Redeemed(at) => cap.window.holds(at, now, zone),
                Stage::Settled(at, outcome) => counts(outcome) && cap.window.holds(at, now, zone),
                Stage::Expired | Stage::Voided => false,
            }
        });
        let shares = self.shares.iter().filter(|((of, _), share)| {
            *of == partition
                && share.stage == ShareStage::Waiting
                && waits(share.expires_at)
                && same(share.asked.contact, share.asked.case)
        });
        let recorded = self.recorded.iter().filter(|recorded| {
            recorded.partition == partition
                && same(recorded.contact, recorded.case)
                && counts(recorded.outcome)
                && cap.window.holds(recorded.at, now, zone)
        });
        [permits.count(), shares.count(), recorded.count()]
    }

    /// In no window that this call lies in are there more calls than a cap allows, wherever they were judged: their
    /// times are those of several logs, so later ones may stand in one that was looked at before.
    fn within_any_window(&self, partition: u16, asked: &PermitRequest, at: Timestamp) -> Checked {
        for cap in &self.caps[usize::from(partition)] {
            let calls: Vec<Timestamp> = self
                .permits
                .iter()
                .filter(|permit| self.same(cap.scope, asked, permit.asked.contact, permit.asked.case))
                .filter_map(|permit| match permit.stage {
                    Stage::Redeemed(at) => Some(at),
                    Stage::Settled(at, outcome) => {
                        (!(cap.gives_back && reached_nobody(outcome))).then_some(at)
                    }
                    Stage::Waiting | Stage::Expired | Stage::Voided => None,
                })
                .collect();
            for zone in self.zones.get(&asked.contact).into_iter().flatten() {
                for last in calls.iter().filter(|last| cap.window.holds(at, **last, zone)) {
                    let together = calls.iter().filter(|call| cap.window.holds(**call, *last, zone)).count();
                    holds(Promise::Cap, together <= cap.limit, || {
                        let contact = asked.contact;
                        format!(
                            "{together} calls in the window that ends at {}, with {contact}, against {cap:?}",
                            last.0
                        )
                    })?;
                }
            }
        }
        Ok(())
    }
}
