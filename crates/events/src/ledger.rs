//! Words of the ledger service: cases, the people in them, postings.
//!
//! A posting set moves money between a case's accounts and adds up to zero (P9). The claims (principal,
//! interest, fees, costs) are positive while they are owed; what is owed came in from [`Account::Opening`] or
//! [`Account::Charges`] and goes out to [`Account::Payments`] and the accounts of what is given up.

mod commitment;
mod entry;
mod lender_file;
mod life;
mod opened;
mod samples;
mod statement;
mod terms;

use model::{AgencyId, CaseId, ContactPointId, Currency, LenderId, Role, Timestamp};
use serde::{Deserialize, Serialize};

use crate::gate::HoldSource;

pub use commitment::{
    CommitmentEnd, CommitmentEndedV1, CommitmentKind, CommitmentMadeV1, INSTALMENTS_MAX, InstalmentV1,
    SettlementOfferedV1,
};
pub use entry::{
    Basis, EntryBookedV1, EntryKind, InterestAccruedV1, PaymentPostedV1, PaymentPostedV2, Receiver,
};
pub use lender_file::{ClaimsAmendment, FileKind, FileReportedV1};
pub use life::{
    CaseReopenedV1, CollectionPausedV1, CollectionResumedV1, LimitationPassedV1, LimitationSetV1, PauseKind,
};
pub use opened::{
    CaseOpenedV1, CaseOpenedV2, ContactV1, ContactV2, PartyV1, PartyV2, REGIONS_MAX, ZONES_MAX,
};
pub use samples::samples;
pub use statement::{AGES, AccountOf, AgeBucket, PartyAccount, PartySums, Statement, StatementEntry};
pub use terms::{CeilingV1, CommissionAgreedV1, DayCount, InterestTermsV1, TermsSetV1};

/// An account of a case. The order is part of the wire format: append only.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Account {
    /// Lent and owed.
    Principal,
    /// Interest owed.
    Interest,
    /// Fees owed.
    Fees,
    /// Cash at the lender.
    Payments,
    /// Given up by agreement.
    Adjustments,
    /// Given up as lost.
    WriteOff,
    /// Owed to the agency.
    Commission,
    /// Where the claims of a new case come from.
    Opening,
    /// Costs of enforcement owed.
    Costs,
    /// Paid beyond what was owed: owed to the payer while below zero.
    Overpaid,
    /// Paid back to the payer.
    Refunds,
    /// Where interest, fees and costs that fall due later come from.
    Charges,
    /// Given up by a settlement.
    Discount,
    /// Received after the claim was written off.
    Recovery,
    /// What the lender pays for collection.
    CommissionCost,
    /// Received by an agency and not yet handed on.
    AgencyCash,
}

impl Account {
    /// Every account, in wire order.
    pub const ALL: [Self; 16] = [
        Self::Principal,
        Self::Interest,
        Self::Fees,
        Self::Payments,
        Self::Adjustments,
        Self::WriteOff,
        Self::Commission,
        Self::Opening,
        Self::Costs,
        Self::Overpaid,
        Self::Refunds,
        Self::Charges,
        Self::Discount,
        Self::Recovery,
        Self::CommissionCost,
        Self::AgencyCash,
    ];

    /// The accounts whose sum is the balance.
    pub const CLAIMS: [Self; 4] = [Self::Costs, Self::Fees, Self::Interest, Self::Principal];

    /// Whether the account holds what the debtor owes.
    pub const fn is_claim(self) -> bool {
        matches!(self, Self::Principal | Self::Interest | Self::Fees | Self::Costs)
    }

    /// What a word means.
    pub fn of(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|account| account.word() == word)
    }

    /// The word used in files and in JSON.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Principal => "principal",
            Self::Interest => "interest",
            Self::Fees => "fees",
            Self::Payments => "payments",
            Self::Adjustments => "adjustments",
            Self::WriteOff => "write-off",
            Self::Commission => "commission",
            Self::Opening => "opening",
            Self::Costs => "costs",
            Self::Overpaid => "overpaid",
            Self::Refunds => "refunds",
            Self::Charges => "charges",
            Self::Discount => "discount",
            Self::Recovery => "recovery",
            Self::CommissionCost => "commission-cost",
            Self::AgencyCash => "agency-cash",
        }
    }
}

