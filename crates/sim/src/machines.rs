//! The gate's instances: each a process with clocks of its own, of which any may lead, or believe that it does.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use async_trait::async_trait;
use eventlog::Log;
use events::StreamId;
use model::{InstanceId, Timestamp};
use runtime::{
    Clock, DrivenClocks, Leadership, Lease, Metrics, Options, Port, Service, Surroundings, SystemClock,
};
use tokio::sync::watch;

use crate::subject::Subject;

/// One instance.
pub struct Machine {
    number: u32,
    clocks: DrivenClocks,
    /// How far its system clock is from the true time.
    pub offset_ms: i64,
    /// How far it was when the process started: from there on the process judges it.
    started_offset_ms: i64,
    /// Goes up with each start and each jump of the clock.
    pub generation: u64,
    running: Option<Running>,
    /// For each partition a word of its own: tokio wakes those who watch one value in an order by chance.
    appoint: Vec<watch::Sender<bool>>,
    /// It does not learn that it is no longer appointed.
    pub blind: Arc<AtomicBool>,
}

struct Running {
    // Dropping it kills the process.
    _service: Service<Subject>,
    port: Port<Subject>,
    stop: watch::Sender<bool>,
    leading: Vec<watch::Receiver<bool>>,
}

/// What a process is started with.
pub struct Install {
    /// Where records go.
    pub log: Arc<dyn Log>,
    /// How it runs.
    pub options: Options,
    /// Where each machine has a directory for its snapshots; none are kept without.
    pub snapshots: Option<PathBuf>,
}

impl Machine {
    /// Off, with a clock that is right but for a few seconds.
    pub fn new(number: u32, partitions: u16, offset_ms: i64) -> Self {
        Self {
            number,
            clocks: DrivenClocks::default(),
            offset_ms,
            started_offset_ms: offset_ms,
            generation: 0,
            running: None,
            appoint: (0..partitions).map(|_| watch::channel(false).0).collect(),
            blind: Arc::default(),
        }
    }

    /// Shows the time.
    pub fn show(&self, true_time: Timestamp) {
        self.clocks.steady_ms.store(true_time.0, Ordering::Release);
        self.clocks.system_ms.store(true_time.0 + self.offset_ms, Ordering::Release);
    }

    /// What its system clock shows.
    pub fn system_time(&self) -> Timestamp {
        Timestamp(self.clocks.system_ms.load(Ordering::Acquire))
    }

    /// Its system clock has gone another way than its monotonic one, by more than anybody may believe.
    pub fn has_jumped(&self) -> bool {
        (self.offset_ms - self.started_offset_ms).abs() > SystemClock::TOLERANCE_MS
    }

    /// The system clock jumps.
    pub fn jump(&mut self, offset_ms: i64) {
        self.offset_ms = offset_ms;
        self.generation += 1;
    }

    /// Starts the process, or kills it first.
    pub fn start(&mut self, install: &Install) {
        self.kill();
        self.started_offset_ms = self.offset_ms;
        let leadership = Appointment {
            appointed: self.appoint.iter().map(watch::Sender::subscribe).collect(),
            blind: Arc::clone(&self.blind),
        };
        let (stop, stopped) = watch::channel(false);
        // The names of the metrics are valid, as every test of the runtime shows.
        let Ok(metrics) = Metrics::new() else { return };
        let surroundings = Surroundings {
            log: Arc::clone(&install.log),
            clock: Clock::System(SystemClock::driven(self.clocks.clone())),
            leadership: Arc::new(leadership),
            metrics,
            stop: stopped,
        };
        let snapshots = install.snapshots.as_ref().map(|all| all.join(self.number.to_string()));
        let options = Options { instance: InstanceId(self.number), snapshots, ..install.options.clone() };
        let service = Service::start(&surroundings, &options, None);
        let (port, leading) = (service.port(), service.leading());
        self.running = Some(Running { _service: service, port, stop, leading });
    }

    /// Asks the process to stop in good order.
    pub fn ask_to_stop(&self) {
        if let Some(running) = &self.running {
            running.stop.send_replace(true);
        }
    }

    /// Kills the process: what it has handed to the store may still land.
    pub fn kill(&mut self) {
        self.running = None;
        self.generation += 1;
    }

    /// Whether there is a process.
    pub fn is_up(&self) -> bool {
        self.running.is_some()
    }

    /// Whether it believes that it leads this partition.
    pub fn leads(&self, partition: u16) -> bool {
        let leading = self.running.as_ref().and_then(|running| running.leading.get(usize::from(partition)));
        leading.is_some_and(|leading| *leading.borrow())
    }

    /// Where it is reached.
    pub fn port(&self) -> Option<Port<Subject>> {
        self.running.as_ref().map(|running| running.port.clone())
    }

    /// It should lead, or not.
    pub fn appoint(&self, appointed: bool) {
        for partition in &self.appoint {
            partition.send_replace(appointed);
        }
    }
}

/// One instance's lease on all partitions.
struct Appointment {
    appointed: Vec<watch::Receiver<bool>>,
    blind: Arc<AtomicBool>,
}

struct AbortOnDrop(tokio::task::AbortHandle);

impl Drop for AbortOnDrop {
    fn drop(&mut self) {
        self.0.abort();
    }
}

#[async_trait]
impl Leadership for Appointment {
    async fn acquire(&self, stream: StreamId) -> Lease {
        let Some(mut appointed) = self.appointed.get(usize::from(stream.partition)).cloned() else {
            return std::future::pending().await;
        };
        let blind = Arc::clone(&self.blind);
        // Nobody appoints any more: the machine is gone.
        let _ = appointed.wait_for(|appointed| *appointed).await;
        let (lost, is_lost) = watch::channel(false);
        let watching = tokio::spawn(async move {
            let gone = |appointed: &bool| !*appointed && !blind.load(Ordering::Acquire);
            if appointed.wait_for(gone).await.is_ok() {
                lost.send_replace(true);
            }
            std::future::pending::<()>().await;
        });
        Lease::kept(is_lost, Box::new(AbortOnDrop(watching.abort_handle())))
    }
}
