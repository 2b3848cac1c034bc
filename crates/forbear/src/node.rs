//! Composition: which parts run in this process, and how they are joined. `forbear up` and `forbear serve`
//! differ only in where the log is and in who leads.

use std::fmt;
use std::net::SocketAddr;
use std::path::Path;
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use api::{CodeSender, CommandSender, NoSender, Parts, Platform};
use assignment::Assignment;
use async_trait::async_trait;
use audit::{Audit, AuditOptions, AuditPort, AuditQuery, AuditReply};
use eventlog::Log;
use eventlog::embedded::EmbeddedLog;
use eventlog::jetstream::{JetStreamLog, JetStreamOptions};
use events::gate::{GateCommand, GateQuery, GateReply, PartitionsSetV1, PolicyAdoptedV2};
use events::{Actor, Code, Decider, Reason, Refusal, Service, StreamId, Tenant};
use gate::Gate;
use ledger::Ledger;
use model::CommandId;
use runtime::nats::{self, JetStreamKeys, KvLeases, NatsAnnounce, NatsError, Serving};
use runtime::{
    Announce, Clock, Leadership, Metrics, Options, Order, Port, RecoveryError, Service as Running,
    SoleInstance, Surroundings,
};
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinSet;
use vault::{EmbeddedKeys, KeyStore, MasterKey, Vault};

use crate::config::{Config, RulePack};
use crate::managers::{Access, Contacts, Homes, Placements, Plans};
use crate::standings;

/// How long requests in progress may take to end.
const STOP_WITHIN: Duration = Duration::from_secs(10);

/// How long the audit may take to answer: a recount reads every log.
const AUDIT_WITHIN: Duration = Duration::from_secs(600);

/// The subject that audit processes answer on.
const AUDIT_SUBJECT: &str = "forbear.audit";

/// A part of the program that can run in a process of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Role {
    /// Cases and postings.
    Ledger,
    /// Agencies, collectors, placement.
    Assignment,
    /// Permits.
    Gate,
    /// Timelines, evidence, figures.
    Audit,
    /// Pages and HTTP.
    Web,
}

impl Role {
    /// All of them: what `forbear up` runs.
    pub const ALL: [Self; 5] = [Self::Ledger, Self::Assignment, Self::Gate, Self::Audit, Self::Web];

    /// Its name on the command line.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Ledger => "ledger",
            Self::Assignment => "assignment",
            Self::Gate => "gate",
            Self::Audit => "audit",
            Self::Web => "web",
        }
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Role {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let role = Self::ALL.into_iter().find(|role| role.name() == text);
        role.ok_or_else(|| format!("expected ledger, assignment, gate, audit or web, got {text:?}"))
    }
}

/// Where the log is.
#[derive(Clone)]
pub enum Place {
    /// In the data directory of this process, which runs every role.
    Embedded,
    /// On NATS JetStream.
    Nats(nats::Client),
}

