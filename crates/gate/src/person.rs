//! A person: at which contact points, what was spoken about, what they consented to, which holds concern them.

use events::Position;
use events::gate::{ConsentGivenV1, HoldPlacedV1};
use model::{AgencyId, CaseId, Channel, ContactPointId, PersonId, Timestamp};
use serde::{Deserialize, Serialize};

use crate::roll::{Known, Roll};

/// Everybody whom some case names.
pub(crate) type Persons = Roll<PersonId, PersonFacts>;

/// What is known of a person.
pub(crate) type Person<'a> = Known<'a, PersonFacts>;

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

impl<'a> Person<'a> {
    pub fn talks(&self) -> &'a [Talk] {
        self.facts.map_or(&[], |facts| &facts.talks)
    }

    pub fn consents(&self) -> &'a [Consent] {
        self.facts.map_or(&[], |facts| &facts.consents)
    }

    pub fn holds(&self) -> &'a [Hold] {
        self.facts.map_or(&[], |facts| &facts.holds)
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
