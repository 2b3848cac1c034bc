//! A placement plan: made outside the log, reviewed, and taken in as a whole.

use model::{AgencyId, Currency, LenderId};
use serde::{Deserialize, Serialize};

/// What cases of a plan's segment have in common: all that decides where they may go and what they are worth there.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct SegmentV1 {
    /// Whose.
    pub lender: LenderId,
    /// The lender's word for the product; empty: not known.
    pub product: String,
    /// Where an agency must be licensed: ISO 3166 alpha-2.
    pub jurisdiction: String,
    /// The debtor's language; `None`: not known.
    pub language: Option<String>,
    /// Of the amounts.
    pub currency: Currency,
    /// How long overdue on the plan's day: an index into [`AGE_BANDS`].
    pub age: u8,
    /// How much is owed: an index into [`AMOUNT_BANDS`].
    pub amount: u8,
    /// How many agencies had them before.
    pub stage: u8,
    /// The agency that had them last and that they were recalled from: they do not go back there.
    pub failed: Option<AgencyId>,
    /// Agencies with a conflict of interest.
    pub conflicts: Vec<AgencyId>,
}

/// First days overdue of each age band but the first, which has what is younger or not known. Part of the meaning of
/// recorded plans: never changed.
pub const AGE_BANDS: [i32; 6] = [31, 61, 91, 181, 361, 721];

/// First minor units of each amount band but the first. Part of the meaning of recorded plans: never changed.
pub const AMOUNT_BANDS: [i64; 7] = [50_000, 200_000, 500_000, 1_000_000, 5_000_000, 10_000_000, 50_000_000];

/// Where the cases of one segment go. Of its cases in order of id the first go to the first agency, and so on; those
/// left over wait. Ids are keyed pseudonyms, so which cases go where is as good as drawn.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AllotmentV1 {
    /// Of which cases.
    pub segment: SegmentV1,
    /// To whom how many.
    pub shares: Vec<(AgencyId, u32)>,
}

/// Names a plan: a SHA-256 over what it was made from and its allotments.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct PlanId(pub [u8; 32]);

impl std::fmt::Display for PlanId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

/// What a plan was made from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlanBasisV1 {
    /// Counts what changes where cases may go; a plan that another came before is stale.
    pub changes: u64,
    /// Cases offered so far: those that come later are not in the plan.
    pub offers: u64,
    /// The day for which it is made: days since 1970-01-01.
    pub day: i32,
}

/// A part of a plan arrived. Nothing follows from it until the plan is adopted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlanStagedV1 {
    /// Of which plan. The first part of another plan drops the parts of this one.
    pub plan: PlanId,
    /// Which part, from 0, in order.
    pub part: u32,
    /// What it says.
    pub allotments: Vec<AllotmentV1>,
}

/// The plan whose parts arrived last is carried out: decided as a whole, here. Until the last case of it is placed, none of
/// its cases shows in a queue.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlanAdoptedV1 {
    /// Which.
    pub plan: PlanId,
    /// What it was made from.
    pub basis: PlanBasisV1,
}

/// A batch of an adopted plan was carried out. Recorded after its placements.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlanProgressedV1 {
    /// Which.
    pub plan: PlanId,
    /// Placed by it so far.
    pub placed: u32,
    /// Not placed, because meanwhile the case was closed or its agency could not take it any more.
    pub dropped: u32,
    /// Still to be placed. At 0 the plan is complete, and its cases show in the queues.
    pub left: u32,
}
