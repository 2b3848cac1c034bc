//! What a debtor has promised or agreed to: instalments, which are kept or broken.

use model::CaseId;
use serde::{Deserialize, Serialize};

model::words! {
    /// What was agreed. Append only.
    pub enum CommitmentKind {
        /// The debtor said that they will pay.
        Promise = "promise",
        /// A payment plan.
        Plan = "plan",
        /// Less than the balance settles it.
        Settlement = "settlement",
    }
}

model::words! {
    /// What became of it. Append only.
    pub enum CommitmentEnd {
        /// All of it was paid in time.
        Kept = "kept",
        /// Less was paid than was due.
        Broken = "broken",
        /// It was taken back, or the case was closed otherwise.
        Cancelled = "cancelled",
    }
}

/// Most instalments of one agreement: ten years of months.
pub const INSTALMENTS_MAX: usize = 120;

/// A part that is due on a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct InstalmentV1 {
    /// Days since 1970-01-01.
    pub due_on: i32,
    /// Minor units; above zero.
    pub minor: i64,
}

/// A settlement was offered: whoever pays this, in time, owes no more.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SettlementOfferedV1 {
    /// Of which case.
    pub case: CaseId,
    /// What is to be paid, in order of time.
    pub instalments: Vec<InstalmentV1>,
    /// Days of grace after each falls due.
    pub grace_days: u16,
    /// The last day on which it may be accepted.
    pub expires_on: i32,
    /// What it gives up of the balance at that time, in minor units.
    pub discount: i64,
    /// The lender approved it: it may give up more than the product's limit.
    pub approved: bool,
}

/// A promise, a plan or a settlement stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CommitmentMadeV1 {
    /// Of which case.
    pub case: CaseId,
    /// What it is.
    pub kind: CommitmentKind,
    /// In order of time.
    pub instalments: Vec<InstalmentV1>,
    /// Days of grace after each falls due.
    pub grace_days: u16,
}

/// It stands no longer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CommitmentEndedV1 {
    /// Of which case.
    pub case: CaseId,
    /// What it was.
    pub kind: CommitmentKind,
    /// What became of it.
    pub end: CommitmentEnd,
    /// What had fallen due by then, in minor units.
    pub due: i64,
    /// What was paid of it, in minor units.
    pub paid: i64,
}
