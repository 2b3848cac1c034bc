//! Statements, accounts, terms, commitments, and the books beside a list.

use events::ledger::{
    CommissionAgreedV1, CommitmentView, ListedPayment, PartyAccount, PostingV1, Statement, TermsSetV1,
};
use model::{Currency, Money, Timestamp};
use serde_json::{Map, Value, json};

use super::money;
use crate::json::{day, rfc3339};
use crate::platform::{Booked, Difference, Reconciliation};

/// What a command did to a case's money.
pub fn booked(booked: Booked, currency: Option<Currency>) -> Value {
    let balance = booked.balance.zip(currency).map(|(minor, currency)| money(minor, currency));
    json!({ "changed": booked.changed, "balance": balance })
}

/// What a debtor agreed to, or was offered.
pub(super) fn commitment(view: &CommitmentView, currency: Currency) -> Value {
    json!({
        "kind": view.kind.word(),
        "instalments": view.instalments.iter().map(|part| json!({
            "due_on": day(part.due_on),
            "amount": money(part.minor, currency),
        })).collect::<Vec<_>>(),
        "grace_days": view.grace_days,
        "paid": money(view.paid, currency),
        "offered_until": view.offered_until.map(day),
    })
}

fn legs(postings: &[PostingV1], currency: Currency) -> Map<String, Value> {
    let leg = |leg: &PostingV1| (leg.account.word().to_owned(), money(leg.minor, currency));
    postings.iter().map(leg).collect()
}

/// A statement: every entry, with the balance after it, and the balance that was asked for.
pub fn statement(statement: &Statement, on: Option<i32>, booked_by: Option<Timestamp>) -> Value {
    let currency = statement.currency;
    let opening = statement.opening.iter().filter(|leg| leg.account.is_claim()).map(|leg| leg.minor);
    let mut balance = opening.fold(0, i64::saturating_add);
    let opened = json!({
        "kind": "opening",
        "value_date": day(statement.opened_on),
        "postings": legs(&statement.opening, currency),
        "balance": money(balance, currency),
    });
    let entries = statement.entries.iter().map(|entry| {
        balance = balance.saturating_add(entry.owed());
        json!({
            "kind": entry.kind.word(),
            "booked_at": rfc3339(entry.at),
            "value_date": day(entry.value_date),
            "agency": entry.agency.map(|agency| agency.to_string()),
            "postings": legs(&entry.postings, currency),
            "balance": money(balance, currency),
        })
    });
    let entries: Vec<Value> = std::iter::once(opened).chain(entries).collect();
    json!({
        "entries": entries,
        "on": on.map(day),
        "booked_by": booked_by.map(rfc3339),
        "balance": money(statement.balance_at(on, booked_by), currency),
    })
}

fn wide(minor: i128, currency: Currency) -> Value {
    match i64::try_from(minor) {
        Ok(minor) => money(minor, currency),
        // Beyond what one amount prints: as the number that it is.
        Err(_) => json!({ "minor": minor.to_string(), "currency": currency.to_string() }),
    }
}

/// A lender's or an agency's account.
pub fn party_account(account: &PartyAccount) -> Value {
    let sums = account.sums.iter().map(|sums| {
        let of = |account| {
            let minor = sums.accounts.iter().find(|(known, _)| *known == account);
            minor.map_or(0, |(_, minor)| *minor)
        };
        use events::ledger::Account::{AgencyCash, Commission, Overpaid, Payments, Refunds};
        let accounts: Map<String, Value> = sums
            .accounts
            .iter()
            .map(|(account, minor)| (account.word().to_owned(), wide(*minor, sums.currency)))
            .collect();
        json!({
            "lender": sums.lender.to_string(),
            "agency": sums.agency.map(|agency| agency.to_string()),
            "currency": sums.currency.to_string(),
            "payments": sums.payments,
            "collected": wide(of(Payments) + of(AgencyCash), sums.currency),
            "to_hand_on": wide(of(AgencyCash), sums.currency),
            "commission": wide(-of(Commission), sums.currency),
            "to_refund": wide(-of(Overpaid), sums.currency),
            "refunded": wide(-of(Refunds), sums.currency),
            "accounts": accounts,
        })
    });
    let ages = account.ages.iter().map(|bucket| {
        json!({
            "days_from": bucket.days_from,
            "cases": bucket.cases,
            "owed": wide(bucket.minor, bucket.currency),
        })
    });
    json!({ "sums": sums.collect::<Vec<_>>(), "ages": ages.collect::<Vec<_>>() })
}

/// A lender's terms and commissions.
pub fn terms(terms: &[TermsSetV1], commissions: &[CommissionAgreedV1]) -> Value {
    let product = |terms: &TermsSetV1| {
        json!({
            "product": terms.product,
            "allocation": terms.allocation.iter().map(|account| account.word()).collect::<Vec<_>>(),
            "interest": terms.interest.map(|interest| json!({
                "rate_ppm": interest.rate_ppm,
                "day_count": interest.day_count.word(),
                "from": interest.from.map(day),
                "until": interest.until.map(day),
            })),
            "ceiling": terms.ceiling.as_ref().map(|ceiling| json!({
                "rate_ppm": ceiling.rate_ppm,
                "source": ceiling.source,
                "as_of": day(ceiling.as_of),
            })),
            "discount_max_bp": terms.discount_max_bp,
            "grace_days": terms.grace_days,
            "limitation_days": terms.limitation_days,
            "limitation_restarts": terms.limitation_restarts,
        })
    };
    let commission = |agreed: &CommissionAgreedV1| json!({ "agency": agreed.agency.to_string(), "rate_bp": agreed.rate_bp, "direct": agreed.direct });
    json!({
        "terms": terms.iter().map(product).collect::<Vec<_>>(),
        "commissions": commissions.iter().map(commission).collect::<Vec<_>>(),
    })
}

/// The books beside a list.
pub fn reconciliation(result: &Reconciliation) -> Value {
    let differing = result.differing.iter().map(|(row, case, difference)| {
        let (word, booked) = match difference {
            Difference::NoCase => ("no-case", None),
            Difference::Missing => ("missing", None),
            Difference::Amount(known) => ("amount", Some(known)),
            Difference::ValueDate(known) => ("value-date", Some(known)),
            Difference::TakenBack(known) => ("taken-back", Some(known)),
            Difference::Twice => ("twice", None),
        };
        json!({
            "line": row.line,
            "case": case.to_string(),
            "difference": word,
            "listed": { "amount": amount(row.amount), "value_date": day(row.value_date) },
            "booked": booked.map(|known| json!({
                "amount": money(known.minor, known.currency),
                "value_date": day(known.value_date),
            })),
        })
    });
    json!({
        "agreed": result.agreed,
        "differing": differing.collect::<Vec<_>>(),
        "unlisted": result.unlisted.iter().map(listed).collect::<Vec<_>>(),
        "complete": result.complete,
    })
}

fn amount(amount: Money) -> Value {
    money(amount.minor, amount.currency)
}

fn listed(payment: &ListedPayment) -> Value {
    json!({
        "case": payment.case.to_string(),
        "amount": money(payment.payment.minor, payment.payment.currency),
        "value_date": day(payment.payment.value_date),
    })
}
