//! What concerns more than one contact point is told to every partition of the gate.

use events::gate::{GateAnswer, GateCommand};
use events::{Refusal, Tenant};
use runtime::Order;

use super::Platform;
use super::give::{Names, give, give_to};
use crate::principal::Principal;

impl Platform {
    /// Gives a command to the partition of its contact point, or to every one if it has none. If that fails half way, the
    /// same command completes it. True: it changed something somewhere. Whoever calls has seen to it that the principal
    /// may.
    pub(super) async fn tell_gate(
        &self,
        principal: &Principal,
        tenant: Tenant,
        command: GateCommand,
        retry_key: Option<&str>,
    ) -> Result<bool, Refusal> {
        let names = Names::new(principal, retry_key)?;
        let gate = &self.parts.gate;
        if <gate::Gate as events::Decider>::key(&command).is_some() {
            let answer = give(gate, principal, tenant, names.nth(0), command).await?;
            return Ok(answer != GateAnswer::Done { changed: false });
        }
        let mut changed = false;
        for partition in 0..gate.partitions() {
            let (id, command) = (names.nth(u32::from(partition)), command.clone());
            let order = Order { id, actor: principal.actor(), tenant, cause: None, command };
            changed |= give_to(gate, partition, order).await? != GateAnswer::Done { changed: false };
        }
        Ok(changed)
    }
}
