//! The words of the business. Nothing here knows of events, storage or clocks.
//!
//! **Architecture invariant:** no I/O, no clock, no randomness, nothing else of ours.

mod ascii;
mod id;
mod money;
mod party;
mod phone;
mod pseudonym_hasher;
mod region;
mod time;
mod words;

pub use ascii::Ascii;
pub use id::{
    AgencyId, CaseId, CollectorId, CommandId, ContactPointId, IdError, InstanceId, LenderId, PersonId,
};
pub use money::{Currency, Money, MoneyError};
pub use party::{Channel, Outcome, Place, Purpose, Role};
pub use phone::{PhoneError, PhoneNumber};
pub use pseudonym_hasher::PseudonymHasher;
pub use region::Region;
pub use time::{Timestamp, ZoneName, ZoneNameError};
