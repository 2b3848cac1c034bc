//! Words of the ledger service: cases, the people in them, postings.
//!
//! A posting set moves money between a case's accounts and adds up to zero (P9). The claims (principal,
//! interest, fees) are positive while they are owed; what is owed came in from [`Account::Opening`] and
//! goes out to [`Account::Payments`], [`Account::Adjustments`] or [`Account::WriteOff`].

mod opened;

use model::{CaseId, ContactPointId, Currency, LenderId, PersonId, Region, Role, ZoneName};
use serde::{Deserialize, Serialize};

pub use opened::{
    CaseOpenedV1, CaseOpenedV2, ContactV1, ContactV2, PartyV1, PartyV2, REGIONS_MAX, ZONES_MAX,
};

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
}

impl Account {
    /// Every account, in wire order.
    pub const ALL: [Self; 8] = [
        Self::Principal,
        Self::Interest,
        Self::Fees,
        Self::Payments,
        Self::Adjustments,
        Self::WriteOff,
        Self::Commission,
        Self::Opening,
    ];

    /// The accounts whose sum is the balance, in the order in which a payment settles them.
    pub const CLAIMS: [Self; 3] = [Self::Fees, Self::Interest, Self::Principal];

    /// Whether the account holds what the debtor owes.
    pub const fn is_claim(self) -> bool {
        matches!(self, Self::Principal | Self::Interest | Self::Fees)
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

/// The lender received a payment.
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
        /// The lender received a payment.
        0x0102 PaymentPosted(PaymentPostedV1) = { 1: PaymentPostedV1 },
        /// A case was closed.
        0x0103 CaseClosed(CaseClosedV1) = { 1: CaseClosedV1 },
    }
}

/// What may be asked of the ledger. The key is the case id.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum LedgerCommand {
    /// Open a case. Repeating it with the same digest changes nothing.
    OpenCase(Box<CaseOpenedV2>),
    /// Post a payment. Repeating its reference with the same amount changes nothing; a payment of the whole
    /// balance closes the case.
    PostPayment {
        /// For which case.
        case: CaseId,
        /// Keyed digest of the payment's own reference.
        reference: [u8; 16],
        /// Minor units; above zero, at most the balance.
        minor: i64,
        /// Must be the case's.
        currency: Currency,
        /// Days since 1970-01-01.
        value_date: i32,
    },
    /// Close a case.
    CloseCase {
        /// Which.
        case: CaseId,
        /// Why.
        reason: CloseReason,
    },
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
}

/// A question to one partition of the ledger.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum LedgerQuery {
    /// How a case stands.
    Case(CaseId),
    /// The partition's figures.
    Figures,
}

/// What it is answered with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum LedgerReply {
    /// The case, if there is one.
    Case(Option<CaseView>),
    /// The figures.
    Figures(LedgerFigures),
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

/// One representative value of every event type, for golden bytes.
pub fn samples() -> Vec<LedgerEvent> {
    use LedgerEvent::{CaseClosed, CaseOpened, PaymentPosted};
    let posting = |account, minor| PostingV1 { account, minor };
    let zone = |name: &str| name.parse::<ZoneName>().into_iter().collect();
    let regions = |names: &[&str]| names.iter().filter_map(|name| name.parse::<Region>().ok()).collect();
    let case = CaseId([0xca; 16]);
    vec![
        CaseOpened(CaseOpenedV2 {
            case,
            lender: LenderId(7),
            product: "消费贷".to_owned(),
            currency: Currency::CNY,
            jurisdiction: "CN".to_owned(),
            opened_on: 20_781,
            overdue_since: 20_690,
            postings: vec![
                posting(Account::Principal, 1_000_000),
                posting(Account::Interest, 52_300),
                posting(Account::Fees, 1_500),
                posting(Account::Opening, -1_053_800),
            ],
            parties: vec![
                PartyV2 {
                    person: PersonId([0xd0; 16]),
                    role: Role::Debtor,
                    contacts: vec![ContactV2 {
                        contact: ContactPointId([0xc1; 16]),
                        zones: zone("Asia/Shanghai"),
                        regions: regions(&["HK", "US-NY-NYC"]),
                        sealed: vec![1, 2, 3],
                    }],
                    sealed: vec![4, 5],
                },
                PartyV2 {
                    person: PersonId([0xd1; 16]),
                    role: Role::EmergencyContact,
                    contacts: vec![ContactV2 {
                        contact: ContactPointId([0xc2; 16]),
                        zones: Vec::new(),
                        regions: Vec::new(),
                        sealed: vec![6],
                    }],
                    sealed: vec![7],
                },
            ],
            reference_sealed: vec![8, 9],
            digest: [0xdd; 16],
        }),
        PaymentPosted(PaymentPostedV1 {
            case,
            reference: [0xee; 16],
            minor: 60_000,
            value_date: 20_785,
            postings: vec![
                posting(Account::Payments, 60_000),
                posting(Account::Fees, -1_500),
                posting(Account::Interest, -52_300),
                posting(Account::Principal, -6_200),
            ],
            balance: 993_800,
        }),
        CaseClosed(CaseClosedV1 {
            case,
            reason: CloseReason::WrittenOff,
            postings: vec![posting(Account::WriteOff, 993_800), posting(Account::Principal, -993_800)],
        }),
    ]
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
            let (LedgerEvent::CaseOpened(CaseOpenedV2 { postings, .. })
            | LedgerEvent::PaymentPosted(PaymentPostedV1 { postings, .. })
            | LedgerEvent::CaseClosed(CaseClosedV1 { postings, .. })) = sample;
            assert_eq!(posting_sum(&postings), 0);
        }
    }
}
