//! The policy that the gate decides by.

use events::gate::{GateAnswer, GateCommand, PolicyV1};
use events::{Refusal, Tenant};
use runtime::Order;

use super::Platform;
use super::give::{Names, give_to};
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
            let order = Order {
                id: names.nth(u32::from(partition)),
                actor: principal.actor(),
                tenant: Tenant::Platform,
                cause: None,
                command: GateCommand::AdoptPolicy(policy.clone()),
            };
            let answer = give_to(&self.parts.gate, partition, order).await?;
            changed |= answer != GateAnswer::Done { changed: false };
        }
        Ok(changed)
    }
}
