//! How a case stands, its statement, accounts, and the figures.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;

use events::Now;
use events::ledger::{
    AGES, Account, AccountOf, AgeBucket, CaseView, CloseReason, CommitmentKind, CommitmentView, EntryKind,
    LedgerFigures, LedgerQuery, LedgerReply, ListedPayment, PAYMENTS_MAX, PartyAccount, PartySums,
    PaymentView, PostingV1, Statement, StatementEntry,
};
use model::{Currency, LenderId};

use crate::case::Case;
use crate::journal::Entry;
use crate::state::State;

pub fn answer(state: &State, query: &LedgerQuery, now: Now) -> LedgerReply {
    match query {
        LedgerQuery::Case(id) => LedgerReply::Case(state.cases.get(*id).map(|case| view(state, case, now))),
        LedgerQuery::Figures => LedgerReply::Figures(figures(state)),
        LedgerQuery::Statement(id) => LedgerReply::Statement(state.cases.get(*id).map(statement)),
        LedgerQuery::Account { of, on } => LedgerReply::Account(account(state, *of, *on)),
        LedgerQuery::Payments(asked) => {
            let payment = |(id, reference): &(_, _)| payment(state.cases.get(*id)?, reference);
            LedgerReply::Payments(asked.iter().map(payment).collect())
        }
        LedgerQuery::PaymentsOf { lender, from, until } => payments(state, *lender, *from..=*until),
        LedgerQuery::Terms(lender) => {
            let terms = state.terms.values().filter(|terms| terms.lender == *lender).cloned();
            let commissions = state.commissions.values().filter(|agreed| agreed.lender == *lender).copied();
            LedgerReply::Terms(terms.collect(), commissions.collect())
        }
    }
}

fn view(state: &State, case: &Case, now: Now) -> CaseView {
    let pauses = case.pauses().iter().filter(|pause| pause.until >= now.at);
    CaseView {
        lender: case.lender,
        product: state.products.name(case.product).to_owned(),
        currency: case.currency,
        jurisdiction: case.jurisdiction(),
        opened_on: case.opened_on,
        overdue_since: case.overdue_since,
        accounts: accounts(case),
        balance: case.owed(),
        payments: case.journal().iter().filter(|entry| entry.kind == EntryKind::Payment).count() as u32,
        closed: case.closed,
        pauses: pauses.map(|pause| (pause.kind, pause.until)).collect(),
        commitment: commitment(case),
        limitation: case.limitation().map(|limitation| limitation.on),
        interest_until: case.accrued().map(|accrued| accrued.until),
    }
}

fn accounts(case: &Case) -> Vec<PostingV1> {
    let accounts = Account::ALL.into_iter();
    let postings = accounts.map(|account| PostingV1 { account, minor: case.of(account) });
    postings.filter(|posting| posting.minor != 0).collect()
}

fn commitment(case: &Case) -> Option<CommitmentView> {
    if let Some(standing) = case.commitment() {
        return Some(CommitmentView {
            kind: standing.kind,
            instalments: standing.instalments.clone(),
            grace_days: standing.grace_days,
            paid: standing.paid,
            offered_until: None,
        });
    }
    case.offer().map(|offer| CommitmentView {
        kind: CommitmentKind::Settlement,
        instalments: offer.instalments.clone(),
        grace_days: offer.grace_days,
        paid: 0,
        offered_until: Some(offer.expires_on),
    })
}

/// The opening is what the journal does not explain.
fn statement(case: &Case) -> Statement {
    let mut opening: BTreeMap<Account, i64> =
        accounts(case).iter().map(|leg| (leg.account, leg.minor)).collect();
    for leg in case.journal().iter().flat_map(|entry| &entry.postings[..]) {
        let minor = opening.entry(leg.account).or_default();
        *minor = minor.saturating_sub(leg.minor);
    }
    let opening = opening.into_iter().filter(|(_, minor)| *minor != 0);
    let entry = |entry: &Entry| StatementEntry {
        kind: entry.kind,
        at: entry.at,
        value_date: entry.value_date,
        reference: entry.reference,
        agency: entry.agency,
        postings: entry.postings.to_vec(),
    };
    Statement {
        currency: case.currency,
        opened_on: case.opened_on,
        opening: opening.map(|(account, minor)| PostingV1 { account, minor }).collect(),
        entries: case.journal().iter().map(entry).collect(),
    }
}

fn payment(case: &Case, reference: &[u8; 16]) -> Option<PaymentView> {
    Some(posted(case, case.entry(EntryKind::Payment, reference)?))
}

