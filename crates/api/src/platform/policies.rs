//! The rule packs that the gate decides by.

use events::gate::{GateCommand, GateQuery, GateReply, PolicyAdoptedV2, PolicyWithdrawnV1};
use events::{Code, Position, Refusal, Tenant};

use super::Platform;
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
        principal.operator_only()?;
        let command = GateCommand::AdoptPolicy(PolicyAdoptedV2 { pack });
        self.tell_gate(principal, Tenant::Platform, command, retry_key).await
    }

    /// Withdraws a rule pack in every partition: for the operator.
    pub async fn withdraw_policy(
        &self,
        principal: &Principal,
        id: String,
        retry_key: Option<&str>,
    ) -> Result<bool, Refusal> {
        principal.operator_only()?;
        let command = GateCommand::WithdrawPolicy(PolicyWithdrawnV1 { id });
        self.tell_gate(principal, Tenant::Platform, command, retry_key).await
    }

    /// Where the last change of the rules stands, and the text of every pack in force, in order of id: public.
    pub async fn policies(&self) -> Result<(Option<Position>, Vec<String>), Refusal> {
        match self.parts.gate.query(0, GateQuery::Policies).await? {
            GateReply::Policies(position, texts) => Ok((position, texts)),
            _ => Err(Code::UNAVAILABLE.into()),
        }
    }
}
