//! One contact point's history, put together from its facts.

use events::Position;
use events::gate::{ContactRecordedV1, Direction, PermitRequest};
use jiff::tz::TimeZone;
use model::Timestamp;
use model::{AgencyId, CaseId, Channel, ContactPointId, LenderId, Outcome, PersonId, Purpose, Region, Role};

use super::Findings;

/// When and where something was recorded. Sorts in order of time, over partitions too.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    pub at: Timestamp,
    pub partition: u16,
    pub position: Position,
}

/// Something that was recorded about a contact point.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fact {
    pub contact: ContactPointId,
    pub place: Place,
    pub what: What,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum What {
    Linked(Box<Linked>),
    Disproved {
        person: PersonId,
        belongs_to: PersonId,
    },
    Reserved {
        asked: Box<PermitRequest>,
        expires_at: Timestamp,
        policy: Position,
    },
    Redeemed {
        permit: Position,
    },
    Settled {
        permit: Position,
        outcome: Outcome,
        given_back: bool,
        toward: Vec<CaseId>,
        discussed: Vec<CaseId>,
    },
    /// Expired or voided.
    Dead {
        permit: Position,
    },
    Stopped,
    Recorded(Box<ContactRecordedV1>),
}

/// A case names the contact point.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Linked {
    pub case: CaseId,
    pub person: PersonId,
    pub role: Role,
    pub lender: LenderId,
    /// By number.
    pub zones: Vec<usize>,
    pub regions: Vec<Region>,
}

/// For whom a case names the contact point, from a place on.
#[derive(Debug, Clone, Copy)]
pub struct Link {
    since: Place,
    pub case: CaseId,
    pub person: PersonId,
    pub role: Role,
    pub lender: LenderId,
    /// The number was shown to be somebody else's: it stays theirs.
    disproved: bool,
}

/// A contact: permitted, made, or recorded afterwards.
#[derive(Debug)]
pub struct Attempt {
    /// When its slot was taken: where its permit was reserved, or it was recorded. The second call by one permit took
    /// its own when it was placed.
    pub taken: Place,
    pub origin: Origin,
    /// When the contact was made, and where that was recorded.
    pub made: Option<(Timestamp, Place)>,
    expires_at: Timestamp,
    dead: Option<Place>,
    pub agency: AgencyId,
    pub case: CaseId,
    pub channel: Channel,
    pub purpose: Purpose,
    /// Debts that it was about when its slot was taken.
    asked: Vec<CaseId>,
    /// What became of it, and where that was recorded.
    settled: Option<(Place, Outcome)>,
    /// Debts that it counts toward after all; empty: as asked.
    toward: Vec<CaseId>,
    /// Debts that were spoken about; empty: those that it counts toward.
    discussed: Vec<CaseId>,
}

/// Where a contact comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// A permit that names these rules.
    Permit { policy: Position },
    /// A call by a permit that had been used.
    Again,
    /// Recorded: the agency began it.
    Outbound,
    /// Recorded: the person began it.
    Inbound,
}

impl Attempt {
    /// It waited at that place: it could still be made.
    pub fn waited(&self, at: Place) -> bool {
        self.taken < at
            && matches!(self.origin, Origin::Permit { .. })
            && self.made.is_none_or(|(_, made)| made > at)
            && self.dead.is_none_or(|dead| dead > at)
            && self.expires_at >= at.at
    }

    /// What was known to have become of it before a place; `None`: nothing yet.
    pub fn outcome(&self, before: Option<Place>) -> Option<Outcome> {
        let known = self.settled.filter(|(settled, _)| before.is_none_or(|before| *settled < before));
        known.map(|(_, outcome)| outcome)
    }

    /// The debts that it counts toward, as was known before a place.
    pub fn debts(&self, before: Option<Place>) -> &[CaseId] {
        let known = self.outcome(before).is_some() && !self.toward.is_empty();
        if known { &self.toward } else { &self.asked }
    }

    /// The debts that were spoken about, if it was a conversation.
    pub fn discussed(&self) -> &[CaseId] {
        if self.discussed.is_empty() { self.debts(None) } else { &self.discussed }
    }
}

