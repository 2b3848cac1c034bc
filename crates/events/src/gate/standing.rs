//! Who may collect at all: agencies and collectors in good standing, calling numbers that are registered.

use model::{AgencyId, CollectorId};
use serde::{Deserialize, Serialize};

use super::Line;

/// An agency, or one of its collectors, was admitted or suspended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct StandingChangedV1 {
    /// The agency.
    pub agency: AgencyId,
    /// Its collector; `None`: the agency itself, all its collectors included.
    pub collector: Option<CollectorId>,
    /// May collect.
    pub active: bool,
}

/// A calling number or sender name was registered to an agency, or taken from it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct LineRegisteredV1 {
    /// The agency.
    pub agency: AgencyId,
    /// Its number.
    pub line: Line,
    /// It is the agency's; `false`: no longer.
    pub registered: bool,
}
