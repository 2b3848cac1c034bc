//! The simulator: dialers, fate and the real gate on the real runtime, from one seed, on one thread, in simulated time.
//!
//! A seed gives a small world ([`world`]): persons with several numbers, cases, rules on numbers and persons, one to three
//! partitions, one to three instances of the gate. [`clients`] act on it over a network that loses, doubles and delays;
//! [`fate`] crashes the store and the processes, takes leases away and leaves some unaware of it, makes clocks jump, lets
//! days pass. The store is [`eventlog::memory`] with its faults. Everything in between is the product: `runtime`'s
//! partitions and process managers, [`gate::Gate`], and the order of steps over several partitions ([`gate::Course`]) by
//! routers that die between any two of them.
//!
//! At each step the [`witness`] and its [`view`] look at the log: an independent reading by plain scans. At the end
//! nothing goes wrong any more and all must go on ([`peace`]).
//!
//! *Determinism.* One thread, tokio's paused clock, every choice from [`chance`]; the runtime's `select!`s are biased; its
//! waiting for further clients goes by the machine's clock and is switched off (`Options::patience`). Snapshots are written
//! on a thread of their own, which the paused clock waits for: so a process starts a millisecond after it was killed, and
//! none is asked to stop in good order where there are snapshots. Tokio wakes several who watch one value in an order by a
//! chance of its own: so in what is simulated nobody shares one. The same seed gives the same log to the last bit; a test holds
//! it to that.
//!
//! `cargo run -p sim --release -- --seeds 1000`; a failure prints the one command that shows it again.

mod canonical;
pub mod caps;
pub mod chance;
mod clients;
mod fate;
mod follower;
mod machines;
pub mod mutation;
mod peace;
pub mod promise;
mod replay;
mod router;
mod stage;
mod stores;
mod subject;
pub mod view;
mod witness;
pub mod world;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use self::mutation::break_on_purpose;
use self::promise::{Promise, Violation};
pub use self::stage::Settings;
use self::stage::Stage;

/// Simulated time in which a simulation must end: what does not is stuck.
const LONGEST: Duration = Duration::from_secs(4 * 3_600);

/// How a simulation went.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Report {
    /// Commands, and acts of fate.
    pub steps: u64,
    /// Answers that were checked.
    pub answers: u64,
    /// Of those, the ones that let a call through.
    pub allowed: u64,
    /// Events in the logs.
    pub events: u64,
    /// Permits given.
    pub reserved: u64,
    /// Permits used.
    pub redeemed: u64,
    /// Crashes of the store.
    pub crashes: u64,
    /// Terms of leaders.
    pub terms: u64,
    /// States of leaders that were compared with the replay's.
    pub compared: u64,
    /// Of those, the ones of leaders that had begun from a snapshot.
    pub restored: u64,
    /// All logs to the last bit.
    pub history: [u8; 32],
}

/// A simulation in which a promise was broken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// What was simulated.
    pub settings: Settings,
    /// At which step.
    pub step: u64,
    /// What broke.
    pub violation: Violation,
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Settings { seed, steps, mutation } = self.settings;
        writeln!(f, "seed {seed}, step {}: {}", self.step, self.violation)?;
        write!(f, "again: cargo run -p sim --release -- --seed {seed} --steps {steps}")?;
        mutation.map_or(Ok(()), |mutation| write!(f, " --mutation {mutation}"))
    }
}

/// Simulates.
pub fn run(settings: Settings) -> Result<Report, Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build();
    let runtime = match runtime {
        Ok(runtime) => runtime,
        Err(error) => return Err(not_begun(settings, format!("there is no runtime: {error}"))),
    };
    let directory = match tempfile::tempdir() {
        Ok(directory) => directory,
        Err(error) => return Err(not_begun(settings, format!("there is no room for snapshots: {error}"))),
    };
    break_on_purpose(settings.mutation);
    let outcome = runtime.block_on(async {
        let stage = Arc::new(Stage::new(settings, directory.path()));
        let ended = tokio::time::timeout(LONGEST, play(&stage)).await;
        if ended.is_err() {
            let detail = format!("it does not come to an end within {} s", LONGEST.as_secs());
            stage.check::<()>(Err(Violation::of(Promise::Live, detail)));
        }
        match stage.violation() {
            Some(violation) => Err(Failure { settings, step: stage.steps(), violation }),
            None => Ok(report(&stage)),
        }
    });
    // It waits for files that are being written.
    drop(runtime);
    break_on_purpose(None);
    outcome
}

fn not_begun(settings: Settings, detail: String) -> Failure {
    Failure { settings, step: 0, violation: Violation::of(Promise::Live, detail) }
}

async fn play(stage: &Arc<Stage>) {
    let begun = peace::begin(stage).await;
    if stage.check(begun).is_none() {
        return;
    }
    (0..stage.partitions).for_each(|partition| stage.follow(partition));
    let clients = 3 + stage.settings.seed % 10;
    let clients: Vec<_> =
        (0..clients).map(|number| tokio::spawn(clients::client(Arc::clone(stage), number))).collect();
    fate::reign(Arc::clone(stage)).await;
    peace::heal(stage).await;
    for client in clients {
        if let Err(error) = client.await {
            stage.check::<()>(Err(Violation::of(Promise::Live, format!("a client ended: {error}"))));
        }
    }
    if !stage.is_over() {
        let restored = peace::restore(stage).await;
        stage.check(restored);
    }
}

fn report(stage: &Stage) -> Report {
    let inner = stage.inner();
    let witness = &inner.witness;
    let mut history = [0_u8; 32];
    for tip in witness.view.tips() {
        history.iter_mut().zip(tip).for_each(|(all, one)| *all = all.rotate_left(3) ^ one);
    }
    let partitions = &witness.view.partitions;
    let all = || partitions.iter().flat_map(|partition| &partition.events);
    Report {
        steps: stage.steps(),
        answers: witness.answers,
        allowed: witness.allowed,
        events: all().count() as u64,
        reserved: witness.view.book().reserved,
        redeemed: witness.view.book().redeemed,
        crashes: stage.log.crashes(),
        terms: all().filter(|event| event.is_none()).count() as u64,
        compared: witness.compared,
        restored: witness.restored,
        history,
    }
}
