//! What a person consented to or asked for: contacts that a cap or the hours would otherwise refuse.

use model::{AgencyId, CaseId, ContactPointId, PersonId, Timestamp};
use serde::{Deserialize, Serialize};

use crate::Position;

/// What a consent lifts. Append only.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum ConsentCovers {
    /// Caps and cool-downs of rules that except what is consented to: more calls, or a call back.
    Frequency,
    /// Calling hours of rules that except what is consented to.
    Hours,
    /// Messages to this contact point (12 CFR 1006.6(d)(5)(ii)).
    Messages,
}

/// A person consented, directly to this agency (12 CFR 1006.6(b)(4)(i), comment -2): it does not travel with the
/// case. Its place in the log is its number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConsentGivenV1 {
    /// Who.
    pub person: PersonId,
    /// To whom.
    pub agency: AgencyId,
    /// About which debt; `None`: every one.
    pub case: Option<CaseId>,
    /// At which contact point; `None`: any.
    pub contact: Option<ContactPointId>,
    /// What it lifts.
    pub covers: ConsentCovers,
    /// When it was given.
    pub given: Timestamp,
    /// From then on contacts are covered.
    pub from: Timestamp,
    /// The last moment covered; `None`: as long as the law lets it.
    pub until: Option<Timestamp>,
}

/// A consent was taken back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConsentRevokedV1 {
    /// Whose.
    pub person: PersonId,
    /// Where it was given; `None`: every consent of that person.
    pub consent: Option<Position>,
    /// Since when.
    pub at: Timestamp,
}
