//! The command line.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use model::{AgencyId, CaseId, Channel, CollectorId, ContactPointId, LenderId, Outcome, Purpose};

use crate::node::Role;

/// Debt collection that knows when not to call.
///
/// Start a platform with `forbear up`, or see one at work with `forbear demo`. The other commands talk to a
/// running platform over HTTP.
#[derive(Debug, Parser)]
#[command(name = "forbear", version, max_term_width = 100, after_help = EXIT_CODES)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
    /// How to print results.
    #[arg(long, global = true, value_enum, default_value = "text")]
    pub format: Format,
    /// Least severe log lines shown on standard error: error, warn, info, debug, trace [default: info for up
    /// and serve, warn for the others].
    #[arg(long, global = true, env = "FORBEAR_LOG")]
    pub log: Option<tracing::Level>,
    /// Log lines as JSON, for machines.
    #[arg(long, global = true, env = "FORBEAR_LOG_JSON", value_parser = clap::builder::BoolishValueParser::new())]
    pub log_json: bool,
}

const EXIT_CODES: &str = "Exit codes: 0 done; 1 refused or failed; 2 the command line is wrong; \
3 the platform does not answer, try again.\n\nRefusals carry a code such as F0302: `forbear code F0302` explains it.";

/// How results are printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// For people.
    Text,
    /// One JSON object.
    Json,
}

/// What can be done.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Run the whole platform in this process, on one data directory.
    ///
    /// Nothing else is needed. The pages are at http://127.0.0.1:8080.
    Up(Settings),
    /// Run some services of a cluster over NATS JetStream.
    ///
    /// Every process of a cluster needs the same vault key file. Start as many processes of a role as you
    /// like: one leads each partition, the others follow and take over. See deploy/nats for the servers.
    Serve(Serve),
    /// Import a lender's portfolio file (CSV or JSON lines; columns: proto/portfolio.md).
    ///
    /// Good rows are taken, bad ones reported with line, column, what was expected and what came. The same
    /// file again changes nothing.
    Import(Import),
    /// Agencies and their collectors.
    #[command(subcommand)]
    Agency(Agency),
    /// Place all cases that wait with agencies that may take them.
    Place(Server),
    /// A collector's queue: who may be called now, and when the others may.
    Queue(Queue),
    /// Ask for a permit, redeem it as the call is placed, say what became of it.
    #[command(subcommand)]
    Permit(Permit),
    /// Have a number left alone, everywhere and at once.
    ///
    /// Needs no sign-in and no reason. Permits that wait are void.
    Stop(Stop),
    /// What happened to a number or a case, in order.
    Timeline(Timeline),
    /// Whether every part answers, and the figures so far.
    Status(Server),
    /// Count calls and refusals again, straight from the log, by code that shares nothing with the gate.
    Recount(Server),
    /// Make a sign-in token for somebody. Needs the vault key, so it works where the platform runs.
    Token(Token),
    /// Make a vault key for a cluster: every process needs the same one.
    ///
    /// `forbear up` makes its own. Keep a copy where the data is not: without it every name and number is lost.
    Key {
        /// The new file.
        file: PathBuf,
    },
    /// Explain a refusal's code.
    Code {
        /// The code, such as F0302.
        code: String,
    },
    /// The configuration.
    #[command(subcommand)]
    Config(ConfigCommand),
    /// See it at work: a lender's file, five agencies, sixty collectors who try far too often, three days.
    ///
    /// It runs the real services on a simulated clock and prints what happened, with a recount from the log.
    /// Then it serves the pages over the demonstration's data, unless --exit is given.
    Demo(Demo),
}

/// Settings of a process; each is also in the configuration file. Flags win over the environment, which wins
/// over the file.
#[derive(Debug, Clone, Default, Args)]
pub struct Settings {
    /// The configuration file (TOML); `forbear config check` prints every setting.
    #[arg(long, env = "FORBEAR_CONFIG")]
    pub config: Option<PathBuf>,
    /// The data directory [default: forbear-data].
    #[arg(long, env = "FORBEAR_DATA")]
    pub data: Option<PathBuf>,
    /// Where the pages and the API are served [default: 127.0.0.1:8080].
    #[arg(long, env = "FORBEAR_LISTEN")]
    pub listen: Option<SocketAddr>,
    /// The vault's master key file [default: vault.key in the data directory].
    #[arg(long, env = "FORBEAR_VAULT_KEY")]
    pub vault_key: Option<PathBuf>,
}

