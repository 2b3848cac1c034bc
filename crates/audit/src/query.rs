//! What may be asked of the audit.

use async_trait::async_trait;
use events::{Refusal, StreamId};
use model::{CaseId, ContactPointId};
use runtime::projection::StreamLag;
use serde::{Deserialize, Serialize};

use crate::case::CaseView;
use crate::contact::ContactView;
use crate::figures::AuditFigures;
use crate::recount::Recount;
use crate::timeline::{After, Timeline, TimelineOf};

/// A question to the audit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum AuditQuery {
    /// What happened to a contact point or a case, in order.
    Timeline {
        /// Whose.
        of: TimelineOf,
        /// The most entries.
        limit: u32,
        /// The last entry of the page before.
        after: Option<After>,
    },
    /// Who holds a contact point, and what was done to it.
    Contact(ContactPointId),
    /// How a case stands, and who is in it.
    Case(CaseId),
    /// All figures.
    Figures,
    /// How far behind the logs the audit is.
    Lag,
    /// A signed checkpoint of a log, as far as it has been taken.
    Checkpoint(StreamId),
    /// The gate's history, counted again from its log. Takes as long as reading it.
    Recount,
    /// A log as it is stored, unchecked, from this slot on.
    Records {
        /// Which.
        stream: StreamId,
        /// From where.
        slot: u64,
    },
}

/// What it is answered with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum AuditReply {
    /// A page; empty if nothing is known.
    Timeline(Timeline),
    /// The contact point; `None`: nothing is known of it.
    Contact(Option<ContactView>),
    /// The case; `None`: nothing is known of it.
    Case(Option<CaseView>),
    /// All figures.
    Figures(Box<AuditFigures>),
    /// One entry per log that is followed.
    Lag(Vec<StreamLag>),
    /// A signed note with a checkpoint in it (C2SP signed-note, tlog-checkpoint).
    Checkpoint(Vec<u8>),
    /// What was counted.
    Recount(Box<Recount>),
    /// Some records with their slots, at least one if there is one; and the slot that the next one will take.
    Records(Vec<(u64, Vec<u8>)>, u64),
}

/// The audit as others see it.
#[async_trait]
pub trait AuditPort: Send + Sync + 'static {
    /// Answers a question. Refused with [`Code::UNAVAILABLE`](events::Code::UNAVAILABLE) while the store is
    /// being opened or the log does not answer, and with [`Code::NOT_FOUND`](events::Code::NOT_FOUND) for a log
    /// that is not followed.
    async fn ask(&self, query: AuditQuery) -> Result<AuditReply, Refusal>;
}
