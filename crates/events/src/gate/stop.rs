//! The stop: this contact point is left alone, by everybody, on every channel.

use model::ContactPointId;
use serde::{Deserialize, Serialize};

/// Who placed a stop. Append only.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum StopSource {
    /// The person themselves, on the page or by message.
    CalledPerson,
    /// A collector who was told on a call.
    Collector,
    /// Whoever runs the platform.
    Operator,
    /// A regulator's order.
    Regulator,
}

/// The contact point is to be left alone, everywhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct StopPlacedV1 {
    /// Whom.
    pub contact: ContactPointId,
    /// Who said so.
    pub source: StopSource,
}
