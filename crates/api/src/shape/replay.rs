//! What a draft would have changed.

use serde_json::{Value, json};

use crate::platform::PolicyReplay;

/// A replay of a period under a draft.
pub fn policy_replay(replay: &PolicyReplay) -> Value {
    let agencies = replay.agencies.iter().map(|(agency, change)| {
        json!({
            "agency": agency.to_string(),
            "decisions": change.decisions,
            "refused_instead": change.refused_instead,
            "allowed_instead": change.allowed_instead,
        })
    });
    let rules = replay.rules.iter().map(|((agency, rule), change)| {
        let examples = change.examples.iter().map(|(stream, position)| format!("{stream}/{position}"));
        json!({
            "agency": agency.to_string(),
            "rule": rule,
            "refused_instead": change.refused_instead,
            "allowed_instead": change.allowed_instead,
            "examples": examples.collect::<Vec<_>>(),
        })
    });
    json!({
        "decisions": replay.decisions,
        "allowed": replay.allowed,
        "refused": replay.refused,
        "refused_instead": replay.refused_instead,
        "allowed_instead": replay.allowed_instead,
        "agencies": agencies.collect::<Vec<_>>(),
        "rules": rules.collect::<Vec<_>>(),
    })
}
