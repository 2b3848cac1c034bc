//! Events per second that the runtime makes durable, beside the bare store at the same record size, in the
//! same run. `cargo bench -p forbear-benches --bench durable [-- embedded r1 r3]`
//!
//! Each row alternates runtime and bare store for several rounds and gives medians. The bare store is measured
//! with one record in flight ("one commit a record", as in the design's table) and with as many as it allows.

use std::collections::VecDeque;
use std::error::Error;
use std::io::Write;
use std::sync::Arc;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use bytes::Bytes;
use eventlog::embedded::EmbeddedLog;
use eventlog::jetstream::{JetStreamLog, JetStreamOptions};
use eventlog::{Log, LogError, Stored, Writer};
use events::{Actor, Position, RecordBuilder, RecordHash, Service, StreamId, Tenant};
use forbear_benches::{NoteEvent, NoteV1, Notes, median, quantile};
use forbear_tests::nats_server::{NatsCluster, NatsServer, client};
use model::{CommandId, Timestamp};
use runtime::{Clock, Metrics, Options, Order, Service as Running, SoleInstance, Surroundings, SystemClock};
use tokio::sync::watch;

type Failed = Box<dyn Error + Send + Sync>;

const ROUNDS: usize = 3;
const ROUND: Duration = Duration::from_millis(1500);
const CLIENTS: [usize; 3] = [1, 16, 256];

#[tokio::main]
async fn main() -> Result<(), Failed> {
    let wanted: Vec<String> = std::env::args().skip(1).filter(|word| !word.starts_with("--")).collect();
    let wants = |name: &str| wanted.is_empty() || wanted.iter().any(|word| word == name);
    let scratch = tempfile::tempdir_in(std::env::current_dir()?)?;
    let fsync = bare_fsync(scratch.path())?;
    println!("bare append of 100 bytes + fdatasync: median {:.0} µs", micros(fsync));
    println!(
        "{:<10} {:>7} {:>12} {:>9} {:>9} {:>10} {:>12} {:>6} {:>12} {:>6} {:>8}",
        "store",
        "clients",
        "events/s",
        "p50 µs",
        "p99 µs",
        "ev/record",
        "bare 1 ev/s",
        "ratio",
        "bare n ev/s",
        "ratio",
        "B/event"
    );
    if wants("embedded") {
        let log = Arc::new(EmbeddedLog::open(scratch.path())?);
        table("embedded", &log).await?;
    }
    if wants("r1") {
        let server = NatsServer::single();
        let options = JetStreamOptions { replicas: 1, ..JetStreamOptions::default() };
        table("r1", &Arc::new(JetStreamLog::new(client(&[server.url()]).await, options))).await?;
    }
    if wants("r3") {
        let cluster = NatsCluster::start();
        let options = JetStreamOptions { replicas: 3, ..JetStreamOptions::default() };
        table("r3", &Arc::new(JetStreamLog::new(client(&cluster.urls()).await, options))).await?;
    }
    Ok(())
}

/// One measured round.
struct Round {
    rate: f64,
    p50: Duration,
    p99: Duration,
    events_per_record: f64,
    record_bytes: usize,
}