/// `forbear serve`.
#[derive(Debug, Args)]
pub struct Serve {
    /// What this process runs: ledger, assignment, gate, audit, web.
    #[arg(required = true)]
    pub roles: Vec<Role>,
    /// The NATS servers, separated by commas.
    #[arg(long, env = "FORBEAR_NATS", hide_env_values = true)]
    pub nats: Option<String>,
    /// This process's number, unique in the cluster.
    #[arg(long, env = "FORBEAR_INSTANCE")]
    pub instance: Option<u32>,
    /// Copies of each record: 1 on a single server, 3 in a cluster.
    #[arg(long, env = "FORBEAR_REPLICAS")]
    pub replicas: Option<usize>,
    /// Where this process serves /health, /ready and /metrics, unless it serves the pages.
    #[arg(long, env = "FORBEAR_PROBES")]
    pub probes: Option<SocketAddr>,
    /// Settings.
    #[command(flatten)]
    pub settings: Settings,
    /// For demonstrations: a clock that starts here (milliseconds since 1970) and moves with the calls.
    #[arg(long, hide = true)]
    pub simulate_from: Option<i64>,
}

/// How the platform is reached.
#[derive(Debug, Clone, Args)]
pub struct Server {
    /// Where the platform is.
    #[arg(long, env = "FORBEAR_SERVER", default_value = "http://127.0.0.1:8080")]
    pub server: String,
    /// A sign-in token; without one, the operator's is made from the vault key below.
    #[arg(long, env = "FORBEAR_TOKEN", hide_env_values = true)]
    pub token: Option<String>,
    /// The vault's master key file [default: vault.key in the data directory, forbear-data by default].
    #[arg(long, env = "FORBEAR_VAULT_KEY")]
    pub vault_key: Option<PathBuf>,
    /// The data directory, where it is on this machine.
    #[arg(long, env = "FORBEAR_DATA", default_value = "forbear-data")]
    pub data: PathBuf,
}

/// `forbear import`.
#[derive(Debug, Args)]
pub struct Import {
    /// The file.
    pub file: PathBuf,
    /// Whose cases they are.
    #[arg(long)]
    pub lender: LenderId,
    /// How the platform is reached.
    #[command(flatten)]
    pub server: Server,
}

/// `forbear agency`.
#[derive(Debug, Subcommand)]
pub enum Agency {
    /// Register an agency.
    Add {
        /// Its number.
        agency: AgencyId,
        /// Its legal name.
        #[arg(long)]
        name: String,
        /// Where it is licensed: ISO 3166 codes.
        #[arg(long, required = true, value_delimiter = ',')]
        jurisdictions: Vec<String>,
        /// Most cases that it takes.
        #[arg(long)]
        capacity: u32,
        /// The numbers it calls from.
        #[arg(long, required = true, value_delimiter = ',')]
        lines: Vec<String>,
        /// How the platform is reached.
        #[command(flatten)]
        server: Server,
    },
    /// Suspend an agency: it gets no permits, and its cases are taken back.
    Suspend {
        /// Which.
        agency: AgencyId,
        /// Lift the suspension instead.
        #[arg(long)]
        lift: bool,
        /// How the platform is reached.
        #[command(flatten)]
        server: Server,
    },
    /// Register a collector of an agency, by name.
    Collector {
        /// The collector's number.
        collector: CollectorId,
        /// Their agency.
        #[arg(long)]
        agency: AgencyId,
        /// Their name; sealed before it is stored.
        #[arg(long)]
        name: String,
        /// How the platform is reached.
        #[command(flatten)]
        server: Server,
    },
    /// All agencies.
    List(Server),
}

/// `forbear queue`.
#[derive(Debug, Args)]
pub struct Queue {
    /// Whose.
    pub collector: CollectorId,
    /// Most cases shown.
    #[arg(long, default_value_t = 50)]
    pub limit: u32,
    /// How the platform is reached.
    #[command(flatten)]
    pub server: Server,
}

/// Whom a command is about.
#[derive(Debug, Clone, Args)]
#[group(required = true, multiple = false)]
pub struct Whom {
    /// A phone number, such as +8613812345678; `-` reads it from standard input, so that it stays out of the
    /// shell's history and the process list.
    #[arg(long)]
    pub number: Option<String>,
    /// A contact point's pseudonym.
    #[arg(long)]
    pub contact: Option<ContactPointId>,
}

