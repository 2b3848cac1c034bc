//! What is owed by the lender's books: the difference to ours is an adjustment, of the day of the lender's figures.
//!
//! What counts from a later day is not in those figures and stays. Where it cannot be known whether something is in them (it was
//! booked on their day or later, for that day or before), nothing is changed: a payment would be claimed twice.

use events::ledger::{Account, Basis, ClaimsAmendment, EntryBookedV1, EntryKind, LedgerEvent, PostingV1};
use events::{Code, Now, Reason, Refusal};
use model::Money;

use crate::case::Case;
use crate::draft::Draft;
use crate::journal::Entry;
use crate::open::MINOR_MAX;
use crate::payment::owed_less;
use crate::state::State;

pub fn decide(state: &State, asked: &ClaimsAmendment, now: Now) -> Result<Vec<LedgerEvent>, Refusal> {
    let mut draft = Draft::of(state, asked.case, now)?;
    // Before all else: what closed the case may have come since.
    if draft.case.entry(EntryKind::Adjustment, &asked.reference).is_some() {
        return Ok(Vec::new());
    }
    let postings = legs(&draft.case, asked);
    if draft.case.closed.is_none() && postings.is_empty() && asked.currency == draft.case.currency {
        return Ok(Vec::new());
    }
    let reasons = refused(&draft.case, asked, &postings);
    if !reasons.is_empty() {
        return Err(Refusal { reasons, next_allowed: None, repeats: None });
    }
    draft.push(LedgerEvent::EntryBooked(EntryBookedV1 {
        case: asked.case,
        kind: EntryKind::Adjustment,
        reference: asked.reference,
        agency: None,
        basis: Basis::Correction,
        value_date: asked.as_of,
        balance: owed_less(&draft.case, &postings),
        postings,
    }));
    Ok(draft.events())
}

/// The claims that the lender speaks of, and what it says is owed.
fn claims(asked: &ClaimsAmendment) -> impl Iterator<Item = (Account, i64)> {
    let claims = [
        (Account::Principal, asked.principal),
        (Account::Interest, asked.interest),
        (Account::Fees, asked.fees),
    ];
    claims.into_iter().filter_map(|(account, minor)| Some((account, minor?)))
}

/// The differences, against the adjustments.
fn legs(case: &Case, asked: &ClaimsAmendment) -> Vec<PostingV1> {
    let differs = |(account, minor): (Account, i64)| {
        let later = case.journal().iter().filter(|entry| entry.value_date > asked.as_of);
        let later = later.flat_map(|entry| &entry.postings[..]).filter(|posting| posting.account == account);
        let known = later.fold(case.of(account), |known, posting| known.saturating_sub(posting.minor));
        PostingV1 { account, minor: minor.saturating_sub(known) }
    };
    let mut legs: Vec<PostingV1> = claims(asked).map(differs).filter(|leg| leg.minor != 0).collect();
    let sum = legs.iter().fold(0_i64, |sum, leg| sum.saturating_add(leg.minor));
    if sum != 0 {
        legs.push(PostingV1 { account: Account::Adjustments, minor: sum.saturating_neg() });
    }
    legs
}

fn refused(case: &Case, asked: &ClaimsAmendment, postings: &[PostingV1]) -> Vec<Reason> {
    let mut reasons = Vec::new();
    let mut refuse = |code, detail: String| reasons.push(Reason::detail(code, detail));
    if let Some(reason) = case.closed {
        refuse(Code::CASE_CLOSED, format!("closed: {}", reason.word()));
    }
    if let Some((account, minor)) = claims(asked).find(|(_, minor)| !(0..=MINOR_MAX).contains(minor)) {
        let money = |minor| Money { minor, currency: asked.currency };
        let (most, got) = (money(MINOR_MAX), money(minor));
        refuse(Code::AMOUNT_INVALID, format!("{}: expected 0 to {most}, got {got}", account.word()));
    }
    let changed = |account| postings.iter().filter(move |leg| leg.account == account).map(|leg| leg.minor);
    let left = |account| changed(account).fold(case.of(account), i64::saturating_add);
    let below_zero = claims(asked).any(|(account, _)| left(account) < 0);
    if below_zero || Account::CLAIMS.iter().map(|claim| left(*claim)).fold(0, i64::saturating_add) <= 0 {
        let detail = "expected something that is owed after it; what is paid is posted as a payment, and a case that is over is closed";
        refuse(Code::AMOUNT_INVALID, detail.to_owned());
    }
    if asked.currency != case.currency {
        refuse(Code::CURRENCY_DIFFERS, format!("expected {}, got {}", case.currency, asked.currency));
    }
    if case.journal().iter().any(|entry| is_unclear(entry, asked.as_of)) {
        let detail =
            "something was posted on the day of the figures or later; expected figures of a day after it";
        refuse(Code::FIGURES_OUTDATED, detail.to_owned());
    }
    reasons
}