/// One leg of a posting set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct PostingV1 {
    /// Which account changes.
    pub account: Account,
    /// By how much, in minor units of the case's currency.
    pub minor: i64,
}

/// The sum of a posting set, in minor units; zero if it balances. Wide enough never to overflow.
pub fn posting_sum(postings: &[PostingV1]) -> i128 {
    postings.iter().map(|posting| i128::from(posting.minor)).sum()
}

/// Sealed bytes in one piece instead of one by one, which postcard stores alike and much faster.
pub(crate) mod sealed {
    use std::fmt;

    use serde::de::{SeqAccess, Visitor};
    use serde::{Deserializer, Serializer};

    pub fn serialize<S: Serializer>(bytes: &[u8], serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bytes(bytes)
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<u8>, D::Error> {
        struct Bytes;
        impl<'de> Visitor<'de> for Bytes {
            type Value = Vec<u8>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("bytes")
            }

            fn visit_bytes<E>(self, bytes: &[u8]) -> Result<Vec<u8>, E> {
                Ok(bytes.to_vec())
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Vec<u8>, A::Error> {
                let mut bytes = Vec::new();
                while let Some(byte) = seq.next_element()? {
                    bytes.push(byte);
                }
                Ok(bytes)
            }
        }
        deserializer.deserialize_bytes(Bytes)
    }
}

/// Longest product word, in bytes.
pub const PRODUCT_LEN_MAX: usize = 32;

/// Why a case was closed. The order is part of the wire format: append only.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum CloseReason {
    /// Paid in part by agreement; the rest is given up.
    Settled,
    /// Paid in full.
    Paid,
    /// The lender took it back; the claim stands.
    Recalled,
    /// The lender gave up the claim as lost.
    WrittenOff,
    /// It should never have been opened.
    Error,
}

impl CloseReason {
    /// Every reason, in wire order.
    pub const ALL: [Self; 5] = [Self::Settled, Self::Paid, Self::Recalled, Self::WrittenOff, Self::Error];

    /// The word used on the command line and in JSON.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Settled => "settled",
            Self::Paid => "paid",
            Self::Recalled => "recalled",
            Self::WrittenOff => "written-off",
            Self::Error => "error",
        }
    }
}

/// A case was closed: nothing more is posted, nobody is called about it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CaseClosedV1 {
    /// Which.
    pub case: CaseId,
    /// Why.
    pub reason: CloseReason,
    /// What was given up with it (settled, written off); else empty.
    pub postings: Vec<PostingV1>,
}

crate::events! {
    /// Events of the ledger: types 0x01xx.
    pub enum LedgerEvent {
        /// A lender dispatched a case.
        0x0101 CaseOpened(CaseOpenedV2) = { 1: CaseOpenedV1, 2: CaseOpenedV2 },
        /// A payment was received.
        0x0102 PaymentPosted(PaymentPostedV2) = { 1: PaymentPostedV1, 2: PaymentPostedV2 },
        /// A case was closed.
        0x0103 CaseClosed(CaseClosedV1) = { 1: CaseClosedV1 },
        /// A lender's file was read.
        0x0104 FileReported(FileReportedV1) = { 1: FileReportedV1 },
        /// An entry was made in a case's journal.
        0x0110 EntryBooked(EntryBookedV1) = { 1: EntryBookedV1 },
        /// Interest was charged.
        0x0111 InterestAccrued(InterestAccruedV1) = { 1: InterestAccruedV1 },
        /// A product's terms were set.
        0x0112 TermsSet(TermsSetV1) = { 1: TermsSetV1 },
        /// A commission was agreed.
        0x0113 CommissionAgreed(CommissionAgreedV1) = { 1: CommissionAgreedV1 },
        /// A settlement was offered.
        0x0114 SettlementOffered(SettlementOfferedV1) = { 1: SettlementOfferedV1 },
        /// A promise, a plan or a settlement stands.
        0x0115 CommitmentMade(CommitmentMadeV1) = { 1: CommitmentMadeV1 },
        /// It stands no longer.
        0x0116 CommitmentEnded(CommitmentEndedV1) = { 1: CommitmentEndedV1 },
        /// Collection pauses.
        0x0117 CollectionPaused(CollectionPausedV1) = { 1: CollectionPausedV1 },
        /// Collection goes on.
        0x0118 CollectionResumed(CollectionResumedV1) = { 1: CollectionResumedV1 },
        /// A closed case is open again.
        0x0119 CaseReopened(CaseReopenedV1) = { 1: CaseReopenedV1 },
        /// From when on the claim is not called for was set.
        0x011a LimitationSet(LimitationSetV1) = { 1: LimitationSetV1 },
        /// The claim is called for no longer.
        0x011b LimitationPassed(LimitationPassedV1) = { 1: LimitationPassedV1 },
    }
}

