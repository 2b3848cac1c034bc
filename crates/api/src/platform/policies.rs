//! The policy that the gate decides by.

use events::gate::{GateAnswer, GateCommand, PolicyV1};
use events::{Code, Refusal, Tenant};

use super::Platform;
use super::give::{Names, is_transient};
use crate::principal::Principal;

impl Platform {
    /// Adopts a policy in every partition of the gate: for the operator. If it fails half way, adopting it again
    /// completes it. True: it was adopted somewhere where it was not in force.
    pub async fn adopt_policy(
        &self,
        principal: &Principal,
        policy: PolicyV1,
        retry_key: Option<&str>,
    ) -> Result<bool, Refusal> {
        principal.operator_only()?;
        let names = Names::new(principal, retry_key)?;
        let mut changed = false;
        for partition in 0..self.parts.gate.partitions() {
            let command = GateCommand::AdoptPolicy(policy.clone());
            let id = names.nth(u32::from(partition));
            let answer = self.adopt_in(partition, principal, id, command).await?;
            changed |= answer != GateAnswer::Done { changed: false };
        }
        Ok(changed)
    }

    async fn adopt_in(
        &self,
        partition: u16,
        principal: &Principal,
        id: model::CommandId,
        command: GateCommand,
    ) -> Result<GateAnswer, Refusal> {
        let mut last = Refusal::from(Code::UNAVAILABLE);
        for pause_ms in [50, 200, 800] {
            let order = runtime::Order {
                id,
                actor: principal.actor(),
                tenant: Tenant::Platform,
                cause: None,
                command: command.clone(),
            };
            match self.parts.gate.submit_to(partition, vec![order]).await.pop() {
                Some(Err(refusal)) if is_transient(&refusal) => last = refusal,
                Some(answered) => return answered,
                None => {}
            }
            tokio::time::sleep(std::time::Duration::from_millis(pause_ms)).await;
        }
        Err(last)
    }
}