/// A contact point's history.
#[derive(Debug)]
pub struct History {
    pub contact: ContactPointId,
    /// In order.
    pub links: Vec<Link>,
    zones: Vec<(Place, usize)>,
    regions: Vec<(Place, Region)>,
    /// In order of their slots.
    pub attempts: Vec<Attempt>,
    /// Contacts that were made, by the time at which they were.
    by_made: Vec<(Timestamp, usize)>,
    /// The longest that a permit may have waited.
    longest_wait_ms: i64,
}

impl History {
    /// From the facts of one contact point, in order.
    pub fn new(facts: &[Fact], all_zones: &[Option<TimeZone>], findings: &mut Findings) -> Option<Self> {
        let mut history = Self {
            contact: facts.first()?.contact,
            links: Vec::new(),
            zones: Vec::new(),
            regions: Vec::new(),
            attempts: Vec::new(),
            by_made: Vec::new(),
            longest_wait_ms: 0,
        };
        let mut stopped = false;
        for Fact { place, what, .. } in facts {
            let place = *place;
            match what {
                What::Linked(linked) => history.linked(place, linked),
                What::Disproved { person, belongs_to } => history.disproved(place, *person, *belongs_to),
                What::Stopped => stopped = true,
                What::Reserved { asked, expires_at, policy } => {
                    findings.permits_after_stop += u64::from(stopped);
                    let unknown =
                        |(_, zone): &(Place, usize)| all_zones.get(*zone).is_none_or(Option::is_none);
                    let no_zone = history.zones.is_empty() || history.zones.iter().any(unknown);
                    findings.zone_unknown += u64::from(no_zone);
                    history.reserved(place, asked, *expires_at, *policy);
                }
                What::Redeemed { permit } => {
                    findings.redeemed_after_stop += u64::from(stopped);
                    history.redeemed(place, *permit, findings);
                }
                What::Settled { permit, outcome, given_back, toward, discussed } => {
                    findings.given_back_wrongly += u64::from(*given_back && !outcome.unconnected());
                    if let Some(attempt) = history.permit(place, *permit) {
                        attempt.settled.get_or_insert((place, *outcome));
                        (attempt.toward, attempt.discussed) = (toward.clone(), discussed.clone());
                    }
                }
                What::Dead { permit } => {
                    if let Some(attempt) = history.permit(place, *permit) {
                        attempt.dead.get_or_insert(place);
                    }
                }
                What::Recorded(recorded) => history.recorded(place, recorded),
            }
        }
        let made = history.attempts.iter().enumerate();
        history.by_made = made.filter_map(|(index, attempt)| Some((attempt.made?.0, index))).collect();
        history.by_made.sort_unstable();
        Some(history)
    }

    fn linked(&mut self, place: Place, linked: &Linked) {
        for zone in &linked.zones {
            if !self.zones.iter().any(|(_, known)| known == zone) {
                self.zones.push((place, *zone));
            }
        }
        for region in &linked.regions {
            if !self.regions.iter().any(|(_, known)| known == region) {
                self.regions.push((place, *region));
            }
        }
        let &Linked { case, person, role, lender, .. } = linked;
        let last = self.links.iter().rfind(|link| link.case == case);
        if !last.is_some_and(|link| link.disproved) {
            self.links.push(Link { since: place, case, person, role, lender, disproved: false });
        }
    }

    fn disproved(&mut self, place: Place, person: PersonId, belongs_to: PersonId) {
        let mut seen: Vec<CaseId> = Vec::new();
        let mut now = Vec::new();
        for link in self.links.iter().rev() {
            if seen.contains(&link.case) {
                continue;
            }
            seen.push(link.case);
            if link.person == person {
                let role = Role::OtherThirdParty;
                now.push(Link { since: place, person: belongs_to, role, disproved: true, ..*link });
            }
        }
        self.links.extend(now);
    }

