//! The command line.

mod account;
mod case;
mod explain;
mod hold;
mod import;
mod placement;
mod registry;
mod told;

use std::ffi::OsString;
use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Args, CommandFactory, FromArgMatches, Parser, Subcommand, ValueEnum};
use model::{AgencyId, CaseId, Channel, CollectorId, ContactPointId, Outcome, Purpose};

pub use self::account::{AccountOf, PartyAccount, ProductTerms, Reconcile};
pub use self::case::{Agreed, Case, Entry, Money, One};
pub use self::explain::{Explain, ExplainRequest, For};
pub use self::hold::{Hold, HoldOn};
pub use self::import::{Import, Kind};
pub use self::placement::{Certify, LenderTerms, Placement, Terms};
pub use self::registry::{RegisterLine, Standing, Template};
pub use self::told::{Consent, Contacts, Number};
use crate::config::Given;
use crate::failure::Failure;
use crate::node::Role;

/// Debt collection that knows when not to call.
///
/// Start a platform with `forbear up`, or see one at work with `forbear demo`. The other commands talk to a
/// running platform over HTTP.
#[derive(Debug, Parser)]
#[command(name = "forbear", version, max_term_width = 100)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
    /// How results are printed.
    #[arg(long, global = true, value_enum, default_value = "text", help_heading = "Output")]
    pub format: Format,
    /// The least severe log lines shown on standard error: error, warn, info, debug, trace [default: info for
    /// up and serve, warn for the others].
    #[arg(long, global = true, env = "FORBEAR_LOG", help_heading = "Output")]
    pub log: Option<tracing::Level>,
    /// Log lines as JSON; --format json has them so in any case.
    #[arg(long, global = true, env = "FORBEAR_LOG_JSON", help_heading = "Output", value_parser = clap::builder::BoolishValueParser::new())]
    pub log_json: bool,
}

const EXIT_CODES: &str = "\
Exit codes: 0 done; 1 refused, or failed; 2 the command line, the configuration or a file is wrong; 3 no answer, or
nothing decided: try again. A refusal carries codes such as F0302, which `forbear code F0302` explains.
With --format json a result is one JSON object on standard output, and a failure one on standard error, as its last
line: {error, exit_code, message, code, reasons, next_allowed, decision} (proto/http.md).";

const UP_EXAMPLES: &str = "Examples:
  forbear up                                   # all of it, data in ./forbear-data
  forbear up --data /var/lib/forbear --listen 127.0.0.1:9000";
const SERVE_EXAMPLES: &str = "Examples:
  forbear key /etc/forbear/vault.key           # once; then copy it to every machine
  forbear serve ledger assignment --nats nats://nats-1,nats://nats-2 --replicas 3 --vault-key /etc/forbear/vault.key
  forbear serve gate audit web    --nats nats://nats-1,nats://nats-2 --replicas 3 --vault-key /etc/forbear/vault.key";
const IMPORT_EXAMPLES: &str = "Examples:
  forbear import portfolio.csv --check                                  # what is wrong with it? Needs no platform
  forbear import portfolio.csv --lender lender-1 && forbear place
  forbear import export.csv --lender lender-1 --columns bank.toml       # 'their name' = 'our name', a line each
  forbear import balances.csv --lender lender-1 --kind update            # what is owed now: reference, principal, as_of …
  forbear import recalled.csv --lender lender-1 --kind recall           # a column of references is enough";
const AGENCY_EXAMPLES: &str = "Example:
  forbear agency add 1 --name 'An agency' --jurisdictions CN --capacity 1000 --lines +864001000101";
const PERMIT_EXAMPLES: &str = "Example:
  forbear permit request --contact contact-... --case case-... --collector 101    # prints a token
  forbear permit redeem <token> --call a84b4c76e66710@pbx                         # as the call is placed
  forbear permit settle <token> --outcome no-answer                               # when it is over";
