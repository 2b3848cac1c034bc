//! A contact point, and the cases that name it.

use std::num::NonZeroU32;

use events::Position;
use events::gate::{ConsentAnswer, NumberCheck};
use model::{AgencyId, Channel, ContactPointId, LenderId, Place, Purpose, Role, Timestamp};
use serde::{Deserialize, Serialize};
use smallvec::SmallVec;

use crate::arena::{CaseNumber, PersonNumber, Record};
use crate::attempts::{Attempt, LINKS_MAX, Packed, Stage};
use crate::person::Hold;
use crate::regions::RegionSet;
use crate::zone::ZoneSet;

/// 128 bytes: two lines of the processor's cache, with three attempts and one link in them.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Contact {
    id: ContactPointId,
    attempts: SmallVec<[Packed; 3]>,
    links: SmallVec<[Link; 1]>,
    pub zones: ZoneSet,
    pub regions: RegionSet,
    pub place: Place,
    /// Whether `stops` has it: on the way of every decision, so kept here too.
    pub stopped: bool,
    /// What few contact points have.
    facts: Option<Box<ContactFacts>>,
}

const _: () = assert!(size_of::<Contact>() == 128);

#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct ContactFacts {
    pub holds: Vec<Hold>,
    /// The last check of each kind.
    pub checks: Vec<(NumberCheck, Timestamp)>,
    /// When the person last began a contact on a channel.
    pub inbound: Vec<(Channel, Timestamp)>,
    /// When they were last sent a reply, or the receipt for a stop: longer remembered than the contact itself.
    pub answered: Vec<(Channel, Purpose, Timestamp)>,
}

/// A case that names a contact point.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Link {
    pub case: CaseNumber,
    pub person: PersonNumber,
    pub lender: LenderId,
    agency: Placed,
    pub role: Role,
    pub consent: Option<ConsentAnswer>,
    pub closed: bool,
    /// The number turned out not to be that person's: the link is somebody else's now.
    pub disproved: bool,
}

/// With which agency, in four bytes: its number and one. The last number there is counts as with none, which refuses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
struct Placed(Option<NonZeroU32>);

impl From<Option<AgencyId>> for Placed {
    fn from(agency: Option<AgencyId>) -> Self {
        Self(agency.and_then(|agency| NonZeroU32::new(agency.0.wrapping_add(1))))
    }
}

/// What is known of a case's contact point before it is linked. The links and the placements come from two logs,
/// whose followers do not wait for each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(crate) struct Early {
    pub agency: Option<AgencyId>,
    pub closed: bool,
}

impl Link {
    pub fn new(case: CaseNumber, person: PersonNumber, lender: LenderId, role: Role, early: Early) -> Self {
        let (agency, closed) = (early.agency.into(), early.closed);
        Self { case, person, lender, agency, role, consent: None, closed, disproved: false }
    }

    /// With which agency the case is placed.
    pub fn agency(&self) -> Option<AgencyId> {
        self.agency.0.map(|number| AgencyId(number.get() - 1))
    }

    pub fn place(&mut self, agency: Option<AgencyId>) {
        self.agency = agency.into();
    }
}

impl Record for Contact {
    type Id = ContactPointId;

    fn id(&self) -> ContactPointId {
        self.id
    }
}

impl Contact {
    pub fn new(id: ContactPointId) -> Self {
        Self {
            id,
            attempts: SmallVec::new(),
            links: SmallVec::new(),
            zones: ZoneSet::default(),
            regions: RegionSet::default(),
            place: Place::Unknown,
            stopped: false,
            facts: None,
        }
    }

    pub fn links(&self) -> &[Link] {
        &self.links
    }

    pub fn links_mut(&mut self) -> &mut [Link] {
        &mut self.links
    }

    pub fn add(&mut self, link: Link) {
        self.links.push(link);
    }

    /// What a case has to do with it; `None` also for a case whose contacts could not be counted.
    pub fn link(&self, case: CaseNumber) -> Option<&Link> {
        self.links.iter().take(LINKS_MAX).find(|link| link.case == case)
    }

