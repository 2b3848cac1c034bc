//! `forbear import`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use events::ledger::FileKind;
use model::{Currency, LenderId};

use super::Server;

/// `forbear import`.
#[derive(Debug, Args)]
pub struct Import {
    /// The file.
    pub file: PathBuf,
    /// Whose cases they are, such as lender-1.
    #[arg(long, required_unless_present = "check")]
    pub lender: Option<LenderId>,
    /// What the file is for.
    #[arg(long, value_enum, default_value = "dispatch")]
    pub kind: Kind,
    /// Read the file here and report what is wrong with it; nothing is sent, nothing changes.
    #[arg(long)]
    pub check: bool,
    /// A TOML file with the lender's own names of columns: 'their name' = 'our name' on each line, or = '' for a column that is
    /// to be ignored. A column that is named there is known by no other name.
    #[arg(long)]
    pub columns: Option<PathBuf>,
    /// The product, where the file says nothing.
    #[arg(long)]
    pub product: Option<String>,
    /// The currency, where the file says nothing [default: CNY].
    #[arg(long)]
    pub currency: Option<Currency>,
    /// The jurisdiction, where the file says nothing: a country of ISO 3166 [default: CN].
    #[arg(long)]
    pub jurisdiction: Option<String>,
    /// How the platform is reached.
    #[command(flatten)]
    pub server: Server,
}

/// What a file is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Kind {
    /// New cases.
    Dispatch,
    /// What is owed now on known cases.
    Update,
    /// Cases that the lender takes back: nobody is called about them any more.
    Recall,
}

impl From<Kind> for FileKind {
    fn from(kind: Kind) -> Self {
        match kind {
            Kind::Dispatch => Self::Dispatch,
            Kind::Update => Self::Update,
            Kind::Recall => Self::Recall,
        }
    }
}
