//! `forbear placement`, and what decides where cases may go.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};
use model::{AgencyId, CollectorId, LenderId};

use super::Server;

pub(super) const EXAMPLES: &str = "Example:
  forbear placement plan --out plan.json       # makes it; nothing changes
  forbear placement show plan.json             # where each segment goes, and why
  forbear placement diff plan.json             # what each agency holds now, and would hold
  forbear placement apply plan.json            # all of it, or nothing if something changed meanwhile";

/// `forbear placement`.
#[derive(Debug, Subcommand)]
pub enum Placement {
    /// Make the best plan for the cases that wait, under licences, capacity, lenders' shares and conflicts.
    Plan {
        /// Where the plan is written.
        #[arg(long)]
        out: PathBuf,
        /// A file with a lender's own scores (JSON: {"lines": [{"agency", "product", "age", "ppm"}], "otherwise_ppm"});
        /// ppm is the part of the amount that is expected to be recovered, in millionths.
        #[arg(long)]
        scores: Option<PathBuf>,
        /// How the platform is reached.
        #[command(flatten)]
        server: Server,
    },
    /// Show a plan: where each segment's cases go, and why.
    Show {
        /// The plan.
        file: PathBuf,
    },
    /// Compare a plan with what agencies hold now.
    Diff {
        /// The plan.
        file: PathBuf,
        /// How the platform is reached.
        #[command(flatten)]
        server: Server,
    },
    /// Apply a plan as a whole, or not at all if something changed since it was made.
    ///
    /// It goes on by itself after a crash. Its cases show in the queues once all are placed. Applying it again tells how
    /// far it is.
    Apply {
        /// The plan.
        file: PathBuf,
        /// How the platform is reached.
        #[command(flatten)]
        server: Server,
    },
    /// Show how far the plan that was applied last has come.
    Status(Server),
    /// Take cases back from an agency that failed; they wait, and are not placed there again at once.
    Recall {
        /// Which, such as agency-3.
        agency: AgencyId,
        /// Why; overheld takes only what it has held longer than the lender allows.
        #[arg(long, value_enum)]
        reason: RecallReason,
        /// Only this lender's.
        #[arg(long)]
        lender: Option<LenderId>,
        /// How the platform is reached.
        #[command(flatten)]
        server: Server,
    },
    /// Show how agencies and collectors did, against what their cases let expect; and challengers beside champions.
    Scorecards(Server),
    /// Set the agencies that a lender uses, with their shares.
    Lender(LenderTerms),
}

/// Why cases are taken back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum RecallReason {
    /// Held longer than the lender allows.
    Overheld,
    /// Too little recovered.
    Performance,
    /// Too many complaints.
    Complaints,
}

/// `forbear placement lender`.
#[derive(Debug, Args)]
pub struct LenderTerms {
    /// Whose, such as lender-1.
    pub lender: LenderId,
    /// A file (JSON: {"agencies": [{"agency", "challenger", "share_min", "share_max", "samples_min"}], "days_max": [180]});
    /// shares are thousandths of the lender's cases.
    pub file: PathBuf,
    /// How the platform is reached.
    #[command(flatten)]
    pub server: Server,
}

/// `forbear agency terms`.
#[derive(Debug, Args)]
pub struct Terms {
    /// Which, such as agency-3.
    pub agency: AgencyId,
    /// A file (JSON: {"licences": [{"number", "jurisdiction", "from", "until"}], "products", "languages", "capacity",
    /// "commission": [1500], "insurance", "certificates_required"}); commission is hundredths of a percent, by stage.
    pub file: PathBuf,
    /// How the platform is reached.
    #[command(flatten)]
    pub server: Server,
}

/// `forbear agency certify`.
#[derive(Debug, Args)]
pub struct Certify {
    /// Who, such as collector-301.
    pub collector: CollectorId,
    /// A file (JSON: {"identity_verified": "2026-11-24", "certificates": [{"products", "languages", "until"}], "capacity"}).
    pub file: PathBuf,
    /// How the platform is reached.
    #[command(flatten)]
    pub server: Server,
}
