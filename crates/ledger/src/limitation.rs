//! From when on a claim is not called for. What is paid on it all the same is kept.

use events::ledger::{Basis, CaseOpenedV2, LedgerEvent, LimitationPassedV1, LimitationSetV1};
use events::{Now, Refusal};
use model::CaseId;

use crate::case::Case;
use crate::draft::Draft;
use crate::state::State;

pub fn set(
    state: &State,
    id: CaseId,
    on: Option<i32>,
    basis: Basis,
    now: Now,
) -> Result<Vec<LedgerEvent>, Refusal> {
    let mut draft = Draft::open(state, id, now)?;
    let known = draft.case.limitation();
    if known.map(|known| known.on) == on {
        return Ok(Vec::new());
    }
    let revived = known.is_some_and(|known| known.passed);
    draft.push(LedgerEvent::LimitationSet(LimitationSetV1 { case: id, on, basis, revived }));
    if let Some(passed) = lapse(&draft.case, draft.today()) {
        draft.push(passed);
    }
    Ok(draft.events())
}

/// The date by the product's terms, with the opening of a case.
pub fn begin(state: &State, opening: &CaseOpenedV2) -> Option<LedgerEvent> {
    let days = state.terms(opening.lender, &opening.product)?.limitation_days?;
    let on = opening.overdue_since.saturating_add_unsigned(days);
    let set = LimitationSetV1 { case: opening.case, on: Some(on), basis: Basis::Statute, revived: false };
    Some(LedgerEvent::LimitationSet(set))
}

/// A payment begins the time anew, where the terms say so and it has not passed (Civil Code of the People's Republic of China, article
/// 195: the obligor agrees to perform).
pub fn restart(state: &State, draft: &mut Draft, value_date: i32) {
    let terms = state.terms_of(&draft.case).filter(|terms| terms.limitation_restarts);
    let Some(days) = terms.and_then(|terms| terms.limitation_days) else { return };
    let on = value_date.saturating_add_unsigned(days);
    let later = draft.case.limitation().is_some_and(|known| !known.passed && known.on < on);
    if later {
        let case = draft.case.id;
        let set = LimitationSetV1 { case, on: Some(on), basis: Basis::Statute, revived: false };
        draft.push(LedgerEvent::LimitationSet(set));
    }
}

/// The date has come.
pub fn lapse(case: &Case, today: i32) -> Option<LedgerEvent> {
    let limitation = case.limitation().filter(|known| !known.passed)?;
    let come = today >= limitation.counts_from();
    let passed = LimitationPassedV1 { case: case.id, on: limitation.on };
    come.then_some(LedgerEvent::LimitationPassed(passed))
}

#[cfg(test)]
mod tests {
    use events::Code;
    use events::ledger::{CommitmentKind, CommitmentMadeV1, InstalmentV1, LedgerCommand};
    use model::Currency;

    use super::*;
    use crate::given::{CASE, codes, given, open, opening, pay_on, terms};

    #[test]
    fn given_terms_with_a_limitation_when_time_passes_then_the_claim_lapses_and_payments_are_kept() {
        let mut terms = terms();
        (terms.limitation_days, terms.limitation_restarts) = (Some(1_000), true);
        let mut ledger = given([LedgerEvent::TermsSet(terms)]);
        ledger.then(&open(opening())).expect("well formed");
        // Overdue since 19,900; a payment on 20,500 begins it anew.
        assert_eq!(ledger.view(CASE).limitation, Some(20_900));
        ledger.on_day(20_500);
        ledger.then(&pay_on(1, 30, 20_500)).expect("owed");
        assert_eq!(ledger.view(CASE).limitation, Some(21_500));
        ledger.on_day(21_498);
        assert_eq!(ledger.then(&LedgerCommand::Tick).expect("a tick").0, []);
        ledger.on_day(21_499);
        let (events, _) = ledger.then(&LedgerCommand::Tick).expect("a tick");
        assert_eq!(events, [LedgerEvent::LimitationPassed(LimitationPassedV1 { case: CASE, on: 21_500 })]);
        assert_eq!(ledger.then(&LedgerCommand::Tick).expect("a tick").0, []);
        let made = CommitmentMadeV1 {
            case: CASE,
            kind: CommitmentKind::Promise,
            instalments: vec![InstalmentV1 { due_on: 21_510, minor: 5 }],
            grace_days: 0,
        };
        let promise = LedgerCommand::Commit { made, currency: Currency::CNY };
        assert_eq!(codes(ledger.when(&promise)), [Code::LIMITATION_PASSED]);
        let (events, _) = ledger.then(&pay_on(2, 5, 21_499)).expect("voluntary");
        assert_eq!(events.len(), 1, "{events:?}");
    }

    #[test]
    fn given_a_claim_that_lapsed_when_another_date_is_set_then_it_is_called_for_again() {
        let mut ledger = given([LedgerEvent::CaseOpened(opening())]);
        ledger.on_day(20_100);
        let set = |on| LedgerCommand::SetLimitation { case: CASE, on: Some(on), basis: Basis::Judgment };
        let (events, _) = ledger.then(&set(20_000)).expect("open");
        assert!(matches!(events[..], [LedgerEvent::LimitationSet(_), LedgerEvent::LimitationPassed(_)]));
        let (events, _) = ledger.then(&set(30_000)).expect("open");
        let [LedgerEvent::LimitationSet(set)] = &events[..] else { panic!("{events:?}") };
        assert!(set.revived);
    }
}