impl LedgerEvent {
    /// Whose case it is about; `None`: it is about no case.
    pub fn case(&self) -> Option<CaseId> {
        Some(match self {
            Self::CaseOpened(event) => event.case,
            Self::PaymentPosted(event) => event.case,
            Self::CaseClosed(event) => event.case,
            Self::EntryBooked(event) => event.case,
            Self::InterestAccrued(event) => event.case,
            Self::SettlementOffered(event) => event.case,
            Self::CommitmentMade(event) => event.case,
            Self::CommitmentEnded(event) => event.case,
            Self::CollectionPaused(event) => event.case,
            Self::CollectionResumed(event) => event.case,
            Self::CaseReopened(event) => event.case,
            Self::LimitationSet(event) => event.case,
            Self::LimitationPassed(event) => event.case,
            Self::FileReported(_) | Self::TermsSet(_) | Self::CommissionAgreed(_) => return None,
        })
    }

    /// Its posting set; empty if it moves no money.
    pub fn postings(&self) -> &[PostingV1] {
        match self {
            Self::CaseOpened(event) => &event.postings,
            Self::PaymentPosted(event) => &event.postings,
            Self::CaseClosed(event) => &event.postings,
            Self::EntryBooked(event) => &event.postings,
            Self::InterestAccrued(event) => &event.postings,
            Self::CaseReopened(event) => &event.postings,
            _ => &[],
        }
    }

    /// What is owed after it, in minor units, where it says so.
    pub fn balance(&self) -> Option<i64> {
        match self {
            Self::PaymentPosted(event) => Some(event.balance),
            Self::EntryBooked(event) => Some(event.balance),
            Self::InterestAccrued(event) => Some(event.balance),
            Self::CaseReopened(event) => Some(event.balance),
            _ => None,
        }
    }
}

