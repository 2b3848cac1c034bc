//! What came of placements.

use model::{AgencyId, CaseId, CollectorId, Currency};
use serde::{Deserialize, Serialize};

/// Money was received for a placed case, or taken back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecoveryNotedV1 {
    /// Which.
    pub case: CaseId,
    /// Who had it then.
    pub agency: AgencyId,
    /// In whose queue it was.
    pub collector: CollectorId,
    /// How much, in minor units; below 0: a payment was reversed.
    pub minor: i64,
    /// Of the amount.
    pub currency: Currency,
}
