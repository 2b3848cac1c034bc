//! Services to act on, clients that retry, and an independent reading of the log.

use std::collections::HashMap;
use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use eventlog::Log;
use eventlog::chain::Chain;
use events::{
    Actor, Code, Decider, Decoded, Envelope, Event, Position, Record, RecordBuilder, Refusal,
    Service as Name, StreamId, Tenant,
};
use model::{CommandId, Timestamp};
use runtime::{
    Answered, Clock, Leadership, Metrics, Options, Order, Port, Replica, Service, SimulatedClock,
    SoleInstance, Surroundings,
};
use tokio::sync::watch;

pub const GATE: StreamId = StreamId { service: Name::Gate, partition: 0 };

/// A Tuesday afternoon.
pub const NOON: Timestamp = Timestamp(1_790_000_000_000);

/// One service, running.
pub struct Running<D: Decider> {
    pub service: Service<D>,
    pub port: Port<D>,
    stop: watch::Sender<bool>,
}

/// What a service is started with.
#[derive(Clone)]
pub struct Stage {
    pub log: Arc<dyn Log>,
    pub clock: SimulatedClock,
    pub leadership: Arc<dyn Leadership>,
    pub options: Options,
}

impl Stage {
    pub fn on(log: impl Log) -> Self {
        let clock = SimulatedClock::starting(NOON);
        Self {
            log: Arc::new(log),
            clock,
            leadership: Arc::new(SoleInstance),
            options: Options { patience: Duration::ZERO, ..Options::default() },
        }
    }

    /// Starts a service without waiting until it leads.
    pub fn start<D: Decider>(&self) -> Running<D> {
        self.announced(None)
    }

    pub fn announced<D: Decider>(&self, announce: Option<Arc<dyn runtime::Announce<D>>>) -> Running<D> {
        let (stop, stopped) = watch::channel(false);
        let surroundings = Surroundings {
            log: Arc::clone(&self.log),
            clock: Clock::Simulated(self.clock.clone()),
            leadership: Arc::clone(&self.leadership),
            metrics: Metrics::new().expect("names are valid"),
            stop: stopped,
        };
        let service = Service::start(&surroundings, &self.options, announce);
        Running { port: service.port(), service, stop }
    }

    /// Starts a service and waits until it leads.
    pub async fn lead<D: Decider>(&self) -> Running<D> {
        let mut running = self.start();
        running.service.ready().await.expect("it can lead");
        running
    }

    /// What the log alone says, with or without the help of a snapshot.
    pub async fn replica<D: Decider>(&self, snapshots: bool) -> Replica<D> {
        let directory = self.options.snapshots.as_ref().filter(|_| snapshots);
        let stream = StreamId { service: D::SERVICE, partition: 0 };
        let opened = Replica::open(&*self.log, stream, directory, self.options.commands_max).await;
        let mut replica = opened.expect("the log reads");
        replica.catch_up(&*self.log).await.expect("the log reads");
        replica
    }
}

impl<D: Decider> Running<D> {
    /// Asks it to stop.
    pub fn asked_to_stop(&self) {
        self.stop.send_replace(true);
    }

    /// Stops it in good order.
    pub async fn stop(mut self) {
        self.asked_to_stop();
        self.service.ended().await.expect("it ends in good order");
    }
}

/// The id numbered `n`.
pub fn id(n: u64) -> CommandId {
    let mut id = [0xc1; 16];
    id[8..].copy_from_slice(&n.to_be_bytes());
    CommandId(id)
}

/// An order of nobody in particular.
pub fn order<C>(n: u64, command: C) -> Order<C> {
    Order { id: id(n), actor: Actor::Operator, tenant: Tenant::Platform, cause: None, command }
}

/// True for the answer "retry with the same id".
pub fn unavailable(refusal: &Refusal) -> bool {
    refusal.is_transient()
}

/// The one code of a refusal.
pub fn code<A>(answer: Result<A, Refusal>) -> Option<Code> {
    answer.err().and_then(|refusal| refusal.reasons.first().map(|reason| reason.code))
}

/// Where a service is reached now; it moves with restarts.
pub struct Address<D: Decider>(Arc<Mutex<Vec<Port<D>>>>);

impl<D: Decider> Clone for Address<D> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<D: Decider> Address<D> {
    /// Of services of which any may lead.
    pub fn of(ports: Vec<Port<D>>) -> Self {
        Self(Arc::new(Mutex::new(ports)))
    }

    pub fn moved(&self, port: Port<D>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = vec![port];
    }

    fn any(&self, chance: &mut Chance) -> Port<D> {
        let ports = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        ports[chance.below(ports.len() as u64) as usize].clone()
    }

