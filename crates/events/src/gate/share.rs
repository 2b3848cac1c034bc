//! Shares: a permit's reservations at other partitions of the gate. What a person's or a case's caps count is known
//! where that person or case is at home; a permit for a contact point elsewhere stands on a share there.

use model::{CaseId, ContactPointId, Outcome, PersonId, Timestamp};
use serde::{Deserialize, Serialize};

use super::{ContactLinkedV2, PermitRequest, Tightest};
use crate::Position;

/// The key by which a home is found: a person's or a case's pseudonym. Its partition is the home.
pub type HomeKey = [u8; 16];

/// A share, by its home and where it stands in the home's log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct ShareV1 {
    /// Where.
    pub home: HomeKey,
    /// Where its reservation stands.
    pub share: Position,
}

/// A partition was told which it is, of how many. Until then it takes itself for the only one. Never changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct PartitionsSetV1 {
    /// How many the gate has.
    pub partitions: u16,
    /// Which this is.
    pub own: u16,
}

/// A permit elsewhere may count here, on this much: it is reserved, and counts at once. Its place in the log is its number.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ShareReservedV1 {
    /// Where.
    pub home: HomeKey,
    /// Who asked for what.
    pub asked: PermitRequest,
    /// The rules that allowed it: where the last change of the packs in force stands.
    pub policy: Position,
    /// The last moment at which it may be redeemed; then it lapses.
    pub expires_at: Timestamp,
    /// Of the frequency rules that are asked here, the one that leaves least.
    pub tightest: Option<Tightest>,
}

/// The contact is about to be made, by the share's `expires_at` at the latest. It counts as then, until it is known when it
/// was.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ShareRedeemedV1 {
    /// Where.
    pub home: HomeKey,
    /// To whom.
    pub contact: ContactPointId,
    /// By which share.
    pub share: Position,
    /// Which call.
    pub call: [u8; 16],
    /// When it was judged: the contact is not made before.
    pub at: Timestamp,
}

/// What became of the permit that stands on it. A later one corrects an earlier that nobody had told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ShareSettledV1 {
    /// Where.
    pub home: HomeKey,
    /// To whom.
    pub contact: ContactPointId,
    /// By which share.
    pub share: Position,
    /// What became of the contact; `None`: it was not made and will not be. [`Outcome::Unknown`] also when nobody said so in
    /// time.
    pub outcome: Option<Outcome>,
    /// When it was made; when nobody said so, the latest at which it may have been.
    pub made: Timestamp,
    /// As in [`PermitSettledV2`](super::PermitSettledV2).
    pub toward: Vec<CaseId>,
    /// As in [`PermitSettledV2`](super::PermitSettledV2).
    pub discussed: Vec<CaseId>,
}

/// A share was not used in time. It stopped counting at its `expires_at`; this is the evidence.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ShareExpiredV1 {
    /// Where.
    pub home: HomeKey,
    /// Whom it was for.
    pub contact: ContactPointId,
    /// The share.
    pub share: Position,
}

/// The permit that was reserved in the event before stands on these shares.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PermitSharedV1 {
    /// Whom it is for.
    pub contact: ContactPointId,
    /// One for each home, in the order in which they are redeemed.
    pub shares: Vec<ShareV1>,
}

/// A permit that stands on shares has come to its end: what they are settled with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SharesEndedV1 {
    /// Whom it was for.
    pub contact: ContactPointId,
    /// The permit.
    pub permit: Position,
    /// Its shares.
    pub shares: Vec<ShareV1>,
    /// What became of it; `None`: it expired or was voided and will never be used.
    pub outcome: Option<Outcome>,
    /// When the contact was made; without one, the time of this event.
    pub made: Timestamp,
    /// As in [`PermitSettledV2`](super::PermitSettledV2).
    pub toward: Vec<CaseId>,
    /// As in [`PermitSettledV2`](super::PermitSettledV2).
    pub discussed: Vec<CaseId>,
}

/// At a contact point of a debtor of a case somebody was reached, for whichever case: told the case's home, before it is asked
/// whether the debtor is out of contact.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ContactReachedV1 {
    /// Where: the case.
    pub home: HomeKey,
    /// The debtor's contact point.
    pub contact: ContactPointId,
    /// When, the last time.
    pub at: Timestamp,
}

/// Reserve a share.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReserveShare {
    /// Where.
    pub home: HomeKey,
    /// The request, as the contact point's own partition is asked.
    pub asked: PermitRequest,
    /// What that partition knows of the contact point for this case: with every zone and region.
    pub link: ContactLinkedV2,
}

/// A contact is about to be made by a permit that stands on this share.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RedeemShare {
    /// Where.
    pub home: HomeKey,
    /// By which share.
    pub share: Position,
    /// Which call.
    pub call: [u8; 16],
    /// As in [`ReserveShare`].
    pub link: ContactLinkedV2,
}

/// A permit is asked for on shares.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RequestShared {
    /// The request.
    pub asked: PermitRequest,
    /// How many partitions the asker believes there are.
    pub partitions: u16,
    /// Whom the shares were reserved for; `None`: there are none.
    pub person: Option<PersonId>,
    /// The shares, in order.
    pub shares: Vec<ShareV1>,
    /// The last moment at which each of them may be redeemed.
    pub expires_at: Option<Timestamp>,
}

/// A permit is used whose shares were redeemed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RedeemShared {
    /// Whom the permit is for.
    pub contact: ContactPointId,
    /// The permit.
    pub permit: Position,
    /// Which call.
    pub call: [u8; 16],
    /// The shares that were redeemed for this call: all that the permit stands on.
    pub shares: Vec<ShareV1>,
    /// When the last of them was.
    pub since: Timestamp,
}

/// An open permit and what it stands on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SharedPermit {
    /// Its shares, in order; none: it has none, or it is closed or unknown.
    pub shares: Vec<ShareV1>,
    /// What is known of its contact point for its case.
    pub link: Option<ContactLinkedV2>,
    /// When it was redeemed.
    pub made: Option<Timestamp>,
}
