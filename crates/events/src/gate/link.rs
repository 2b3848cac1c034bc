//! Which cases name a contact point, for whom, and what a named contact answered.

use model::{AgencyId, CaseId, ContactPointId, LenderId, PersonId, Place, Region, Role, ZoneName};
use serde::{Deserialize, Serialize};

/// A contact point was named for a case, as the first version said it. Frozen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ContactLinkedV1 {
    /// The contact point.
    pub contact: ContactPointId,
    /// The case.
    pub case: CaseId,
    /// Whose case it is.
    pub lender: LenderId,
    /// Who is said to be behind it.
    pub person: PersonId,
    /// What they are to the case.
    pub role: Role,
    /// Every zone that they may plausibly be in; at most 16.
    pub zones: Vec<ZoneName>,
}

/// A contact point was named for a case.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ContactLinkedV2 {
    /// The contact point.
    pub contact: ContactPointId,
    /// The case.
    pub case: CaseId,
    /// Whose case it is.
    pub lender: LenderId,
    /// Who is said to be behind it.
    pub person: PersonId,
    /// What they are to the case.
    pub role: Role,
    /// Every zone that they may plausibly be in; at most 16.
    pub zones: Vec<ZoneName>,
    /// Every region whose law may protect them: of the number, of the address, of the lender; at most 16.
    pub regions: Vec<Region>,
    /// Where the contact point is.
    pub place: Place,
}

impl From<ContactLinkedV1> for ContactLinkedV2 {
    fn from(old: ContactLinkedV1) -> Self {
        let ContactLinkedV1 { contact, case, lender, person, role, zones } = old;
        Self { contact, case, lender, person, role, zones, regions: Vec::new(), place: Place::Unknown }
    }
}

/// A case's contact point was placed with an agency or taken back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ContactPlacedV1 {
    /// The contact point.
    pub contact: ContactPointId,
    /// The case.
    pub case: CaseId,
    /// With whom; `None`: taken back.
    pub agency: Option<AgencyId>,
}

/// A case's contact point is closed for contact.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ContactClosedV1 {
    /// The contact point.
    pub contact: ContactPointId,
    /// The case.
    pub case: CaseId,
}

/// What somebody who was named as a contact answered. Append only.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum ConsentAnswer {
    /// Knows of it and agrees.
    Confirmed,
    /// Does not agree.
    Refused,
    /// Does not know the debtor.
    UnknownDebtor,
}

/// Somebody who was named as a contact answered. A no is followed by a stop in the same command.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConsentAnsweredV1 {
    /// Who.
    pub contact: ContactPointId,
    /// Named in which case.
    pub case: CaseId,
    /// What they said.
    pub answer: ConsentAnswer,
}
