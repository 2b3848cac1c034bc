//! Posting a payment: interest up to its day first, then the claims in their order; what is beyond them is kept for the payer.

use events::ledger::{
    Account, CloseReason, CommitmentEnd, CommitmentKind, EntryKind, LedgerEvent, PaymentPostedV2, PostingV1,
    Receiver,
};
use events::{Code, Now, Reason, Refusal};
use model::{AgencyId, CaseId, Currency, Money};

use crate::case::Case;
use crate::draft::Draft;
use crate::open::MINOR_MAX;
use crate::state::State;
use crate::{allocation, commission, interest, limitation};

/// A payment that the lender reports.
#[derive(Debug, Clone, Copy)]
pub struct Payment {
    pub reference: [u8; 16],
    pub minor: i64,
    pub currency: Currency,
    pub value_date: i32,
    pub received_by: Receiver,
    pub agency: Option<AgencyId>,
}

pub fn decide(state: &State, id: CaseId, payment: Payment, now: Now) -> Result<Vec<LedgerEvent>, Refusal> {
    let mut draft = Draft::of(state, id, now)?;
    let money = |minor, currency| Money { minor, currency };
    let got = money(payment.minor, payment.currency);
    // Before all else: the payment that closed the case may come again.
    if let Some(known) = draft.case.entry(EntryKind::Payment, &payment.reference) {
        let posted = money(known.cash(), draft.case.currency);
        if posted == got {
            return Ok(Vec::new());
        }
        let detail = format!("this payment is posted with {posted}, got {got}");
        return Err(Reason::detail(Code::PAYMENT_DIFFERS, detail).into());
    }
    let reasons = refused(&draft.case, &payment);
    if !reasons.is_empty() {
        return Err(Refusal { reasons, next_allowed: None, repeats: None });
    }
    interest::accrue(state, &mut draft, payment.value_date, now)?;
    // What falls due before the payment counts is broken by then.
    let late = draft.case.commitment().and_then(|commitment| commitment.broken_on());
    if late.is_some_and(|day| day <= payment.value_date) {
        draft.end_commitment(CommitmentEnd::Broken, payment.value_date);
    }
    let postings = postings(state, &draft.case, &payment);
    let owed = owed_less(&draft.case, &postings);
    draft.push(LedgerEvent::PaymentPosted(PaymentPostedV2 {
        case: id,
        reference: payment.reference,
        minor: payment.minor,
        value_date: payment.value_date,
        received_by: payment.received_by,
        agency: payment.agency,
        postings,
        balance: owed,
    }));
    commission::earn(state, &mut draft, &payment);
    if draft.case.closed.is_none() {
        let kept = draft.case.commitment().filter(|commitment| commitment.is_kept());
        let settles = kept.is_some_and(|kept| kept.kind == CommitmentKind::Settlement);
        if kept.is_some() {
            draft.end_commitment(CommitmentEnd::Kept, payment.value_date);
        }
        match draft.case.owed() {
            0 => draft.close(CloseReason::Paid),
            _ if settles => draft.close(CloseReason::Settled),
            _ => limitation::restart(state, &mut draft, payment.value_date),
        }
    }
    Ok(draft.events())
}

fn refused(case: &Case, payment: &Payment) -> Vec<Reason> {
    let mut reasons = Vec::new();
    // Of a case that is over money is still taken: it is the payer's, or recovers what was written off. What was taken back is the
    // lender's own to book.
    if let Some(reason @ (CloseReason::Recalled | CloseReason::Error)) = case.closed {
        reasons.push(Reason::detail(Code::CASE_CLOSED, format!("closed: {}", reason.word())));
    }
    if !(1..=MINOR_MAX).contains(&payment.minor) {
        let got = Money { minor: payment.minor, currency: payment.currency };
        let detail = format!("expected an amount above zero, at most {MINOR_MAX} minor units, got {got}");
        reasons.push(Reason::detail(Code::AMOUNT_INVALID, detail));
    }
    if payment.currency != case.currency {
        let detail = format!("expected {}, got {}", case.currency, payment.currency);
        reasons.push(Reason::detail(Code::CURRENCY_DIFFERS, detail));
    }
    if payment.received_by == Receiver::Agency && payment.agency.is_none() {
        let detail = "expected a case that is placed with the agency that received it, got one that is not";
        reasons.push(Reason::detail(Code::BASIS_MISSING, detail));
    }
    reasons
}

