//! Texts of messages: approved before they are sent.

use model::{AgencyId, Channel, Role};
use serde::{Deserialize, Serialize};

use super::TemplateId;

/// A text was approved. Placeholders stand for everything personal: `{name}`, `{amount}`, `{agency}`, `{stop}`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TemplateApprovedV1 {
    /// Whose.
    pub agency: AgencyId,
    /// Its number there; the same number is always the same text.
    pub template: TemplateId,
    /// For these channels.
    pub channels: Vec<Channel>,
    /// For people in these roles.
    pub roles: Vec<Role>,
    /// The text, at most 4,000 bytes.
    pub text: String,
}

/// A text may no longer be sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct TemplateWithdrawnV1 {
    /// Whose.
    pub agency: AgencyId,
    /// Its number.
    pub template: TemplateId,
}
