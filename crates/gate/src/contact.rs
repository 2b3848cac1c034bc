//! A contact point, and the cases that name it.

use events::Position;
use events::gate::{ConsentAnswer, NumberCheck};
use model::{AgencyId, CaseId, Channel, LenderId, PersonId, Place, Purpose, Role, Timestamp};
use serde::{Deserialize, Serialize};

use crate::attempts::{Attempt, Stage};
use crate::person::Hold;
use crate::regions::RegionSet;
use crate::zone::ZoneSet;

#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Contact {
    pub attempts: Vec<Attempt>,
    pub links: Vec<Link>,
    pub zones: ZoneSet,
    pub regions: RegionSet,
    pub place: Place,
    /// Whether `stops` has it: on the way of every decision, so kept here too.
    pub stopped: bool,
    /// What few contact points have.
    pub facts: Option<Box<ContactFacts>>,
}

impl Default for Contact {
    fn default() -> Self {
        Self {
            attempts: Vec::new(),
            links: Vec::new(),
            zones: ZoneSet::default(),
            regions: RegionSet::default(),
            place: Place::Unknown,
            stopped: false,
            facts: None,
        }
    }
}

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
    pub case: CaseId,
    pub person: PersonId,
    pub lender: LenderId,
    pub agency: Option<AgencyId>,
    pub role: Role,
    pub consent: Option<ConsentAnswer>,
    pub closed: bool,
    /// The number turned out not to be that person's: the link is somebody else's now.
    pub disproved: bool,
}

/// What is known of a case's contact point before it is linked. The links and the placements come from two logs,
/// whose followers do not wait for each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(crate) struct Early {
    pub agency: Option<AgencyId>,
    pub closed: bool,
}

/// Attempts name their link in 16 bits.
const LINKS_MAX: usize = 1 << 16;

impl Contact {
    /// What a case has to do with it; `None` also for a case whose contacts could not be counted.
    pub fn link(&self, case: CaseId) -> Option<&Link> {
        self.links.iter().take(LINKS_MAX).find(|link| link.case == case)
    }

    pub fn link_mut(&mut self, case: CaseId) -> Option<&mut Link> {
        self.links.iter_mut().find(|link| link.case == case)
    }

    /// The place of a case's link. A contact point that more than 65,535 cases name is called for none of the rest.
    pub fn link_number(&self, case: CaseId) -> Option<u16> {
        self.links.iter().position(|link| link.case == case).and_then(|index| u16::try_from(index).ok())
    }

    pub fn attempt_mut(&mut self, position: Position) -> Option<&mut Attempt> {
        self.attempts.iter_mut().rev().find(|attempt| attempt.position == position)
    }

    pub fn facts_mut(&mut self) -> &mut ContactFacts {
        self.facts.get_or_insert_default()
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
        self.attempts.retain(|attempt| attempt.position != permit || attempt.stage != Stage::Waiting);
    }
}