fn postings(state: &State, case: &Case, payment: &Payment) -> Vec<PostingV1> {
    let cash = match payment.received_by {
        Receiver::Lender => Account::Payments,
        Receiver::Agency => Account::AgencyCash,
    };
    let mut postings = vec![PostingV1 { account: cash, minor: payment.minor }];
    let (settled, rest) = match case.closed {
        None => {
            let order = allocation::order(state.terms_of(case), case.jurisdiction);
            allocation::allocate(case, order, payment.minor)
        }
        Some(CloseReason::WrittenOff) => {
            let lost = case.of(Account::WriteOff) + case.of(Account::Recovery);
            let part = payment.minor.min(lost).max(0);
            let recovered = PostingV1 { account: Account::Recovery, minor: -part };
            (Vec::from_iter((part > 0).then_some(recovered)), payment.minor - part)
        }
        Some(_) => (Vec::new(), payment.minor),
    };
    postings.extend(settled);
    if rest > 0 {
        postings.push(PostingV1 { account: Account::Overpaid, minor: -rest });
    }
    postings
}

/// What is owed with these postings taken in.
pub fn owed_less(case: &Case, postings: &[PostingV1]) -> i64 {
    let claims = postings.iter().filter(|posting| posting.account.is_claim());
    claims.fold(case.owed(), |owed, posting| owed.saturating_add(posting.minor))
}

#[cfg(test)]
mod tests {
    use events::ledger::{CaseClosedV1, LedgerAnswer, LedgerCommand, posting_sum};

    use super::*;
    use crate::given::{CASE, Given, OWED, codes, given, opening, pay, pay_agency};

    fn opened() -> Given {
        given([LedgerEvent::CaseOpened(opening())])
    }

    #[test]
    fn given_a_chinese_case_when_paid_in_part_then_interest_and_principal_go_before_fees() {
        // Owed: 1,000 principal, 200 interest, 30 fees; Civil Code, article 561.
        let (events, answer) = opened().when(&pay(1, 250)).expect("owed");
        let [LedgerEvent::PaymentPosted(posted)] = &events[..] else { panic!("{events:?}") };
        let posting = |account, minor| PostingV1 { account, minor };
        let expected = [
            posting(Account::Payments, 250),
            posting(Account::Interest, -200),
            posting(Account::Principal, -50),
        ];
        assert_eq!(posted.postings, expected);
        assert_eq!(posting_sum(&posted.postings), 0);
        assert_eq!(answer, LedgerAnswer::Posted { balance: 980 });
    }

    #[test]
    fn given_an_order_that_was_agreed_or_another_law_when_paid_then_claims_are_settled_by_it() {
        let paid = |ledger: &Given, claims: &[Account]| {
            let (events, _) = ledger.when(&pay(1, 1_220)).expect("owed");
            let [LedgerEvent::PaymentPosted(posted)] = &events[..] else { panic!("{events:?}") };
            let order: Vec<_> = posted.postings[1..].iter().map(|leg| leg.account).collect();
            assert_eq!(order, claims);
        };
        let agreed = vec![Account::Principal, Account::Costs, Account::Fees, Account::Interest];
        let terms = events::ledger::TermsSetV1 { allocation: agreed, ..crate::given::terms() };
        let ledger = given([LedgerEvent::TermsSet(terms), LedgerEvent::CaseOpened(opening())]);
        paid(&ledger, &[Account::Principal, Account::Fees, Account::Interest]);
        let mut abroad = opening();
        abroad.jurisdiction = "SG".to_owned();
        let ledger = given([LedgerEvent::CaseOpened(abroad)]);
        paid(&ledger, &[Account::Fees, Account::Interest, Account::Principal]);
    }