const STOP_EXAMPLES: &str = "Examples:
  forbear stop --number -                      # asks for the number
  forbear stop --contact contact-...";
const TOKEN_EXAMPLES: &str = "Examples:
  forbear token operator
  forbear token collector-101:agency-1 --hours 8";
const POLICY_EXAMPLES: &str = "Examples:
  forbear policy show us-reg-f
  forbear policy check our-rules.toml --with platform --with cn
  forbear policy case dispute.case";
const CHECK_EXAMPLES: &str = "Examples:
  forbear config check                         # as `forbear up` would run here
  forbear config check gate web --config /etc/forbear.toml --replicas 3";

/// Reads the command line and the environment; what was given where is for `config check`.
pub fn read(arguments: &[OsString]) -> Result<(Cli, Given), Unread> {
    let unread = |error: clap::Error| {
        if error.use_stderr() && asks_for_json(arguments) {
            let rendered = error.render().to_string();
            Unread::Wrong(Failure::usage(rendered.trim_start_matches("error: ").trim_end()))
        } else {
            Unread::Shown(error)
        }
    };
    let matches = with_exit_codes(Cli::command()).try_get_matches_from(arguments).map_err(unread)?;
    let cli = Cli::from_arg_matches(&matches).map_err(unread)?;
    Ok((cli, Given::of(&matches)))
}

/// Why the command line was not read.
pub enum Unread {
    /// Help, the version, or what is wrong, to be shown to people.
    Shown(clap::Error),
    /// What is wrong, to be shown to programs.
    Wrong(Failure),
}

/// Whether a command line that cannot be read asks for JSON.
fn asks_for_json(arguments: &[OsString]) -> bool {
    let pair = |pair: &[OsString]| pair[0] == "--format" && pair[1] == "json";
    arguments.windows(2).any(pair) || arguments.iter().any(|argument| argument == "--format=json")
}

/// Every command's help ends with them, after its examples.
fn with_exit_codes(command: clap::Command) -> clap::Command {
    let help = match command.get_after_help() {
        Some(examples) => format!("{examples}\n\n{EXIT_CODES}"),
        None => EXIT_CODES.to_owned(),
    };
    command.after_help(help).mut_subcommands(with_exit_codes)
}

/// How results are printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// For people.
    Text,
    /// One JSON object, for programs.
    Json,
}

