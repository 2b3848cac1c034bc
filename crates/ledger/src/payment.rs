//! Posting a payment: fees first, then interest, then principal.

use events::ledger::{Account, CaseClosedV1, CloseReason, LedgerEvent, PaymentPostedV1, PostingV1};
use events::{Code, Reason, Refusal};
use model::{CaseId, Currency, Money};

use crate::cases::Balances;
use crate::state::State;

/// A payment that the lender reports.
#[derive(Debug, Clone, Copy)]
pub struct Payment {
    pub reference: [u8; 16],
    pub minor: i64,
    pub currency: Currency,
    pub value_date: i32,
}

pub fn decide(state: &State, id: CaseId, payment: Payment) -> Result<Vec<LedgerEvent>, Refusal> {
    let case = state.cases.get(id).ok_or_else(|| Reason::detail(Code::CASE_UNKNOWN, id.to_string()))?;
    let money = |minor, currency| Money { minor, currency };
    let got = money(payment.minor, payment.currency);
    // Before all else: the payment that closed the case may come again.
    if let Some((_, posted)) = case.payments.iter().find(|(known, _)| *known == payment.reference) {
        let posted = money(*posted, case.currency);
        if posted == got {
            return Ok(Vec::new());
        }
        let detail = format!("this payment is posted with {posted}, got {got}");
        return Err(Reason::detail(Code::PAYMENT_DIFFERS, detail).into());
    }
    let mut reasons = Vec::new();
    if let Some(reason) = case.closed {
        reasons.push(Reason::detail(Code::CASE_CLOSED, format!("closed: {}", reason.word())));
    }
    let owed = case.balances.owed();
    if payment.minor <= 0 || payment.minor > owed {
        let balance = money(owed, case.currency);
        let detail = format!("expected an amount above zero, at most the balance of {balance}, got {got}");
        reasons.push(Reason::detail(Code::AMOUNT_INVALID, detail));
    }
    if payment.currency != case.currency {
        let detail = format!("expected {}, got {}", case.currency, payment.currency);
        reasons.push(Reason::detail(Code::CURRENCY_DIFFERS, detail));
    }
    if !reasons.is_empty() {
        return Err(Refusal { reasons, next_allowed: None, repeats: None });
    }

    let balance = owed - payment.minor;
    let mut events = vec![LedgerEvent::PaymentPosted(PaymentPostedV1 {
        case: id,
        reference: payment.reference,
        minor: payment.minor,
        value_date: payment.value_date,
        postings: allocate(&case.balances, payment.minor),
        balance,
    })];
    if balance == 0 {
        let closed = CaseClosedV1 { case: id, reason: CloseReason::Paid, postings: Vec::new() };
        events.push(LedgerEvent::CaseClosed(closed));
    }
    Ok(events)
}

/// Sets `minor`, which is at most what is owed, against the claims in their order.
fn allocate(balances: &Balances, minor: i64) -> Vec<PostingV1> {
    let mut postings = vec![PostingV1 { account: Account::Payments, minor }];
    let mut rest = minor;
    for account in Account::CLAIMS {
        let part = rest.min(balances.of(account));
        if part > 0 {
            postings.push(PostingV1 { account, minor: -part });
            rest -= part;
        }
    }
    postings
}

#[cfg(test)]
mod tests {
    use events::ledger::{LedgerAnswer, LedgerCommand, posting_sum};

    use super::*;
    use crate::given::{CASE, Given, OWED, codes, given, opening, pay};

    fn opened() -> Given {
        given([LedgerEvent::CaseOpened(opening())])
    }

    #[test]
    fn given_a_case_when_paid_in_part_then_fees_and_interest_go_first() {
        // Owed: 1,000 principal, 200 interest, 30 fees.
        let (events, answer) = opened().when(&pay(1, 250)).expect("owed");
        let [LedgerEvent::PaymentPosted(posted)] = &events[..] else { panic!("{events:?}") };
        let posting = |account, minor| PostingV1 { account, minor };
        let expected = [
            posting(Account::Payments, 250),
            posting(Account::Fees, -30),
            posting(Account::Interest, -200),
            posting(Account::Principal, -20),
        ];
        assert_eq!(posted.postings, expected);
        assert_eq!(posting_sum(&posted.postings), 0);
        assert_eq!(answer, LedgerAnswer::Posted { balance: 980 });
    }

    #[test]
    fn given_a_case_when_the_whole_balance_is_paid_then_it_is_closed_with_it() {
        let mut ledger = opened();
        let (events, answer) = ledger.then(&pay(1, OWED)).expect("owed");
        let closed = CaseClosedV1 { case: CASE, reason: CloseReason::Paid, postings: Vec::new() };
        assert_eq!(events[1..], [LedgerEvent::CaseClosed(closed)]);
        assert_eq!(answer, LedgerAnswer::Posted { balance: 0 });
        assert_eq!(codes(ledger.when(&pay(2, 1))), [Code::CASE_CLOSED, Code::AMOUNT_INVALID]);
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
    fn given_a_case_when_overpaid_then_the_refusal_says_the_balance() {
        let refusal = opened().when(&pay(1, OWED + 1)).expect_err("more than is owed");
        assert_eq!(refusal.reasons[0].code, Code::AMOUNT_INVALID);
        let expected = "expected an amount above zero, at most the balance of 12.30 CNY, got 12.31 CNY";
        assert_eq!(refusal.reasons[0].detail.as_deref(), Some(expected));
        for wrong in [0, -1, i64::MIN] {
            assert_eq!(codes(opened().when(&pay(1, wrong))), [Code::AMOUNT_INVALID]);
        }
    }

    #[test]
    fn given_a_case_when_paid_in_another_currency_then_refused() {
        let currency = "USD".parse().expect("known");
        let LedgerCommand::PostPayment { case, reference, minor, value_date, .. } = pay(1, 5) else {
            unreachable!()
        };
        let dollars = LedgerCommand::PostPayment { case, reference, minor, currency, value_date };
        assert_eq!(codes(opened().when(&dollars)), [Code::CURRENCY_DIFFERS]);
    }

    #[test]
    fn given_no_case_when_paid_then_refused() {
        assert_eq!(codes(given([]).when(&pay(1, 1))), [Code::CASE_UNKNOWN]);
    }
}
