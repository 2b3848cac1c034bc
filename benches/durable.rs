//! Events per second that the runtime makes durable, beside the bare store at the same record size, in the
//! same run. `cargo bench -p forbear-benches --bench durable [-- paced embedded r1 r3] [1 16 256]`
//!
//! Each row alternates runtime and bare store for several rounds and gives medians. Clients wait for each
//! answer before they ask again; "half p99" is measured at half the rate that this gives, from when each
//! command was due. The bare store is measured with one record in flight ("one commit a record", as in the
//! design's table) and with as many as it allows. "CPU" is this process's own, per event: with JetStream the
//! server's comes on top. `paced` is a store in memory whose commits take 150 µs, with one and with two
//! records in flight: the runtime alone, whatever the disk does.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use eventlog::Log;
use eventlog::embedded::EmbeddedLog;
use eventlog::jetstream::{JetStreamLog, JetStreamOptions};
use events::{Service, StreamId};
use forbear_benches::clients::Round;
use forbear_benches::paced::PacedLog;
use forbear_benches::{Failed, bare, clients, median, micros};
use forbear_tests::nats_server::{NatsCluster, NatsServer, client};

const ROUNDS: usize = 3;
const ROUND: Duration = Duration::from_millis(1500);
const CLIENTS: [u64; 3] = [1, 16, 256];
const PACE: Duration = Duration::from_micros(150);

#[tokio::main]
async fn main() -> Result<(), Failed> {
    let wanted: Vec<String> = std::env::args().skip(1).filter(|word| !word.starts_with("--")).collect();
    let (numbers, names): (Vec<_>, Vec<_>) = wanted.iter().partition(|word| word.parse::<u64>().is_ok());
    let wants = |name: &str| names.is_empty() || names.iter().any(|word| *word == name);
    let mut clients: Vec<u64> = numbers.iter().filter_map(|word| word.parse().ok()).collect();
    if clients.is_empty() {
        clients.extend(CLIENTS);
    }
    let scratch = tempfile::tempdir_in(std::env::current_dir()?)?;
    println!(
        "{:<9} {:>7} {:>10} {:>8} {:>8} {:>9} {:>8} {:>10} {:>11} {:>6} {:>11} {:>6} {:>8}",
        "store",
        "clients",
        "events/s",
        "p50 µs",
        "p99 µs",
        "half p99",
        "CPU ns",
        "ev/record",
        "bare 1 ev/s",
        "ratio",
        "bare n ev/s",
        "ratio",
        "B/event"
    );
    if wants("paced") {
        for (name, in_flight_good) in [("paced", 1), ("paced, 2", 2)] {
            let log = Arc::new(PacedLog::new(PACE, in_flight_good));
            table(name, &log, scratch.path(), &clients).await?;
        }
    }
    if wants("embedded") {
        let log = Arc::new(EmbeddedLog::open(scratch.path())?);
        table("embedded", &log, scratch.path(), &clients).await?;
    }
    if wants("r1") {
        let server = NatsServer::single();
        let options = JetStreamOptions { replicas: 1, ..JetStreamOptions::default() };
        let log = Arc::new(JetStreamLog::new(client(&[server.url()]).await, options));
        table("r1", &log, scratch.path(), &clients).await?;
    }
    if wants("r3") {
        let cluster = NatsCluster::start();
        let options = JetStreamOptions { replicas: 3, ..JetStreamOptions::default() };
        let log = Arc::new(JetStreamLog::new(client(&cluster.urls()).await, options));
        table("r3", &log, scratch.path(), &clients).await?;
    }
    Ok(())
}

/// One row for each number of clients, between two measurements of the disk: what the disk does varies.
async fn table<L: Log>(name: &str, log: &Arc<L>, scratch: &Path, numbers: &[u64]) -> Result<(), Failed> {
    let before = bare::fsync(scratch)?;
    let mut partition = 0;
    for &clients in numbers {
        let (mut rounds, mut bare_rates, mut one_rates) = (Vec::new(), Vec::new(), Vec::new());
        for _ in 0..ROUNDS {
            let round = clients::round(Arc::clone(log), partition, clients, ROUND).await?;
            let events = round.events_per_record.max(1.0).round() as usize;
            let size = (events, round.record_bytes);
            let stream = |service| StreamId { service, partition };
            let (many, one) = (stream(Service::Ledger), stream(Service::Assignment));
            bare_rates.push(bare::events_per_second(&**log, many, size, log.in_flight_max(), ROUND).await?);
            one_rates.push(bare::events_per_second(&**log, one, size, 1, ROUND).await?);
            rounds.push(round);
            partition += 1;
        }
        let (bare, one) = (median(&mut bare_rates).unwrap_or(1.0), median(&mut one_rates).unwrap_or(1.0));
        let middle = |of: fn(&Round) -> f64| {
            median(&mut rounds.iter().map(of).collect::<Vec<_>>()).unwrap_or_default()
        };
        let rate = middle(|round| round.rate);
        println!(
            "{name:<9} {clients:>7} {rate:>10.0} {:>8.0} {:>8.0} {:>9.0} {:>8.0} {:>10.1} {one:>11.0} {:>6.2} {bare:>11.0} {:>6.2} {:>8.1}",
            middle(|round| micros(round.p50)),
            middle(|round| micros(round.p99)),
            middle(|round| micros(round.half_p99)),
            middle(|round| micros(round.cpu_per_event) * 1e3),
            middle(|round| round.events_per_record),
            rate / one,
            rate / bare,
            middle(|round| round.record_bytes as f64 / round.events_per_record.max(1.0)),
        );
    }
    println!(
        "bare append of 100 bytes + fdatasync: median {:.0} µs before, {:.0} µs after",
        micros(before),
        micros(bare::fsync(scratch)?)
    );
    Ok(())
}
