//! `forbear explain`, `forbear permit explain`.

use clap::{Args, ValueEnum};
use model::{CaseId, Channel, CollectorId, ContactPointId, Purpose};

use super::{Language, Server, Whom};

pub(super) const EXAMPLES: &str = "Examples:
  forbear explain gate/0/17
  forbear explain 17 --contact contact-... --for collector
  forbear explain 17 --number - --for person --language zh";

/// `forbear explain`.
#[derive(Debug, Args)]
pub struct Explain {
    /// Which: gate/<partition>/<position>, or the position alone with whom it was about. A refusal names it as
    /// `decision`, a permit as `permit`, a timeline as stream and position.
    pub decision: String,
    /// The phone number that it was about; `-` reads it from standard input.
    #[arg(long, conflicts_with = "contact")]
    pub number: Option<String>,
    /// The contact point that it was about.
    #[arg(long)]
    pub contact: Option<ContactPointId>,
    /// For whom.
    #[arg(long = "for", value_enum, default_value = "supervisor")]
    pub reader: For,
    /// In which language the rules are said; to a person, everything.
    #[arg(long, value_enum, default_value = "en")]
    pub language: Language,
    /// How the platform is reached.
    #[command(flatten)]
    pub server: Server,
}

/// For whom an explanation is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum For {
    /// What stands in the way, and until when.
    Collector,
    /// Every rule that was asked, what it counted, where it is written.
    Supervisor,
    /// In plain words, nothing but what concerns their number.
    Person,
}

/// `forbear permit explain`.
#[derive(Debug, Args)]
pub struct ExplainRequest {
    /// Whom.
    #[command(flatten)]
    pub whom: Whom,
    /// About which case.
    #[arg(long)]
    pub case: CaseId,
    /// Who would call.
    #[arg(long)]
    pub collector: CollectorId,
    /// How: call, sms, email, letter, visit, app.
    #[arg(long, default_value = "call")]
    pub channel: Channel,
    /// What for.
    #[arg(long, default_value = "collect")]
    pub purpose: Purpose,
    /// From which of the agency's numbers [default: its first].
    #[arg(long)]
    pub line: Option<String>,
    /// In which language the rules are said.
    #[arg(long, value_enum, default_value = "en")]
    pub language: Language,
    /// How the platform is reached.
    #[command(flatten)]
    pub server: Server,
}