    fn reserved(&mut self, place: Place, asked: &PermitRequest, expires_at: Timestamp, policy: Position) {
        self.longest_wait_ms = self.longest_wait_ms.max(expires_at.ms_since(place.at));
        let debts = std::iter::once(asked.case).chain(asked.also.iter().copied());
        self.attempts.push(Attempt {
            taken: place,
            origin: Origin::Permit { policy },
            made: None,
            expires_at,
            dead: None,
            agency: asked.agency,
            case: asked.case,
            channel: asked.channel,
            purpose: asked.purpose,
            asked: debts.collect(),
            settled: None,
            toward: Vec::new(),
            discussed: Vec::new(),
        });
    }

    fn redeemed(&mut self, place: Place, permit: Position, findings: &mut Findings) {
        let Some(attempt) = self.permit(place, permit) else {
            findings.without_permit += 1;
            return;
        };
        findings.redeemed_late += u64::from(place.at > attempt.expires_at);
        findings.redeemed_void += u64::from(attempt.dead.is_some());
        let made = Some((place.at, place));
        if attempt.made.is_none() {
            attempt.made = made;
            return;
        }
        findings.double_used += 1;
        let &mut Attempt { expires_at, agency, case, channel, purpose, .. } = attempt;
        let asked = attempt.asked.clone();
        let (toward, discussed) = (Vec::new(), Vec::new());
        let (taken, origin, dead, settled) = (place, Origin::Again, None, None);
        self.attempts.push(Attempt {
            taken,
            origin,
            made,
            expires_at,
            dead,
            agency,
            case,
            channel,
            purpose,
            asked,
            settled,
            toward,
            discussed,
        });
    }

    fn recorded(&mut self, place: Place, recorded: &ContactRecordedV1) {
        let origin = match recorded.direction {
            Direction::Outbound => Origin::Outbound,
            Direction::Inbound => Origin::Inbound,
        };
        let debts = if recorded.toward.is_empty() { vec![recorded.case] } else { recorded.toward.clone() };
        self.attempts.push(Attempt {
            taken: place,
            origin,
            made: Some((recorded.at, place)),
            expires_at: recorded.at,
            dead: None,
            agency: recorded.agency,
            case: recorded.case,
            channel: recorded.channel,
            purpose: recorded.purpose,
            asked: debts,
            settled: Some((place, recorded.outcome)),
            toward: Vec::new(),
            discussed: recorded.discussed.clone(),
        });
    }

    fn permit(&mut self, place: Place, permit: Position) -> Option<&mut Attempt> {
        let is_it = |attempt: &&mut Attempt| {
            matches!(attempt.origin, Origin::Permit { .. })
                && (attempt.taken.partition, attempt.taken.position) == (place.partition, permit)
        };
        self.attempts.iter_mut().rev().find(is_it)
    }

    /// For whom a case named it, as was known before a place.
    pub fn link(&self, case: CaseId, before: Place) -> Option<&Link> {
        self.links.iter().rev().find(|link| link.case == case && link.since < before)
    }

    /// The zones that were known before a place, by number.
    pub fn zones(&self, before: Place) -> impl Iterator<Item = usize> {
        self.zones.iter().filter(move |(since, _)| *since < before).map(|(_, zone)| *zone)
    }

    /// The regions that were known before a place.
    pub fn regions(&self, before: Place) -> Vec<Region> {
        let known = self.regions.iter().filter(|(since, _)| *since < before);
        known.map(|(_, region)| *region).collect()
    }

    /// Contacts that were made in a time, both ends included.
    pub fn made_in(&self, from: Timestamp, until: Timestamp) -> impl Iterator<Item = &Attempt> {
        let first = self.by_made.partition_point(|(at, _)| *at < from);
        let end = self.by_made.partition_point(|(at, _)| *at <= until).max(first);
        let inside = self.by_made.get(first..end).unwrap_or_default();
        inside.iter().filter_map(|(_, index)| self.attempts.get(*index))
    }

    /// Permits that waited at a place.
    pub fn waited(&self, at: Place) -> impl Iterator<Item = &Attempt> {
        let from = at.at.plus_ms(-self.longest_wait_ms);
        let first = self.attempts.partition_point(|attempt| attempt.taken.at < from);
        let end = self.attempts.partition_point(|attempt| attempt.taken < at);
        let inside = self.attempts.get(first..end.max(first)).unwrap_or_default();
        inside.iter().filter(move |attempt| attempt.waited(at))
    }
}
