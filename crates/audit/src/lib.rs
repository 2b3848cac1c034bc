//! The projector: timelines, figures, checkpoints, recount.
//!
//! [`Audit`] follows every log and keeps read models in a projection's store; [`AuditPort`] is how others ask.
//! [`recount()`] shares nothing with the projection or with the gate but the words and the text of rule packs: it reads
//! the log and counts again.
//!
//! Personal data: the store holds pseudonyms, the gate's events as they are stored, and of a case's parties
//! the sealed names and numbers, still sealed.
//!
//! **Architecture invariant:** it commands nobody; it only reads logs.

mod case;
mod contact;
mod figures;
mod kept;
mod key;
mod port;
mod projection;
mod query;
pub mod recount;
mod sentence;
mod signing;
mod timeline;

pub use case::{CaseParty, CaseView, PartyContact, Placement};
pub use contact::{ContactHolder, ContactView};
pub use figures::{AgencyFigures, AuditFigures, CaseFigures, Figures, MostCalled, StopRecord};
pub use port::{Audit, AuditOptions, StartError};
pub use query::{AuditPort, AuditQuery, AuditReply};
pub use recount::{Findings, Recount, RecountError, RuleRecount, recount};
pub use runtime::projection::StreamLag;
pub use signing::SigningError;
pub use timeline::{After, Timeline, TimelineEntry, TimelineOf, TimelineReason};

#[cfg(test)]
mod tests;
