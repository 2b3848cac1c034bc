//! What an agency may take and for what price, what a lender allows, what a collector is certified for.

use model::{AgencyId, CollectorId, Currency, LenderId};
use serde::{Deserialize, Serialize};

/// A licence to collect.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LicenceV1 {
    /// Its number.
    pub number: String,
    /// Where: ISO 3166 alpha-2.
    pub jurisdiction: String,
    /// First day: days since 1970-01-01.
    pub from: i32,
    /// Last day; `None`: without end.
    pub until: Option<i32>,
}

/// What insures an agency's work.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct InsuranceV1 {
    /// With whom.
    pub insurer: String,
    /// The number of the policy.
    pub policy: String,
    /// Its last day: days since 1970-01-01.
    pub until: i32,
    /// What it covers, in minor units.
    pub minor: i64,
    /// Of the cover.
    pub currency: Currency,
}

/// What an agency may take, in place of what was known before. From then on its licences are these, not the
/// jurisdictions that it was registered with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AgencyTermsSetV1 {
    /// Whose.
    pub agency: AgencyId,
    /// Its licences.
    pub licences: Vec<LicenceV1>,
    /// The products that it takes, in lenders' words; none: every product.
    pub products: Vec<String>,
    /// The languages that it speaks: ISO 639; none: every language.
    pub languages: Vec<String>,
    /// The most cases that it may hold at once.
    pub capacity: u32,
    /// Its commission by stage, in hundredths of a percent of what it recovers: the first for cases that no agency had
    /// before. The last holds for every later stage; none: no commission.
    pub commission: Vec<u16>,
    /// What insures it.
    pub insurance: Option<InsuranceV1>,
    /// Its collectors get permits only with a current certificate.
    pub certificates_required: bool,
}

/// What an agency is to a lender. The order is part of the wire format: append only.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Part {
    /// One of those that get the most.
    Champion,
    /// One that is tried.
    Challenger,
}

impl Part {
    /// The word used on the command line and in JSON.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Champion => "champion",
            Self::Challenger => "challenger",
        }
    }
}

/// What a lender allows one agency.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AllowedV1 {
    /// Which.
    pub agency: AgencyId,
    /// As what.
    pub part: Part,
    /// Of the lender's cases that it gets at least, in thousandths.
    pub share_min: u16,
    /// And at most.
    pub share_max: u16,
    /// It gets at least so many, as a sample, before worth decides; counted with what it holds.
    pub samples_min: u32,
}

/// The agencies that a lender uses, in place of those before. A lender who never said uses every agency.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LenderTermsSetV1 {
    /// Whose.
    pub lender: LenderId,
    /// With whom its cases may be placed.
    pub agencies: Vec<AllowedV1>,
    /// Days that an agency may hold a case, by stage; the last holds for every later stage; none: no end.
    pub days_max: Vec<u16>,
}

/// What a collector is certified for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CertificateV1 {
    /// For these products; none: every product.
    pub products: Vec<String>,
    /// For these languages: ISO 639; none: every language.
    pub languages: Vec<String>,
    /// Its last day: days since 1970-01-01.
    pub until: i32,
}

/// A collector's identity was verified and their certificates are these, in place of those before.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CollectorCertifiedV1 {
    /// Whose.
    pub collector: CollectorId,
    /// The day on which their identity was verified: days since 1970-01-01.
    pub identity_verified: i32,
    /// Their certificates.
    pub certificates: Vec<CertificateV1>,
    /// The most cases in their queue.
    pub capacity: u32,
}

/// Whether a collector's agency asks for a current certificate and they have none. Recorded when it changes: the gate
/// refuses meanwhile.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct CollectorStandingV1 {
    /// For whom they work.
    pub agency: AgencyId,
    /// Who.
    pub collector: CollectorId,
    /// They may collect.
    pub active: bool,
}
