//! What the passing of time brings: promises and plans that were not kept, claims that are called for no longer.

use events::Now;
use events::ledger::LedgerEvent;

use crate::state::State;
use crate::{commitment, limitation};

/// Most cases of one tick; the next takes the rest.
const CASES_MAX: usize = 256;

pub fn decide(state: &State, now: Now) -> Vec<LedgerEvent> {
    if !now.trusted {
        return Vec::new();
    }
    let today = now.at.day();
    let due = state.due.range(..=today).flat_map(|(_, cases)| cases).take(CASES_MAX);
    let cases = due.filter_map(|id| state.cases.get(*id));
    cases
        .flat_map(|case| [commitment::lapse(case, today), limitation::lapse(case, today)])
        .flatten()
        .collect()
}
