//! Events that the runtime itself writes into every log.

use model::InstanceId;
use serde::{Deserialize, Serialize};

/// A writer took over the partition. Records of an earlier epoch that come after this one are void.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ElectedV1 {
    /// Higher than every epoch before it in this log.
    pub epoch: u32,
    /// Who took over.
    pub instance: InstanceId,
    /// How many partitions the service has; fixed for the life of the log.
    pub partitions: u16,
}

crate::events! {
    /// Events of the platform: types below 0x0100.
    pub enum PlatformEvent {
        /// A writer took over.
        0x0001 Elected(ElectedV1) = { 1: ElectedV1 },
    }
}

/// One representative value of every event type, for golden bytes.
pub fn samples() -> Vec<PlatformEvent> {
    vec![PlatformEvent::Elected(ElectedV1 { epoch: 3, instance: InstanceId(300), partitions: 16 })]
}