/// `forbear permit`.
#[derive(Debug, Subcommand)]
pub enum Permit {
    /// Ask.
    Request {
        /// Whom.
        #[command(flatten)]
        whom: Whom,
        /// About which case.
        #[arg(long)]
        case: CaseId,
        /// Who will call.
        #[arg(long)]
        collector: CollectorId,
        /// How: call, sms, email, letter, visit, app.
        #[arg(long, default_value = "call")]
        channel: Channel,
        /// What for: collect, locate, consent-notice.
        #[arg(long, default_value = "collect")]
        purpose: Purpose,
        /// From which of the agency's numbers [default: its first].
        #[arg(long)]
        line: Option<String>,
        /// How the platform is reached.
        #[command(flatten)]
        server: Server,
    },
    /// Redeem: the call is being placed now.
    Redeem {
        /// What the request returned.
        permit: String,
        /// What names the call: SIP Call-ID and From-tag. The same call may redeem again.
        #[arg(long)]
        call: String,
        /// How the platform is reached.
        #[command(flatten)]
        server: Server,
    },
    /// Say what became of the call.
    Settle {
        /// What the request returned.
        permit: String,
        /// conversation, answered-dropped, no-answer, voicemail, busy, not-in-service, unknown.
        #[arg(long)]
        outcome: Outcome,
        /// How the platform is reached.
        #[command(flatten)]
        server: Server,
    },
}

/// `forbear stop`.
#[derive(Debug, Args)]
pub struct Stop {
    /// Whom to leave alone.
    #[command(flatten)]
    pub whom: Whom,
    /// Where the platform is.
    #[arg(long, env = "FORBEAR_SERVER", default_value = "http://127.0.0.1:8080")]
    pub server: String,
}

/// `forbear timeline`.
#[derive(Debug, Args)]
#[command(group(clap::ArgGroup::new("of").required(true).args(["number", "contact", "case"])))]
pub struct Timeline {
    /// A phone number; `-` reads it from standard input.
    #[arg(long)]
    pub number: Option<String>,
    /// A contact point's pseudonym.
    #[arg(long)]
    pub contact: Option<ContactPointId>,
    /// A case.
    #[arg(long)]
    pub case: Option<CaseId>,
    /// Most entries shown.
    #[arg(long, default_value_t = 100)]
    pub limit: u32,
    /// How the platform is reached.
    #[command(flatten)]
    pub server: Server,
}

/// `forbear token`.
#[derive(Debug, Args)]
pub struct Token {
    /// For whom: operator, supervisor, supervisor:agency-3, lender-1, agency-3, collector-301:agency-3, trunk.
    pub whom: String,
    /// Hours that it lasts.
    #[arg(long, default_value_t = 12)]
    pub hours: u32,
    /// The vault's master key file [default: vault.key in the data directory].
    #[arg(long, env = "FORBEAR_VAULT_KEY")]
    pub vault_key: Option<PathBuf>,
    /// The data directory.
    #[arg(long, env = "FORBEAR_DATA", default_value = "forbear-data")]
    pub data: PathBuf,
}

/// `forbear config`.
#[derive(Debug, Subcommand)]
pub enum ConfigCommand {
    /// Check a configuration and print all of it, defaults included.
    Check(Settings),
}

/// `forbear demo`.
#[derive(Debug, Args)]
pub struct Demo {
    /// Run it as separate processes on a NATS server that it starts.
    #[arg(long)]
    pub nats: bool,
    /// End after the report instead of serving the pages.
    #[arg(long)]
    pub exit: bool,
    /// The same seed gives the same figures.
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    /// Rows of the lender's file, at least 500.
    #[arg(long, default_value_t = 5_000, value_parser = clap::value_parser!(u64).range(500..=1_000_000))]
    pub cases: u64,
    /// Simulated days.
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..=60))]
    pub days: u32,
    /// Where the pages are served.
    #[arg(long, default_value = "127.0.0.1:8080")]
    pub listen: SocketAddr,
    /// Keep everything in this directory, which must be empty or not there [default: a temporary one].
    #[arg(long)]
    pub keep: Option<PathBuf>,
}