    pub fn link_mut(&mut self, case: CaseNumber) -> Option<&mut Link> {
        self.links.iter_mut().find(|link| link.case == case)
    }

    /// The place of a case's link. A contact point that more than 4,096 cases name is called for none of the rest.
    pub fn link_number(&self, case: CaseNumber) -> Option<u16> {
        let index = self.links.iter().take(LINKS_MAX).position(|link| link.case == case);
        index.and_then(|index| u16::try_from(index).ok())
    }

    /// The attempts as they are kept.
    pub fn packed(&self) -> &[Packed] {
        &self.attempts
    }

    pub fn attempts(&self) -> impl DoubleEndedIterator<Item = Attempt> {
        self.attempts.iter().map(|packed| packed.open())
    }

    pub fn push(&mut self, attempt: &Attempt) {
        self.attempts.push(Packed::of(attempt));
    }

    /// Changes the attempt of a permit, if it has it.
    pub fn change<T>(&mut self, permit: Position, change: impl FnOnce(&mut Attempt) -> T) -> Option<T> {
        let packed = self.attempts.iter_mut().rev().find(|packed| packed.position() == permit)?;
        let mut attempt = packed.open();
        let told = change(&mut attempt);
        *packed = Packed::of(&attempt);
        Some(told)
    }

    /// Keeps the attempts that fit.
    pub fn retain(&mut self, mut keep: impl FnMut(&Attempt) -> bool) {
        self.attempts.retain(|packed| keep(&packed.open()));
        if self.attempts.spilled() && self.attempts.len() <= self.attempts.inline_size() {
            self.attempts.shrink_to_fit();
        }
    }

    pub fn facts_mut(&mut self) -> &mut ContactFacts {
        self.facts.get_or_insert_default()
    }

    /// Whether something that few contact points have is known of it.
    pub const fn has_facts(&self) -> bool {
        self.facts.is_some()
    }

    pub fn holds(&self) -> &[Hold] {
        self.facts.as_deref().map_or(&[], |facts| &facts.holds)
    }

    /// When a check last found this.
    pub fn checked(&self, found: NumberCheck) -> Option<Timestamp> {
        let checks = &self.facts.as_deref()?.checks;
        checks.iter().find(|(known, _)| *known == found).map(|(_, at)| *at)
    }

    /// When the person last began a contact on this channel.
    pub fn inbound(&self, channel: Channel) -> Option<Timestamp> {
        let inbound = &self.facts.as_deref()?.inbound;
        inbound.iter().find(|(known, _)| *known == channel).map(|(_, at)| *at)
    }

    /// When they were last sent such an answer.
    pub fn answered(&self, channel: Channel, purpose: Purpose) -> Option<Timestamp> {
        let answered = &self.facts.as_deref()?.answered;
        answered.iter().find(|(on, of, _)| (*on, *of) == (channel, purpose)).map(|(_, _, at)| *at)
    }

    /// Takes down that they were contacted: an answer is one for ever.
    pub fn contacted(&mut self, channel: Channel, purpose: Purpose, at: Timestamp) {
        if !matches!(purpose, Purpose::Reply | Purpose::StopReceipt) {
            return;
        }
        let answered = &mut self.facts_mut().answered;
        match answered.iter_mut().find(|(on, of, _)| (*on, *of) == (channel, purpose)) {
            Some((_, _, last)) => *last = (*last).max(at),
            None => answered.push((channel, purpose, at)),
        }
    }

    /// Takes down that somebody was reached: the number is in service again.
    pub fn reached(&mut self, at: Timestamp) {
        if let Some(facts) = &mut self.facts {
            facts.checks.retain(|(found, checked)| *found != NumberCheck::NotInService || *checked >= at);
        }
    }

    /// A permit was not used.
    pub fn unused(&mut self, permit: Position) {
        self.retain(|attempt| attempt.position != permit || attempt.stage != Stage::Waiting);
    }
}
