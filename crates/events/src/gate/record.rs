//! Facts that come from elsewhere or late: contacts that no permit was asked for, whose number it really is, and what
//! follows from such facts for what was done before they were known.

use model::{AgencyId, CaseId, Channel, ContactPointId, Outcome, PersonId, Purpose, Timestamp};
use serde::{Deserialize, Serialize};

use super::{Line, RuleName};
use crate::Position;

/// Who began a contact.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Direction {
    /// The agency.
    Outbound,
    /// The person: it counts in no cap, but a conversation is one (12 CFR 1006.14(b)(2)(i), comment -1.ii).
    Inbound,
}

/// A contact took place without a permit: the person called, a letter was sent, an agency uploads yesterday's log.
/// It takes effect from its own time, not from when it became known.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ContactRecordedV1 {
    /// With whom.
    pub contact: ContactPointId,
    /// For which case.
    pub case: CaseId,
    /// The agency.
    pub agency: AgencyId,
    /// How.
    pub channel: Channel,
    /// What for.
    pub purpose: Purpose,
    /// Who began it.
    pub direction: Direction,
    /// When it took place.
    pub at: Timestamp,
    /// What became of it.
    pub outcome: Outcome,
    /// The debts that it counts toward; empty: the case's. At most 16.
    pub toward: Vec<CaseId>,
    /// The debts that were spoken about; empty, if there was a conversation: those that it counts toward. At most 16.
    pub discussed: Vec<CaseId>,
    /// The number or sender that the person saw.
    pub line: Option<Line>,
}

/// The number is not that person's: what was counted for them leaves their count and enters the other's
/// (12 CFR 1006.14(b)(2)(i), comment -3).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct NumberDisprovedV1 {
    /// The contact point.
    pub contact: ContactPointId,
    /// Whose it is not.
    pub person: PersonId,
    /// Whose it is; a stranger has a pseudonym of their own too.
    pub belongs_to: PersonId,
}

/// What a check of a number found. Append only.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum NumberCheck {
    /// It is still the same subscriber's (a complete database of reassigned numbers, 12 CFR 1006.6(d)(5)(i)).
    NotReassigned,
    /// It is in nobody's service.
    NotInService,
    /// Many borrowers name it, and that is in order.
    SharedInOrder,
    /// It was made up.
    Fabricated,
}

/// A number was checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct NumberCheckedV1 {
    /// The contact point.
    pub contact: ContactPointId,
    /// What was found.
    pub found: NumberCheck,
    /// When.
    pub at: Timestamp,
}

/// A fact that became known late shows that a contact should not have been made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct FindingRaisedV1 {
    /// The contact point.
    pub contact: ContactPointId,
    /// The contact: where its permit was reserved, or where it was recorded.
    pub contact_made: Position,
    /// When it was made.
    pub at: Timestamp,
    /// Which rule it would have passed.
    pub rule: RuleName,
}