/// What may be asked of the ledger. The key is the case id.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum LedgerCommand {
    /// Open a case. Repeating it with the same digest changes nothing.
    OpenCase(Box<CaseOpenedV2>),
    /// Post a payment. Repeating its reference with the same amount changes nothing; a payment of the whole
    /// balance closes the case, what is beyond it is kept for the payer.
    PostPayment {
        /// For which case.
        case: CaseId,
        /// Keyed digest of the payment's own reference.
        reference: [u8; 16],
        /// Minor units; above zero.
        minor: i64,
        /// Must be the case's.
        currency: Currency,
        /// Days since 1970-01-01.
        value_date: i32,
        /// Who has the money.
        received_by: Receiver,
        /// With whom the case is placed.
        agency: Option<AgencyId>,
    },
    /// Close a case.
    CloseCase {
        /// Which.
        case: CaseId,
        /// Why.
        reason: CloseReason,
    },
    /// Take a payment out: it was a mistake, or its payer's bank took it back. What was closed by it is open again.
    TakeBackPayment {
        /// For which case.
        case: CaseId,
        /// Of the payment.
        reference: [u8; 16],
        /// The bank took it back; else it was a mistake.
        charge_back: bool,
        /// The day on which that counts: days since 1970-01-01.
        value_date: i32,
        /// Who can be reached, if the case is open again.
        contacts: Vec<(ContactPointId, Role)>,
    },
    /// Make an entry. The same kind and reference with the same amount changes nothing.
    Book(Booking),
    /// Charge interest by the product's terms, up to a day.
    AccrueInterest {
        /// On which case.
        case: CaseId,
        /// The day after the last one: days since 1970-01-01.
        until: i32,
    },
    /// Set a product's terms. Told every partition.
    SetTerms(TermsSetV1),
    /// Agree a commission. Told every partition.
    AgreeCommission(CommissionAgreedV1),
    /// Take down a promise or a plan.
    Commit {
        /// The commitment.
        made: CommitmentMadeV1,
        /// Must be the case's.
        currency: Currency,
    },
    /// Offer a settlement. What it gives up is worked out here.
    OfferSettlement {
        /// Of which case.
        case: CaseId,
        /// What is to be paid.
        instalments: Vec<InstalmentV1>,
        /// Must be the case's.
        currency: Currency,
        /// The last day on which it may be accepted.
        expires_on: i32,
        /// The lender approves it.
        approved: bool,
    },
    /// The debtor accepts the settlement that was offered.
    AcceptSettlement {
        /// Of which case.
        case: CaseId,
    },
    /// Take a promise, a plan, a settlement or an offer back.
    CancelCommitment {
        /// Of which case.
        case: CaseId,
    },
    /// Pause collection.
    Pause(CollectionPausedV1),
    /// Let collection go on.
    Resume {
        /// Of which case.
        case: CaseId,
        /// What is over.
        kind: PauseKind,
        /// Who says so.
        by: HoldSource,
    },
    /// Reopen a closed case; what was given up is claimed again.
    ReopenCase {
        /// Which.
        case: CaseId,
        /// Who can be reached.
        contacts: Vec<(ContactPointId, Role)>,
    },
    /// Say from when on the claim is not called for.
    SetLimitation {
        /// Of which case.
        case: CaseId,
        /// The first day on which it is not: days since 1970-01-01; `None`: not known.
        on: Option<i32>,
        /// On what that rests.
        basis: Basis,
    },
    /// What the passing of time brings.
    Tick,
    /// Take over what is owed by the lender's books. The same again changes nothing.
    AmendClaims(ClaimsAmendment),
    /// Keep the account of a lender's file. The key is the file's digest.
    ReportFile(FileReportedV1),
}

/// An entry that somebody wants made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Booking {
    /// In which case.
    pub case: CaseId,
    /// Fee, cost, adjustment, refund or remittance.
    pub kind: EntryKind,
    /// Keyed digest of its own reference.
    pub reference: [u8; 16],
    /// The claim that is adjusted; of other kinds not asked.
    pub account: Account,
    /// Minor units; of an adjustment below zero where it lowers the claim, else above zero.
    pub minor: i64,
    /// Must be the case's.
    pub currency: Currency,
    /// On what it rests.
    pub basis: Basis,
    /// Whom it concerns beside the lender.
    pub agency: Option<AgencyId>,
    /// The day on which it counts: days since 1970-01-01.
    pub value_date: i32,
}

/// What the asker is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum LedgerAnswer {
    /// The case is open.
    Opened,
    /// It was so already; nothing was recorded.
    Unchanged,
    /// The payment is posted; at a balance of zero the case is closed with it.
    Posted {
        /// What is still owed, in minor units.
        balance: i64,
    },
    /// The case is closed.
    Closed,
    /// The entry is booked, or interest charged.
    Booked {
        /// What is owed, in minor units.
        balance: i64,
    },
    /// It is so now.
    Done,
}

/// A question to one partition of the ledger.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum LedgerQuery {
    /// How a case stands.
    Case(CaseId),
    /// The partition's figures.
    Figures,
    /// Everything that was posted to a case.
    Statement(CaseId),
    /// A lender's or an agency's account. Open cases are aged by a day (days since 1970-01-01).
    Account {
        /// Whose.
        of: AccountOf,
        /// By which day.
        on: i32,
    },
    /// Which of these payments are posted, by case and reference.
    Payments(Vec<(CaseId, [u8; 16])>),
    /// The terms of a lender's products, and its commissions.
    Terms(LenderId),
    /// Payments on a lender's cases that count from one day to another and were not taken back: at most
    /// [`PAYMENTS_MAX`].
    PaymentsOf {
        /// Whose cases.
        lender: LenderId,
        /// Days since 1970-01-01.
        from: i32,
        /// This day included.
        until: i32,
    },
}

/// Most payments that one partition lists.
pub const PAYMENTS_MAX: usize = 10_000;

