//! What happens to a case beside its money: collection pauses and resumes, the case is reopened, its claim lapses.

use model::{CaseId, ContactPointId, Currency, LenderId, Role, Timestamp};
use serde::{Deserialize, Serialize};

use super::{Basis, CloseReason, PostingV1};
use crate::gate::{HoldKind, HoldSource};

model::words! {
    /// Why collection pauses. Append only.
    pub enum PauseKind {
        /// The debt is disputed.
        Dispute = "dispute",
        /// The debtor cannot pay now.
        Hardship = "hardship",
    }
}

impl PauseKind {
    /// The hold that keeps it at the gate.
    pub const fn hold(self) -> HoldKind {
        match self {
            Self::Dispute => HoldKind::Dispute,
            Self::Hardship => HoldKind::Hardship,
        }
    }
}

/// Collection pauses: nobody is contacted about the case.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct CollectionPausedV1 {
    /// Which case.
    pub case: CaseId,
    /// Why.
    pub kind: PauseKind,
    /// Until then.
    pub until: Timestamp,
    /// Who said so.
    pub by: HoldSource,
}

/// Collection goes on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CollectionResumedV1 {
    /// Which case.
    pub case: CaseId,
    /// What is over.
    pub kind: PauseKind,
    /// Everybody who had said so.
    pub placed_by: Vec<HoldSource>,
    /// Who ended it.
    pub by: HoldSource,
}

/// A closed case is open again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CaseReopenedV1 {
    /// Which.
    pub case: CaseId,
    /// Whose claim it is.
    pub lender: LenderId,
    /// ISO 3166 alpha-2.
    pub jurisdiction: String,
    /// Of every amount in the case.
    pub currency: Currency,
    /// Why it had been closed.
    pub was: CloseReason,
    /// Claims that had been given up with the closing, adding up to zero; else empty.
    pub postings: Vec<PostingV1>,
    /// What is owed, in minor units.
    pub balance: i64,
    /// Who can be reached, to place it again.
    pub contacts: Vec<(ContactPointId, Role)>,
}

/// From when on the claim is not called for was set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct LimitationSetV1 {
    /// Of which case.
    pub case: CaseId,
    /// The first day on which it is not: days since 1970-01-01; `None`: not known.
    pub on: Option<i32>,
    /// On what that rests.
    pub basis: Basis,
    /// It had passed: the claim is called for again.
    pub revived: bool,
}

/// The claim is called for no longer. It stays in the books, and what is paid on it is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct LimitationPassedV1 {
    /// Of which case.
    pub case: CaseId,
    /// Since which day.
    pub on: i32,
}