/// Why a node does not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The data directory.
    #[error("the data directory {path} cannot be made: {cause}")]
    Data {
        /// Which.
        path: std::path::PathBuf,
        /// Why.
        cause: std::io::Error,
    },
    /// The configuration.
    #[error(transparent)]
    Config(#[from] crate::config::ConfigError),
    /// The log.
    #[error(transparent)]
    Log(#[from] eventlog::LogError),
    /// The master key.
    #[error(transparent)]
    MasterKey(#[from] vault::MasterKeyError),
    /// The vault.
    #[error(transparent)]
    Vault(#[from] vault::VaultError),
    /// The vault's store.
    #[error(transparent)]
    Keys(#[from] vault::KeyStoreError),
    /// The checkpoint key.
    #[error("the checkpoint key: {0}")]
    Signer(String),
    /// The audit.
    #[error(transparent)]
    Audit(#[from] audit::StartError),
    /// A partition cannot be served.
    #[error(transparent)]
    Recovery(#[from] RecoveryError),
    /// NATS.
    #[error(transparent)]
    Nats(#[from] NatsError),
    /// The metrics.
    #[error("the metrics cannot be registered: {0}")]
    Metrics(String),
    /// The address.
    #[error("cannot listen on {address}: {cause}; choose another with --listen")]
    Listen {
        /// Which.
        address: SocketAddr,
        /// Why.
        cause: std::io::Error,
    },
}

/// What runs in this process.
pub struct Node {
    /// The way to act. In a cluster it reaches the other processes over NATS.
    pub platform: Platform,
    /// What is counted here.
    pub metrics: Metrics,
    /// The log, for those who read it themselves.
    pub log: Arc<dyn Log>,
    /// The audit, where it runs here.
    pub audit: Option<Audit>,
    /// Where the pages are served, if they are.
    pub listening: Option<SocketAddr>,
    stop: watch::Sender<bool>,
    services: Services,
    tasks: JoinSet<()>,
    client: Option<nats::Client>,
    _answering: Option<Serving>,
}

#[derive(Default)]
struct Services {
    ledger: Option<Running<Ledger>>,
    assignment: Option<Running<Assignment>>,
    gate: Option<Running<Gate>>,
}

/// What a node is started with, besides its configuration.
pub struct Start<'a> {
    /// The configuration.
    pub config: &'a Config,
    /// What runs.
    pub roles: &'a [Role],
    /// Where the log is.
    pub place: Place,
    /// What time it is.
    pub clock: Clock,
    /// The vault's master key.
    pub master: MasterKey,
    /// How codes are sent; from the configuration if `None`.
    pub codes: Option<Arc<dyn CodeSender>>,
}

impl Node {
    /// Starts. Embedded, it returns when every partition is served; in a cluster, as soon as it takes part.
    pub async fn start(start: Start<'_>) -> Result<Self, StartError> {
        let Start { config, roles, place, clock, master, codes } = start;
        std::fs::create_dir_all(&config.data)
            .map_err(|cause| StartError::Data { path: config.data.clone(), cause })?;
        let packs = config.packs()?;
        let metrics = Metrics::new().map_err(|error| StartError::Metrics(error.to_string()))?;
        let (stop, stopped) = watch::channel(false);
        let log = open_log(config, &place)?;
        let surroundings = Surroundings {
            log: Arc::clone(&log),
            clock: clock.clone(),
            leadership: leadership(config, &place).await?,
            metrics: metrics.clone(),
            stop: stopped.clone(),
        };
        let mut services = Services::start(config, roles, &place, &surroundings);
        if matches!(place, Place::Embedded) {
            services.ready().await?;
        }
        let ports = Ports::of(config, &place, &clock, &services);
        let mut tasks = JoinSet::new();
        services.manage(&mut tasks, &surroundings, &ports, &packs);
        let signer_seed = master.checkpoint_seed();
        let keys: Arc<dyn KeyStore> = match &place {
            Place::Embedded => Arc::new(EmbeddedKeys::open(&config.data.join("vault.redb"))?),
            Place::Nats(client) => Arc::new(JetStreamKeys::open(client, config.nats.replicas).await?),
        };
        let vault = Vault::new(master, keys).await?;
        let audit = if roles.contains(&Role::Audit) {
            let signer = tlog::NoteSigner::from_seed("forbear", &signer_seed)
                .map_err(|error| StartError::Signer(error.to_string()))?;
            let options = AuditOptions {
                directory: config.data.join("projections"),
                checkpoints: config.data.join("checkpoints"),
                streams: streams(config),
                signer,
            };
            Some(Audit::start(options, Arc::clone(&log), metrics.clone(), stopped.clone())?)
        } else {
            None
        };
        let answering = match (&place, &audit) {
            (Place::Nats(client), Some(audit)) => Some(answer_for_audit(client, audit.clone()).await?),
            _ => None,
        };
        let audit_port: Arc<dyn AuditPort> = match (&place, &audit) {
            (_, Some(audit)) => Arc::new(audit.clone()),
            (Place::Nats(client), None) => Arc::new(RemoteAudit(client.clone())),
            (Place::Embedded, None) => Arc::new(NoAudit),
        };
        let platform = Platform::new(Parts {
            ledger: ports.ledger,
            assignment: ports.assignment,
            gate: ports.gate,
            audit: audit_port,
            vault,
            clock,
            metrics: metrics.clone(),
            codes: codes.unwrap_or_else(|| code_sender(config)),
        });
        let listening = if roles.contains(&Role::Web) {
            let pages = console::router(platform.clone(), config.console()?);
            let proxies = api::http::Proxies {
                trusted: config.pages.proxies.clone().into(),
                https: config.pages.https,
            };
            let router = api::http::router(platform.clone()).merge(pages).layer(proxies.layer());
            Some(serve_http(config.listen, router, stopped.clone(), &mut tasks).await?)
        } else {
            None
        };
        if let Some(probes) = config.probes {
            serve_http(probes, api::http::probes(platform.clone()), stopped, &mut tasks).await?;
        }
        let client = match place {
            Place::Nats(client) => Some(client),
            Place::Embedded => None,
        };
        Ok(Self {
            platform,
            metrics,
            log,
            audit,
            listening,
            stop,
            services,
            tasks,
            client,
            _answering: answering,
        })
    }

    /// Waits until a part has ended that should not; never returns while all is well.
    pub async fn failed(&mut self) -> String {
        let ended = tokio::select! {
            // Why a service ended says more than that its followers did.
            biased;
            ended = still_running(&mut self.services.ledger) => ended,
            ended = still_running(&mut self.services.assignment) => ended,
            ended = still_running(&mut self.services.gate) => ended,
            Some(ended) = self.tasks.join_next() => {
                return format!("a part of the program has ended: {ended:?}");
            }
        };
        match ended {
            Ok(()) => "a service has ended".to_owned(),
            Err(error) => error.to_string(),
        }
    }

    /// Stops: what was accepted is made durable and answered, snapshots are written, leases given back.
    pub async fn stop(mut self) -> Result<(), RecoveryError> {
        self.stop.send_replace(true);
        let (ledger, assignment, gate) = tokio::join!(
            ended(&mut self.services.ledger),
            ended(&mut self.services.assignment),
            ended(&mut self.services.gate)
        );
        if let Some(audit) = &self.audit {
            audit.ended().await;
        }
        let rest = async { while self.tasks.join_next().await.is_some() {} };
        if tokio::time::timeout(STOP_WITHIN, rest).await.is_err() {
            tracing::warn!("requests in progress were broken off");
            self.tasks.abort_all();
        }
        if let Some(client) = &self.client {
            // What was answered is on its way; a lost connection has lost it already.
            drop(client.flush().await);
        }
        ledger.and(assignment).and(gate)
    }
}

/// As `ended`, but a service that does not run here never ends.
async fn still_running<D: Decider>(service: &mut Option<Running<D>>) -> Result<(), RecoveryError> {
    match service {
        Some(service) => service.ended().await,
        None => std::future::pending().await,
    }
}

async fn ended<D: Decider>(service: &mut Option<Running<D>>) -> Result<(), RecoveryError> {
    match service {
        Some(service) => service.ended().await,
        None => Ok(()),
    }
}

/// Every partition's log.
pub fn streams(config: &Config) -> Vec<StreamId> {
    let of = |service, partitions| (0..partitions).map(move |partition| StreamId { service, partition });
    of(Service::Ledger, config.partitions.ledger)
        .chain(of(Service::Assignment, 1))
        .chain(of(Service::Gate, config.partitions.gate))
        .collect()
}

fn open_log(config: &Config, place: &Place) -> Result<Arc<dyn Log>, StartError> {
    Ok(match place {
        Place::Embedded => Arc::new(EmbeddedLog::open(&config.data)?),
        Place::Nats(client) => {
            let options = JetStreamOptions { replicas: config.nats.replicas, ..JetStreamOptions::default() };
            Arc::new(JetStreamLog::new(client.clone(), options))
        }
    })
}

async fn leadership(config: &Config, place: &Place) -> Result<Arc<dyn Leadership>, StartError> {
    Ok(match place {
        Place::Embedded => Arc::new(SoleInstance),
        Place::Nats(client) => {
            let ttl = Duration::from_secs(config.nats.lease_s);
            Arc::new(KvLeases::open(client, config.nats.replicas, config.instance(), ttl).await?)
        }
    })
}

impl Services {
    fn start(config: &Config, roles: &[Role], place: &Place, surroundings: &Surroundings) -> Self {
        Self {
            ledger: roles
                .contains(&Role::Ledger)
                .then(|| service(config, config.partitions.ledger, place, surroundings)),
            assignment: roles.contains(&Role::Assignment).then(|| service(config, 1, place, surroundings)),
            gate: roles
                .contains(&Role::Gate)
                .then(|| service(config, config.partitions.gate, place, surroundings)),
        }
    }

    async fn ready(&mut self) -> Result<(), RecoveryError> {
        if let Some(service) = &mut self.ledger {
            service.ready().await?;
        }
        if let Some(service) = &mut self.assignment {
            service.ready().await?;
        }
        if let Some(service) = &mut self.gate {
            service.ready().await?;
        }
        Ok(())
    }

    /// Process managers run beside the leader of the log that they follow.
    fn manage(&self, tasks: &mut JoinSet<()>, around: &Surroundings, ports: &Ports, packs: &[RulePack]) {
        let (log, stop, metrics) = (&around.log, &around.stop, &around.metrics);
        for (partition, leading) in leading_of(self.ledger.as_ref()) {
            tasks.spawn(runtime::manager::run::<Contacts>(
                Arc::clone(log),
                partition,
                ports.gate.clone(),
                leading.clone(),
                stop.clone(),
                metrics.clone(),
            ));
            tasks.spawn(runtime::manager::run::<Placements>(
                Arc::clone(log),
                partition,
                ports.assignment.clone(),
                leading,
                stop.clone(),
                metrics.clone(),
            ));
        }
        for (partition, leading) in leading_of(self.assignment.as_ref()) {
            tasks.spawn(runtime::manager::run::<Access>(
                Arc::clone(log),
                partition,
                ports.gate.clone(),
                leading.clone(),
                stop.clone(),
                metrics.clone(),
            ));
            tasks.spawn(runtime::manager::run::<Plans>(
                Arc::clone(log),
                partition,
                ports.assignment.clone(),
                leading.clone(),
                stop.clone(),
                metrics.clone(),
            ));
            tasks.spawn(standings::review(
                ports.assignment.clone(),
                leading,
                stop.clone(),
                around.clock.clone(),
            ));
        }
        if let Some(gate) = &self.gate {
            for (partition, leading) in leading_of(Some(gate)) {
                if ports.gate.partitions() > 1 {
                    tasks.spawn(runtime::manager::run::<Homes>(
                        Arc::clone(log),
                        partition,
                        ports.gate.clone(),
                        leading.clone(),
                        stop.clone(),
                        metrics.clone(),
                    ));
                }
                tasks.spawn(adopt(
                    gate.port(),
                    partition,
                    packs.to_vec(),
                    leading,
                    stop.clone(),
                    around.clock.clone(),
                ));
            }
        }
    }
}

fn leading_of<D: Decider>(
    service: Option<&Running<D>>,
) -> impl Iterator<Item = (u16, watch::Receiver<bool>)> + use<D> {
    let leading = service.map(Running::leading).unwrap_or_default();
    (0..).zip(leading)
}

fn service<D: Decider>(config: &Config, partitions: u16, place: &Place, around: &Surroundings) -> Running<D> {
    let options = Options {
        partitions,
        snapshots: Some(config.data.join("snapshots")),
        instance: config.instance(),
        ..Options::default()
    };
    let announce: Option<Arc<dyn Announce<D>>> = match place {
        Place::Embedded => None,
        Place::Nats(client) => Some(Arc::new(NatsAnnounce::new(client.clone(), around.clock.clone()))),
    };
    Running::start(around, &options, announce)
}

/// The three services as callers see them.
struct Ports {
    ledger: Port<Ledger>,
    assignment: Port<Assignment>,
    gate: Port<Gate>,
}

impl Ports {
    fn of(config: &Config, place: &Place, clock: &Clock, services: &Services) -> Self {
        match place {
            Place::Nats(client) => Self {
                ledger: nats::remote_port(client, config.partitions.ledger, clock),
                assignment: nats::remote_port(client, 1, clock),
                gate: nats::remote_port(client, config.partitions.gate, clock),
            },
            Place::Embedded => Self {
                ledger: local(services.ledger.as_ref()),
                assignment: local(services.assignment.as_ref()),
                gate: local(services.gate.as_ref()),
            },
        }
    }
}

fn local<D: Decider>(service: Option<&Running<D>>) -> Port<D> {
    service.map_or_else(|| Port::new(Vec::new()), Running::port)
}

/// Sees to it, whenever a partition of the gate is led here, that it knows which it is and decides by the configured rule packs: each is
/// adopted where there is none of its id, or an older version. What an operator has adopted since stays.
async fn adopt(
    gate: Port<Gate>,
    partition: u16,
    packs: Vec<RulePack>,
    mut leading: watch::Receiver<bool>,
    mut stop: watch::Receiver<bool>,
    clock: Clock,
) {
    loop {
        tokio::select! {
            biased;
            () = turned(&mut stop, true) => return,
            () = turned(&mut leading, true) => {}
        }
        while *leading.borrow_and_update() {
            match adopt_if_older(&gate, partition, &packs, &clock).await {
                Ok(()) => break,
                Err(refusal) if refusal.is_transient() => tokio::time::sleep(ADOPT_PAUSE).await,
                Err(refusal) => {
                    tracing::error!(partition, %refusal, "the configured rule packs were not adopted");
                    break;
                }
            }
        }
        tokio::select! {
            biased;
            () = turned(&mut stop, true) => return,
            () = turned(&mut leading, false) => {}
        }
    }
}

/// Between attempts to adopt.
const ADOPT_PAUSE: Duration = Duration::from_millis(200);

/// A pack that is refused for good is logged, and the others are adopted all the same: one pack less must not become
/// many less. Fails if it should be tried again.
async fn adopt_if_older(
    gate: &Port<Gate>,
    partition: u16,
    packs: &[RulePack],
    clock: &Clock,
) -> Result<(), Refusal> {
    set_partitions(gate, partition, clock).await?;
    let GateReply::Figures(figures) = gate.query(partition, GateQuery::Figures).await? else {
        return Err(Code::UNAVAILABLE.into());
    };
    for pack in packs {
        let known = figures.policies.iter().find(|(id, _)| *id == pack.id);
        if let Some((id, version)) = known.filter(|(_, version)| *version >= pack.version) {
            if *version > pack.version {
                tracing::info!(
                    partition,
                    id,
                    version,
                    "a newer version than the configured one is in force and stays"
                );
            }
            continue;
        }
        let order = Order {
            id: adoption_id(pack, partition, clock),
            actor: Actor::Operator,
            tenant: Tenant::Platform,
            cause: None,
            command: GateCommand::AdoptPolicy(PolicyAdoptedV2 { pack: pack.text.clone() }),
        };
        let mut answers = gate.submit_to(partition, vec![order]).await;
        match answers.pop().unwrap_or_else(|| Err(Code::UNAVAILABLE.into())) {
            Ok(_) => {}
            Err(refusal) if refusal.is_transient() => return Err(refusal),
            Err(refusal) => {
                tracing::error!(partition, pack = pack.id, %refusal, "a configured rule pack was not adopted");
            }
        }
    }
    Ok(())
}

/// Tells a partition which it is. It gives no permits before.
async fn set_partitions(gate: &Port<Gate>, partition: u16, clock: &Clock) -> Result<(), Refusal> {
    let partitions = gate.partitions();
    if partitions <= 1 {
        return Ok(());
    }
    let mut id = *b"pn..............";
    id[2..4].copy_from_slice(&partition.to_be_bytes());
    id[4..6].copy_from_slice(&partitions.to_be_bytes());
    id[8..].copy_from_slice(&clock.now().at.0.to_be_bytes());
    let order = Order {
        id: CommandId(id),
        actor: Actor::Operator,
        tenant: Tenant::Platform,
        cause: None,
        command: GateCommand::SetPartitions(PartitionsSetV1 { partitions, own: partition }),
    };
    let mut answers = gate.submit_to(partition, vec![order]).await;
    answers.pop().unwrap_or_else(|| Err(Code::UNAVAILABLE.into())).map(drop)
}

async fn turned(flag: &mut watch::Receiver<bool>, to: bool) {
    if flag.wait_for(|flag| *flag == to).await.is_err() {
        // The sender is gone: the process is going down; `stop` says so.
        std::future::pending::<()>().await;
    }
}

/// A new id for each adoption: adopting what is in force changes nothing, so repeating it is harmless.
fn adoption_id(pack: &RulePack, partition: u16, clock: &Clock) -> CommandId {
    let mut id = *b"pk..............";
    id[2..4].copy_from_slice(&partition.to_be_bytes());
    id[4..12].copy_from_slice(&events::record::input_digest(pack.text.as_bytes()).to_be_bytes());
    id[12..].copy_from_slice(&(clock.now().at.0 as u32).to_be_bytes());
    CommandId(id)
}

fn code_sender(config: &Config) -> Arc<dyn CodeSender> {
    match config.code_command.as_deref() {
        Some([program, arguments @ ..]) => {
            Arc::new(CommandSender { program: program.clone(), arguments: arguments.to_vec() })
        }
        _ => Arc::new(NoSender),
    }
}

async fn serve_http(
    address: SocketAddr,
    router: axum::Router,
    stop: watch::Receiver<bool>,
    tasks: &mut JoinSet<()>,
) -> Result<SocketAddr, StartError> {
    let failed = |cause| StartError::Listen { address, cause };
    let listener = TcpListener::bind(address).await.map_err(failed)?;
    let listening = listener.local_addr().map_err(failed)?;
    tasks.spawn(async move {
        if let Err(error) = api::http::serve(listener, router, stop).await {
            tracing::error!(%error, %address, "HTTP is no longer served");
        }
    });
    Ok(listening)
}

async fn answer_for_audit(client: &nats::Client, audit: Audit) -> Result<Serving, NatsError> {
    nats::answer(client, "forbear-audit", AUDIT_SUBJECT, move |payload| {
        let audit = audit.clone();
        async move {
            let answer: Result<AuditReply, Refusal> = match nats::decode::<AuditQuery>(&payload) {
                Ok(query) => audit.ask(query).await,
                Err(refusal) => Err(refusal),
            };
            nats::encode(&answer).unwrap_or_default()
        }
    })
    .await
}

/// The audit of another process.
struct RemoteAudit(nats::Client);

#[async_trait]
impl AuditPort for RemoteAudit {
    async fn ask(&self, query: AuditQuery) -> Result<AuditReply, Refusal> {
        let payload = nats::encode(&query)?;
        let answer: Result<AuditReply, Refusal> =
            nats::ask(&self.0, AUDIT_SUBJECT, payload, AUDIT_WITHIN).await?;
        answer
    }
}

/// No audit runs here and there is none elsewhere.
struct NoAudit;

#[async_trait]
impl AuditPort for NoAudit {
    async fn ask(&self, _query: AuditQuery) -> Result<AuditReply, Refusal> {
        Err(Reason::detail(Code::UNAVAILABLE, "the audit does not run in this process").into())
    }
}

/// The master key of a configuration; made on the first start of an embedded platform.
pub fn master_key(config: &Config, create: bool) -> Result<MasterKey, StartError> {
    let path = config.vault_key();
    if !create {
        return Ok(MasterKey::load(&path)?);
    }
    let directory = path.parent().unwrap_or(Path::new("."));
    std::fs::create_dir_all(directory)
        .map_err(|cause| StartError::Data { path: directory.to_owned(), cause })?;
    Ok(MasterKey::load_or_create(&path)?)
}
