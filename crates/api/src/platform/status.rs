//! Whether everything answers.

use std::time::Duration;

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
        self.clock_trusted && self.partitions.iter().all(|partition| partition.ready)
    }

    /// What does not answer, and why.
    pub fn reasons(&self) -> Vec<String> {
        let clock = (!self.clock_trusted).then(|| "the clock cannot be trusted; see F0309".to_owned());
        let partitions = self.partitions.iter().filter_map(|partition| {
            let reason = partition.reason.as_ref()?;
            Some(format!("{}/{}: {reason}", partition.service, partition.partition))
        });
        clock.into_iter().chain(partitions).collect()
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
        let (mut partitions, assignment, gate) = tokio::join!(
            probe(&self.parts.ledger, LedgerQuery::Case(no_case)),
            probe(&self.parts.assignment, AssignmentQuery::Case(no_case)),
            probe(&self.parts.gate, GateQuery::Contact(ContactPointId([0; 16])))
        );
        partitions.extend(assignment);
        partitions.extend(gate);
        let now = self.parts.clock.now();
        PlatformStatus { at: now.at, clock_trusted: now.trusted, partitions }
    }
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
                Err(_) => Some(format!("no answer within {} s", ANSWER_WITHIN.as_secs())),
            };
            let service = D::SERVICE.name();
            PartitionStatus { service, partition, ready: reason.is_none(), reason }
        }
    });
    futures::future::join_all(asked).await
}
