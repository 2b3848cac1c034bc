//! How long the gate takes to start again: `cargo bench -p forbear-benches --bench restart
//! [-- contacts=1000000] [attempts=3] [tail=1000000] [in=DIR]`
//!
//! Builds a data directory with so many contact points, each with so many calls in its windows, and stops, which leaves
//! a snapshot. Then a process of its own opens it: the log, the snapshot, until the gate leads; and again after so many
//! more decisions without a newer snapshot. The files are in the system's cache, as after a restart of the program.
//! With `in` the directory is kept, and one that is there already is opened without building it.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::time::{Duration, Instant};

use eventlog::embedded::EmbeddedLog;
use events::gate::{GateQuery, GateReply};
use forbear_benches::asking::{Plan, closed};
use forbear_benches::running_gate::{InProcess, RunningGate, Snapshots};
use forbear_benches::simulated_time::BEGIN;
use forbear_benches::world::World;
use forbear_benches::{Failed, machine};

const CONTACTS: u64 = 1_000_000;
const ATTEMPTS: u32 = 3;
/// As many events as the program lets pass between two snapshots.
const TAIL: u64 = 1_000_000;
/// No snapshot but the last.
const NEVER: u64 = u64::MAX;
const SNAPSHOTS: &str = "snapshots";
/// The snapshot before the tail.
const ASIDE: &str = "snapshots-before";
const MIB: f64 = 1024.0 * 1024.0;

/// What is asked of this program.
struct Asked {
    /// Nothing for the whole, or one step of it in a process of its own.
    step: String,
    contacts: u64,
    attempts: u32,
    tail: u64,
    directory: Option<PathBuf>,
}

#[tokio::main]
async fn main() -> Result<(), Failed> {
    let (step, directory) = (String::new(), None);
    let mut asked = Asked { step, contacts: CONTACTS, attempts: ATTEMPTS, tail: TAIL, directory };
    for word in std::env::args().skip(1).filter(|word| !word.starts_with("--")) {
        match word.split_once('=') {
            Some(("contacts", value)) => asked.contacts = value.parse()?,
            Some(("attempts", value)) => asked.attempts = value.parse()?,
            Some(("tail", value)) => asked.tail = value.parse()?,
            Some(("in", value)) => asked.directory = Some(value.into()),
            Some(("step", value)) => asked.step = value.to_owned(),
            _ => return Err(format!("expected contacts=, attempts=, tail= or in=, got {word}").into()),
        }
    }
    let directory = asked.directory.clone();
    match (asked.step.as_str(), directory) {
        ("build", Some(directory)) => build(&asked, &directory).await,
        ("tail", Some(directory)) => tail(&asked, &directory).await,
        ("open", Some(directory)) => open(&directory).await,
        (_, Some(directory)) => whole(&asked, &directory),
        (_, None) => whole(&asked, tempfile::tempdir()?.path()),
    }
}

fn whole(asked: &Asked, directory: &Path) -> Result<(), Failed> {
    std::fs::create_dir_all(directory)?;
    println!("{}", machine::describe(directory)?);
    if !directory.join(SNAPSHOTS).exists() {
        run(asked, directory, "build")?;
    }
    // The first opening after the building also tidies up after it.
    for _ in 0..2 {
        run(asked, directory, "open")?;
    }
    if asked.tail > 0 {
        copy(&directory.join(SNAPSHOTS), &directory.join(ASIDE))?;
        run(asked, directory, "tail")?;
        copy(&directory.join(ASIDE), &directory.join(SNAPSHOTS))?;
        for _ in 0..2 {
            run(asked, directory, "open")?;
        }
    }
    Ok(())
}

/// Runs a step in a process of its own, whose memory is its alone.
fn run(asked: &Asked, directory: &Path, step: &str) -> Result<(), Failed> {
    let mut command = Command::new(std::env::current_exe()?);
    command.args([format!("step={step}"), format!("contacts={}", asked.contacts)]);
    command.args([format!("attempts={}", asked.attempts), format!("tail={}", asked.tail)]);
    command.arg(format!("in={}", directory.display()));
    match command.status()? {
        status if status.success() => Ok(()),
        status => Err(format!("the step `{step}` ended with {status}").into()),
    }
}

