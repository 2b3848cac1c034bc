//! A person: at which contact points, what was spoken about, what they consented to, which holds concern them.

use events::Position;
use events::gate::{ConsentGivenV1, HoldPlacedV1};
use model::{AgencyId, CaseId, Channel, ContactPointId, Timestamp};
use serde::{Deserialize, Serialize};

#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Person {
    /// Contact points that name them, in the order in which they were named.
    pub contacts: Vec<ContactPointId>,
    /// What few people have.
    pub facts: Option<Box<PersonFacts>>,
}

#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct PersonFacts {
    pub talks: Vec<Talk>,
    pub consents: Vec<Consent>,
    pub holds: Vec<Hold>,
}

impl PersonFacts {
    /// Takes out the conversations that fit.
    pub fn take_talks(&mut self, fits: impl Fn(&Talk) -> bool) -> Vec<Talk> {
        let (taken, kept) = std::mem::take(&mut self.talks).into_iter().partition(fits);
        self.talks = kept;
        taken
    }
}

impl Person {
    pub fn facts_mut(&mut self) -> &mut PersonFacts {
        self.facts.get_or_insert_default()
    }

    pub fn talks(&self) -> &[Talk] {
        self.facts.as_deref().map_or(&[], |facts| &facts.talks)
    }

    pub fn consents(&self) -> &[Consent] {
        self.facts.as_deref().map_or(&[], |facts| &facts.consents)
    }

    pub fn holds(&self) -> &[Hold] {
        self.facts.as_deref().map_or(&[], |facts| &facts.holds)
    }
}

/// A conversation about one debt. One about several is several of these.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Talk {
    pub at: Timestamp,
    /// Where its permit was reserved, or its record stands.
    pub position: Position,
    pub contact: ContactPointId,
    /// The debt, by its case.
    pub debt: CaseId,
    /// The case that the contact was made for.
    pub case: CaseId,
    pub agency: AgencyId,
    pub channel: Channel,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Consent {
    pub position: Position,
    pub given: ConsentGivenV1,
    /// Since when it is taken back.
    pub revoked: Option<Timestamp>,
}

/// A hold, as it was placed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Hold {
    pub position: Position,
    pub at: Timestamp,
    pub placed: HoldPlacedV1,
}