/// What can be done.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Run the whole platform in this process, on one data directory.
    ///
    /// Nothing else is needed. The pages are at http://127.0.0.1:8080; sign in with what `forbear token`
    /// prints. Ctrl-C or SIGTERM ends it: what was accepted is made durable and answered first.
    #[command(after_help = UP_EXAMPLES)]
    Up(Settings),
    /// Run one or several services of a cluster over NATS JetStream.
    ///
    /// Every process of a cluster needs the same vault key file (`forbear key`). Start as many processes of a
    /// role as you like: one of them leads each partition, the others follow and take over. See deploy/nats for
    /// the servers.
    #[command(after_help = SERVE_EXAMPLES)]
    Serve(Serve),
    /// Import a lender's file (CSV or JSON lines; columns and spellings: proto/portfolio.md): new cases, what is
    /// owed now on known ones, or cases that are recalled.
    ///
    /// Good rows are taken, bad ones reported with line, column, what was expected and what came. The same
    /// file again changes nothing, so an import that was broken off is simply repeated.
    #[command(after_help = IMPORT_EXAMPLES)]
    Import(Import),
    /// Show a case and its statement; post payments and entries; promises, plans, settlements; disputes; close and reopen.
    #[command(subcommand, after_help = case::EXAMPLES)]
    Case(Case),
    /// Show a lender's or an agency's account: collected, commission, what is to be handed on and refunded, what is owed by age.
    Account(PartyAccount),
    /// Set what a lender's products and agencies are under: interest, order of claims, discount, limitation, commission.
    #[command(subcommand, after_help = account::TERMS_EXAMPLES)]
    Terms(ProductTerms),
    /// Compare a list of payments (CSV) with the books. Changes nothing; fails if they differ.
    Reconcile(Reconcile),
    /// Register agencies and their collectors, suspend agencies, list them.
    #[command(subcommand)]
    Agency(Agency),
    /// Place all cases that wait with agencies that may take them.
    ///
    /// Cases that were just imported are waited for.
    Place(Server),
    /// Plan where waiting cases go for the most expected recovery; look at the plan, apply it, recall cases.
    #[command(subcommand, after_help = placement::EXAMPLES)]
    Placement(Placement),
    /// Show a collector's queue: who may be called now, and when the others may.
    Queue(Queue),
    /// Ask for a permit, redeem it as the call is placed, say what became of it.
    #[command(subcommand, after_help = PERMIT_EXAMPLES)]
    Permit(Permit),
    /// Have a number left alone, everywhere and at once.
    ///
    /// Needs no sign-in and no reason. Permits that were given and not used yet are void. What it prints is the
    /// receipt: where in the log the stop stands.
    #[command(after_help = STOP_EXAMPLES)]
    Stop(Stop),
    /// Have contact held: on a channel, at a time, about a debt, for a dispute. Lift holds, list them.
    #[command(subcommand, after_help = hold::EXAMPLES)]
    Hold(Hold),
    /// Take down consents: given, taken back, and what a named contact answered.
    #[command(subcommand)]
    Consent(Consent),
    /// Record contacts that no permit was asked for.
    #[command(subcommand)]
    Contacts(Contacts),
    /// Say whose a number is not, and what a check of it found.
    #[command(subcommand)]
    Number(Number),
    /// Explain a decision of the gate, made again from the log alone: every rule, what it counted, its source.
    ///
    /// Fails if the log does not give the same decision again.
    #[command(after_help = explain::EXAMPLES)]
    Explain(Explain),
    /// Show what happened to a number or a case, in order.
    Timeline(Timeline),
    /// Show whether every part answers, and the figures so far.
    Status(Server),
    /// Count calls and refusals again, straight from the log, by code that shares nothing with the gate.
    ///
    /// Fails if it finds what must not be, such as a permit over a cap or after a stop.
    Recount(Server),
    /// Make every decision of the gate again, from its log alone.
    ///
    /// Fails if one comes out otherwise, in its answer, a rule, a count or a time.
    Reproduce(Server),
    /// Make a sign-in token for somebody. Needs the vault key, so it works where the platform runs.
    #[command(after_help = TOKEN_EXAMPLES)]
    Token(Token),
    /// Make a vault key for a cluster: every process needs the same one.
    ///
    /// `forbear up` makes its own. Keep a copy where the data is not: without it every name and number is lost.
    Key {
        /// The file to make; it must not be there yet.
        file: PathBuf,
    },
    /// Explain a refusal's code: what happened, and what to do.
    Code {
        /// The code, such as F0302.
        code: String,
    },
    /// Read, check, compare and adopt rule packs; judge cases by them (proto/policy.md, proto/case.md).
    #[command(subcommand, after_help = POLICY_EXAMPLES)]
    Policy(Policy),
    /// Check the configuration.
    #[command(subcommand)]
    Config(ConfigCommand),
    /// See it at work: a lender's file, five agencies, sixty collectors who try far too often, three days.
    ///
    /// It runs the real services on a simulated clock and prints what happened, with a recount from the log.
    /// Then it serves the pages over the demonstration's data, unless --exit is given.
    Demo(Demo),
}

