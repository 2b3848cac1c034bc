//! Giving one command: its id, its retries, its envelope.

use std::time::Duration;

use events::{Code, Decider, Refusal, Tenant};
use model::CommandId;
use runtime::{Answered, Order, Port};
use sha2::{Digest, Sha256};

use crate::principal::Principal;

/// Pauses before the second and later tries of a command that was not answered: 1.55 s in all.
const PAUSES_MS: [u64; 5] = [50, 100, 200, 400, 800];

/// Names the commands of one call. The same principal and key give the same names.
pub(super) struct Names([u8; 32]);

impl Names {
    pub(super) fn new(principal: &Principal, retry_key: Option<&str>) -> Result<Self, Refusal> {
        let mut hash = Sha256::new();
        hash.update(b"forbear/command/v1");
        match retry_key {
            Some(key) => {
                let who = postcard::to_stdvec(principal).map_err(|_| Refusal::from(Code::MALFORMED))?;
                hash.update([who.len() as u8]);
                hash.update(who);
                hash.update(key.as_bytes());
            }
            None => {
                let mut random = [0; 32];
                getrandom::fill(&mut random).map_err(|error| {
                    tracing::error!(%error, "no random bytes for a command id");
                    Refusal::from(Code::UNAVAILABLE)
                })?;
                hash.update(random);
            }
        }
        Ok(Self(hash.finalize().into()))
    }

    /// The id of the nth command of the call.
    pub(super) fn nth(&self, nth: u32) -> CommandId {
        let mut hash = Sha256::new();
        hash.update(self.0);
        hash.update(nth.to_be_bytes());
        let digest = hash.finalize();
        let mut id = [0; 16];
        id.copy_from_slice(&digest[..16]);
        CommandId(id)
    }
}

/// Gives a command to the partition of its key, and again with the same id while the service cannot answer.
pub(super) async fn give<D: Decider>(
    port: &Port<D>,
    principal: &Principal,
    tenant: Tenant,
    id: CommandId,
    command: D::Command,
) -> Answered<D> {
    let partition = port.route(&command);
    give_to(port, partition, Order { id, actor: principal.actor(), tenant, cause: None, command }).await
}

/// The same, to a partition by number.
pub(super) async fn give_to<D: Decider>(
    port: &Port<D>,
    partition: u16,
    order: Order<D::Command>,
) -> Answered<D> {
    let mut pauses_ms = PAUSES_MS.into_iter();
    loop {
        let answered = port.submit_to(partition, vec![order.clone()]).await.pop();
        let refusal = match answered {
            Some(Err(refusal)) if refusal.is_transient() => refusal,
            Some(answered) => return answered,
            None => Code::UNAVAILABLE.into(),
        };
        let Some(pause_ms) = pauses_ms.next() else { return Err(refusal) };
        tokio::time::sleep(Duration::from_millis(pause_ms)).await;
    }
}

#[cfg(test)]
mod tests {
    use model::LenderId;

    use super::*;

    #[test]
    fn the_same_key_names_the_same_command_only_for_the_same_principal() {
        let names = |principal, key| Names::new(&principal, key).expect("names").nth(0);
        let operator = Principal::Operator;
        assert_eq!(names(operator, Some("a")), names(operator, Some("a")));
        assert_ne!(names(operator, Some("a")), names(operator, Some("b")));
        assert_ne!(names(operator, Some("a")), names(Principal::Lender(LenderId(1)), Some("a")));
        assert_ne!(names(operator, None), names(operator, None));
        let call = Names::new(&operator, Some("a")).expect("names");
        assert_ne!(call.nth(0), call.nth(1));
    }
}
