//! `forbear agency standing|line|template`: as the gate knows agencies.

use std::path::PathBuf;

use clap::Args;
use model::{AgencyId, Channel, CollectorId, Role};

use super::Server;

/// `forbear agency standing`.
#[derive(Debug, Args)]
pub struct Standing {
    /// Which, such as agency-3.
    pub agency: AgencyId,
    /// One of its collectors alone.
    #[arg(long)]
    pub collector: Option<CollectorId>,
    /// May not collect [default: may].
    #[arg(long)]
    pub suspended: bool,
    /// How the platform is reached.
    #[command(flatten)]
    pub server: Server,
}

/// `forbear agency line`.
#[derive(Debug, Args)]
pub struct RegisterLine {
    /// Which, such as agency-3.
    pub agency: AgencyId,
    /// Its number or sender name.
    pub line: String,
    /// It is the agency's no longer.
    #[arg(long)]
    pub taken_back: bool,
    /// How the platform is reached.
    #[command(flatten)]
    pub server: Server,
}

/// `forbear agency template`.
#[derive(Debug, Args)]
pub struct Template {
    /// Whose.
    pub agency: AgencyId,
    /// Its number there, from 2; the same number is always the same text.
    pub template: u32,
    /// A file with the text; {name}, {amount}, {agency}, {stop} stand for what is put in.
    #[arg(required_unless_present = "withdraw")]
    pub file: Option<PathBuf>,
    /// For this channel; may be given several times.
    #[arg(long = "channel", required_unless_present = "withdraw")]
    pub channels: Vec<Channel>,
    /// For people in this role; may be given several times.
    #[arg(long = "role", required_unless_present = "withdraw")]
    pub roles: Vec<Role>,
    /// It may no longer be sent.
    #[arg(long, conflicts_with_all = ["file", "channels", "roles"])]
    pub withdraw: bool,
    /// How the platform is reached.
    #[command(flatten)]
    pub server: Server,
}