/// `forbear policy`.
#[derive(Debug, Subcommand)]
pub enum Policy {
    /// List the rule packs that come with the program.
    List,
    /// Show a rule pack in sentences, with the source of each rule.
    Show {
        /// The id of a pack that comes with the program, or a file.
        pack: String,
        /// In which language.
        #[arg(long, value_enum, default_value = "en")]
        language: Language,
    },
    /// Check a rule pack without running it. A lender's or an agency's may only be stricter.
    Check {
        /// The file.
        file: String,
        /// The packs that it is added to; by default all that come with the program.
        #[arg(long)]
        with: Vec<String>,
    },
    /// Show what changed from one rule pack to another, and whether it became stricter.
    Diff {
        /// The old one: an id or a file.
        old: String,
        /// The new one.
        new: String,
    },
    /// Judge a case: a text file with facts, dated events and questions (proto/case.md). Fails if it expected another
    /// answer.
    Case {
        /// The file.
        file: PathBuf,
    },
    /// Have the running platform decide by a rule pack, in place of the one with the same id.
    Adopt {
        /// An id or a file.
        pack: String,
        /// Where the platform is.
        #[command(flatten)]
        server: Server,
    },
    /// Try a draft on the past: what would have been refused or allowed instead, by rule and agency. Touches nothing.
    Replay {
        /// The draft: a file, or the id of a pack that comes with the program.
        pack: String,
        /// The first day (UTC) whose requests are judged again, or a time such as 2026-11-24T02:00:00Z.
        #[arg(long)]
        from: String,
        /// The last.
        #[arg(long)]
        until: String,
        /// Where the platform is.
        #[command(flatten)]
        server: Server,
    },
    /// Have the running platform decide by a rule pack no longer.
    Withdraw {
        /// Its id.
        id: String,
        /// Where the platform is.
        #[command(flatten)]
        server: Server,
    },
}

/// A language.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Language {
    /// English.
    En,
    /// Chinese.
    Zh,
}

/// Settings of every process; each is also in the configuration file. Flags win over the environment, which
/// wins over the file.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Settings")]
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
    /// Settings of a process of a cluster.
    #[command(flatten)]
    pub cluster: ClusterSettings,
    /// Settings of every process.
    #[command(flatten)]
    pub settings: Settings,
    /// For demonstrations: a clock that starts here (milliseconds since 1970) and moves with the calls.
    #[arg(long, hide = true)]
    pub simulate_from: Option<i64>,
}

/// Settings of a process of a cluster.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "The cluster")]
pub struct ClusterSettings {
    /// The NATS servers, separated by commas [default: nats://127.0.0.1:4222]. A password may be in the address,
    /// nats://user:password@host:4222, but is better kept in a file.
    #[arg(long, env = "FORBEAR_NATS", hide_env_values = true)]
    pub nats: Option<String>,
    /// A file with user:password, or with a token, for the NATS servers; only its owner may read it.
    #[arg(long, env = "FORBEAR_NATS_LOGIN")]
    pub nats_login: Option<PathBuf>,
    /// A number by which the log names this process [default: a random one at each start].
    #[arg(long, env = "FORBEAR_INSTANCE")]
    pub instance: Option<u32>,
    /// Copies of each record: 1 on a single server, 3 in a cluster [default: 1].
    #[arg(long, env = "FORBEAR_REPLICAS")]
    pub replicas: Option<usize>,
    /// Where a process without pages serves /health, /ready and /metrics [default: nowhere].
    #[arg(long, env = "FORBEAR_PROBES")]
    pub probes: Option<SocketAddr>,
}

/// How the platform is reached.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "How the platform is reached")]
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

