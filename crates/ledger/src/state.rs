//! What decisions depend on, built from events alone.

use std::collections::BTreeMap;

use events::ledger::{
    CaseClosedV1, CaseOpenedV2, CloseReason, LedgerEvent, PaymentPostedV1, PostingV1, posting_sum,
};
use model::Currency;
use serde::{Deserialize, Serialize};

use crate::cases::{Balances, Case, Cases};
use crate::names::Names;

/// The state of one partition of the ledger.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct State {
    pub(crate) cases: Cases,
    pub(crate) products: Names,
    pub(crate) totals: BTreeMap<Currency, Totals>,
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
    /// Received.
    pub paid: i128,
}

impl State {
    /// Takes one event in. A log that breaks the rules is counted, not refused: the log is what happened.
    pub(crate) fn evolve(&mut self, event: &LedgerEvent) {
        let fits = match event {
            LedgerEvent::CaseOpened(opened) => self.opened(opened),
            LedgerEvent::PaymentPosted(payment) => self.paid(payment),
            LedgerEvent::CaseClosed(closed) => self.closed(closed),
        };
        if fits.is_none() {
            self.misplaced += 1;
        }
    }

    fn opened(&mut self, opened: &CaseOpenedV2) -> Option<()> {
        self.check(&opened.postings);
        let mut balances = Balances::default();
        balances.post(&opened.postings);
        let case = Case {
            id: opened.case,
            digest: opened.digest,
            lender: opened.lender,
            product: self.products.number(&opened.product),
            opened_on: opened.opened_on,
            overdue_since: opened.overdue_since,
            currency: opened.currency,
            jurisdiction: opened.jurisdiction.as_bytes().try_into().unwrap_or(*b"??"),
            closed: None,
            balances,
            payments: Vec::new(),
        };
        if !self.cases.insert(case) {
            return None;
        }
        self.totals.entry(opened.currency).or_default().outstanding += i128::from(balances.owed());
        Some(())
    }

    fn paid(&mut self, payment: &PaymentPostedV1) -> Option<()> {
        self.check(&payment.postings);
        let case = self.cases.get_mut(payment.case)?;
        let owed_before = case.balances.owed();
        case.balances.post(&payment.postings);
        case.payments.push((payment.reference, payment.minor));
        self.payments += 1;
        let totals = self.totals.entry(case.currency).or_default();
        totals.paid += i128::from(payment.minor);
        if case.closed.is_some() {
            return None;
        }
        totals.outstanding += i128::from(case.balances.owed()) - i128::from(owed_before);
        Some(())
    }

    fn closed(&mut self, closed: &CaseClosedV1) -> Option<()> {
        self.check(&closed.postings);
        let case = self.cases.get_mut(closed.case)?;
        let owed_before = case.balances.owed();
        case.balances.post(&closed.postings);
        if case.closed.is_some() {
            return None;
        }
        case.closed = Some(closed.reason);
        self.closed[closed.reason as usize] += 1;
        self.totals.entry(case.currency).or_default().outstanding -= i128::from(owed_before);
        Some(())
    }

    /// Counts a recorded posting set that does not balance (P9).
    fn check(&mut self, postings: &[PostingV1]) {
        if posting_sum(postings) != 0 {
            self.unbalanced += 1;
        }
    }
}
