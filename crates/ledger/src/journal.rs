//! What was posted to a case after it was opened.
//!
//! Of each posting set the state keeps what a reversal needs in any case (kind, reference, legs), and its two dates. So the
//! balance at any past day is answered from the state, by value date and by booking date, without reading the log; a case
//! without payments keeps nothing.

use events::ledger::{Account, EntryKind, LedgerEvent, PostingV1};
use model::{AgencyId, Timestamp};
use serde::{Deserialize, Serialize};

/// Most entries of one case: more than ten years of daily ones, and together within 64 bits.
pub const ENTRIES_MAX: usize = 4096;

/// One posting set.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Entry {
    pub reference: [u8; 16],
    pub postings: Box<[PostingV1]>,
    /// When it was booked.
    pub at: Timestamp,
    pub value_date: i32,
    pub agency: Option<AgencyId>,
    pub kind: EntryKind,
    /// Of a payment: how it was taken out again.
    pub taken_back: Option<EntryKind>,
}

impl Entry {
    /// What an event adds to the journal.
    pub fn of(event: &LedgerEvent, at: Timestamp) -> Option<Self> {
        let (kind, reference, value_date, agency) = match event {
            LedgerEvent::PaymentPosted(paid) => {
                (EntryKind::Payment, paid.reference, paid.value_date, paid.agency)
            }
            LedgerEvent::EntryBooked(booked) => {
                (booked.kind, booked.reference, booked.value_date, booked.agency)
            }
            LedgerEvent::InterestAccrued(interest) => (EntryKind::Interest, [0; 16], interest.until, None),
            LedgerEvent::CaseClosed(_) => (EntryKind::Closing, [0; 16], at.day(), None),
            LedgerEvent::CaseReopened(_) => (EntryKind::Reopening, [0; 16], at.day(), None),
            _ => return None,
        };
        let postings = Box::from(event.postings());
        let entry = Self { reference, postings, at, value_date, agency, kind, taken_back: None };
        (!event.postings().is_empty()).then_some(entry)
    }

    /// Its money: the legs to where cash comes in.
    pub fn cash(&self) -> i64 {
        cash(&self.postings)
    }

    /// What of it went against claims, also those that were written off.
    pub fn settled(&self) -> i64 {
        let settles =
            |posting: &&PostingV1| posting.account.is_claim() || posting.account == Account::Recovery;
        let legs = self.postings.iter().filter(settles).map(|posting| posting.minor);
        legs.fold(0, i64::saturating_sub)
    }
}

/// The legs to where cash comes in.
pub fn cash(postings: &[PostingV1]) -> i64 {
    let comes_in = |posting: &&PostingV1| matches!(posting.account, Account::AgencyCash | Account::Payments);
    postings.iter().filter(comes_in).map(|posting| posting.minor).fold(0, i64::saturating_add)
}
