//! The gate beside what would otherwise be asked, on the same work in the same run: `cargo xtask compare gate [--quick]`,
//! which finds the servers and runs this: `cargo bench -p forbear-benches --bench compare [-- --quick]`.
//!
//! The work: a million contact points, one in a hundred not to be contacted; clients ask whether any of them may be
//! contacted, with equal chance; at most 7 contacts in 7 days; what was allowed counts at once, and is on the disk before
//! the answer. Redis and PostgreSQL check that cap and that flag. The gate checks every rule of every pack that applies
//! and keeps each refusal too. Each round begins in a week of its own. Medians; everything on one disk, one system at a
//! time.
//!
//! Redis and PostgreSQL pay for their sockets; the gate is measured in process and over loopback, and the table says
//! which is which.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use eventlog::Log;
use eventlog::embedded::EmbeddedLog;
use eventlog::jetstream::{JetStreamLog, JetStreamOptions};
use forbear_benches::asking::{Medians, Plan, System, closed, paced};
use forbear_benches::over_http::OverHttp;
use forbear_benches::postgres::{self, Postgres};
use forbear_benches::redis::Redis;
use forbear_benches::running_gate::{InProcess, RunningGate, Snapshots};
use forbear_benches::simulated_time::BEGIN;
use forbear_benches::world::World;
use forbear_benches::{Failed, bare, machine, micros};
use forbear_tests::nats_server::{self, NatsCluster, NatsServer};
use tokio::signal::unix::{SignalKind, signal};

const CLIENTS: [u64; 4] = [1, 16, 64, 256];
const CONTACTS: u64 = 1_000_000;
const CONTACTS_QUICK: u64 = 100_000;
const ROUNDS: usize = 3;
const ROUND: Duration = Duration::from_millis(2000);
const ROUND_QUICK: Duration = Duration::from_millis(700);
const PIPELINE: u64 = 16;
const BATCH: u64 = 64;
const IN_PROCESS: &str = "in process";
const OVER_LOOPBACK: &str = "over loopback";

/// One system with one number of clients.
struct Row {
    system: &'static str,
    place: &'static str,
    medians: Medians,
}

struct Comparison {
    world: World,
    plan: Plan,
    rows: Vec<Row>,
    /// What 99 in 100 of the gate's answers stayed below at half of its load.
    half_p99: Duration,
}