    #[test]
    fn given_a_case_when_the_whole_balance_is_paid_then_it_is_closed_with_it() {
        let mut ledger = opened();
        let (events, answer) = ledger.then(&pay(1, OWED)).expect("owed");
        let closed = CaseClosedV1 { case: CASE, reason: CloseReason::Paid, postings: Vec::new() };
        assert_eq!(events[1..], [LedgerEvent::CaseClosed(closed)]);
        assert_eq!(answer, LedgerAnswer::Posted { balance: 0 });
        assert_eq!(ledger.when(&pay(1, OWED)), Ok((Vec::new(), LedgerAnswer::Unchanged)));
    }

    #[test]
    fn given_a_payment_when_it_comes_again_then_it_is_posted_once() {
        let mut ledger = opened();
        ledger.then(&pay(1, 100)).expect("owed");
        assert_eq!(ledger.when(&pay(1, 100)), Ok((Vec::new(), LedgerAnswer::Unchanged)));
        assert_eq!(codes(ledger.when(&pay(1, 101))), [Code::PAYMENT_DIFFERS]);
    }

    #[test]
    fn given_a_case_when_overpaid_then_the_rest_is_owed_to_the_payer_also_after_it_is_closed() {
        let mut ledger = opened();
        ledger.then(&pay(1, OWED + 1)).expect("taken");
        ledger.then(&pay(2, 5)).expect("taken");
        let view = ledger.view(CASE);
        assert_eq!((view.balance, view.closed), (0, Some(CloseReason::Paid)));
        let overpaid = view.accounts.iter().find(|leg| leg.account == Account::Overpaid);
        assert_eq!(overpaid.map(|leg| leg.minor), Some(-6));
    }

    #[test]
    fn given_an_amount_that_is_none_when_paid_then_refused() {
        for wrong in [0, -1, i64::MIN, MINOR_MAX + 1] {
            assert_eq!(codes(opened().when(&pay(1, wrong))), [Code::AMOUNT_INVALID]);
        }
    }

    #[test]
    fn given_a_case_that_the_lender_took_back_when_paid_then_refused() {
        let mut ledger = opened();
        let recall = LedgerCommand::CloseCase { case: CASE, reason: CloseReason::Recalled };
        ledger.then(&recall).expect("open");
        assert_eq!(codes(ledger.when(&pay(1, 5))), [Code::CASE_CLOSED]);
    }

    #[test]
    fn given_nobody_who_has_the_case_when_an_agency_is_paid_then_there_is_no_basis() {
        let LedgerCommand::PostPayment { case, reference, minor, currency, value_date, received_by, .. } =
            pay_agency(1, 5)
        else {
            unreachable!()
        };
        let agency = None;
        let stray =
            LedgerCommand::PostPayment { case, reference, minor, currency, value_date, received_by, agency };
        assert_eq!(codes(opened().when(&stray)), [Code::BASIS_MISSING]);
    }

    #[test]
    fn given_a_case_when_paid_in_another_currency_then_refused() {
        let currency = "USD".parse().expect("known");
        let LedgerCommand::PostPayment { case, reference, minor, value_date, received_by, agency, .. } =
            pay(1, 5)
        else {
            unreachable!()
        };
        let dollars =
            LedgerCommand::PostPayment { case, reference, minor, currency, value_date, received_by, agency };
        assert_eq!(codes(opened().when(&dollars)), [Code::CURRENCY_DIFFERS]);
    }

    #[test]
    fn given_no_case_when_paid_then_refused() {
        assert_eq!(codes(given([]).when(&pay(1, 1))), [Code::CASE_UNKNOWN]);
    }
}
