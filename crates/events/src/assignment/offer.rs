//! A case comes to be placed, and what is known of it that decides where it may go.

use model::{AgencyId, CaseId, ContactPointId, Currency, LenderId, Role};
use serde::{Deserialize, Serialize};

/// The most contact points of one case.
pub const CONTACTS_MAX: usize = 64;

/// A case is to be placed, as the first version said it. Frozen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CaseOfferedV1 {
    /// Which.
    pub case: CaseId,
    /// Whose claim it is.
    pub lender: LenderId,
    /// Where an agency must be licensed: ISO 3166 alpha-2.
    pub jurisdiction: String,
    /// Everybody's contact points; at most [`CONTACTS_MAX`].
    pub contacts: Vec<(ContactPointId, Role)>,
    /// What it is worth, in minor units. Queues compare this without exchange rates.
    pub minor: i64,
    /// Of the worth.
    pub currency: Currency,
}

/// A case is to be placed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CaseOfferedV2 {
    /// Which.
    pub case: CaseId,
    /// Whose claim it is.
    pub lender: LenderId,
    /// Where an agency must be licensed: ISO 3166 alpha-2.
    pub jurisdiction: String,
    /// Everybody's contact points; at most [`CONTACTS_MAX`].
    pub contacts: Vec<(ContactPointId, Role)>,
    /// What it is worth, in minor units. Queues compare this without exchange rates.
    pub minor: i64,
    /// Of the worth.
    pub currency: Currency,
    /// The lender's word for the product; empty: not known.
    pub product: String,
    /// First day without the payment that was due: days since 1970-01-01; `None`: not known.
    pub overdue_since: Option<i32>,
}

impl From<CaseOfferedV1> for CaseOfferedV2 {
    fn from(old: CaseOfferedV1) -> Self {
        let CaseOfferedV1 { case, lender, jurisdiction, contacts, minor, currency } = old;
        Self {
            case,
            lender,
            jurisdiction,
            contacts,
            minor,
            currency,
            product: String::new(),
            overdue_since: None,
        }
    }
}

/// Said of a case, in place of what was said before.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CaseDescribedV1 {
    /// Which.
    pub case: CaseId,
    /// The language that its debtor speaks: ISO 639, such as zh; `None`: not known.
    pub language: Option<String>,
    /// Agencies with a conflict of interest: the debtor works there, or it owned the claim. It never goes there.
    pub conflicts: Vec<AgencyId>,
}

/// The most conflicts of one case.
pub const CONFLICTS_MAX: usize = 16;
