//! What decisions depend on, built from events alone.

use std::collections::{BTreeMap, BTreeSet};

use events::ledger::{
    Account, CaseOpenedV2, CloseReason, CommissionAgreedV1, EntryKind, LedgerEvent, TermsSetV1, posting_sum,
};
use model::{AgencyId, CaseId, Currency, LenderId, Timestamp};
use serde::{Deserialize, Serialize};

use crate::case::Case;
use crate::cases::Cases;
use crate::journal::cash;
use crate::names::Names;

/// The state of one partition of the ledger.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct State {
    pub(crate) cases: Cases,
    pub(crate) products: Names,
    /// By lender and number of the product.
    pub(crate) terms: BTreeMap<(LenderId, u32), TermsSetV1>,
    pub(crate) commissions: BTreeMap<(LenderId, AgencyId), CommissionAgreedV1>,
    /// Cases to which time alone brings something, by the first day on which it does.
    pub(crate) due: BTreeMap<i32, BTreeSet<CaseId>>,
    pub(crate) totals: BTreeMap<Currency, Totals>,
    pub(crate) parties: BTreeMap<Party, PartyTotals>,
    pub(crate) closed: [u64; CloseReason::ALL.len()],
    pub(crate) payments: u64,
    pub(crate) unbalanced: u64,
    pub(crate) misplaced: u64,
}

/// Sums of one currency, in minor units.
#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize)]
pub(crate) struct Totals {
    /// Owed on open cases.
    pub outstanding: i128,
    /// Received, less what was taken back.
    pub paid: i128,
}

/// Whose postings are added up: a lender's, those that concern one agency or none, in one currency.
pub(crate) type Party = (LenderId, Option<AgencyId>, Currency);

/// The sums of their postings, by account.
#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize)]
pub(crate) struct PartyTotals {
    pub payments: i64,
    pub accounts: [i128; Account::ALL.len()],
}

impl State {
    /// The terms of a lender's product.
    pub(crate) fn terms(&self, lender: LenderId, product: &str) -> Option<&TermsSetV1> {
        self.terms.get(&(lender, self.products.find(product)?))
    }

    /// The terms of a case's product.
    pub(crate) fn terms_of(&self, case: &Case) -> Option<&TermsSetV1> {
        self.terms.get(&(case.lender, case.product))
    }

    /// Takes one event in. A log that breaks the rules is counted, not refused: the log is what happened.
    pub(crate) fn evolve(&mut self, event: &LedgerEvent, at: Timestamp) {
        // P9.
        if posting_sum(event.postings()) != 0 {
            self.unbalanced += 1;
        }
        let fits = match event {
            LedgerEvent::CaseOpened(opened) => self.opened(opened),
            LedgerEvent::TermsSet(terms) => {
                let product = self.products.number(&terms.product);
                self.terms.insert((terms.lender, product), terms.clone());
                true
            }
            LedgerEvent::CommissionAgreed(agreed) => {
                self.commissions.insert((agreed.lender, agreed.agency), *agreed);
                true
            }
            // Its figures are the report's; nothing is decided by them.
            LedgerEvent::FileReported(_) => true,
            other => other.case().is_some_and(|case| self.happened(case, other, at)),
        };
        if !fits {
            self.misplaced += 1;
        }
    }

    fn opened(&mut self, opened: &CaseOpenedV2) -> bool {
        let product = self.products.number(&opened.product);
        let case = Case::open(opened, product);
        let owed = case.owed();
        if !self.cases.insert(case) {
            return false;
        }
        self.totals.entry(opened.currency).or_default().outstanding += i128::from(owed);
        let party = self.parties.entry((opened.lender, None, opened.currency)).or_default();
        for posting in &opened.postings {
            party.accounts[posting.account as usize] += i128::from(posting.minor);
        }
        true
    }

    /// Something happened to a case.
    fn happened(&mut self, id: CaseId, event: &LedgerEvent, at: Timestamp) -> bool {
        let Some(case) = self.cases.get_mut(id) else { return false };
        let before = (case.outstanding(), case.due());
        let fits = case.take(event, at);
        let after = (case.outstanding(), case.due());
        let (lender, currency) = (case.lender, case.currency);
        if before.1 != after.1 {
            if let Some(cases) = before.1.and_then(|day| self.due.get_mut(&day)) {
                cases.remove(&id);
            }
            if let Some(day) = before.1.filter(|day| self.due.get(day).is_some_and(BTreeSet::is_empty)) {
                self.due.remove(&day);
            }
            if let Some(day) = after.1 {
                self.due.entry(day).or_default().insert(id);
            }
        }
        let (agency, payments, paid) = match event {
            LedgerEvent::PaymentPosted(paid) => (paid.agency, 1, i128::from(paid.minor)),
            LedgerEvent::EntryBooked(booked) => match booked.kind {
                EntryKind::Reversal | EntryKind::ChargeBack => {
                    (booked.agency, -1, i128::from(cash(&booked.postings)))
                }
                _ => (booked.agency, 0, 0),
            },
            _ => (None, 0, 0),
        };
        if let LedgerEvent::PaymentPosted(_) = event {
            self.payments += 1;
        }
        if let (true, LedgerEvent::CaseClosed(closed)) = (fits, event) {
            self.closed[closed.reason as usize] += 1;
        }
        if let (true, LedgerEvent::CaseReopened(reopened)) = (fits, event) {
            let closed = &mut self.closed[reopened.was as usize];
            *closed = closed.saturating_sub(1);
        }
        let totals = self.totals.entry(currency).or_default();
        totals.outstanding += i128::from(after.0) - i128::from(before.0);
        totals.paid += paid;
        if !event.postings().is_empty() {
            let party = self.parties.entry((lender, agency, currency)).or_default();
            party.payments += payments;
            for posting in event.postings() {
                party.accounts[posting.account as usize] += i128::from(posting.minor);
            }
        }
        fits
    }
}
