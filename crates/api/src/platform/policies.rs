//! The rule packs that the gate decides by.

use events::gate::{GateAnswer, GateCommand, GateQuery, GateReply, PolicyAdoptedV2, PolicyWithdrawnV1};
use events::{Code, Position, Refusal, Tenant};
use runtime::Order;

use super::Platform;
use super::give::{Names, give_to};
use crate::principal::Principal;

impl Platform {
    /// Adopts a rule pack in every partition of the gate: for the operator. If it fails half way, adopting it again
    /// completes it. True: it was adopted somewhere where it was not in force.
    pub async fn adopt_policy(
        &self,
        principal: &Principal,
        pack: String,
        retry_key: Option<&str>,
    ) -> Result<bool, Refusal> {
        let command = GateCommand::AdoptPolicy(PolicyAdoptedV2 { pack });
        self.in_every_partition(principal, command, retry_key).await
    }

    /// Withdraws a rule pack in every partition: for the operator.
    pub async fn withdraw_policy(
        &self,
        principal: &Principal,
        id: String,
        retry_key: Option<&str>,
    ) -> Result<bool, Refusal> {
        let command = GateCommand::WithdrawPolicy(PolicyWithdrawnV1 { id });
        self.in_every_partition(principal, command, retry_key).await
    }

    /// Where the last change of the rules stands, and the text of every pack in force, in order of id: public.
    pub async fn policies(&self) -> Result<(Option<Position>, Vec<String>), Refusal> {
        match self.parts.gate.query(0, GateQuery::Policies).await? {
            GateReply::Policies(position, texts) => Ok((position, texts)),
            _ => Err(Code::UNAVAILABLE.into()),
        }
    }

    /// For the operator: what concerns everybody is told to every partition of the gate.
    async fn in_every_partition(
        &self,
        principal: &Principal,
        command: GateCommand,
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
                command: command.clone(),
            };
            let answer = give_to(&self.parts.gate, partition, order).await?;
            changed |= answer != GateAnswer::Done { changed: false };
        }
        Ok(changed)
    }
}
