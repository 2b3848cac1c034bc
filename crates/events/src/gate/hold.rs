//! Holds: no contact while one stands. A stop on a whole contact point is an event of its own; everything narrower,
//! and every other reason, is a hold.

use std::fmt;
use std::str::FromStr;

use model::{AgencyId, CaseId, Channel, ContactPointId, IdError, LenderId, PersonId, Place, Timestamp};
use serde::{Deserialize, Serialize};

use crate::Position;

model::words! {
    /// Why there is a hold. Append only.
    pub enum HoldKind {
        /// The person wants to be left alone: on this channel, at this time, at this place, about this debt.
        Stop = "stop",
        /// The number is not theirs.
        WrongParty = "wrong-party",
        /// The debt is disputed.
        Dispute = "dispute",
        /// An attorney represents the person: contact goes to the attorney.
        Attorney = "attorney",
        /// Hardship: the person cannot pay now.
        Hardship = "hardship",
        /// The person has died.
        Deceased = "deceased",
        /// A complaint is open.
        Complaint = "complaint",
        /// The person refused in writing to pay, or asked in writing to cease (12 CFR 1006.6(c)).
        Cease = "cease",
        /// A time or place that the person named as inconvenient (12 CFR 1006.6(b)(1)).
        Inconvenient = "inconvenient",
        /// The employer forbids such calls (12 CFR 1006.6(b)(3)).
        Employer = "employer",
        /// The number or address is known to reach somebody else too (12 CFR 1006.6(d)(3)).
        Disclosure = "disclosure",
        /// The claim may no longer be enforced.
        Limitation = "limitation",
        /// The debt was recalled by the lender.
        Recalled = "recalled",
        /// A court or a regulator says so.
        Order = "order",
    }
}

impl fmt::Display for HoldKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.word())
    }
}

impl FromStr for HoldKind {
    type Err = IdError;

    fn from_str(text: &str) -> Result<Self, IdError> {
        Self::of(text).ok_or_else(|| IdError {
            expected: "a kind of hold such as stop, dispute, attorney, cease or inconvenient",
            got: text.to_owned(),
        })
    }
}

/// Who placed or lifted a hold. Append only.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum HoldSource {
    /// The person themselves.
    CalledPerson,
    /// A lender.
    Lender(LenderId),
    /// An agency, for what its collector was told.
    Agency(AgencyId),
    /// Whoever runs the platform.
    Operator,
    /// A court or a regulator.
    Regulator,
}

/// Some seconds on some days of the week, by the clock on the wall.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct WeekTime {
    /// One bit a day, Monday the lowest.
    pub days: u8,
    /// First second of the local day.
    pub from_s: u32,
    /// Last second of the local day, not before the first.
    pub until_s: u32,
}

/// A hold was placed. It concerns a contact that fits all that is given. Its place in the log is its number.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HoldPlacedV1 {
    /// This contact point; at least one of contact point, person and case is given.
    pub contact: Option<ContactPointId>,
    /// This person, at any of their contact points.
    pub person: Option<PersonId>,
    /// This debt.
    pub case: Option<CaseId>,
    /// Why.
    pub kind: HoldKind,
    /// On these channels; empty: on all.
    pub channels: Vec<Channel>,
    /// At contact points in these places; empty: in all.
    pub places: Vec<Place>,
    /// At these times in any of the contact point's zones; empty: always. At most 32.
    pub times: Vec<WeekTime>,
    /// Until then; `None`: until it is lifted.
    pub until: Option<Timestamp>,
    /// Who said so.
    pub by: HoldSource,
}

/// A hold was lifted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct HoldLiftedV1 {
    /// Its contact point, as when it was placed.
    pub contact: Option<ContactPointId>,
    /// Its person.
    pub person: Option<PersonId>,
    /// Its debt.
    pub case: Option<CaseId>,
    /// Where it was placed.
    pub hold: Position,
    /// Who lifted it.
    pub by: HoldSource,
}
