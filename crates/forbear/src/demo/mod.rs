//! The demonstration: a lender's file, five agencies, three days of dialers that try far too often, and what
//! the gate made of it. It runs the real services over a real log; only the clock and the dialers are made up.

mod chance;
mod cluster;
mod days;
mod portfolio;
mod report;

use std::fs::File;
use std::io::BufWriter;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use api::{AgencyRegistration, DisplayOnly, Platform, Principal};
use events::assignment::AssignmentEvent;
use events::{Decoded, Event, Position, Refusal, Service, StreamId};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use model::{AgencyId, CollectorId, ContactPointId, LenderId, PhoneNumber, Timestamp};
use runtime::{Clock, Follower, SimulatedClock};
use sha2::{Digest, Sha256};
use vault::MasterKey;

use crate::config::{Config, Partitions};
use crate::node::{Node, Place, Role, Start, StartError};
use days::{Days, Dialing, People};
pub use portfolio::{SOUGHT_NUMBER, STRANGER_NUMBER};
pub use report::Report;

const LENDER: LenderId = LenderId(1);
const AGENCIES: u32 = 5;
const COLLECTORS: u32 = 60;

/// 2 March 2026, a Monday, 00:00 in Shanghai.
const MIDNIGHT: Timestamp = Timestamp(1_772_380_800_000);
/// How long to wait for the services before giving up.
const PATIENCE: Duration = Duration::from_secs(120);

/// What to demonstrate.
#[derive(Debug, Clone)]
pub struct Demo {
    /// Where everything is kept while it runs.
    pub directory: std::path::PathBuf,
    /// Chance.
    pub seed: u64,
    /// Rows of the lender's file.
    pub cases: u64,
    /// Days.
    pub days: u32,
    /// As services on a NATS server that it starts.
    pub nats: bool,
    /// Partitions of the gate; 1 on a NATS server.
    pub gate_partitions: u16,
    /// Where the pages are served afterwards; `None`: they are not.
    pub pages: Option<SocketAddr>,
    /// Show progress on the terminal.
    pub progress: bool,
}

