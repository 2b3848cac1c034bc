//! `forbear hold`.

use api::HoldName;
use clap::{Args, Subcommand};
use events::gate::HoldKind;
use model::{CaseId, Channel, ContactPointId, PersonId, Place};

use super::Server;

pub(super) const EXAMPLES: &str = "Examples:
  forbear hold place stop --number - --channel sms                  # no more text messages
  forbear hold place inconvenient --number - --time 'mon-fri 09:00-17:00'
  forbear hold place dispute --case case-... --until 2027-01-01T00:00:00Z
  forbear hold list --number -
  forbear hold lift hold-... --number -";

/// `forbear hold`.
#[derive(Debug, Subcommand)]
pub enum Hold {
    /// Place a hold.
    ///
    /// A called person may for their number, an agency for what it was told on its cases, a lender for its cases,
    /// the operator for everybody.
    Place {
        /// Why: stop, wrong-party, dispute, attorney, hardship, deceased, complaint, cease, inconvenient, employer,
        /// disclosure, limitation, recalled, order.
        kind: HoldKind,
        /// On what.
        #[command(flatten)]
        on: HoldOn,
        /// Only on this channel; may be given several times.
        #[arg(long = "channel")]
        channels: Vec<Channel>,
        /// Only in this place: home, work, mobile, other; may be given several times.
        #[arg(long = "place")]
        places: Vec<Place>,
        /// Only at this time of the week, such as 'mon-fri 09:00-12:00'; may be given several times.
        #[arg(long = "time")]
        times: Vec<String>,
        /// Until then, such as 2027-01-01T00:00:00Z [default: until it is lifted].
        #[arg(long)]
        until: Option<String>,
        /// For whom the operator speaks: called-person, regulator.
        #[arg(long)]
        source: Option<String>,
        /// How the platform is reached.
        #[command(flatten)]
        server: Server,
    },
    /// Lift a hold: whoever placed it, and the operator.
    Lift {
        /// Which: the name that `place` and `list` print.
        hold: HoldName,
        /// On what.
        #[command(flatten)]
        on: HoldOn,
        /// For whom the operator speaks: called-person, regulator.
        #[arg(long)]
        source: Option<String>,
        /// How the platform is reached.
        #[command(flatten)]
        server: Server,
    },
    /// List the holds that stand.
    List {
        /// On what.
        #[command(flatten)]
        on: HoldOn,
        /// How the platform is reached.
        #[command(flatten)]
        server: Server,
    },
}

/// What a hold is on; at least one of these, and all that are given must fit.
#[derive(Debug, Clone, Args)]
#[group(required = true, multiple = true)]
pub struct HoldOn {
    /// A phone number; `-` reads it from standard input.
    #[arg(long, conflicts_with = "contact")]
    pub number: Option<String>,
    /// A contact point's pseudonym.
    #[arg(long)]
    pub contact: Option<ContactPointId>,
    /// A person's pseudonym: at every number of theirs.
    #[arg(long)]
    pub person: Option<PersonId>,
    /// A case: about that debt.
    #[arg(long)]
    pub case: Option<CaseId>,
}
