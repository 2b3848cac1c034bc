//! What the gate is told beside permits: consents, contacts, numbers.

use std::path::PathBuf;

use clap::Subcommand;
use model::{AgencyId, CaseId, PersonId};

use super::{Server, Whom};

/// `forbear consent`.
#[derive(Debug, Subcommand)]
pub enum Consent {
    /// Take down that a person consents, directly to an agency.
    Give {
        /// At which number.
        #[command(flatten)]
        whom: Whom,
        /// In which case the person is named.
        #[arg(long)]
        case: CaseId,
        /// To which agency; an agency's own people may leave it out.
        #[arg(long)]
        agency: Option<AgencyId>,
        /// What it lifts: frequency, hours, messages.
        #[arg(long)]
        covers: String,
        /// About every debt of the person there, not this case's alone.
        #[arg(long)]
        every_debt: bool,
        /// At every number of the person, not this one alone.
        #[arg(long)]
        every_contact: bool,
        /// When it was given, such as 2026-11-24T02:00:00Z [default: now].
        #[arg(long)]
        given: Option<String>,
        /// From when on contacts are covered [default: from when it was given].
        #[arg(long)]
        from: Option<String>,
        /// The last moment covered [default: as long as the law lets it].
        #[arg(long)]
        until: Option<String>,
        /// How the platform is reached.
        #[command(flatten)]
        server: Server,
    },
    /// Take down that a person takes every consent back.
    Revoke {
        /// At which number.
        #[command(flatten)]
        whom: Whom,
        /// In which case the person is named.
        #[arg(long)]
        case: CaseId,
        /// How the platform is reached.
        #[command(flatten)]
        server: Server,
    },
    /// Take down what somebody who was named as a contact answered to the one notice.
    Answer {
        /// At which number.
        #[command(flatten)]
        whom: Whom,
        /// In which case they are named.
        #[arg(long)]
        case: CaseId,
        /// What they said: confirmed, refused, unknown-debtor.
        answer: String,
        /// How the platform is reached.
        #[command(flatten)]
        server: Server,
    },
}

/// `forbear contacts`.
#[derive(Debug, Subcommand)]
pub enum Contacts {
    /// Record contacts that no permit was asked for: calls that came in, letters, yesterday's list.
    ///
    /// A file of JSON lines; each has what POST /v1/contacts/record takes (proto/http.md). The same file again
    /// records nothing twice.
    Record {
        /// The file.
        file: PathBuf,
        /// How the platform is reached.
        #[command(flatten)]
        server: Server,
    },
}

/// `forbear number`.
#[derive(Debug, Subcommand)]
pub enum Number {
    /// Say that a number is not that of the person whom a case names: what was counted for them no longer is.
    Disprove {
        /// Which number.
        #[command(flatten)]
        whom: Whom,
        /// The case that names it.
        #[arg(long)]
        case: CaseId,
        /// Whose it is, where that is known [default: a stranger's].
        #[arg(long)]
        belongs_to: Option<PersonId>,
        /// How the platform is reached.
        #[command(flatten)]
        server: Server,
    },
    /// Say what a check of a number found.
    Check {
        /// What was found: not-reassigned, not-in-service, shared-in-order, fabricated.
        found: String,
        /// Which number.
        #[command(flatten)]
        whom: Whom,
        /// When, such as 2026-11-24T02:00:00Z [default: now].
        #[arg(long)]
        at: Option<String>,
        /// How the platform is reached.
        #[command(flatten)]
        server: Server,
    },
}
