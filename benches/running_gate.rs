//! The gate, running in this process on a log, and clients who ask it without a socket between.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use eventlog::Log;
use events::gate::{GateAnswer, GateCommand, GateQuery, GateReply};
use events::{Actor, Tenant};
use gate::{Gate, PERMIT_TTL_MS};
use model::{CommandId, Timestamp};
use runtime::{Clock, Metrics, Options, Order, Port, Service, SoleInstance, Surroundings};
use tokio::sync::watch;

use crate::Failed;
use crate::asking::{Answers, Client, System};
use crate::simulated_time::SimulatedTime;
use crate::world::{AGENCY, COLLECTOR, Chance, World};

/// Between two ticks of the gate.
const TICK_MS: i64 = 1000;

/// See the module.
pub struct RunningGate {
    /// How it is asked.
    pub port: Port<Gate>,
    /// What it runs in.
    pub surroundings: Surroundings,
    /// Its time.
    pub time: SimulatedTime,
    service: Service<Gate>,
    stop: watch::Sender<bool>,
}

/// Where and how often it keeps snapshots.
#[derive(Debug, Clone, Default)]
pub struct Snapshots {
    /// The directory; without one there are none.
    pub directory: Option<PathBuf>,
    /// After so many events; otherwise as the program does by default.
    pub every: Option<u64>,
}

impl RunningGate {
    /// Starts it at `begin`, in one partition, and waits until it leads.
    pub async fn start(log: Arc<dyn Log>, snapshots: Snapshots, begin: Timestamp) -> Result<Self, Failed> {
        let time = SimulatedTime::starting(begin);
        let (stop, stopped) = watch::channel(false);
        let surroundings = Surroundings {
            log,
            clock: Clock::Simulated(time.clock()),
            leadership: Arc::new(SoleInstance),
            metrics: Metrics::new()?,
            stop: stopped,
        };
        let usual = Options::default();
        let options = Options {
            snapshots: snapshots.directory,
            snapshot_every: snapshots.every.unwrap_or(usual.snapshot_every),
            ..usual
        };
        let mut service = Service::start(&surroundings, &options, None);
        service.ready().await?;
        Ok(Self { port: service.port(), surroundings, time, service, stop })
    }

    /// A minute and seven days pass, and every permit expires: none was used. The gate lets only so many expire in a
    /// tick, so it takes as many ticks as they need.
    pub async fn next_week(&self) -> Result<(), Failed> {
        self.time.skip_ms(PERMIT_TTL_MS);
        loop {
            self.time.skip_ms(TICK_MS);
            let GateReply::Figures(figures) = asked(self.port.query(0, GateQuery::Figures).await)? else {
                return Err("expected figures of the gate, got another reply".into());
            };
            if figures.allowed <= figures.expired + figures.redeemed + figures.voided {
                break;
            }
        }
        self.time.skip_week();
        Ok(())
    }

    /// Stops it, with a last snapshot if there are any.
    pub async fn stop(mut self) -> Result<(), Failed> {
        self.stop.send_replace(true);
        Ok(self.service.ended().await?)
    }
}

fn asked<T>(answer: Result<T, events::Refusal>) -> Result<T, Failed> {
    answer.map_err(|refusal| refusal.to_string().into())
}

/// The gate as it is asked in this process.
pub struct InProcess<'a> {
    /// The gate.
    pub gate: &'a RunningGate,
    /// Whom it knows.
    pub world: World,
}

impl System for InProcess<'_> {
    type Client = Caller;

    async fn clients(&self, count: u64) -> Result<Vec<Caller>, Failed> {
        Ok((0..count).map(|_| Caller::new(self.gate.port.clone(), self.world)).collect())
    }

    async fn next_week(&self) -> Result<(), Failed> {
        self.gate.next_week().await
    }
}

/// Somebody who asks for permits, for anybody of the world.
pub struct Caller {
    port: Port<Gate>,
    world: World,
    number: u64,
    asked: u64,
    chance: Chance,
}

impl Caller {
    fn new(port: Port<Gate>, world: World) -> Self {
        let number = next_client();
        Self { port, world, number, asked: 0, chance: Chance::of(number) }
    }
}

impl Client for Caller {
    async fn ask(&mut self) -> Result<Answers, Failed> {
        let mut id = [0; 16];
        id[..8].copy_from_slice(&self.number.to_be_bytes());
        id[8..].copy_from_slice(&self.asked.to_be_bytes());
        self.asked += 1;
        let order = Order {
            id: CommandId(id),
            actor: Actor::Collector(COLLECTOR),
            tenant: Tenant::Agency(AGENCY),
            cause: None,
            command: GateCommand::RequestPermit(World::request(self.chance.below(self.world.contacts))?),
        };
        match self.port.submit(order).await {
            Ok(GateAnswer::Permit { .. }) => Ok(Answers { allowed: 1, refused: 0 }),
            Ok(GateAnswer::Refused { .. }) => Ok(Answers { allowed: 0, refused: 1 }),
            // The same refusal as before: it is counted, not written again.
            Err(refusal) if refusal.repeats.is_some() => Ok(Answers { allowed: 0, refused: 1 }),
            Ok(other) => Err(format!("expected a decision, got {other:?}").into()),
            Err(refusal) => Err(refusal.to_string().into()),
        }
    }
}

/// A number for each client of this process.
pub fn next_client() -> u64 {
    static NEXT: AtomicU64 = AtomicU64::new(1);
    NEXT.fetch_add(1, Ordering::Relaxed)
}
