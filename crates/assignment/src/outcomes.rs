//! What came of placements, by what they had in common: the raw material of expected rates and scorecards.

use events::assignment::{AssignmentEvent, Outcome, RecoveryNotedV1};
use model::{AgencyId, CaseId, CollectorId, Currency, LenderId};
use serde::{Deserialize, Serialize};

use crate::segments::age_band;
use crate::state::{Case, State};

/// What placements have in common. The age is that of the day of the placement.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) struct OutcomeKey {
    pub lender: LenderId,
    pub agency: AgencyId,
    pub collector: CollectorId,
    /// An index into the products.
    pub product: u32,
    pub age: u8,
    pub currency: Currency,
}

impl OutcomeKey {
    fn of(case: &Case, agency: AgencyId, collector: CollectorId) -> Self {
        Self {
            lender: case.lender,
            agency,
            collector,
            product: case.product,
            age: age_band(case.overdue_since, case.placed_on),
            currency: case.currency,
        }
    }
}

/// Money came in, or was taken back; nothing is recorded of a case that nobody has.
pub fn note(state: &State, id: CaseId, minor: i64) -> Vec<AssignmentEvent> {
    let noted = state.cases.get(&id).and_then(|case| {
        let collector = case.collector?;
        let agency = state.collectors.get(&collector)?.agency;
        let currency = case.currency;
        Some(AssignmentEvent::RecoveryNoted(RecoveryNotedV1 { case: id, agency, collector, minor, currency }))
    });
    noted.filter(|_| minor != 0).into_iter().collect()
}

/// A case was placed; the case knows with whom.
pub(crate) fn placed(state: &mut State, id: CaseId, agency: AgencyId) -> Option<()> {
    let case = state.cases.get(&id)?;
    let counts = state.outcomes.entry(OutcomeKey::of(case, agency, case.collector?)).or_default();
    counts.cases += 1;
    counts.placed = counts.placed.saturating_add(case.minor);
    Some(())
}

/// Money came in.
pub(crate) fn noted(state: &mut State, event: &RecoveryNotedV1) -> Option<()> {
    let case = state.cases.get_mut(&event.case).filter(|case| case.collector == Some(event.collector))?;
    let before = case.recovered > 0;
    case.recovered = case.recovered.saturating_add(event.minor);
    let after = case.recovered > 0;
    let counts = state.outcomes.entry(OutcomeKey::of(case, event.agency, event.collector)).or_default();
    counts.recovered = counts.recovered.saturating_add(event.minor);
    counts.payers = (counts.payers + u32::from(after)).saturating_sub(u32::from(before));
    Some(())
}

/// Everything that came of placements.
pub fn all(state: &State) -> Vec<Outcome> {
    let outcomes = state.outcomes.iter().map(|(key, counts)| Outcome {
        lender: key.lender,
        agency: key.agency,
        collector: key.collector,
        product: state.products.get(key.product as usize).cloned().unwrap_or_default(),
        age: key.age,
        currency: key.currency,
        counts: *counts,
    });
    outcomes.collect()
}
