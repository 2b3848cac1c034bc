//! A case's statement of account, and a lender's and an agency's account.

use model::{AgencyId, Currency, LenderId, Timestamp};
use serde::{Deserialize, Serialize};

use super::{Account, EntryKind, PostingV1};

/// An entry as a statement shows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StatementEntry {
    /// What it is.
    pub kind: EntryKind,
    /// When it was booked.
    pub at: Timestamp,
    /// The day on which it counts: days since 1970-01-01.
    pub value_date: i32,
    /// Keyed digest of its reference; zero where it has none.
    pub reference: [u8; 16],
    /// Whom it concerns beside the lender.
    pub agency: Option<AgencyId>,
    /// The legs, adding up to zero.
    pub postings: Vec<PostingV1>,
}

impl StatementEntry {
    /// By how much it changes what is owed, in minor units.
    pub fn owed(&self) -> i64 {
        owed(&self.postings)
    }
}

/// Everything that was ever posted to a case.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Statement {
    /// Of every amount here.
    pub currency: Currency,
    /// The day on which the opening counts: days since 1970-01-01.
    pub opened_on: i32,
    /// The claims that the case was opened with.
    pub opening: Vec<PostingV1>,
    /// In the order in which they were booked.
    pub entries: Vec<StatementEntry>,
}

impl Statement {
    /// What was owed at the end of a day, by what is known now (`value_on`), or by what was in the books at a time
    /// (`booked_by`), or both. In minor units; before the opening zero.
    pub fn balance_at(&self, value_on: Option<i32>, booked_by: Option<Timestamp>) -> i64 {
        if value_on.is_some_and(|day| day < self.opened_on) {
            return 0;
        }
        let counts = |entry: &&StatementEntry| {
            value_on.is_none_or(|day| entry.value_date <= day) && booked_by.is_none_or(|at| entry.at <= at)
        };
        let entries = self.entries.iter().filter(counts).map(StatementEntry::owed);
        entries.fold(owed(&self.opening), i64::saturating_add)
    }
}

fn owed(postings: &[PostingV1]) -> i64 {
    let claims = postings.iter().filter(|posting| posting.account.is_claim());
    claims.map(|posting| posting.minor).fold(0, i64::saturating_add)
}

/// The sum of all postings of a lender's cases that concern one agency, or none, in one currency.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PartySums {
    /// Whose claims.
    pub lender: LenderId,
    /// `None`: what concerns no agency.
    pub agency: Option<AgencyId>,
    /// Of every amount here.
    pub currency: Currency,
    /// Payments less reversals.
    pub payments: i64,
    /// By account, in minor units; accounts without postings are left out.
    pub accounts: Vec<(Account, i128)>,
}

/// Open cases of a lender by the days that they are overdue.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AgeBucket {
    /// Of the amount.
    pub currency: Currency,
    /// Overdue for so many days at least.
    pub days_from: i32,
    /// How many.
    pub cases: u64,
    /// What is owed on them, in minor units.
    pub minor: i128,
}

/// Where an age bucket begins, in days overdue.
pub const AGES: [i32; 6] = [0, 31, 61, 91, 181, 361];

/// Of whom an account is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum AccountOf {
    /// A lender, all agencies.
    Lender(LenderId),
    /// An agency, all lenders.
    Agency(AgencyId),
}

/// One partition's part of an account; add it up over the partitions.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PartyAccount {
    /// In order of lender, agency, currency.
    pub sums: Vec<PartySums>,
    /// Of a lender: its open cases; an agency's are not known to the ledger.
    pub ages: Vec<AgeBucket>,
}
