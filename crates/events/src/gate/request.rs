//! A request for a permit.

use std::fmt;
use std::str::FromStr;

use model::{AgencyId, Ascii, CaseId, Channel, CollectorId, ContactPointId, Purpose};
use serde::{Deserialize, Serialize};

/// Who asks to make which contact, as the first version said it. Frozen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct PermitRequestV1 {
    /// Whom.
    pub contact: ContactPointId,
    /// About which case.
    pub case: CaseId,
    /// The agency that asks.
    pub agency: AgencyId,
    /// Its collector.
    pub collector: CollectorId,
    /// How.
    pub channel: Channel,
    /// What for.
    pub purpose: Purpose,
    /// The agency's own number or sender name, that the called person will see.
    pub line: Line,
}

/// Who asks to make which contact. Frozen: it is part of [`PermitReservedV2`](super::PermitReservedV2) and
/// [`PermitRefusedV2`](super::PermitRefusedV2).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PermitRequest {
    /// Whom.
    pub contact: ContactPointId,
    /// For which case it is made: its debt counts.
    pub case: CaseId,
    /// Debts of the same person that it is about too, by their cases: they count as well. At most 16.
    pub also: Vec<CaseId>,
    /// The agency that asks.
    pub agency: AgencyId,
    /// Its collector.
    pub collector: CollectorId,
    /// How.
    pub channel: Channel,
    /// What for.
    pub purpose: Purpose,
    /// The agency's own number or sender name, that the called person will see.
    pub line: Line,
    /// The approved template that a message is made from.
    pub template: Option<TemplateId>,
}

impl From<PermitRequestV1> for PermitRequest {
    fn from(old: PermitRequestV1) -> Self {
        let PermitRequestV1 { contact, case, agency, collector, channel, purpose, line } = old;
        Self { contact, case, also: Vec::new(), agency, collector, channel, purpose, line, template: None }
    }
}

/// An agency's number for a template, from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct TemplateId(pub u32);

/// A calling number or sender name: 1 to 24 printable ASCII characters without spaces. It is the agency's own, not
/// personal data. Kept inline, so that a decision allocates nothing for it; stored as a string.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Line(Ascii<24>);

/// A text that cannot be a calling number.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("expected a calling number or sender name of 1 to 24 ASCII characters without spaces, got {0:?}")]
pub struct LineError(pub String);

impl Line {
    /// The line, if it is one.
    pub const fn new(text: &str) -> Option<Self> {
        match Ascii::new(text) {
            Some(text) => Some(Self(text)),
            None => None,
        }
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }
}

impl FromStr for Line {
    type Err = LineError;

    fn from_str(text: &str) -> Result<Self, LineError> {
        Self::new(text).ok_or_else(|| LineError(text.chars().take(40).collect()))
    }
}

impl fmt::Display for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Debug for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
