//! `forbear account`, `forbear terms`, `forbear reconcile`.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use model::{AgencyId, LenderId};

use super::Server;

pub(super) const TERMS_EXAMPLES: &str = "Examples:
  forbear terms set terms.json --lender 1      # {\"product\": \"consumer\", \"interest\": {\"rate_ppm\": 120000, \"day_count\": \"act/365f\"},
                                               #  \"ceiling\": {\"name\": \"cn-private-lending\", \"as_of\": \"2025-06-01\"}, \"discount_max_bp\": 2000}
  forbear terms commission 3 --lender 1 --rate-bp 1500 --direct";

/// `forbear account`.
#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
pub struct AccountOf {
    /// A lender's: its claims, what was collected by whom, what is owed by age.
    #[arg(long)]
    pub lender: Option<LenderId>,
    /// An agency's: what it collected for whom, what it earned, what it has yet to hand on.
    #[arg(long)]
    pub agency: Option<AgencyId>,
}

/// `forbear account`.
#[derive(Debug, Args)]
pub struct PartyAccount {
    /// Whose.
    #[command(flatten)]
    pub of: AccountOf,
    /// A lender's open cases are aged by this day [default: today].
    #[arg(long)]
    pub on: Option<String>,
    /// How the platform is reached.
    #[command(flatten)]
    pub server: Server,
}

/// `forbear terms`.
#[derive(Debug, Subcommand)]
pub enum ProductTerms {
    /// Show a lender's terms and commissions.
    Show {
        /// Whose.
        #[arg(long)]
        lender: LenderId,
        /// How the platform is reached.
        #[command(flatten)]
        server: Server,
    },
    /// Set a product's terms from a JSON file (proto/http.md): order of claims, interest and its ceiling, discount, grace, limitation.
    Set {
        /// The file.
        file: PathBuf,
        /// Whose product.
        #[arg(long)]
        lender: LenderId,
        /// How the platform is reached.
        #[command(flatten)]
        server: Server,
    },
    /// Say what a lender pays an agency of each payment.
    Commission {
        /// Who earns.
        agency: AgencyId,
        /// Who pays.
        #[arg(long)]
        lender: LenderId,
        /// In hundredths of a percent.
        #[arg(long)]
        rate_bp: u16,
        /// A payment made directly to the lender, while the case is placed with the agency, earns too.
        #[arg(long)]
        direct: bool,
        /// How the platform is reached.
        #[command(flatten)]
        server: Server,
    },
}

/// `forbear reconcile`.
#[derive(Debug, Args)]
pub struct Reconcile {
    /// CSV with the columns case (the lender's reference), reference (the payment's), amount, currency, value_date.
    pub file: PathBuf,
    /// Whose payments.
    #[arg(long)]
    pub lender: LenderId,
    /// How the platform is reached.
    #[command(flatten)]
    pub server: Server,
}
