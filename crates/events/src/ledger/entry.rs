//! What is posted to a case after it was opened: payments, and every other entry of its journal.

use model::{AgencyId, CaseId};
use serde::{Deserialize, Serialize};

use super::PostingV1;
use super::terms::DayCount;

/// Who received a payment. Append only.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Receiver {
    /// The lender, whether or not the case is placed with an agency.
    Lender,
    /// The agency, which has yet to hand it on.
    Agency,
}

impl Receiver {
    /// The word used in files and in JSON.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Lender => "lender",
            Self::Agency => "agency",
        }
    }
}

/// A payment was received, as the first version said it. Frozen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PaymentPostedV1 {
    /// For which case.
    pub case: CaseId,
    /// Keyed digest of the payment's own reference: the same payment is posted once.
    pub reference: [u8; 16],
    /// Minor units of the case's currency; above zero.
    pub minor: i64,
    /// The day on which it counts: days since 1970-01-01.
    pub value_date: i32,
    /// Cash against fees, then interest, then principal.
    pub postings: Vec<PostingV1>,
    /// What is still owed after it, in minor units.
    pub balance: i64,
}

/// A payment was received.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PaymentPostedV2 {
    /// For which case.
    pub case: CaseId,
    /// Keyed digest of the payment's own reference: the same payment is posted once.
    pub reference: [u8; 16],
    /// Minor units of the case's currency; above zero.
    pub minor: i64,
    /// The day on which it counts: days since 1970-01-01.
    pub value_date: i32,
    /// Who has the money.
    pub received_by: Receiver,
    /// With whom the case was placed; `None`: with nobody.
    pub agency: Option<AgencyId>,
    /// Cash against the claims in their order, then against [`Account::Overpaid`](super::Account::Overpaid); of a
    /// case that was written off, against [`Account::Recovery`](super::Account::Recovery).
    pub postings: Vec<PostingV1>,
    /// What is still owed after it, in minor units.
    pub balance: i64,
}

impl From<PaymentPostedV1> for PaymentPostedV2 {
    fn from(old: PaymentPostedV1) -> Self {
        let PaymentPostedV1 { case, reference, minor, value_date, postings, balance } = old;
        let (received_by, agency) = (Receiver::Lender, None);
        Self { case, reference, minor, value_date, received_by, agency, postings, balance }
    }
}

model::words! {
    /// What an entry of a case's journal is. Append only.
    pub enum EntryKind {
        /// Money came in.
        Payment = "payment",
        /// Interest by the terms of the contract.
        Interest = "interest",
        /// What was given up when the case was closed.
        Closing = "closing",
        /// What was given up is claimed again.
        Reopening = "reopening",
        /// A payment that was posted by mistake is taken out.
        Reversal = "reversal",
        /// The payer's bank took a payment back.
        ChargeBack = "charge-back",
        /// An over-payment is paid back.
        Refund = "refund",
        /// A claim is corrected.
        Adjustment = "adjustment",
        /// A fee falls due.
        Fee = "fee",
        /// A cost of enforcement falls due.
        Cost = "cost",
        /// An agency hands on what it received.
        Remittance = "remittance",
        /// A payment earns its agency a commission.
        Commission = "commission",
        /// The payment was taken out, and its commission with it.
        CommissionReversal = "commission-reversal",
    }
}

model::words! {
    /// On what an entry rests. Append only.
    pub enum Basis {
        /// The contract with the debtor, or with the agency.
        Contract = "contract",
        /// A statute.
        Statute = "statute",
        /// A judgment or an award.
        Judgment = "judgment",
        /// An agreement after the contract.
        Agreement = "agreement",
        /// A mistake in the books.
        Correction = "correction",
        /// The bank's word.
        Bank = "bank",
        /// The lender gives it up without having to.
        Goodwill = "goodwill",
    }
}

/// An entry was made in a case's journal. Payments, interest, closing and reopening have events of their own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EntryBookedV1 {
    /// Of which case.
    pub case: CaseId,
    /// What it is.
    pub kind: EntryKind,
    /// Keyed digest of its own reference: with its kind, it is booked once. Of a reversal or a commission: that of the payment.
    pub reference: [u8; 16],
    /// Whom it concerns beside the lender.
    pub agency: Option<AgencyId>,
    /// On what it rests.
    pub basis: Basis,
    /// The day on which it counts: days since 1970-01-01.
    pub value_date: i32,
    /// The legs, adding up to zero.
    pub postings: Vec<PostingV1>,
    /// What is owed after it, in minor units.
    pub balance: i64,
}

/// Interest was charged by the terms of the contract.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct InterestAccruedV1 {
    /// On which case.
    pub case: CaseId,
    /// First day that bears interest: days since 1970-01-01.
    pub from: i32,
    /// The day after the last one.
    pub until: i32,
    /// On what, in minor units.
    pub principal: i64,
    /// Per year, in millionths.
    pub rate_ppm: u32,
    /// What a day is of a year.
    pub day_count: DayCount,
    /// What rounding left over, in units of a minor unit divided by a million and by the days of a year. It is carried on,
    /// so that interest charged in steps is interest charged at once.
    pub carry: i64,
    /// The legs, adding up to zero.
    pub postings: Vec<PostingV1>,
    /// What is owed after it, in minor units.
    pub balance: i64,
}