/// Why a demonstration failed.
#[derive(Debug, thiserror::Error)]
pub enum DemoError {
    /// A part did not start.
    #[error(transparent)]
    Start(#[from] StartError),
    /// A command was refused that should not be.
    #[error("a command was refused: {0}")]
    Refused(Refusal),
    /// A file could not be written or read.
    #[error("{path}: {cause}")]
    File {
        /// Which.
        path: std::path::PathBuf,
        /// Why.
        cause: std::io::Error,
    },
    /// The log cannot be read.
    #[error(transparent)]
    Log(#[from] eventlog::LogError),
    /// A promise was broken.
    #[error("a promise was broken: {0}")]
    Promise(&'static str),
    /// A process did not do what it should.
    #[error("{0}")]
    Process(String),
    /// It took too long.
    #[error("waited two minutes for {0}, which did not happen; the processes' output says why")]
    Late(&'static str),
}

impl From<Refusal> for DemoError {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

/// A demonstration that has run, its services still running.
pub struct Ran {
    /// What happened.
    pub report: Report,
    /// Where the pages are.
    pub pages: Option<SocketAddr>,
    /// Sign-in links, with what they are for.
    pub links: Vec<(&'static str, String)>,
    node: Node,
    clock: SimulatedClock,
    cluster: Option<cluster::Processes>,
}

impl Demo {
    /// Runs it.
    pub async fn run(&self) -> Result<Ran, DemoError> {
        let config = Config {
            data: self.directory.join("data"),
            partitions: Partitions { gate: self.gate_partitions, ..Partitions::default() },
            listen: self.pages.unwrap_or_else(|| SocketAddr::from(([127, 0, 0, 1], 0))),
            ..Config::default()
        };
        if self.nats {
            // The process that listens there is the last to start; said now, it costs nobody the days before.
            let failed = |cause| StartError::Listen { address: config.listen, cause };
            std::net::TcpListener::bind(config.listen).map_err(failed)?;
        }
        let clock = SimulatedClock::starting(MIDNIGHT);
        let key_file = self.directory.join("vault.key");
        write_key(&key_file, self.seed)?;
        let mut cluster = None;
        let place = if self.nats {
            let processes = cluster::Processes::start(&self.directory, &key_file, MIDNIGHT).await?;
            let client = processes.client().await?;
            cluster = Some(processes);
            Place::Nats(client)
        } else {
            Place::Embedded
        };
        let roles: &[Role] = match (self.nats, self.pages) {
            (true, _) => &[],
            (false, Some(_)) => &Role::ALL,
            (false, None) => &[Role::Ledger, Role::Assignment, Role::Gate, Role::Audit],
        };
        let node = Node::start(Start {
            config: &config,
            roles,
            place,
            clock: Clock::Simulated(clock.clone()),
            master: MasterKey::load(&key_file).map_err(StartError::from)?,
            codes: Some(Arc::new(DisplayOnly)),
        })
        .await?;
        ready(&node.platform).await?;
        let report = self.demonstrate(&node, &clock).await?;
        // Mid-morning of the day after, so that the pages have something to show.
        clock.advance_to(MIDNIGHT.plus_ms((i64::from(self.days) * 24 + 10) * 3_600_000));
        let mut pages = node.listening;
        if let Some(processes) = &mut cluster {
            pages = Some(processes.start_web(&self.directory, &key_file, clock.at(), config.listen).await?);
        }
        let links = pages.map(|address| links(&node.platform, address)).transpose()?.unwrap_or_default();
        Ok(Ran { report, pages, links, node, clock, cluster })
    }

    async fn demonstrate(&self, node: &Node, clock: &SimulatedClock) -> Result<Report, DemoError> {
        let platform = &node.platform;
        let operator = Principal::Operator;
        let file = self.directory.join("portfolio.csv");
        let expected_bad = write_portfolio(&file, self.cases, self.seed)?;
        let started = Instant::now();
        let import = self.import(platform, &file).await?;
        register(platform, &operator).await?;
        until("all cases to reach the assignment service", || async {
            Ok(platform.figures(&operator).await?.assignment.offered == import.taken)
        })
        .await?;
        let placement = platform.place_open_cases(&operator, None).await?;
        placements_known(node).await?;
        let dialing = dialing(platform, &operator).await?;
        let people = People {
            sought: contact_point(platform, portfolio::SOUGHT_NUMBER)?,
            stranger: contact_point(platform, portfolio::STRANGER_NUMBER)?,
        };
        let minutes = u64::from(self.days) * 24 * 60;
        let progress = bar(self.progress, minutes, "minutes of dialing");
        let days = Days {
            platform,
            clock,
            midnight: MIDNIGHT,
            seed: self.seed,
            dialing: &dialing,
            people,
            progress: &progress,
        };
        let dialed = Instant::now();
        let seen = days.run(self.days).await?;
        let dialing_took = dialed.elapsed();
        progress.finish_and_clear();
        settle_down(platform, clock).await?;
        audit_caught_up(platform).await?;
        let wall = started.elapsed();
        let facts = report::Facts {
            seed: self.seed,
            days: self.days,
            services: if self.nats { "separate processes on NATS" } else { "one process, embedded log" },
            rows: self.cases,
            expected_bad,
            import,
            placement,
            seen,
            wall,
            dialing_took,
        };
        report::collect(node, facts).await
    }

    async fn import(&self, platform: &Platform, file: &Path) -> Result<api::ImportReport, DemoError> {
        let failed = |cause| DemoError::File { path: file.to_owned(), cause };
        let length = std::fs::metadata(file).map_err(failed)?.len();
        let progress = bar(self.progress, length, "bytes imported");
        let shown = progress.clone();
        let reader = File::open(file).map_err(failed)?;
        let report = platform
            .import_portfolio(
                &Principal::Operator,
                LENDER,
                reader,
                api::portfolio::Defaults::default(),
                None,
                move |at| {
                    shown.set_position(at.bytes);
                },
            )
            .await?;
        progress.finish_and_clear();
        Ok(report)
    }
}

impl Ran {
    /// Keeps the simulated clock going at the pace of the real one, until Ctrl-C.
    pub async fn serve(&self) {
        let from = (self.clock.at(), Instant::now());
        let mut tick = tokio::time::interval(Duration::from_millis(500));
        let interrupted = tokio::signal::ctrl_c();
        tokio::pin!(interrupted);
        loop {
            tokio::select! {
                // An error means that signals cannot be watched: end rather than never end.
                _ = &mut interrupted => return,
                _ = tick.tick() => {
                    let passed = i64::try_from(from.1.elapsed().as_millis()).unwrap_or(i64::MAX);
                    self.clock.advance_to(from.0.plus_ms(passed));
                }
            }
        }
    }

    /// Stops everything.
    pub async fn stop(self) -> Result<(), DemoError> {
        self.node.stop().await.map_err(StartError::from)?;
        if let Some(cluster) = self.cluster {
            cluster.stop().await;
        }
        Ok(())
    }
}

/// The key follows from the seed, so that pseudonyms, and with them the order of everything, are the same
/// in every run. Only a demonstration may do that.
fn write_key(path: &Path, seed: u64) -> Result<(), DemoError> {
    use std::io::Write;
    use std::os::unix::fs::OpenOptionsExt;
    let failed = |cause| DemoError::File { path: path.to_owned(), cause };
    let key = Sha256::digest(format!("forbear demo {seed}"));
    let hex: String = key.iter().map(|byte| format!("{byte:02x}")).collect();
    let mut options = std::fs::OpenOptions::new();
    let mut file = options.write(true).create(true).truncate(true).mode(0o600).open(path).map_err(failed)?;
    writeln!(file, "{hex}").map_err(failed)
}

fn write_portfolio(path: &Path, cases: u64, seed: u64) -> Result<u64, DemoError> {
    let failed = |cause| DemoError::File { path: path.to_owned(), cause };
    let mut out = BufWriter::new(File::create(path).map_err(failed)?);
    portfolio::write(&mut out, cases, seed).map_err(failed)
}

fn contact_point(platform: &Platform, number: &str) -> Result<ContactPointId, DemoError> {
    let number =
        PhoneNumber::parse(number, Some("CN")).map_err(|error| DemoError::Process(error.to_string()))?;
    Ok(platform.contact_point(&number.into()))
}

async fn register(platform: &Platform, operator: &Principal) -> Result<(), DemoError> {
    const NAMES: [&str; AGENCIES as usize] =
        ["Anxin 安信", "Bohai 渤海", "Chengda 诚达", "Dingfeng 鼎丰", "Enyuan 恩源"];
    for (number, name) in (1..).zip(NAMES) {
        let agency = AgencyRegistration {
            agency: AgencyId(number),
            name: name.to_owned(),
            jurisdictions: vec!["CN".to_owned()],
            capacity: 1_000_000,
            lines: (1..=3).map(|line| format!("+864001000{number}{line:02}")).collect(),
        };
        platform.register_agency(operator, agency, None).await?;
        for nth in 1..=COLLECTORS / AGENCIES {
            let collector = CollectorId(number * 100 + nth);
            let name = format!("Collector {}", collector.0);
            platform.register_collector(operator, collector, AgencyId(number), &name, None).await?;
        }
    }
    Ok(())
}

/// What each collector finds in their queue. Read page by page, as their programs do.
async fn dialing(platform: &Platform, operator: &Principal) -> Result<Vec<Dialing>, DemoError> {
    let mut all = Vec::new();
    for agency in (1..=AGENCIES).map(AgencyId) {
        for nth in 1..=COLLECTORS / AGENCIES {
            let collector = CollectorId(agency.0 * 100 + nth);
            let mut contacts = Vec::new();
            let mut after = None;
            loop {
                let page = platform.queue(operator, collector, api::QUEUE_MAX, after).await?;
                let entries: Vec<_> = page.callable.iter().chain(&page.later).collect();
                for entry in &entries {
                    contacts.extend(
                        entry.contacts.iter().map(|contact| (entry.case, contact.contact, contact.role)),
                    );
                }
                // Pages go by falling worth, then rising case.
                after = entries
                    .iter()
                    .map(|entry| (entry.worth.minor, entry.case))
                    .min_by_key(|(minor, case)| (*minor, std::cmp::Reverse(*case)));
                if entries.len() < api::QUEUE_MAX as usize {
                    break;
                }
            }
            contacts.sort_unstable();
            all.push(Dialing { collector, agency, contacts });
        }
    }
    Ok(all)
}

async fn ready(platform: &Platform) -> Result<(), DemoError> {
    until("every service to answer", || async { Ok(platform.readiness().await.ready()) }).await
}

/// Waits until the gate has been told of every placement. Each gate partition knows how far in the assignment
/// log it has been told; the log says how far that must be.
async fn placements_known(node: &Node) -> Result<(), DemoError> {
    let gate = &node.platform.parts().gate;
    let stream = StreamId { service: Service::Assignment, partition: 0 };
    let mut last = vec![Position(0); usize::from(gate.partitions())];
    let mut follower = Follower::start(Arc::clone(&node.log), stream);
    let head = node.log.head(stream).await?;
    while follower.chain.slot < head {
        let stored = follower.next().await?;
        for record in follower.accept(&stored)? {
            for command in &record.commands {
                for (index, bytes) in command.events.iter().enumerate() {
                    let Ok(Decoded::Known(AssignmentEvent::CasePlaced(placed))) =
                        AssignmentEvent::decode(bytes)
                    else {
                        continue;
                    };
                    for contact in &placed.contacts {
                        let partition = usize::from(gate.partition_of(&contact.0));
                        last[partition] = Position(command.first.0 + index as u64);
                    }
                }
            }
        }
    }
    until("every placement to reach the gate", || async {
        for (partition, last) in (0..).zip(&last) {
            if gate.followed(partition, stream).await?.unwrap_or_default() < *last {
                return Ok(false);
            }
        }
        Ok(true)
    })
    .await
}

/// Lets time pass until nothing is open any more: permits expire, unsettled calls are settled as unknown, and
/// counts of repeated refusals are written.
async fn settle_down(platform: &Platform, clock: &SimulatedClock) -> Result<(), DemoError> {
    clock.advance_to(clock.at().plus_ms(gate::SETTLE_AFTER_MS + 3_600_000));
    let (mut before, mut same) = (None, 0);
    let started = Instant::now();
    while same < 3 {
        if started.elapsed() > PATIENCE {
            return Err(DemoError::Late("the gate to come to rest"));
        }
        clock.advance_to(clock.at().plus_ms(2_000));
        let figures = platform.figures(&Principal::Operator).await?.gate;
        same = if before.as_ref() == Some(&figures) { same + 1 } else { 0 };
        before = Some(figures);
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    Ok(())
}

async fn audit_caught_up(platform: &Platform) -> Result<(), DemoError> {
    until("the audit to catch up", || async {
        let status = platform.readiness().await;
        Ok(status.audit_reason.is_none() && status.lag.iter().all(|lag| lag.behind() == 0))
    })
    .await
}

/// Asks again and again until it is so.
async fn until<F, A>(what: &'static str, so: F) -> Result<(), DemoError>
where
    F: Fn() -> A,
    A: Future<Output = Result<bool, DemoError>>,
{
    let started = Instant::now();
    loop {
        match so().await {
            Ok(true) => return Ok(()),
            Ok(false) | Err(DemoError::Refused(_)) if started.elapsed() < PATIENCE => {}
            Ok(false) => return Err(DemoError::Late(what)),
            Err(error) => return Err(error),
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

fn bar(shown: bool, length: u64, what: &'static str) -> ProgressBar {
    let target = if shown { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() };
    let style =
        ProgressStyle::with_template("{bar:40} {percent:>3}% {human_pos} of {human_len} {msg}, {eta} left");
    let bar = ProgressBar::with_draw_target(Some(length), target).with_message(what);
    // The template is a constant; should it not parse, the default style does.
    match style {
        Ok(style) => bar.with_style(style),
        Err(_) => bar,
    }
}

fn links(platform: &Platform, address: SocketAddr) -> Result<Vec<(&'static str, String)>, DemoError> {
    const DAY_MS: i64 = 86_400_000;
    let link = |principal| {
        let token = platform.sign_in(principal, DAY_MS)?;
        Ok::<_, DemoError>(format!("http://{address}/sign-in?token={token}"))
    };
    Ok(vec![
        ("a called person: who calls me, and stop", format!("http://{address}/")),
        ("collector-101's queue", link(Principal::Collector(CollectorId(101), AgencyId(1)))?),
        ("the supervisor's figures", link(Principal::Supervisor(None))?),
    ])
}
