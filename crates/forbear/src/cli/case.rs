//! `forbear case`.

use clap::{Args, Subcommand};
use model::{CaseId, Currency};

use super::Server;

pub(super) const EXAMPLES: &str = "Examples:
  forbear case show case-...
  forbear case pay case-... 120.00 --reference B-2026-1 --date 2026-11-24
  forbear case reverse case-... --reference B-2026-1 --date 2026-11-25 --charge-back
  forbear case book case-... cost 35.00 --reference court-fee --basis statute --date 2026-11-24
  forbear case pause case-... dispute --until 2027-01-31T00:00:00+08:00
  forbear case plan case-... --part 2026-12-01=400.00 --part 2027-01-01=400.00 --grace 3
  forbear case statement case-... --on 2026-12-31";

/// `forbear case`.
#[derive(Debug, Subcommand)]
pub enum Case {
    /// Show how a case stands: its stage, what is owed, what was agreed.
    Show(One),
    /// Show everything that was posted, and what was owed at the end of a day.
    Statement {
        /// Which case.
        case: CaseId,
        /// By value date: what was owed at the end of this day, such as 2026-12-31, by what is known now.
        #[arg(long)]
        on: Option<String>,
        /// By booking: what the books said at a time, such as 2026-12-31T16:00:00Z.
        #[arg(long)]
        booked_by: Option<String>,
        /// How the platform is reached.
        #[command(flatten)]
        server: Server,
    },
    /// Post a payment. What is beyond the balance is kept for the payer; a full one closes the case.
    Pay {
        /// What was paid.
        #[command(flatten)]
        money: Money,
        /// The payment's own reference; the same again changes nothing.
        #[arg(long)]
        reference: String,
        /// The day on which it counts.
        #[arg(long)]
        date: String,
        /// The agency has the money [default: the lender].
        #[arg(long)]
        at_agency: bool,
        /// How the platform is reached.
        #[command(flatten)]
        server: Server,
    },
    /// Take a payment out: it was a mistake, or its payer's bank took it back. What it had closed is open again.
    Reverse {
        /// Which case.
        case: CaseId,
        /// The payment's own reference.
        #[arg(long)]
        reference: String,
        /// The day on which that counts.
        #[arg(long)]
        date: String,
        /// The payer's bank took it back [default: it was a mistake].
        #[arg(long)]
        charge_back: bool,
        /// How the platform is reached.
        #[command(flatten)]
        server: Server,
    },
    /// Make an entry: a fee or a cost that falls due, an adjustment, a refund, what an agency hands on.
    Book {
        /// Of how much.
        #[command(flatten)]
        entry: Entry,
        /// Its own reference; the same again changes nothing.
        #[arg(long)]
        reference: String,
        /// On what it rests: contract, statute, judgment, agreement, correction, bank, goodwill.
        #[arg(long)]
        basis: String,
        /// The claim that is adjusted: principal, interest, fees, costs.
        #[arg(long)]
        account: Option<String>,
        /// The day on which it counts.
        #[arg(long)]
        date: String,
        /// How the platform is reached.
        #[command(flatten)]
        server: Server,
    },
    /// Charge interest by the product's terms, up to the day before this one and no further than today.
    Interest {
        /// Which case.
        case: CaseId,
        /// The day after the last one, such as 2026-12-01.
        #[arg(long)]
        until: String,
        /// How the platform is reached.
        #[command(flatten)]
        server: Server,
    },
    /// Take down that the debtor promised to pay.
    Promise(Agreed),
    /// Take down a payment plan. It is broken when an instalment is missed, grace included.
    Plan(Agreed),
    /// Offer a settlement: whoever pays this, in time, owes no more. More than the product's limit needs the lender.
    Offer {
        /// What is to be paid.
        #[command(flatten)]
        agreed: Agreed,
        /// The last day on which it may be accepted.
        #[arg(long)]
        expires: String,
    },
    /// The debtor accepts the settlement that was offered.
    Accept(One),
    /// Take a promise, a plan or a settlement back.
    Cancel(One),
    /// Pause collection for a dispute or a hardship: the gate refuses every contact about the case until then.
    Pause {
        /// Which case.
        case: CaseId,
        /// dispute or hardship.
        kind: String,
        /// Until when, such as 2027-01-31T00:00:00+08:00.
        #[arg(long)]
        until: String,
        /// How the platform is reached.
        #[command(flatten)]
        server: Server,
    },
    /// Let collection go on.
    Resume {
        /// Which case.
        case: CaseId,
        /// dispute or hardship.
        kind: String,
        /// How the platform is reached.
        #[command(flatten)]
        server: Server,
    },
    /// Say from which day on the claim is not called for; without a day: that none is known.
    Limit {
        /// Which case.
        case: CaseId,
        /// The first day on which it is not.
        #[arg(long)]
        on: Option<String>,
        /// On what that rests: statute, judgment, agreement.
        #[arg(long, default_value = "statute")]
        basis: String,
        /// How the platform is reached.
        #[command(flatten)]
        server: Server,
    },
    /// Close a case: settled, paid, recalled, written-off, error.
    Close {
        /// Which case.
        case: CaseId,
        /// Why.
        reason: String,
        /// How the platform is reached.
        #[command(flatten)]
        server: Server,
    },
    /// Open a closed case again; what was given up with the closing is claimed again.
    Reopen(One),
}

/// A case.
#[derive(Debug, Args)]
pub struct One {
    /// Which case.
    pub case: CaseId,
    /// How the platform is reached.
    #[command(flatten)]
    pub server: Server,
}

/// An amount of a case.
#[derive(Debug, Args)]
pub struct Money {
    /// Which case.
    pub case: CaseId,
    /// How much, such as 1234.56.
    #[arg(allow_hyphen_values = true)]
    pub amount: String,
    /// In which currency.
    #[arg(long, default_value = "CNY")]
    pub currency: Currency,
}

/// An entry of a case.
#[derive(Debug, Args)]
pub struct Entry {
    /// Which case.
    pub case: CaseId,
    /// fee, cost, adjustment, refund or remittance.
    pub kind: String,
    /// How much, such as 1234.56; of an adjustment that lowers the claim -1234.56.
    #[arg(allow_hyphen_values = true)]
    pub amount: String,
    /// In which currency.
    #[arg(long, default_value = "CNY")]
    pub currency: Currency,
}

/// What a debtor agrees to.
#[derive(Debug, Args)]
pub struct Agreed {
    /// Which case.
    pub case: CaseId,
    /// A day and an amount, such as 2026-12-01=400.00; once for each instalment.
    #[arg(long = "part", required = true)]
    pub parts: Vec<String>,
    /// In which currency.
    #[arg(long, default_value = "CNY")]
    pub currency: Currency,
    /// Days after each day that still count as in time; of a settlement the product's terms say so.
    #[arg(long, default_value_t = 0)]
    pub grace: u16,
    /// How the platform is reached.
    #[command(flatten)]
    pub server: Server,
}
