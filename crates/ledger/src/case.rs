//! A case: what decisions about it depend on, and how each event changes it.
//!
//! What every case has stands in [`Case`], in 104 bytes. What few have (payments, promises, pauses) stands in [`More`],
//! behind a pointer.

use events::gate::HoldSource;
use events::ledger::{
    Account, CaseOpenedV2, CloseReason, CommitmentKind, EntryKind, InstalmentV1, LedgerEvent, PauseKind,
    PostingV1,
};
use model::{CaseId, Currency, LenderId, Timestamp};
use serde::{Deserialize, Serialize};

use crate::commitment::Commitment;
use crate::interest::Accrued;
use crate::journal::Entry;

/// What the ledger knows of a case.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Case {
    pub id: CaseId,
    pub digest: [u8; 16],
    pub lender: LenderId,
    /// Number in [`Names`](crate::names::Names).
    pub product: u32,
    pub opened_on: i32,
    pub overdue_since: i32,
    pub currency: Currency,
    pub jurisdiction: [u8; 2],
    pub closed: Option<CloseReason>,
    /// The accounts that every case has postings on, by [`common`].
    balances: [i64; 5],
    more: Option<Box<More>>,
}

/// What a case has that something happened to.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
struct More {
    /// The other accounts, those with postings.
    balances: Vec<(Account, i64)>,
    journal: Vec<Entry>,
    accrued: Option<Accrued>,
    pauses: Vec<Pause>,
    commitment: Option<Box<Commitment>>,
    offer: Option<Box<Offer>>,
    limitation: Option<Limitation>,
}

/// Why collection pauses, and until when.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Pause {
    pub kind: PauseKind,
    pub until: Timestamp,
    /// Everybody who said so.
    pub by: Vec<HoldSource>,
}

/// A settlement that was not accepted yet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Offer {
    pub instalments: Vec<InstalmentV1>,
    pub grace_days: u16,
    pub expires_on: i32,
    pub approved: bool,
}

/// From when on the claim is not called for.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub struct Limitation {
    pub on: i32,
    pub passed: bool,
}

impl Limitation {
    /// The day (UTC) from which on it counts as passed. East of Greenwich its day begins before it does there: whoever
    /// stops too early errs towards silence.
    pub const fn counts_from(self) -> i32 {
        self.on.saturating_sub(1)
    }
}

/// Where an account stands among those that every case has.
const fn common(account: Account) -> Option<usize> {
    match account {
        Account::Principal => Some(0),
        Account::Interest => Some(1),
        Account::Fees => Some(2),
        Account::Payments => Some(3),
        Account::Opening => Some(4),
        _ => None,
    }
}

impl Case {
    /// A case with so numbered a product.
    pub fn open(opened: &CaseOpenedV2, product: u32) -> Self {
        let mut case = Self {
            id: opened.case,
            digest: opened.digest,
            lender: opened.lender,
            product,
            opened_on: opened.opened_on,
            overdue_since: opened.overdue_since,
            currency: opened.currency,
            jurisdiction: opened.jurisdiction.as_bytes().try_into().unwrap_or(*b"??"),
            closed: None,
            balances: [0; 5],
            more: None,
        };
        case.post(&opened.postings);
        case
    }

    /// ISO 3166 alpha-2.
    pub fn jurisdiction(&self) -> String {
        self.jurisdiction.map(char::from).iter().collect()
    }

    /// The sum of an account's postings.
    pub fn of(&self, account: Account) -> i64 {
        if let Some(index) = common(account) {
            return self.balances[index];
        }
        let more = self.more.iter().flat_map(|more| &more.balances);
        more.filter(|(known, _)| *known == account).map(|(_, minor)| *minor).sum()
    }

    /// What is owed.
    pub fn owed(&self) -> i64 {
        Account::CLAIMS.iter().fold(0, |sum: i64, claim| sum.saturating_add(self.of(*claim)))
    }

    /// What is owed on it while it is open.
    pub fn outstanding(&self) -> i64 {
        if self.closed.is_none() { self.owed() } else { 0 }
    }

    /// Everything that was posted after the opening, in the order in which it was booked.
    pub fn journal(&self) -> &[Entry] {
        self.more.as_ref().map_or(&[], |more| &more.journal)
    }

    /// The entry of a kind and reference.
    pub fn entry(&self, kind: EntryKind, reference: &[u8; 16]) -> Option<&Entry> {
        self.journal().iter().find(|entry| entry.kind == kind && entry.reference == *reference)
    }

    /// How far interest is charged.
    pub fn accrued(&self) -> Option<Accrued> {
        self.more.as_ref()?.accrued
    }

    /// Pauses that were not ended; some may be over.
    pub fn pauses(&self) -> &[Pause] {
        self.more.as_ref().map_or(&[], |more| &more.pauses)
    }

    /// The promise, plan or settlement that stands.
    pub fn commitment(&self) -> Option<&Commitment> {
        self.more.as_ref()?.commitment.as_deref()
    }

    /// The settlement that is offered.
    pub fn offer(&self) -> Option<&Offer> {
        self.more.as_ref()?.offer.as_deref()
    }

    /// From when on the claim is not called for.
    pub fn limitation(&self) -> Option<Limitation> {
        self.more.as_ref()?.limitation
    }

