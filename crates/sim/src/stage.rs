//! What all actors of a simulation share: the machines, the network between them and their clients, the time.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use eventlog::Log;
use eventlog::memory::{Faults, MemoryLog};
use events::gate::{GateCommand, GateQuery, GateReply};
use events::{Actor, Code, Decider, Refusal, Tenant, partition_of};
use model::{AgencyId, CommandId, Timestamp};
use runtime::{Answered, Options, Order, Port};
use tokio::time::{Instant, sleep};

use crate::chance::Chance;
use crate::follower::Following;
use crate::machines::{Install, Machine};
use crate::mutation::Mutation;
use crate::promise::{Checked, Violation};
use crate::stores::store;
use crate::subject::{Asked, Said, Subject};
use crate::witness::Witness;
use crate::world::World;

/// What is simulated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Settings {
    /// Where all chance begins.
    pub seed: u64,
    /// Commands, refusals to give one, and acts of fate, until it is quiet again.
    pub steps: u64,
    /// What is broken on purpose.
    pub mutation: Option<Mutation>,
}

/// How the network treats a message, each in 100.
#[derive(Debug, Clone, Copy, Default)]
pub struct Weather {
    lost_requests: u64,
    lost_answers: u64,
    doubled: u64,
    late: u64,
}

/// Shared by all actors.
pub struct Stage {
    /// What is simulated.
    pub settings: Settings,
    /// Who and what there is.
    pub world: World,
    /// How many partitions the gate has.
    pub partitions: u16,
    /// Machines keep snapshots.
    pub keeps_snapshots: bool,
    /// The store.
    pub log: MemoryLog,
    /// The same, as processes see it.
    pub store: Arc<dyn Log>,
    began: Instant,
    leapt_ms: AtomicI64,
    steps: AtomicU64,
    orders: AtomicU64,
    over: AtomicBool,
    inner: Mutex<Inner>,
}

/// What changes.
pub struct Inner {
    /// The gate's instances.
    pub machines: Vec<Machine>,
    /// What was seen and said.
    pub witness: Witness,
    /// How the network is.
    pub weather: Weather,
    install: Install,
    violation: Option<Violation>,
    /// A process began under a wrong clock: what it wrote may be dated wrongly.
    pub dated_wrongly: bool,
    /// Who follows each partition for the shares of others.
    pub following: Vec<Option<Following>>,
}

impl Stage {
    /// The stage of a seed, before anybody has entered. Machines may keep snapshots in this directory.
    pub fn new(settings: Settings, directory: &Path) -> Self {
        let mut chance = Chance::new(settings.seed, 0x000f_0002);
        let partitions = 1 + chance.below(3) as u16;
        let world = World::random(settings.seed, partitions);
        let log = MemoryLog::new(Faults { seed: settings.seed, ..Faults::none() });
        let mut snapshots = Chance::new(settings.seed, 0x000f_0007);
        let forgets = settings.mutation == Some(Mutation::CommandIdsForgotten);
        let options = Options {
            partitions,
            queue: *chance.pick(&[2, 8, 64, 4096]),
            // A moment to wait for others would be one of the real clock.
            patience: Duration::ZERO,
            commands_max: if forgets { 0 } else { 1_000_000 },
            // In a calm second after a sixteenth of them.
            snapshot_every: *snapshots.pick(&[128, 512]),
            ..Options::default()
        };
        let keeps_snapshots = snapshots.percent(60);
        let snapshots = keeps_snapshots.then(|| directory.to_owned());
        let store = store(&log, settings.mutation);
        let install = Install { log: Arc::clone(&store), options, snapshots };
        let machines = (1..=1 + chance.below(3)).map(|number| {
            let offset = chance.between(-5_000, 5_000);
            Machine::new(number as u32, partitions, offset)
        });
        let machines = machines.collect();
        let laws = (0..100).map(|version| {
            let caps = &world.laws[version % world.laws.len()];
            (world.law(version).pack, caps.clone())
        });
        let witness = Witness::new(log.clone(), partitions, laws.collect::<BTreeMap<_, _>>());
        let weather = Weather::default();
        Self {
            settings,
            partitions,
            keeps_snapshots,
            log,
            store,
            began: Instant::now(),
            leapt_ms: AtomicI64::new(0),
            steps: AtomicU64::new(0),
            orders: AtomicU64::new(0),
            over: AtomicBool::new(false),
            inner: Mutex::new(Inner {
                machines,
                witness,
                weather,
                install,
                violation: None,
                dated_wrongly: false,
                following: Vec::new(),
            }),
            world,
        }
    }

