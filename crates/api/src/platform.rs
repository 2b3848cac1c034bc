//! The one way to act: HTTP, the pages, the command line and the demo all call these methods.
//!
//! Every method takes the [`Principal`] who acts and enforces what they may see and do (P8). What another party
//! holds is answered as if it did not exist. Methods that change something take a `retry_key`: the caller's name
//! for the command (the `Idempotency-Key` header). The same key with the same input by the same principal gives
//! the first answer again; without one, each call is a command of its own.

mod accounts;
mod agencies;
mod bulk;
mod cases;
mod checked;
mod commitments;
mod consents;
mod contacts;
mod course;
mod entries;
mod everywhere;
mod explain;
mod figures;
pub(crate) mod give;
mod history;
mod holds;
mod import;
mod permits;
mod placement_plans;
mod policies;
mod queue;
mod recorded;
mod registry;
mod replay_policy;
mod scorecards;
mod sign_in;
mod status;
mod terms;

use std::sync::Arc;

use assignment::Assignment;
use audit::AuditPort;
use events::Refusal;
use gate::Gate;
use ledger::Ledger;
use model::{ContactPointId, Timestamp};
use runtime::{Clock, Metrics, Port};
use tokio::sync::Semaphore;
use vault::Vault;

use crate::code_sender::CodeSender;
use crate::target::Target;

pub use crate::replay::{AgencyChange, PolicyReplay, Reproduction, RuleChange};
pub use accounts::{Difference, PaymentRow, Reconciliation};
pub use agencies::{AgencyRegistration, PlacementRun};
pub use audit::{After, AgencyFigures, AuditFigures, Recount, StreamLag, TimelineEntry, TimelineReason};
pub use bulk::{CHECK_MAX, CheckedAsk};
pub use cases::{CaseSummary, Payment, Posted};
pub use commitments::Instalments;
pub use consents::ConsentAsk;
pub use contacts::{ContactView, HolderView, StopReceipt};
pub use entries::{Booked, EntryAsk};
pub use explain::{Decision, Explained, Recorded, RuleText};
pub use figures::PlatformFigures;
pub use history::{CaseContact, CasePerson, TimelinePage};
pub use holds::{HoldAsk, HoldName, HoldOn, HoldReceipt, HoldView, HoldVoice};
pub use permits::{PermitAsk, PermitGiven, Redeemed, SettleAsk, Settled};
pub use queue::{QUEUE_MAX, Queue, QueueContact, QueueEntry};
pub use recorded::{ContactAsk, DisproveAsk};
pub use replay_policy::ReplayAsk;
pub use scorecards::{Challenge, Scorecard, Scorecards};
pub use status::{PartitionStatus, PlatformStatus};

/// Explanations of decisions that read the log at the same time.
const EXPLANATIONS_MAX: usize = 2;

/// What a platform is made of.
#[derive(Clone)]
pub struct Parts {
    /// Cases and postings.
    pub ledger: Port<Ledger>,
    /// Agencies, collectors, placement.
    pub assignment: Port<Assignment>,
    /// Permits.
    pub gate: Port<Gate>,
    /// What happened.
    pub audit: Arc<dyn AuditPort>,
    /// Keys.
    pub vault: Vault,
    /// What time it is.
    pub clock: Clock,
    /// What is counted.
    pub metrics: Metrics,
    /// How one-time codes reach called people.
    pub codes: Arc<dyn CodeSender>,
}

/// The platform. Cheap to clone.
#[derive(Clone)]
pub struct Platform {
    parts: Arc<Parts>,
    paces: Arc<sign_in::Paces>,
    /// Replays read whole logs: one at a time.
    replays: Arc<Semaphore>,
    /// So do explanations of decisions; they wait for their turn.
    explanations: Arc<Semaphore>,
}

impl Platform {
    /// From its parts.
    pub fn new(parts: Parts) -> Self {
        let [replays, explanations] = [1, EXPLANATIONS_MAX].map(|most| Arc::new(Semaphore::new(most)));
        Self { parts: Arc::new(parts), paces: Arc::default(), replays, explanations }
    }

    /// What it is made of.
    pub fn parts(&self) -> &Parts {
        &self.parts
    }

    /// What time it is for decisions.
    pub fn now(&self) -> Timestamp {
        self.parts.clock.now().at
    }

    /// The pseudonym of whom something is about.
    pub fn contact_point(&self, target: &Target) -> ContactPointId {
        match target {
            Target::Number(number) => self.parts.vault.pseudonyms().contact_point(number),
            Target::Point(contact) => *contact,
        }
    }
}

/// A vault that fails is a service that cannot answer. Its words name no personal data; they go to the log.
pub(crate) fn vault_failed(error: &vault::VaultError) -> Refusal {
    tracing::error!(%error, "the vault did not answer");
    events::Code::UNAVAILABLE.into()
}
