//! How a case stands, and the figures.

use events::ledger::{Account, CaseView, CloseReason, LedgerFigures, LedgerQuery, LedgerReply, PostingV1};

use crate::cases::Case;
use crate::state::State;

pub fn answer(state: &State, query: &LedgerQuery) -> LedgerReply {
    match query {
        LedgerQuery::Case(id) => LedgerReply::Case(state.cases.get(*id).map(|case| view(state, case))),
        LedgerQuery::Figures => LedgerReply::Figures(figures(state)),
    }
}

fn view(state: &State, case: &Case) -> CaseView {
    let accounts = Account::ALL.into_iter();
    let postings = accounts.map(|account| PostingV1 { account, minor: case.balances.of(account) });
    CaseView {
        lender: case.lender,
        product: state.products.name(case.product).to_owned(),
        currency: case.currency,
        jurisdiction: case.jurisdiction.map(char::from).iter().collect(),
        opened_on: case.opened_on,
        overdue_since: case.overdue_since,
        accounts: postings.filter(|posting| posting.minor != 0).collect(),
        balance: case.balances.owed(),
        payments: case.payments.len() as u32,
        closed: case.closed,
    }
}

fn figures(state: &State) -> LedgerFigures {
    let cases = state.cases.len() as u64;
    let closed = CloseReason::ALL.into_iter().zip(state.closed).filter(|(_, count)| *count > 0);
    LedgerFigures {
        cases,
        open: cases - state.closed.iter().sum::<u64>(),
        closed: closed.collect(),
        outstanding: state.totals.iter().map(|(currency, totals)| (*currency, totals.outstanding)).collect(),
        paid: state.totals.iter().map(|(currency, totals)| (*currency, totals.paid)).collect(),
        payments: state.payments,
        unbalanced: state.unbalanced,
        misplaced: state.misplaced,
    }
}

#[cfg(test)]
mod tests {
    use events::ledger::{CaseClosedV1, LedgerEvent, PaymentPostedV1};

    use super::*;
    use crate::given::{CASE, OWED, given, opening, pay};

    #[test]
    fn given_a_payment_when_asked_then_view_and_figures_agree() {
        let mut ledger = given([LedgerEvent::CaseOpened(opening())]);
        ledger.then(&pay(1, 130)).expect("owed");
        let view = ledger.view(CASE);
        assert_eq!((view.balance, view.payments, view.closed), (OWED - 130, 1, None));
        assert_eq!(view.accounts.iter().map(|posting| posting.minor).sum::<i64>(), 0);
        assert_eq!((view.product.as_str(), view.jurisdiction.as_str()), ("cash loan", "CN"));
        let figures = ledger.figures();
        assert_eq!((figures.cases, figures.open, figures.payments), (1, 1, 1));
        assert_eq!(figures.outstanding, [(view.currency, i128::from(OWED - 130))]);
        assert_eq!(figures.paid, [(view.currency, 130)]);
        assert_eq!((figures.unbalanced, figures.misplaced), (0, 0));
    }

    #[test]
    fn given_a_log_that_breaks_the_rules_when_replayed_then_it_is_counted() {
        let lopsided = PaymentPostedV1 {
            case: CASE,
            reference: [1; 16],
            minor: i64::MAX,
            value_date: 0,
            postings: vec![PostingV1 { account: Account::Principal, minor: i64::MAX }; 3],
            balance: 0,
        };
        let stray =
            CaseClosedV1 { case: model::CaseId([2; 16]), reason: CloseReason::Error, postings: vec![] };
        let ledger = given([
            LedgerEvent::CaseOpened(opening()),
            LedgerEvent::CaseOpened(opening()),
            LedgerEvent::PaymentPosted(lopsided),
            LedgerEvent::CaseClosed(stray),
        ]);
        let figures = ledger.figures();
        assert_eq!((figures.unbalanced, figures.misplaced, figures.cases), (1, 2, 1));
    }
}