/// `forbear agency`.
#[derive(Debug, Subcommand)]
pub enum Agency {
    /// Register an agency.
    #[command(after_help = AGENCY_EXAMPLES)]
    Add {
        /// Which, such as agency-3 or 3.
        agency: AgencyId,
        /// Its legal name.
        #[arg(long)]
        name: String,
        /// Where it is licensed: ISO 3166 codes, separated by commas.
        #[arg(long, required = true, value_delimiter = ',')]
        jurisdictions: Vec<String>,
        /// Most cases that it takes.
        #[arg(long)]
        capacity: u32,
        /// The numbers it calls from, separated by commas.
        #[arg(long, required = true, value_delimiter = ',')]
        lines: Vec<String>,
        /// How the platform is reached.
        #[command(flatten)]
        server: Server,
    },
    /// Suspend an agency: it gets no permits, and its cases are taken back.
    Suspend {
        /// Which, such as agency-3.
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
        /// Which, such as collector-301 or 301.
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
    /// Set an agency's licences, products, languages, capacity, commission and insurance.
    Terms(Terms),
    /// Record a collector's verified identity and certificates.
    Certify(Certify),
    /// Let an agency or a collector collect, or not, without taking cases back.
    Standing(Standing),
    /// Register a calling number to an agency, or take it back.
    Line(RegisterLine),
    /// Have the text of an agency's messages approved, or withdraw it.
    Template(Template),
    /// List all agencies.
    List(Server),
}

/// `forbear queue`.
#[derive(Debug, Args)]
pub struct Queue {
    /// Whose, such as collector-301.
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
    /// Ask for a permit: one call or message, to one number, for one case.
    ///
    /// What it prints is needed to redeem it.
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
        /// A name for this request, at most 200 characters: asked again by the same name, it gives the same
        /// permit instead of another [default: a random one at each start].
        #[arg(long)]
        retry_key: Option<String>,
        /// How the platform is reached.
        #[command(flatten)]
        server: Server,
    },
    /// Say of each request of a list when it would be allowed. Reserves and records nothing.
    ///
    /// A file of JSON lines; each has what POST /v1/permits takes (proto/http.md).
    Check {
        /// The file.
        file: PathBuf,
        /// How the platform is reached.
        #[command(flatten)]
        server: Server,
    },
    /// Ask for the permits of a list.
    ///
    /// A file of JSON lines; each has what POST /v1/permits takes (proto/http.md).
    Batch {
        /// The file.
        file: PathBuf,
        /// A name for these requests, at most 100 characters: the same file again by the same name gives the same
        /// permits instead of others [default: a random one at each start].
        #[arg(long)]
        retry_key: Option<String>,
        /// How the platform is reached.
        #[command(flatten)]
        server: Server,
    },
    /// Say what every rule would say of a request. Reserves and records nothing.
    Explain(ExplainRequest),
    /// Redeem a permit: the call is being placed now.
    Redeem {
        /// The token that the request returned.
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
        /// The token that the request returned.
        permit: String,
        /// What became of it: conversation, answered-dropped, no-answer, voicemail, busy, not-in-service, unknown.
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
    /// Check a configuration, and print every setting with where it comes from: a flag, the environment, the
    /// file, or the default.
    ///
    /// Takes the flags and the environment of `up` and `serve`. Passwords are not shown. What is printed can be
    /// a configuration file.
    #[command(after_help = CHECK_EXAMPLES)]
    Check(Check),
}

/// `forbear config check`.
#[derive(Debug, Args)]
pub struct Check {
    /// What `forbear serve` is to run, as it is given there; none: it is for `forbear up`.
    pub roles: Vec<Role>,
    /// Settings of a process of a cluster.
    #[command(flatten)]
    pub cluster: ClusterSettings,
    /// Settings of every process.
    #[command(flatten)]
    pub settings: Settings,
}

/// `forbear demo`.
#[derive(Debug, Args)]
pub struct Demo {
    /// Run it as five processes on a NATS server that it starts (`cargo xtask setup` gets one).
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
    /// Partitions of the gate. With more than one, a person's numbers may lie in different ones, and are counted as one.
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..=64), conflicts_with = "nats")]
    pub gate_partitions: u16,
    /// Where the pages are served.
    #[arg(long, default_value = "127.0.0.1:8080")]
    pub listen: SocketAddr,
    /// Keep everything in this directory, which must be empty or not there [default: a temporary one].
    #[arg(long)]
    pub keep: Option<PathBuf>,
}
