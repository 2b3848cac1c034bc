//! Whether everything answers.

use std::time::Duration;

use audit::{AuditQuery, AuditReply, StreamLag};
use events::assignment::AssignmentQuery;
use events::gate::GateQuery;
use events::ledger::LedgerQuery;
use events::{Decider, Refusal};
use model::{CaseId, ContactPointId, Timestamp};
use runtime::Port;
use serde::Serialize;

use super::Platform;
use crate::json;
use crate::principal::Principal;

/// How long a partition may take to answer before it counts as not ready.
const ANSWER_WITHIN: Duration = Duration::from_secs(2);

/// Records that the audit may be behind and still be ready: about ten seconds' worth under load.
const BEHIND_MAX: u64 = 10_000;

/// The state of the platform.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PlatformStatus {
    /// When it was asked.
    #[serde(serialize_with = "json::time")]
    pub at: Timestamp,
    /// Whether the clock can be trusted; if not, the gate refuses (P3).
    pub clock_trusted: bool,
    /// Every partition of every service.
    pub partitions: Vec<PartitionStatus>,
    /// How far the audit is behind each log; empty with a reason if it does not answer.
    #[serde(serialize_with = "lag_shape")]
    pub lag: Vec<StreamLag>,
    /// Why the audit does not answer.
    pub audit_reason: Option<String>,
}

/// The state of one partition.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PartitionStatus {
    /// Whose it is.
    pub service: &'static str,
    /// Which.
    pub partition: u16,
    /// It answers.
    pub ready: bool,
    /// Why not.
    pub reason: Option<String>,
}

impl PlatformStatus {
    /// Everything answers.
    pub fn ready(&self) -> bool {
        self.reasons().is_empty()
    }

    /// What does not answer, and why.
    pub fn reasons(&self) -> Vec<String> {
        let clock = (!self.clock_trusted).then(|| "the clock cannot be trusted; see F0309".to_owned());
        let partitions = self.partitions.iter().filter_map(|partition| {
            let reason = partition.reason.as_ref()?;
            Some(format!("{}/{}: {reason}", partition.service, partition.partition))
        });
        let behind = self.lag.iter().filter(|lag| lag.behind() > BEHIND_MAX).map(|lag| {
            format!("audit: {} records behind {}, expected at most {BEHIND_MAX}", lag.behind(), lag.stream)
        });
        let audit = self.audit_reason.as_ref().map(|reason| format!("audit: {reason}"));
        clock.into_iter().chain(partitions).chain(audit).chain(behind).collect()
    }
}

impl Platform {
    /// The state of the platform: to the operator and the supervisor of all.
    pub async fn status(&self, principal: &Principal) -> Result<PlatformStatus, Refusal> {
        if !principal.sees_all() {
            return Err(principal.forbidden("the operator or the supervisor of all agencies"));
        }
        Ok(self.readiness().await)
    }

    /// The state of the platform, for probes. Holds nothing of anybody.
    pub async fn readiness(&self) -> PlatformStatus {
        // Questions that cost nothing to answer.
        let no_case = CaseId([0; 16]);
        let audit = tokio::time::timeout(ANSWER_WITHIN, self.parts.audit.ask(AuditQuery::Lag));
        let (mut partitions, assignment, gate, audit) = tokio::join!(
            probe(&self.parts.ledger, LedgerQuery::Case(no_case)),
            probe(&self.parts.assignment, AssignmentQuery::Case(no_case)),
            probe(&self.parts.gate, GateQuery::Contact(ContactPointId([0; 16]))),
            audit
        );
        partitions.extend(assignment);
        partitions.extend(gate);
        let now = self.parts.clock.now();
        let (lag, audit_reason) = match audit {
            Ok(Ok(AuditReply::Lag(lag))) => (lag, None),
            Ok(Ok(_)) => (Vec::new(), Some("an answer to another question".to_owned())),
            Ok(Err(refusal)) => (Vec::new(), Some(refusal.to_string())),
            Err(_) => (Vec::new(), Some(late())),
        };
        PlatformStatus { at: now.at, clock_trusted: now.trusted, partitions, lag, audit_reason }
    }
}

fn late() -> String {
    format!("no answer within {} s", ANSWER_WITHIN.as_secs())
}

fn lag_shape<S: serde::Serializer>(lag: &[StreamLag], to: S) -> Result<S::Ok, S::Error> {
    to.collect_seq(lag.iter().map(|lag| {
        serde_json::json!({
            "stream": lag.stream.to_string(),
            "head": lag.head,
            "taken": lag.taken,
            "behind": lag.behind(),
        })
    }))
}

async fn probe<D: Decider>(port: &Port<D>, question: D::Query) -> Vec<PartitionStatus>
where
    D::Query: Clone,
{
    let asked = (0..port.partitions()).map(|partition| {
        let question = question.clone();
        async move {
            let answer = tokio::time::timeout(ANSWER_WITHIN, port.query(partition, question)).await;
            let reason = match answer {
                Ok(Ok(_)) => None,
                Ok(Err(refusal)) => Some(refusal.to_string()),
                Err(_) => Some(late()),
            };
            let service = D::SERVICE.name();
            PartitionStatus { service, partition, ready: reason.is_none(), reason }
        }
    });
    futures::future::join_all(asked).await
}