fn copy(from: &Path, to: &Path) -> Result<(), Failed> {
    std::fs::create_dir_all(to)?;
    for entry in std::fs::read_dir(from)? {
        let entry = entry?;
        std::fs::copy(entry.path(), to.join(entry.file_name()))?;
    }
    Ok(())
}

async fn started(directory: &Path) -> Result<RunningGate, Failed> {
    let log = Arc::new(EmbeddedLog::open(directory)?);
    let snapshots = Snapshots { directory: Some(directory.join(SNAPSHOTS)), every: Some(NEVER) };
    RunningGate::start(log, snapshots, BEGIN).await
}

async fn build(asked: &Asked, directory: &Path) -> Result<(), Failed> {
    let gate = started(directory).await?;
    let began = Instant::now();
    World { contacts: asked.contacts }.load(&gate.port, asked.attempts).await?;
    let loaded = began.elapsed();
    let (resident, _) = machine::resident()?;
    let began = Instant::now();
    gate.stop().await?;
    let stopped = began.elapsed();
    let (log, snapshot) = sizes(directory)?;
    println!(
        "built: {} contact points with {} calls each in {:.1} s; {:.0} MiB resident ({:.0} bytes each); stopped in {:.1} s; \
         log {:.0} MiB, snapshot {:.0} MiB ({:.0} bytes each)",
        asked.contacts,
        asked.attempts,
        loaded.as_secs_f64(),
        resident as f64 / MIB,
        resident as f64 / asked.contacts as f64,
        stopped.as_secs_f64(),
        log as f64 / MIB,
        snapshot as f64 / MIB,
        snapshot as f64 / asked.contacts as f64,
    );
    Ok(())
}

fn sizes(directory: &Path) -> Result<(u64, u64), Failed> {
    let log = machine::stored(&directory.join(eventlog::embedded::DIRECTORY))?;
    Ok((log, machine::stored(&directory.join(SNAPSHOTS))?))
}

/// Decisions without a snapshot.
async fn tail(asked: &Asked, directory: &Path) -> Result<(), Failed> {
    let gate = started(directory).await?;
    let world = World { contacts: asked.contacts };
    let system = InProcess { gate: &gate, world };
    let before = decided(&gate).await?;
    let plan = Plan { rounds: 1, round: Duration::from_millis(250) };
    let began = Instant::now();
    while decided(&gate).await? - before < asked.tail {
        closed(&system, 256, plan).await?;
    }
    println!("tail: {} decisions in {:.1} s", decided(&gate).await? - before, began.elapsed().as_secs_f64());
    gate.stop().await
}

async fn decided(gate: &RunningGate) -> Result<u64, Failed> {
    match gate.port.query(0, GateQuery::Figures).await {
        Ok(GateReply::Figures(figures)) => Ok(figures.asked),
        other => Err(format!("expected figures of the gate, got {other:?}").into()),
    }
}

async fn open(directory: &Path) -> Result<(), Failed> {
    let began = Instant::now();
    let log = Arc::new(EmbeddedLog::open(directory)?);
    let opened = began.elapsed();
    let snapshots = Snapshots { directory: Some(directory.join(SNAPSHOTS)), every: Some(NEVER) };
    let gate = RunningGate::start(log, snapshots, BEGIN).await?;
    let ready = began.elapsed();
    let (resident, peak) = machine::resident()?;
    let GateReply::Figures(figures) =
        gate.port.query(0, GateQuery::Figures).await.map_err(|refusal| refusal.to_string())?
    else {
        return Err("expected figures of the gate, got another reply".into());
    };
    println!(
        "opened: ready after {:.2} s, of which {:.2} s the log's store; {} contact points, {} decisions; {:.0} MiB resident \
         ({:.0} bytes a contact point), {:.0} MiB at most",
        ready.as_secs_f64(),
        opened.as_secs_f64(),
        figures.contacts,
        figures.asked,
        resident as f64 / MIB,
        resident as f64 / figures.contacts.max(1) as f64,
        peak as f64 / MIB,
    );
    // As a killed process leaves it: no newer snapshot.
    std::process::exit(0);
}
