//! What a lender's files lead to beside new cases: claims as the lender has them, and the account of each file.

use model::{CaseId, Currency, LenderId};
use serde::{Deserialize, Serialize};

model::words! {
    /// What a lender's file is for. Append only.
    pub enum FileKind {
        /// New cases.
        Dispatch = "dispatch",
        /// What is owed now on known ones.
        Update = "update",
        /// Cases that the lender takes back.
        Recall = "recall",
    }
}

/// A lender's file was read, and this became of it: the figures of the report that was answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileReportedV1 {
    /// Whose file.
    pub lender: LenderId,
    /// What it was for.
    pub kind: FileKind,
    /// Keyed digest of its bytes: the same file has the same.
    pub file: [u8; 16],
    /// Whether it was read to its end.
    pub complete: bool,
    /// Rows that changed a case.
    pub taken: u64,
    /// Rows whose case was so already.
    pub unchanged: u64,
    /// Rows refused.
    pub refused: u64,
}

/// What is owed on a case by the lender's books; `None`: the lender does not say.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClaimsAmendment {
    /// Which case.
    pub case: CaseId,
    /// Keyed digest of what the lender said: the same is booked once.
    pub reference: [u8; 16],
    /// The day of which the figures are: days since 1970-01-01. What counts from a later day is not in them.
    pub as_of: i32,
    /// Must be the case's.
    pub currency: Currency,
    /// Minor units.
    pub principal: Option<i64>,
    /// Minor units.
    pub interest: Option<i64>,
    /// Minor units.
    pub fees: Option<i64>,
}