/// What it is answered with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum LedgerReply {
    /// The case, if there is one.
    Case(Option<CaseView>),
    /// The figures.
    Figures(LedgerFigures),
    /// The statement, if there is such a case.
    Statement(Option<Statement>),
    /// The partition's part of the account.
    Account(PartyAccount),
    /// One for each that was asked about; `None`: there is no such case or payment.
    Payments(Vec<Option<PaymentView>>),
    /// What is in force.
    Terms(Vec<TermsSetV1>, Vec<CommissionAgreedV1>),
    /// Some payments.
    PaymentsOf {
        /// Which.
        payments: Vec<ListedPayment>,
        /// False: there are more.
        complete: bool,
    },
}

/// A payment in a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ListedPayment {
    /// On which case.
    pub case: CaseId,
    /// Keyed digest of its own reference.
    pub reference: [u8; 16],
    /// How it is posted.
    pub payment: PaymentView,
}

/// A payment that is posted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct PaymentView {
    /// Minor units of the case's currency.
    pub minor: i64,
    /// Of the amount.
    pub currency: Currency,
    /// Days since 1970-01-01.
    pub value_date: i32,
    /// It was taken out again.
    pub taken_back: bool,
}

/// A promise, a plan or a settlement that stands, or a settlement that is offered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CommitmentView {
    /// What it is.
    pub kind: CommitmentKind,
    /// In order of time.
    pub instalments: Vec<InstalmentV1>,
    /// Days of grace after each falls due.
    pub grace_days: u16,
    /// What was paid since, in minor units.
    pub paid: i64,
    /// Of an offer: the last day on which it may be accepted.
    pub offered_until: Option<i32>,
}

/// How a case stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CaseView {
    /// Whose claim it is.
    pub lender: LenderId,
    /// The lender's word for the product.
    pub product: String,
    /// Of every amount here.
    pub currency: Currency,
    /// ISO 3166 alpha-2.
    pub jurisdiction: String,
    /// Days since 1970-01-01.
    pub opened_on: i32,
    /// Days since 1970-01-01.
    pub overdue_since: i32,
    /// The sum of every account's postings, in minor units; accounts without postings are left out.
    pub accounts: Vec<PostingV1>,
    /// What is owed, in minor units: the sum of the claims.
    pub balance: i64,
    /// How many payments were posted.
    pub payments: u32,
    /// Why it was closed; `None`: it is open.
    pub closed: Option<CloseReason>,
    /// Why and until when collection pauses.
    pub pauses: Vec<(PauseKind, Timestamp)>,
    /// What the debtor agreed to, or was offered.
    pub commitment: Option<CommitmentView>,
    /// From this day on the claim is not called for: days since 1970-01-01.
    pub limitation: Option<i32>,
    /// Interest is charged up to this day.
    pub interest_until: Option<i32>,
}

/// Figures of one partition; add them up over the partitions.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LedgerFigures {
    /// Cases ever opened.
    pub cases: u64,
    /// Still open.
    pub open: u64,
    /// Closed, by reason, in wire order; reasons without cases are left out.
    pub closed: Vec<(CloseReason, u64)>,
    /// What is owed on open cases, by currency, in minor units.
    pub outstanding: Vec<(Currency, i128)>,
    /// Cash received, by currency, in minor units.
    pub paid: Vec<(Currency, i128)>,
    /// Payments posted.
    pub payments: u64,
    /// Recorded posting sets that do not add up to zero. Always 0, or the log was written by a faulty
    /// program.
    pub unbalanced: u64,
    /// Recorded events about a case that was not there, or was there already. Always 0 likewise.
    pub misplaced: u64,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Decoded, Event};

    #[test]
    fn every_event_type_has_a_sample_that_reads_back_and_balances() {
        let samples = samples();
        let types: std::collections::BTreeSet<_> =
            LedgerEvent::catalogue().into_iter().map(|(event_type, ..)| event_type).collect();
        assert_eq!(samples.len(), types.len());
        for sample in samples {
            let mut bytes = Vec::new();
            sample.encode(&mut bytes);
            assert_eq!(LedgerEvent::decode(&bytes), Ok(Decoded::Known(sample.clone())));
            assert_eq!(posting_sum(sample.postings()), 0);
        }
    }
}