    /// The first day (UTC) on which time alone brings something: a commitment is broken, the limitation passes.
    pub fn due(&self) -> Option<i32> {
        let more = self.more.as_ref().filter(|_| self.closed.is_none())?;
        let broken = more.commitment.as_ref().and_then(|commitment| commitment.over_everywhere());
        let limitation = more.limitation.filter(|limitation| !limitation.passed);
        let lapses = limitation.map(Limitation::counts_from);
        [broken, lapses].into_iter().flatten().min()
    }

    /// Takes postings in. Amounts are checked when they are decided; a log from elsewhere saturates.
    fn post(&mut self, postings: &[PostingV1]) {
        for PostingV1 { account, minor } in postings {
            let balance = match common(*account) {
                Some(index) => &mut self.balances[index],
                None => {
                    let balances = &mut self.more_mut().balances;
                    let known = balances.iter().position(|(known, _)| known == account);
                    let index = known.unwrap_or_else(|| {
                        balances.push((*account, 0));
                        balances.len() - 1
                    });
                    &mut balances[index].1
                }
            };
            *balance = balance.saturating_add(*minor);
        }
    }

    fn more_mut(&mut self) -> &mut More {
        self.more.get_or_insert_default()
    }

    /// Takes an event about it in. False: it cannot follow on what was before.
    pub fn take(&mut self, event: &LedgerEvent, at: Timestamp) -> bool {
        self.post(event.postings());
        if let Some(entry) = Entry::of(event, at) {
            self.keep(entry);
        }
        match event {
            LedgerEvent::CaseOpened(_) => return false,
            LedgerEvent::CaseClosed(closed) => {
                if let Some(more) = &mut self.more {
                    (more.commitment, more.offer) = (None, None);
                }
                if self.closed.is_some() {
                    return false;
                }
                self.closed = Some(closed.reason);
            }
            LedgerEvent::CaseReopened(_) => return self.closed.take().is_some(),
            LedgerEvent::InterestAccrued(interest) => self.more_mut().accrued = Some(Accrued::of(interest)),
            LedgerEvent::SettlementOffered(offered) => {
                let offer = Offer {
                    instalments: offered.instalments.clone(),
                    grace_days: offered.grace_days,
                    expires_on: offered.expires_on,
                    approved: offered.approved,
                };
                self.more_mut().offer = Some(Box::new(offer));
            }
            LedgerEvent::CommitmentMade(made) => {
                let more = self.more_mut();
                more.commitment = Some(Box::new(Commitment::of(made, more.journal.len())));
                if made.kind == CommitmentKind::Settlement {
                    more.offer = None;
                }
            }
            LedgerEvent::CommitmentEnded(_) => self.more_mut().commitment = None,
            LedgerEvent::CollectionPaused(paused) => {
                let pauses = &mut self.more_mut().pauses;
                match pauses.iter_mut().find(|pause| pause.kind == paused.kind) {
                    Some(pause) => {
                        pause.until = paused.until;
                        if !pause.by.contains(&paused.by) {
                            pause.by.push(paused.by);
                        }
                    }
                    None => {
                        let (kind, until, by) = (paused.kind, paused.until, vec![paused.by]);
                        pauses.push(Pause { kind, until, by });
                    }
                }
            }
            LedgerEvent::CollectionResumed(resumed) => {
                self.more_mut().pauses.retain(|pause| pause.kind != resumed.kind);
            }
            LedgerEvent::LimitationSet(set) => {
                self.more_mut().limitation = set.on.map(|on| Limitation { on, passed: false });
            }
            LedgerEvent::LimitationPassed(passed) => {
                self.more_mut().limitation = Some(Limitation { on: passed.on, passed: true });
            }
            LedgerEvent::PaymentPosted(_)
            | LedgerEvent::EntryBooked(_)
            | LedgerEvent::FileReported(_)
            | LedgerEvent::TermsSet(_)
            | LedgerEvent::CommissionAgreed(_) => {}
        }
        true
    }

    /// Keeps an entry; a payment counts towards the commitment that stands, one that is taken back no longer.
    fn keep(&mut self, entry: Entry) {
        let more = self.more_mut();
        let counts = more.journal.len();
        let mut change = match entry.kind {
            EntryKind::Payment => Some((counts, entry.settled())),
            _ => None,
        };
        if matches!(entry.kind, EntryKind::Reversal | EntryKind::ChargeBack) {
            let payment =
                |known: &Entry| known.kind == EntryKind::Payment && known.reference == entry.reference;
            if let Some(index) = more.journal.iter().position(payment) {
                let payment = &mut more.journal[index];
                payment.taken_back = Some(entry.kind);
                change = Some((index, -payment.settled()));
            }
        }
        if let (Some((index, minor)), Some(commitment)) = (change, &mut more.commitment) {
            commitment.count(index, minor);
        }
        more.journal.push(entry);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_case_stays_within_its_memory() {
        // With 21 bytes of index at most (9 a bucket, load 7/16 just after growing), this keeps a case below 130 bytes.
        assert!(size_of::<Case>() <= 104, "{} bytes", size_of::<Case>());
        assert!(size_of::<More>() <= 152, "{} bytes", size_of::<More>());
        assert!(size_of::<Entry>() <= 64, "{} bytes", size_of::<Entry>());
    }
}