#[tokio::main]
async fn main() -> Result<(), Failed> {
    let (mut interrupt, mut terminate) = (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
    // The servers end as what runs them is dropped.
    tokio::select! {
        compared = compare() => compared,
        _ = interrupt.recv() => Err("interrupted; the servers were stopped".into()),
        _ = terminate.recv() => Err("told to end; the servers were stopped".into()),
    }
}

async fn compare() -> Result<(), Failed> {
    let quick = std::env::args().any(|word| word == "--quick");
    let (contacts, round) = if quick { (CONTACTS_QUICK, ROUND_QUICK) } else { (CONTACTS, ROUND) };
    let redis = std::env::var_os("REDIS_SERVER").map_or_else(|| "redis-server".into(), PathBuf::from);
    let postgres = postgres::programs().ok_or(
        "expected initdb and postgres under /usr/lib/postgresql or in POSTGRES_BIN, found neither; \
         `cargo xtask compare gate` installs them",
    )?;
    let scratch = tempfile::tempdir()?;
    let before = bare::fsync(scratch.path())?;
    println!("{}", machine::describe(scratch.path())?);
    println!("{}", Redis::version(&redis)?);
    println!("{}", Postgres::version(&postgres)?);
    println!("{contacts} contact points, rounds of {round:?}, medians of {ROUNDS}");
    let mut comparison = Comparison {
        world: World { contacts },
        plan: Plan { rounds: ROUNDS, round },
        rows: Vec::new(),
        half_p99: Duration::ZERO,
    };
    comparison.redis(&redis).await?;
    comparison.postgres(&postgres).await?;
    comparison.embedded(scratch.path()).await?;
    comparison.jetstream().await?;
    let after = bare::fsync(scratch.path())?;
    comparison.print(before, after);
    Ok(())
}

impl Comparison {
    async fn redis(&mut self, program: &Path) -> Result<(), Failed> {
        let mut redis = Redis::start(program, self.world).await?;
        self.measure("Redis", OVER_LOOPBACK, &redis).await?;
        redis.pipelined(PIPELINE);
        self.measure("Redis, 16 in a pipeline", OVER_LOOPBACK, &redis).await?;
        redis.stop();
        Ok(())
    }

    async fn postgres(&mut self, programs: &Path) -> Result<(), Failed> {
        let postgres = Postgres::start(programs, self.world).await?;
        self.measure("PostgreSQL", OVER_LOOPBACK, &postgres).await?;
        postgres.stop();
        Ok(())
    }

    async fn embedded(&mut self, scratch: &Path) -> Result<(), Failed> {
        let log = Arc::new(EmbeddedLog::open(&scratch.join("embedded"))?);
        let gate = self.loaded(log).await?;
        let system = InProcess { gate: &gate, world: self.world };
        self.measure("gate, embedded log", IN_PROCESS, &system).await?;
        if let Some(most) = self.rate("gate, embedded log", IN_PROCESS) {
            self.half_p99 = paced(&system, most.clients, self.plan, most.rate / 2.0).await?.p99;
        }
        let system = OverHttp::serve(&gate, self.world).await?;
        self.measure("gate, HTTP", OVER_LOOPBACK, &system).await?;
        let system = system.in_batches_of(BATCH);
        self.measure("gate, HTTP, 64 a request", OVER_LOOPBACK, &system).await?;
        drop(system);
        gate.stop().await
    }

    async fn jetstream(&mut self) -> Result<(), Failed> {
        if !nats_server::binary().is_file() {
            println!("no nats-server, so nothing on JetStream: `cargo xtask setup` gets it");
            return Ok(());
        }
        let server = NatsServer::single();
        self.on_jetstream("gate, JetStream R1", &[server.url()], 1).await?;
        drop(server);
        let cluster = NatsCluster::start();
        self.on_jetstream("gate, JetStream R3", &cluster.urls(), 3).await
    }

    async fn on_jetstream(
        &mut self,
        name: &'static str,
        urls: &[String],
        replicas: usize,
    ) -> Result<(), Failed> {
        let options = JetStreamOptions { replicas, ..JetStreamOptions::default() };
        let log = Arc::new(JetStreamLog::new(nats_server::client(urls).await, options));
        let gate = self.loaded(log).await?;
        let system = InProcess { gate: &gate, world: self.world };
        self.measure(name, IN_PROCESS, &system).await?;
        gate.stop().await
    }

    async fn loaded(&self, log: Arc<dyn Log>) -> Result<RunningGate, Failed> {
        let gate = RunningGate::start(log, Snapshots::default(), BEGIN).await?;
        self.world.load(&gate.port, 0).await?;
        Ok(gate)
    }

    async fn measure<S: System>(
        &mut self,
        system: &'static str,
        place: &'static str,
        measured: &S,
    ) -> Result<(), Failed> {
        for clients in CLIENTS {
            let medians = closed(measured, clients, self.plan).await?;
            eprint!(".");
            self.rows.push(Row { system, place, medians });
        }
        Ok(())
    }

    /// The fastest of a system's rows.
    fn rate(&self, system: &str, place: &str) -> Option<Medians> {
        let rows = self.rows.iter().filter(|row| row.system.starts_with(system) && row.place == place);
        rows.map(|row| row.medians).max_by(|left, right| left.rate.total_cmp(&right.rate))
    }

    fn print(&self, fsync_before: Duration, fsync_after: Duration) {
        eprintln!();
        println!(
            "\n{:<26} {:<13} {:>7} {:>12} {:>9} {:>9} {:>9} {:>11}",
            "system", "asked", "clients", "decisions/s", "allowed", "p50 ms", "p99 ms", "gate is x"
        );
        for Row { system, place, medians } in &self.rows {
            let same = |row: &&Row| row.place == IN_PROCESS && row.medians.clients == medians.clients;
            let gate = self.rows.iter().find(same).map_or(f64::NAN, |row| row.medians.rate);
            println!(
                "{system:<26} {place:<13} {:>7} {:>12.0} {:>7.1} % {:>9.2} {:>9.2} {:>11.2}",
                medians.clients,
                medians.rate,
                medians.allowed * 100.0,
                micros(medians.p50) / 1e3,
                micros(medians.p99) / 1e3,
                gate / medians.rate,
            );
        }
        println!(
            "\"gate is x\": the gate on its embedded log, in process, with as many clients, over this. A latency is that of a \
             whole pipeline or request.\nappend of 100 bytes + fdatasync: median {:.0} µs before, {:.0} µs after",
            micros(fsync_before),
            micros(fsync_after)
        );
        let best = |system| self.rate(system, OVER_LOOPBACK);
        if let (Some(gate), Some(redis), Some(postgres)) =
            (self.rate("gate, embedded log", IN_PROCESS), best("Redis"), best("PostgreSQL"))
        {
            println!(
                "the gate at its best in process, {:.0}/s with {} clients: {:.2} times Redis at its best, {:.2} times \
                 PostgreSQL at its best; p99 at half of that load {:.2} ms",
                gate.rate,
                gate.clients,
                gate.rate / redis.rate,
                gate.rate / postgres.rate,
                micros(self.half_p99) / 1e3
            );
        }
        if let (Some(gate), Some(redis)) = (best("gate, HTTP"), best("Redis")) {
            println!(
                "the gate at its best over loopback, {:.0}/s with {} clients: {:.2} times Redis at its best",
                gate.rate,
                gate.clients,
                gate.rate / redis.rate
            );
        }
    }
}