    /// Gives an order until it is answered for good.
    pub async fn insist(&self, order: Order<D::Command>, chance: &mut Chance) -> Answered<D> {
        loop {
            let port = self.any(chance);
            match port.submit(order.clone()).await {
                Err(refusal) if unavailable(&refusal) => {
                    tokio::time::sleep(Duration::from_millis(1 + chance.below(40))).await;
                }
                answer => return answer,
            }
        }
    }
}

/// SplitMix64.
#[derive(Clone)]
pub struct Chance(pub u64);

impl Chance {
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    pub fn below(&mut self, bound: u64) -> u64 {
        self.next() % bound.max(1)
    }
}

/// Runs on one thread, under time that passes when nobody has anything to do.
pub fn simulated<T>(history: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build();
    runtime.expect("a runtime").block_on(async {
        // Two hours in which nothing ends is a deadlock.
        tokio::time::timeout(Duration::from_secs(7200), history).await.expect("the history comes to an end")
    })
}

/// Runs many histories: as many as `FORBEAR_SEEDS` says, or the one that `FORBEAR_SEED` names.
pub fn for_seeds<F: Future<Output = ()>>(test: &str, seeds: u64, history: impl Fn(u64) -> F) {
    let number = |name| std::env::var(name).ok().map(|seed| seed.parse::<u64>().expect("a number"));
    let seeds = number("FORBEAR_SEEDS").unwrap_or(seeds);
    for seed in number("FORBEAR_SEED").map_or(0..seeds, |seed| seed..seed + 1) {
        if let Err(panic) = catch_unwind(AssertUnwindSafe(|| simulated(history(seed)))) {
            eprintln!("seed {seed} fails; again: FORBEAR_SEED={seed} cargo nextest run -p runtime {test}");
            resume_unwind(panic);
        }
    }
}

/// An event as the log has it.
#[derive(Debug, Clone, PartialEq)]
pub struct Logged<E> {
    pub command: CommandId,
    pub at: Timestamp,
    pub position: Position,
    pub event: E,
}

/// The service's events, read with the chain alone; platform events are left out.
pub async fn logged<E: Event>(log: &dyn Log, stream: StreamId) -> Vec<Logged<E>> {
    let mut chain = Chain::start(stream);
    let (mut logged, mut next) = (Vec::new(), 0);
    loop {
        let stored = log.read(stream, chain.slot, 1 << 20).await.expect("the log reads");
        if stored.is_empty() {
            return logged;
        }
        for stored in &stored {
            let Some(record) = chain.accept(stored).expect("the chain is whole") else { continue };
            for recorded in &record.commands {
                for (index, bytes) in recorded.events.iter().enumerate() {
                    let position = Position(recorded.first.0 + index as u64);
                    assert_eq!(position.0, next, "positions are contiguous");
                    next += 1;
                    if let Decoded::Known(event) = E::decode(bytes).expect("it decodes") {
                        let (command, at) = (recorded.envelope.command, recorded.at);
                        logged.push(Logged { command, at, position, event });
                    }
                }
            }
        }
    }
}

/// How many times each command is in the log.
pub fn by_command<E>(logged: &[Logged<E>]) -> HashMap<CommandId, Vec<&Logged<E>>> {
    let mut by_command: HashMap<_, Vec<_>> = HashMap::new();
    for logged in logged {
        by_command.entry(logged.command).or_default().push(logged);
    }
    by_command
}

/// An event given as its stored bytes.
pub struct Raw(pub Vec<u8>);

impl Event for Raw {
    fn encode(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.0);
    }

    fn decode(bytes: &[u8]) -> Result<Decoded<Self>, events::DecodeError> {
        Ok(Decoded::Known(Self(bytes.to_vec())))
    }

    fn name(&self) -> &'static str {
        "Raw"
    }

    fn catalogue() -> Vec<(events::EventType, u16, &'static str)> {
        Vec::new()
    }
}

/// Appends a valid record behind the runtime's back.
pub async fn append<E: Event>(log: &dyn Log, stream: StreamId, events: &[E]) {
    let mut chain = Chain::start(stream);
    let stored = log.read(stream, 0, usize::MAX).await.expect("the log reads");
    let mut at = NOON;
    for stored in &stored {
        chain.accept(stored).expect("the chain is whole");
        at = at.max(Record::parse(&stored.bytes).expect("it reads").time);
    }
    let (actor, tenant) = (Actor::Operator, Tenant::Platform);
    let command = CommandId([0xee; 16]);
    let envelope = Envelope { command, input: 0, delay_ms: 0, actor, tenant, cause: None };
    let mut builder = RecordBuilder::default();
    assert!(builder.push(envelope, at, events), "it fits");
    let (bytes, _) = builder.finish(chain.number, chain.epoch, chain.position, chain.last);
    let mut writer = log.writer(stream, chain.slot).await.expect("a writer");
    writer.append(bytes.into()).await.await.expect("it is durable");
}