/// Whether nobody can say if figures of a day have it in them. Of two corrections, the one of the later day holds.
fn is_unclear(entry: &Entry, as_of: i32) -> bool {
    match entry.kind {
        EntryKind::Adjustment => entry.value_date > as_of,
        _ => entry.value_date <= as_of && entry.at.day() >= as_of,
    }
}

#[cfg(test)]
mod tests {
    use events::ledger::{LedgerAnswer, LedgerCommand, posting_sum};
    use model::Currency;

    use super::*;
    use crate::given::{CASE, Given, OWED, codes, given, opening, pay};

    fn opened() -> Given {
        given([LedgerEvent::CaseOpened(opening())])
    }

    /// By the books of a day: the reference is the day and the principal.
    fn amend(as_of: i32, principal: i64) -> LedgerCommand {
        let mut reference = [0; 16];
        reference[..4].copy_from_slice(&as_of.to_le_bytes());
        reference[8..].copy_from_slice(&principal.to_le_bytes());
        LedgerCommand::AmendClaims(ClaimsAmendment {
            case: CASE,
            reference,
            as_of,
            currency: Currency::CNY,
            principal: Some(principal),
            interest: None,
            fees: Some(30),
        })
    }

    #[test]
    fn given_other_figures_of_the_lender_then_the_difference_is_an_adjustment_and_the_same_again_is_none() {
        let mut ledger = opened();
        let (events, answer) = ledger.then(&amend(20_010, 900)).expect("figures");
        let [LedgerEvent::EntryBooked(booked)] = &events[..] else { panic!("{events:?}") };
        let posting = |account, minor| PostingV1 { account, minor };
        assert_eq!(booked.postings, [posting(Account::Principal, -100), posting(Account::Adjustments, 100)]);
        assert_eq!((posting_sum(&booked.postings), booked.value_date), (0, 20_010));
        assert_eq!(answer, LedgerAnswer::Booked { balance: OWED - 100 });
        for _ in 0..2 {
            assert_eq!(ledger.then(&amend(20_010, 900)), Ok((Vec::new(), LedgerAnswer::Unchanged)));
        }
        // Two figures of one day: the last holds. Those of an earlier day are history.
        ledger.then(&amend(20_010, 950)).expect("figures");
        assert_eq!(ledger.view(CASE).balance, OWED - 50);
        assert_eq!(codes(ledger.when(&amend(20_009, 800))), [Code::FIGURES_OUTDATED]);
    }

    #[test]
    fn given_figures_that_change_nothing_then_nothing_is_booked() {
        assert_eq!(opened().when(&amend(20_010, 1_000)), Ok((Vec::new(), LedgerAnswer::Unchanged)));
    }

    #[test]
    fn given_a_payment_of_a_later_day_then_it_is_not_in_the_figures_and_is_not_claimed_again() {
        let mut ledger = opened();
        // Its value date is 20,001, and fees and interest are paid first.
        ledger.on_day(20_001);
        ledger.then(&pay(1, 330)).expect("owed");
        assert_eq!(codes(ledger.when(&amend(20_001, 1_000))), [Code::FIGURES_OUTDATED]);
        let LedgerCommand::AmendClaims(amendment) = amend(20_000, 1_050) else { unreachable!() };
        let before = LedgerCommand::AmendClaims(ClaimsAmendment { fees: None, ..amendment });
        assert_eq!(
            ledger.then(&before).expect("figures").1,
            LedgerAnswer::Booked { balance: OWED - 330 + 50 }
        );
    }

    #[test]
    fn given_nothing_owed_another_currency_or_no_open_case_then_refused() {
        let LedgerCommand::AmendClaims(asked) = amend(20_010, 0) else { unreachable!() };
        let told = |asked| opened().when(&LedgerCommand::AmendClaims(asked));
        let nothing = ClaimsAmendment { interest: Some(0), fees: Some(0), ..asked };
        assert_eq!(codes(told(nothing)), [Code::AMOUNT_INVALID]);
        let negative = ClaimsAmendment { principal: Some(-1), ..asked };
        assert_eq!(codes(told(negative)), [Code::AMOUNT_INVALID, Code::AMOUNT_INVALID]);
        let dollars =
            ClaimsAmendment { currency: "USD".parse().expect("known"), principal: Some(1_000), ..asked };
        assert_eq!(codes(told(dollars)), [Code::CURRENCY_DIFFERS]);
        assert_eq!(codes(given([]).when(&amend(20_010, 900))), [Code::CASE_UNKNOWN]);
        let mut ledger = opened();
        ledger.then(&pay(1, OWED)).expect("owed");
        let refused = codes(ledger.when(&amend(20_010, 900)));
        assert!(refused.contains(&Code::CASE_CLOSED), "{refused:?}");
    }
}