async fn table<L: Log>(name: &str, log: &Arc<L>) -> Result<(), Failed> {
    let mut partition = 0;
    for clients in CLIENTS {
        let (mut rates, mut bare_rates, mut one_rates) = (Vec::new(), Vec::new(), Vec::new());
        let (mut p50s, mut p99s, mut per_record, mut sizes) =
            (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        for _ in 0..ROUNDS {
            let round = through_runtime(Arc::clone(log), partition, clients).await?;
            let events = round.events_per_record.max(1.0).round() as usize;
            let stream = StreamId { service: Service::Ledger, partition };
            let other = StreamId { service: Service::Assignment, partition };
            bare_rates.push(bare(&**log, stream, events, round.record_bytes, log.in_flight_max()).await?);
            one_rates.push(bare(&**log, other, events, round.record_bytes, 1).await?);
            rates.push(round.rate);
            p50s.push(round.p50);
            p99s.push(round.p99);
            per_record.push(round.events_per_record);
            sizes.push(round.record_bytes as f64 / round.events_per_record.max(1.0));
            partition += 1;
        }
        let rate = median(&mut rates).unwrap_or(0.0);
        let (bare, one) = (median(&mut bare_rates).unwrap_or(1.0), median(&mut one_rates).unwrap_or(1.0));
        println!(
            "{name:<10} {clients:>7} {rate:>12.0} {:>9.0} {:>9.0} {:>10.1} {one:>12.0} {:>6.2} {bare:>12.0} {:>6.2} {:>8.1}",
            micros(median(&mut p50s).unwrap_or_default()),
            micros(median(&mut p99s).unwrap_or_default()),
            median(&mut per_record).unwrap_or(0.0),
            rate / one,
            rate / bare,
            median(&mut sizes).unwrap_or(0.0),
        );
    }
    Ok(())
}

/// A fresh log of one partition, and clients that each wait for their answer before they ask again.
async fn through_runtime<L: Log>(log: Arc<L>, partition: u16, clients: usize) -> Result<Round, Failed> {
    let (stop, stopped) = watch::channel(false);
    let metrics = Metrics::new()?;
    let surroundings = Surroundings {
        log: Arc::new(OnePartition { log, partition }),
        clock: Clock::System(SystemClock::start()),
        leadership: Arc::new(SoleInstance),
        metrics: metrics.clone(),
        stop: stopped,
    };
    let mut service = Running::<Notes>::start(&surroundings, &Options::default(), None);
    service.ready().await?;
    let port = service.port();
    let before = metrics.durable(Service::Gate, 1);
    let records_before = records(&metrics)?;
    let started = Instant::now();
    let mut tasks = tokio::task::JoinSet::new();
    for client in 0..clients as u64 {
        let port = port.clone();
        tasks.spawn(async move {
            let mut latencies = Vec::with_capacity(100_000);
            let mut sequence = 0_u64;
            while started.elapsed() < ROUND {
                sequence += 1;
                let asked = Instant::now();
                port.submit(order(client, sequence)).await?;
                latencies.push(asked.elapsed());
            }
            Ok::<_, events::Refusal>(latencies)
        });
    }
    let mut latencies = Vec::new();
    while let Some(done) = tasks.join_next().await {
        latencies.extend(done?.map_err(|refusal| refusal.to_string())?);
    }
    let elapsed = started.elapsed();
    let after = metrics.durable(Service::Gate, 1);
    let records = (records(&metrics)? - records_before).max(1.0);
    stop.send_replace(true);
    service.ended().await?;
    let events = (after.0 - before.0) as f64;
    Ok(Round {
        rate: events / elapsed.as_secs_f64(),
        p50: quantile(&mut latencies, 0.5),
        p99: quantile(&mut latencies, 0.99),
        events_per_record: events / records,
        record_bytes: ((after.1 - before.1) as f64 / records) as usize,
    })
}

fn records(metrics: &Metrics) -> Result<f64, Failed> {
    let families = metrics.registry.gather();
    let family = families.iter().find(|family| family.name() == "forbear_records_total");
    let family = family.ok_or("expected the metric forbear_records_total, found none")?;
    Ok(family.get_metric().iter().map(|metric| metric.get_counter().get_value()).sum())
}

fn order(client: u64, sequence: u64) -> Order<NoteV1> {
    let mut id = [0; 16];
    id[..8].copy_from_slice(&client.to_be_bytes());
    id[8..].copy_from_slice(&sequence.to_be_bytes());
    Order {
        id: CommandId(id),
        actor: Actor::Operator,
        tenant: Tenant::Platform,
        cause: None,
        command: NoteV1 { key: id, content: [7; 24] },
    }
}

/// The bare store: records of the same size, so many in flight, without any runtime.
async fn bare<L: Log>(
    log: &L,
    stream: StreamId,
    events: usize,
    bytes: usize,
    in_flight: usize,
) -> Result<f64, Failed> {
    let mut writer = log.writer(stream, 0).await?;
    let mut flights = VecDeque::new();
    let record = sized_record(events, bytes);
    let started = Instant::now();
    let mut done = 0_u64;
    while started.elapsed() < ROUND {
        while flights.len() < in_flight {
            flights.push_back(writer.append(record.clone()).await);
        }
        if let Some(first) = flights.pop_front() {
            first.await?;
            done += 1;
        }
    }
    let elapsed = started.elapsed();
    for flight in flights {
        flight.await?;
    }
    Ok(done as f64 * events as f64 / elapsed.as_secs_f64())
}

/// A record of so many events, padded to about so many bytes.
fn sized_record(events: usize, bytes: usize) -> Bytes {
    let mut builder = RecordBuilder::default();
    let note = NoteEvent::Note(NoteV1 { key: [1; 16], content: [7; 24] });
    let envelope = events::Envelope {
        command: CommandId([1; 16]),
        input: u64::MAX,
        delay_ms: 0,
        actor: Actor::Operator,
        tenant: Tenant::Platform,
        cause: None,
    };
    for _ in 0..events {
        if !builder.push(envelope, Timestamp(0), std::slice::from_ref(&note)) {
            break;
        }
    }
    let (mut record, _) = builder.finish(0, 1, Position(0), RecordHash::GENESIS);
    record.resize(bytes.max(1), 0);
    Bytes::from(record)
}

fn bare_fsync(directory: &std::path::Path) -> Result<Duration, Failed> {
    let mut file = std::fs::File::create(directory.join("fsync"))?;
    let mut times = Vec::new();
    for _ in 0..1000 {
        let started = Instant::now();
        file.write_all(&[7; 100])?;
        file.sync_data()?;
        times.push(started.elapsed());
    }
    Ok(quantile(&mut times, 0.5))
}

fn micros(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1e6
}

/// A store seen through one of its partitions, so that every round has a log of its own.
struct OnePartition<L> {
    log: Arc<L>,
    partition: u16,
}

#[async_trait]
impl<L: Log> Log for OnePartition<L> {
    async fn head(&self, stream: StreamId) -> Result<u64, LogError> {
        self.log.head(self.stream(stream)).await
    }

    async fn read(&self, stream: StreamId, from: u64, max_bytes: usize) -> Result<Vec<Stored>, LogError> {
        self.log.read(self.stream(stream), from, max_bytes).await
    }

    async fn wait(&self, stream: StreamId, slot: u64) -> Result<u64, LogError> {
        self.log.wait(self.stream(stream), slot).await
    }

    async fn writer(&self, stream: StreamId, next: u64) -> Result<Box<dyn Writer>, LogError> {
        self.log.writer(self.stream(stream), next).await
    }

    fn in_flight_max(&self) -> usize {
        self.log.in_flight_max()
    }

    fn in_flight_good(&self) -> usize {
        self.log.in_flight_good()
    }
}

impl<L> OnePartition<L> {
    fn stream(&self, stream: StreamId) -> StreamId {
        StreamId { partition: self.partition, ..stream }
    }
}
