//! What was agreed: a product's terms, and what a lender pays an agency.

use model::{AgencyId, LenderId};
use serde::{Deserialize, Serialize};

use super::Account;

model::words! {
    /// How the days between two dates are a part of a year (ISDA 2006 definitions, section 4.16). Append only.
    pub enum DayCount {
        /// Actual days of 365: section 4.16(d).
        Act365Fixed = "act/365f",
        /// Actual days of 360: section 4.16(e).
        Act360 = "act/360",
        /// Months of 30 days of 360: section 4.16(g), the Eurobond basis.
        Thirty360European = "30e/360",
    }
}

/// Contractual interest on the principal. Simple, never compound.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct InterestTermsV1 {
    /// Per year, in millionths: 154,000 is 15.4 %.
    pub rate_ppm: u32,
    /// What a day is of a year.
    pub day_count: DayCount,
    /// First day that bears interest; `None`: the day on which the case was opened, whose claims hold all before it.
    pub from: Option<i32>,
    /// The day after the last one; `None`: until the case is closed.
    pub until: Option<i32>,
}

/// The most that the law allows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CeilingV1 {
    /// Per year, in millionths.
    pub rate_ppm: u32,
    /// Where it says so. Not personal data.
    pub source: String,
    /// The day on which it was so: days since 1970-01-01.
    pub as_of: i32,
}

/// The terms of a lender's product were set, in place of those before.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TermsSetV1 {
    /// Whose.
    pub lender: LenderId,
    /// The lender's word for the product.
    pub product: String,
    /// The claims in the order in which a payment settles them, each once; empty: as the law of the case's jurisdiction has it.
    pub allocation: Vec<Account>,
    /// Interest after the opening; `None`: none is charged.
    pub interest: Option<InterestTermsV1>,
    /// The most that the law allows; given where interest is.
    pub ceiling: Option<CeilingV1>,
    /// The most that a settlement may give up without the lender's own approval, in hundredths of a percent of the balance.
    pub discount_max_bp: u16,
    /// Days of grace after a promise or an instalment falls due.
    pub grace_days: u16,
    /// After so many days from the first day overdue the claim is not called for; `None`: not known here.
    pub limitation_days: Option<u32>,
    /// A payment of the debtor's begins that time anew.
    pub limitation_restarts: bool,
}

/// What a lender pays an agency was agreed, in place of what was before.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct CommissionAgreedV1 {
    /// Who pays.
    pub lender: LenderId,
    /// Who earns.
    pub agency: AgencyId,
    /// Of each payment, in hundredths of a percent.
    pub rate_bp: u16,
    /// A payment made directly to the lender, while the case is placed with the agency, earns too.
    pub direct: bool,
}
