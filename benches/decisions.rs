//! Decisions of the gate per second, made durable: `cargo bench -p forbear-benches --bench decisions
//! [-- embedded snapshots http batch r1 r3] [1 16 64 256] [contacts=1000000] [seconds=1.5] [rounds=3]`
//!
//! The gate with every rule pack that comes with the program, and contact points of which half are in China and half in
//! the United States, one in a hundred stopped. Clients ask for permits for any of them within hours, each again as soon
//! as it is answered; a permit is not used and has expired before the next round, in a week of its own. Medians, and the
//! longest of all. "Half p99" is measured at half of that rate, from when each question was due. "CPU" is this process's
//! own for a decision, clients included: with JetStream the servers' comes on top.
//!
//! `embedded`: asked in this process, on the embedded log. `snapshots`: the same with snapshots as the program keeps
//! them. `http`, `batch`: over loopback, a permit a request or 64. `r1`, `r3`: asked in this process, on JetStream with
//! one server, or three, that sync every write.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use eventlog::Log;
use eventlog::embedded::EmbeddedLog;
use eventlog::jetstream::{JetStreamLog, JetStreamOptions};
use forbear_benches::asking::{Plan, System, closed, paced};
use forbear_benches::over_http::OverHttp;
use forbear_benches::running_gate::{InProcess, RunningGate, Snapshots};
use forbear_benches::simulated_time::BEGIN;
use forbear_benches::world::World;
use forbear_benches::{Failed, bare, machine, micros};
use forbear_tests::nats_server::{NatsCluster, NatsServer, client};

const CLIENTS: [u64; 4] = [1, 16, 64, 256];
const CONTACTS: u64 = 1_000_000;
const BATCH: u64 = 64;

struct Wanted {
    names: Vec<String>,
    clients: Vec<u64>,
    world: World,
    plan: Plan,
}

impl Wanted {
    fn read() -> Result<Self, Failed> {
        let plan = Plan { rounds: 3, round: Duration::from_millis(1500) };
        let world = World { contacts: CONTACTS };
        let mut wanted = Self { names: Vec::new(), clients: Vec::new(), world, plan };
        for word in std::env::args().skip(1).filter(|word| !word.starts_with("--")) {
            match word.split_once('=') {
                Some(("contacts", value)) => wanted.world.contacts = value.parse()?,
                Some(("seconds", value)) => wanted.plan.round = Duration::from_secs_f64(value.parse()?),
                Some(("rounds", value)) => wanted.plan.rounds = value.parse()?,
                Some(_) => return Err(format!("expected contacts=, seconds= or rounds=, got {word}").into()),
                None => match word.parse() {
                    Ok(clients) => wanted.clients.push(clients),
                    Err(_) => wanted.names.push(word),
                },
            }
        }
        if wanted.clients.is_empty() {
            wanted.clients.extend(CLIENTS);
        }
        Ok(wanted)
    }

    fn wants(&self, name: &str) -> bool {
        self.names.is_empty() || self.names.iter().any(|wanted| wanted == name)
    }
}

#[tokio::main]
async fn main() -> Result<(), Failed> {
    let wanted = Wanted::read()?;
    let scratch = tempfile::tempdir()?;
    println!("{}", machine::describe(scratch.path())?);
    if ["embedded", "http", "batch"].iter().any(|name| wanted.wants(name)) {
        let log = Arc::new(EmbeddedLog::open(&scratch.path().join("embedded"))?);
        let gate = loaded(&wanted, log, Snapshots::default()).await?;
        if wanted.wants("embedded") {
            let system = InProcess { gate: &gate, world: wanted.world };
            table("embedded, in process", &system, &wanted, scratch.path()).await?;
        }
        if wanted.wants("http") || wanted.wants("batch") {
            let system = OverHttp::serve(&gate, wanted.world).await?;
            if wanted.wants("http") {
                table("embedded, over loopback: HTTP", &system, &wanted, scratch.path()).await?;
            }
            if wanted.wants("batch") {
                let system = system.in_batches_of(BATCH);
                table("embedded, over loopback: HTTP, 64 a request", &system, &wanted, scratch.path())
                    .await?;
            }
        }
        gate.stop().await?;
    }
    if wanted.wants("snapshots") {
        let directory = scratch.path().join("snapshots");
        let log = Arc::new(EmbeddedLog::open(&directory)?);
        let gate = loaded(&wanted, log, Snapshots { directory: Some(directory), every: None }).await?;
        let system = InProcess { gate: &gate, world: wanted.world };
        table("embedded with snapshots, in process", &system, &wanted, scratch.path()).await?;
        gate.stop().await?;
    }
    if wanted.wants("r1") {
        let server = NatsServer::single();
        let options = JetStreamOptions { replicas: 1, ..JetStreamOptions::default() };
        let log = Arc::new(JetStreamLog::new(client(&[server.url()]).await, options));
        let gate = loaded(&wanted, log, Snapshots::default()).await?;
        let system = InProcess { gate: &gate, world: wanted.world };
        table("JetStream R1, in process", &system, &wanted, scratch.path()).await?;
        gate.stop().await?;
    }
    if wanted.wants("r3") {
        let cluster = NatsCluster::start();
        let options = JetStreamOptions { replicas: 3, ..JetStreamOptions::default() };
        let log = Arc::new(JetStreamLog::new(client(&cluster.urls()).await, options));
        let gate = loaded(&wanted, log, Snapshots::default()).await?;
        let system = InProcess { gate: &gate, world: wanted.world };
        table("JetStream R3, in process", &system, &wanted, scratch.path()).await?;
        gate.stop().await?;
    }
    Ok(())
}

/// A gate that knows the world.
async fn loaded(wanted: &Wanted, log: Arc<dyn Log>, snapshots: Snapshots) -> Result<RunningGate, Failed> {
    let gate = RunningGate::start(log, snapshots, BEGIN).await?;
    let began = Instant::now();
    wanted.world.load(&gate.port, 0).await?;
    println!("\n{} contact points loaded in {:.1} s", wanted.world.contacts, began.elapsed().as_secs_f64());
    Ok(gate)
}

/// One row for each number of clients, between two measurements of the disk: what the disk does varies.
async fn table<S: System>(name: &str, system: &S, wanted: &Wanted, scratch: &Path) -> Result<(), Failed> {
    let before = bare::fsync(scratch)?;
    println!(
        "{name}\n{:>7} {:>12} {:>9} {:>9} {:>9} {:>10} {:>13} {:>10} {:>7}",
        "clients",
        "decisions/s",
        "allowed",
        "p50 µs",
        "p99 µs",
        "longest ms",
        "half p99 µs",
        "p50/fsync",
        "CPU µs"
    );
    for &clients in &wanted.clients {
        let full = closed(system, clients, wanted.plan).await?;
        let half = paced(system, clients, wanted.plan, full.rate / 2.0).await?;
        println!(
            "{clients:>7} {:>12.0} {:>7.1} % {:>9.0} {:>9.0} {:>10.1} {:>13.0} {:>10.2} {:>7.2}",
            full.rate,
            full.allowed * 100.0,
            micros(full.p50),
            micros(full.p99),
            micros(full.longest.max(half.longest)) / 1e3,
            micros(half.p99),
            full.p50.as_secs_f64() / before.as_secs_f64(),
            micros(full.cpu),
        );
    }
    let after = bare::fsync(scratch)?;
    println!(
        "append of 100 bytes + fdatasync: median {:.0} µs before, {:.0} µs after",
        micros(before),
        micros(after)
    );
    Ok(())
}
