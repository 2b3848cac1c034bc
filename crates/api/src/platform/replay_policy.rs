//! A draft of a rule pack, tried on a past period.

use events::{Code, Reason, Refusal, Service, StreamId};
use model::Timestamp;

use super::Platform;
use crate::principal::Principal;
use crate::replay::{self, Counted, Draft, PolicyReplay, in_force_always};

/// A draft and a period.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReplayAsk {
    /// The draft's text.
    pub pack: String,
    /// The first moment whose requests are judged again.
    pub from: Timestamp,
    /// The last.
    pub until: Timestamp,
}

impl Platform {
    /// Judges the requests of a past period again, as if the draft had been in force in place of the pack with its id, or added
    /// to the others, and touches nothing: for the operator. `progress` is told how many records of how many are read, of
    /// which partition.
    pub async fn replay_policy(
        &self,
        principal: &Principal,
        ask: &ReplayAsk,
        mut progress: impl FnMut(u16, u64, u64),
    ) -> Result<PolicyReplay, Refusal> {
        let (id, text) = draft(principal, ask)?;
        let Ok(_turn) = self.replays.try_acquire() else {
            return Err(Reason::detail(Code::BUSY, "another replay is under way; try again").into());
        };
        let (mut counted, partitions) = (Counted::default(), self.parts.gate.partitions());
        for partition in 0..partitions {
            let stream = StreamId { service: Service::Gate, partition };
            let (id, text) = (id.clone(), text.clone());
            let draft = Draft::new(stream, id, text, ask.from, ask.until, partitions, counted);
            let told = |read, of| progress(partition, read, of);
            counted = replay::read(self.parts.audit.as_ref(), partition, draft, told).await?.counted();
        }
        Ok(counted.replay())
    }

    /// Whether a replay would begin: what can be said before anything is read.
    pub fn check_replay(principal: &Principal, ask: &ReplayAsk) -> Result<(), Refusal> {
        draft(principal, ask).map(|_| ())
    }
}

/// The id of a draft, and its text as in force all the time.
fn draft(principal: &Principal, ask: &ReplayAsk) -> Result<(String, String), Refusal> {
    principal.operator_only()?;
    if ask.from > ask.until {
        return Err(Reason::detail(Code::MALFORMED, "expected a period that ends after it begins").into());
    }
    let invalid = |detail: String| Refusal::from(Reason::detail(Code::POLICY_INVALID, detail));
    let pack = policy::parse(&ask.pack).map_err(|error| invalid(error.to_string()))?;
    let text = in_force_always(&ask.pack, &pack)
        .ok_or_else(|| invalid("expected `effective` and `until` each on a line of its own".to_owned()))?;
    Ok((pack.id, text))
}
