//! Policies: the default, and what makes one valid.

use events::gate::{GateEvent, PolicyAdoptedV1, PolicyV1};
use events::{Code, Position, Reason, Refusal};
use serde::{Deserialize, Serialize};

use crate::State;

/// The policy in force, and where its adoption stands.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Adopted {
    pub policy: PolicyV1,
    pub position: Position,
}

/// The policy for where nothing else is known: 3 contacts a calendar day and 7 on seven days, from one second after
/// 08:00 to one second before 22:00, every placed call counts (RULES.md sections 3.4 and 10).
pub fn strict() -> PolicyV1 {
    PolicyV1 {
        id: "strict".to_owned(),
        version: 1,
        per_day: 3,
        per_seven_days: 7,
        from_s: 8 * 3600 + 1,
        until_s: 22 * 3600 - 1,
        permit_ttl_ms: 60_000,
        give_back_unconnected: false,
        source:
            "China Banking Association, guideline of 30 January 2026 (from press reports; text not at hand), \
                 strictest reading; 7 in 7 days after 12 CFR 1006.14(b)(2)(i)(A)"
                .to_owned(),
    }
}

/// Why a policy is not valid.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PolicyError {
    /// No name, or a long one.
    #[error("id: expected 1 to 64 bytes, got {0}; name the policy")]
    Id(usize),
    /// Versions begin with 1.
    #[error("version: expected 1 or more, got 0")]
    Version,
    /// Not a second of a day, or the hours end before they begin.
    #[error(
        "from_s, until_s: expected 0 <= from_s <= until_s <= 86399 seconds of the local day, got {from_s} and {until_s}"
    )]
    Hours {
        /// First second.
        from_s: u32,
        /// Last second.
        until_s: u32,
    },
    /// A permit must be short-lived, and long enough to dial.
    #[error("permit_ttl_ms: expected 1000 to 600000 ms, got {0}")]
    PermitTtl(u32),
    /// A rule without a source cannot be explained.
    #[error("source: expected 1 to 1000 bytes, got {0}; say which law or whose decision these numbers are")]
    Source(usize),
    /// The same id and version once meant something else.
    #[error("{id} version {version} is adopted with other content; give the changed policy a new version")]
    Differs {
        /// The policy.
        id: String,
        /// Its version.
        version: u32,
    },
}

/// Whether the gate can decide by this policy.
pub fn validate(policy: &PolicyV1) -> Result<(), PolicyError> {
    let &PolicyV1 { from_s, until_s, permit_ttl_ms, .. } = policy;
    if !(1..=64).contains(&policy.id.len()) {
        return Err(PolicyError::Id(policy.id.len()));
    }
    if policy.version == 0 {
        return Err(PolicyError::Version);
    }
    if from_s > until_s || until_s >= 86_400 {
        return Err(PolicyError::Hours { from_s, until_s });
    }
    if !(1_000..=600_000).contains(&permit_ttl_ms) {
        return Err(PolicyError::PermitTtl(permit_ttl_ms));
    }
    if !(1..=1000).contains(&policy.source.len()) {
        return Err(PolicyError::Source(policy.source.len()));
    }
    Ok(())
}

pub(crate) fn adopt(state: &State, policy: &PolicyV1) -> Result<Vec<GateEvent>, Refusal> {
    let invalid = |error: PolicyError| Reason::detail(Code::POLICY_INVALID, error.to_string());
    validate(policy).map_err(invalid)?;
    let current = state.policy.as_ref().map(|adopted| &adopted.policy);
    if current == Some(policy) {
        return Ok(Vec::new());
    }
    let same_name = |known: &&PolicyV1| (&known.id, known.version) == (&policy.id, policy.version);
    if let Some(known) = current.into_iter().chain(&state.former_policies).find(same_name)
        && known != policy
    {
        let PolicyV1 { id, version, .. } = policy.clone();
        return Err(invalid(PolicyError::Differs { id, version }).into());
    }
    Ok(vec![GateEvent::PolicyAdopted(PolicyAdoptedV1 { policy: policy.clone() })])
}