fn posted(case: &Case, entry: &Entry) -> PaymentView {
    PaymentView {
        minor: entry.cash(),
        currency: case.currency,
        value_date: entry.value_date,
        taken_back: entry.taken_back.is_some(),
    }
}

fn payments(state: &State, lender: LenderId, days: RangeInclusive<i32>) -> LedgerReply {
    let of_lender = state.cases.iter().filter(|case| case.lender == lender);
    let listed = of_lender.flat_map(|case| {
        let counts = |entry: &&Entry| {
            entry.kind == EntryKind::Payment && entry.taken_back.is_none() && days.contains(&entry.value_date)
        };
        case.journal().iter().filter(counts).map(|entry| ListedPayment {
            case: case.id,
            reference: entry.reference,
            payment: posted(case, entry),
        })
    });
    let mut payments: Vec<_> = listed.take(PAYMENTS_MAX + 1).collect();
    let complete = payments.len() <= PAYMENTS_MAX;
    payments.truncate(PAYMENTS_MAX);
    LedgerReply::PaymentsOf { payments, complete }
}

fn account(state: &State, of: AccountOf, on: i32) -> PartyAccount {
    let asked = |lender: LenderId, agency| match of {
        AccountOf::Lender(asked) => lender == asked,
        AccountOf::Agency(asked) => agency == Some(asked),
    };
    let parties = state.parties.iter().filter(|((lender, agency, _), _)| asked(*lender, *agency));
    let sums = parties.map(|(&(lender, agency, currency), totals)| PartySums {
        lender,
        agency,
        currency,
        payments: totals.payments,
        accounts: Account::ALL.into_iter().zip(totals.accounts).filter(|(_, minor)| *minor != 0).collect(),
    });
    let ages = match of {
        AccountOf::Lender(lender) => ages(state, lender, on),
        AccountOf::Agency(_) => Vec::new(),
    };
    PartyAccount { sums: sums.collect(), ages }
}

/// Looks at every case: a million take some hundredths of a second, which is spared every posting.
fn ages(state: &State, lender: LenderId, on: i32) -> Vec<AgeBucket> {
    let mut buckets: BTreeMap<(Currency, i32), (u64, i128)> = BTreeMap::new();
    for case in state.cases.iter().filter(|case| case.lender == lender && case.closed.is_none()) {
        let days = on.saturating_sub(case.overdue_since).max(0);
        let from = AGES.into_iter().rev().find(|from| *from <= days).unwrap_or_default();
        let bucket = buckets.entry((case.currency, from)).or_default();
        bucket.0 += 1;
        bucket.1 += i128::from(case.owed());
    }
    let bucket = |((currency, days_from), (cases, minor))| AgeBucket { currency, days_from, cases, minor };
    buckets.into_iter().map(bucket).collect()
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
    use events::ledger::{Account, CaseClosedV1, LedgerEvent, PaymentPostedV2, PostingV1, Receiver};

    use super::*;
    use crate::given::{CASE, OWED, given, opening, pay, pay_on};

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
    fn given_payments_when_asked_for_past_days_then_by_value_or_by_booking() {
        let mut ledger = given([LedgerEvent::CaseOpened(opening())]);
        ledger.on_day(20_010);
        // Booked on 20,010, counts from 20,005; the second the other way round.
        ledger.then(&pay_on(1, 100, 20_005)).expect("owed");
        ledger.on_day(20_020);
        ledger.then(&pay_on(2, 50, 20_003)).expect("owed");
        let statement = ledger.statement(CASE);
        assert_eq!(statement.entries.len(), 2);
        let by_value: Vec<_> =
            [19_999, 20_002, 20_003, 20_005].map(|day| statement.balance_at(Some(day), None)).into();
        assert_eq!(by_value, [0, OWED, OWED - 50, OWED - 150]);
        let at = |day| Some(model::Timestamp::of_day(day));
        assert_eq!(statement.balance_at(None, at(20_009)), OWED);
        assert_eq!(statement.balance_at(None, at(20_010)), OWED - 100);
        assert_eq!(statement.balance_at(Some(20_004), at(20_010)), OWED);
        assert_eq!(statement.balance_at(None, None), ledger.view(CASE).balance);
    }

    #[test]
    fn given_a_log_that_breaks_the_rules_when_replayed_then_it_is_counted() {
        let lopsided = PaymentPostedV2 {
            case: CASE,
            reference: [1; 16],
            minor: i64::MAX,
            value_date: 0,
            received_by: Receiver::Lender,
            agency: None,
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