    /// What changes. It is never held while anybody waits.
    pub fn inner(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The true time.
    pub fn time(&self) -> Timestamp {
        let elapsed_ms = self.began.elapsed().as_millis() as i64;
        self.world.start.plus_ms(elapsed_ms + self.leapt_ms.load(Ordering::Acquire))
    }

    /// Time passes for everybody at once.
    pub fn leap(&self, ms: i64) {
        self.leapt_ms.fetch_add(ms, Ordering::AcqRel);
        self.show_time();
    }

    fn show_time(&self) -> Timestamp {
        let time = self.time();
        self.inner().machines.iter().for_each(|machine| machine.show(time));
        time
    }

    /// One more step; false when it is over.
    pub fn step(&self) -> bool {
        !self.over.load(Ordering::Acquire) && self.steps.fetch_add(1, Ordering::AcqRel) < self.settings.steps
    }

    /// How many there were.
    pub fn steps(&self) -> u64 {
        self.steps.load(Ordering::Acquire)
    }

    /// Whether a promise was broken.
    pub fn is_over(&self) -> bool {
        self.over.load(Ordering::Acquire)
    }

    /// The first promise that was broken.
    pub fn violation(&self) -> Option<Violation> {
        self.inner().violation.clone()
    }

    /// Notes a broken promise.
    pub fn check<T>(&self, checked: Checked<T>) -> Option<T> {
        match checked {
            Ok(value) => Some(value),
            Err(violation) => {
                self.inner().violation.get_or_insert(violation);
                self.over.store(true, Ordering::Release);
                None
            }
        }
    }

    /// Looks at the log.
    pub fn look(&self) {
        let time = self.show_time();
        let checked = self.inner().witness.view.look(time);
        self.check(checked);
    }

    /// Starts processes, or starts them again: what they were writing when they were killed has been written by then. The
    /// simulated clock goes on only when every file is.
    pub async fn restart(&self, machines: &[usize]) {
        for machine in machines {
            if let Some(machine) = self.inner().machines.get_mut(*machine) {
                machine.kill();
            }
        }
        sleep(Duration::from_millis(1)).await;
        machines.iter().for_each(|machine| self.start(*machine));
    }

    fn start(&self, machine: usize) {
        let time = self.time();
        let mut inner = self.inner();
        let Inner { machines, install, dated_wrongly, .. } = &mut *inner;
        let Some(machine) = machines.get_mut(machine) else { return };
        *dated_wrongly |= machine.offset_ms.abs() > runtime::SystemClock::TOLERANCE_MS;
        machine.show(time);
        machine.start(install);
    }

    /// An order under a new id.
    pub fn order(&self, command: GateCommand) -> Order<GateCommand> {
        let number = self.orders.fetch_add(1, Ordering::AcqRel);
        let mut id = [0xc1; 16];
        id[8..].copy_from_slice(&number.to_be_bytes());
        let (actor, tenant) = (Actor::Agency(AgencyId(1)), Tenant::Platform);
        Order { id: CommandId(id), actor, tenant, cause: None, command }
    }

    /// A call that may be made again.
    pub fn call(&self) -> u64 {
        self.orders.fetch_add(1, Ordering::AcqRel)
    }

    /// The nth order of a call; without a number one of its own.
    pub fn order_of(&self, call: u64, nth: Option<u32>, command: GateCommand) -> Order<GateCommand> {
        let mut order = self.order(command);
        if let Some(nth) = nth {
            let mut id = [0xc2; 16];
            id[4..12].copy_from_slice(&call.to_be_bytes());
            id[12..].copy_from_slice(&nth.to_be_bytes());
            order.id = CommandId(id);
        }
        order
    }

    /// Who follows a partition is started, or starts again.
    pub fn follow(self: &Arc<Self>, partition: u16) {
        let following = crate::follower::follow(self, partition);
        let mut inner = self.inner();
        let place = usize::from(partition);
        if inner.following.len() <= place {
            inner.following.resize_with(place + 1, || None);
        }
        inner.following[place] = following;
    }

    /// Asks one machine over the network.
    pub async fn ask(
        &self,
        partition: u16,
        query: GateQuery,
        chance: &mut Chance,
    ) -> Result<GateReply, Refusal> {
        let weather = self.inner().weather;
        let unavailable = || Err(Code::UNAVAILABLE.into());
        if chance.percent(weather.lost_requests) {
            return unavailable();
        }
        self.show_time();
        let Some(port) = self.port_of(self.whom_to_ask(partition, chance)) else { return unavailable() };
        match port.query(partition, Asked::Gate(query)).await {
            Ok(Said::Gate(reply)) => Ok(reply),
            Ok(Said::State(..)) => unavailable(),
            Err(refusal) => Err(refusal),
        }
    }

    /// Where a machine is reached.
    pub fn port_of(&self, machine: usize) -> Option<Port<Subject>> {
        self.inner().machines.get(machine).and_then(Machine::port)
    }

    /// The partition of a command; the first for one without a key.
    pub fn partition(&self, command: &GateCommand) -> u16 {
        Subject::key(command).map_or(0, |key| partition_of(&key, self.partitions))
    }

    /// Mostly one that believes that it leads.
    pub fn whom_to_ask(&self, partition: u16, chance: &mut Chance) -> usize {
        let inner = self.inner();
        let leads = |machine: &Machine| machine.leads(partition);
        let leaders: Vec<usize> =
            (0..inner.machines.len()).filter(|index| leads(&inner.machines[*index])).collect();
        if leaders.is_empty() || chance.percent(10) {
            chance.below(inner.machines.len() as u64) as usize
        } else {
            *chance.pick(&leaders)
        }
    }

    fn reach(&self, machine: usize, partition: u16, orders: &[Order<GateCommand>]) -> Option<Port<Subject>> {
        self.show_time();
        let mut inner = self.inner();
        let Inner { machines, witness, .. } = &mut *inner;
        let to = machines.get(machine)?;
        let port = to.port()?;
        for order in orders {
            witness.sent(order.id, &order.command, partition, machine, to);
        }
        Some(port)
    }

    fn heard(&self, partition: u16, order: &Order<GateCommand>, answer: &Answered<Subject>) {
        let time = self.time();
        let checked = {
            let mut inner = self.inner();
            let Inner { machines, witness, .. } = &mut *inner;
            witness.told(order.id, partition, answer, machines, time)
        };
        self.check(checked);
    }

    /// Gives orders to one machine, and checks what it says.
    pub async fn give_to(
        &self,
        machine: usize,
        partition: u16,
        orders: Vec<Order<GateCommand>>,
    ) -> Vec<Answered<Subject>> {
        let unavailable = || Err(Code::UNAVAILABLE.into());
        let Some(port) = self.reach(machine, partition, &orders) else {
            return orders.iter().map(|_| unavailable()).collect();
        };
        let answers = match &orders[..] {
            [order] if Subject::key(&order.command).is_some() => vec![port.submit(order.clone()).await],
            _ => port.submit_to(partition, orders.clone()).await,
        };
        for (order, answer) in orders.iter().zip(&answers) {
            self.heard(partition, order, answer);
        }
        answers
    }

    /// Gives orders over the network; `None`: nothing was heard.
    pub async fn give(
        self: &Arc<Self>,
        partition: u16,
        orders: Vec<Order<GateCommand>>,
        chance: &mut Chance,
    ) -> Option<Vec<Answered<Subject>>> {
        let weather = self.inner().weather;
        if chance.percent(weather.lost_requests) {
            sleep(Duration::from_millis(chance.below(50))).await;
            return None;
        }
        if chance.percent(weather.late) {
            sleep(Duration::from_millis(chance.below(300))).await;
        }
        if chance.percent(weather.doubled) {
            let (machine, wait) = (self.whom_to_ask(partition, chance), chance.below(400));
            let (stage, orders) = (Arc::clone(self), orders.clone());
            tokio::spawn(async move {
                sleep(Duration::from_millis(wait)).await;
                stage.give_to(machine, partition, orders).await;
            });
        }
        let machine = self.whom_to_ask(partition, chance);
        if chance.percent(weather.lost_answers) {
            let stage = Arc::clone(self);
            tokio::spawn(async move { stage.give_to(machine, partition, orders).await });
            sleep(Duration::from_millis(chance.below(50))).await;
            return None;
        }
        Some(self.give_to(machine, partition, orders).await)
    }

    /// Gives an order until it is answered for good, but not for ever.
    pub async fn insist(
        self: &Arc<Self>,
        partition: u16,
        order: Order<GateCommand>,
        tries: u64,
        chance: &mut Chance,
    ) -> Option<Answered<Subject>> {
        for _ in 0..tries {
            if self.is_over() {
                return None;
            }
            let answers = self.give(partition, vec![order.clone()], chance).await;
            match answers.and_then(|mut answers| answers.pop()) {
                Some(Err(refusal)) if refusal.is_transient() => {}
                Some(answer) => return Some(answer),
                None => {}
            }
            sleep(Duration::from_millis(1 + chance.below(80))).await;
        }
        None
    }

    /// Compares the state of whoever leads with the replay's; false if there was nothing to compare.
    pub async fn compare(&self, partition: u16) -> bool {
        let port = {
            let inner = self.inner();
            let leader = inner.machines.iter().find(|machine| machine.leads(partition));
            leader.and_then(Machine::port)
        };
        let Some(port) = port else { return false };
        let Ok(Said::State(state, restored)) = port.query(partition, Asked::State).await else {
            return false;
        };
        let time = self.time();
        let checked = self.inner().witness.compare(partition, state, restored, time);
        self.check(checked).unwrap_or(false)
    }
}

impl Weather {
    /// As bad as it may get.
    pub fn random(chance: &mut Chance) -> Self {
        let mut often = |most| if chance.percent(50) { chance.below(most) } else { 0 };
        Self { lost_requests: often(20), lost_answers: often(25), doubled: often(25), late: often(50) }
    }
}
