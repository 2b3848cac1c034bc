//! Clients of a runtime in this process.

use std::sync::Arc;
use std::time::{Duration, Instant};

use events::{Actor, Refusal, Service, Tenant};
use model::CommandId;
use runtime::{
    Clock, Metrics, Options, Order, Port, Service as Running, SoleInstance, Surroundings, SystemClock,
};
use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::one_partition::OnePartition;
use crate::{Failed, NoteV1, Notes, cpu_time, quantile};

/// What one round showed.
#[derive(Debug, Clone, Copy)]
pub struct Round {
    /// Events per second made durable, each client waiting for its answer before it asks again.
    pub rate: f64,
    /// The median of how long an answer took then.
    pub p50: Duration,
    /// And what 99 in 100 stayed below.
    pub p99: Duration,
    /// The same at half that rate, each command measured from when it was due, so that a client that is
    /// late counts its delay. The timer's millisecond is part of it.
    pub half_p99: Duration,
    /// Processor time of this process for an event, clients, runtime and embedded store.
    pub cpu_per_event: Duration,
    /// Events of an average record.
    pub events_per_record: f64,
    /// Bytes of an average record.
    pub record_bytes: usize,
}

/// `clients` on a fresh log of one partition, for as long as `round`; then as long at half the load.
pub async fn round<L: eventlog::Log>(
    log: Arc<L>,
    partition: u16,
    clients: u64,
    round: Duration,
) -> Result<Round, Failed> {
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

    let (events_before, bytes_before) = metrics.durable(Service::Gate, 1);
    let (records_before, cpu_before, started) = (records(&metrics)?, cpu_time()?, Instant::now());
    let closed = |client| ask_and_ask_again(port.clone(), client, started + round);
    let mut latencies = all((0..clients).map(closed)).await?;
    let (elapsed, cpu) = (started.elapsed(), cpu_time()?.saturating_sub(cpu_before));
    let (events_after, bytes_after) = metrics.durable(Service::Gate, 1);
    let records = (records(&metrics)? - records_before).max(1.0);
    let events = (events_after - events_before).max(1) as f64;
    let rate = events / elapsed.as_secs_f64();

    let (began, every) = (Instant::now(), Duration::from_secs_f64(clients as f64 / (rate / 2.0)));
    let due = |client| {
        let first = began + every.mul_f64(client as f64 / clients as f64);
        ask_when_due(port.clone(), clients + client, first, every, began + round)
    };
    let mut half = all((0..clients).map(due)).await?;

    stop.send_replace(true);
    service.ended().await?;
    Ok(Round {
        rate,
        p50: quantile(&mut latencies, 0.5),
        p99: quantile(&mut latencies, 0.99),
        half_p99: quantile(&mut half, 0.99),
        cpu_per_event: cpu.div_f64(events),
        events_per_record: events / records,
        record_bytes: ((bytes_after - bytes_before) as f64 / records) as usize,
    })
}

/// All latencies of all clients, each a task.
async fn all<F>(clients: impl Iterator<Item = F>) -> Result<Vec<Duration>, Failed>
where
    F: Future<Output = Result<Vec<Duration>, Refusal>> + Send + 'static,
{
    let mut tasks: JoinSet<_> = clients.collect();
    let mut latencies = Vec::new();
    while let Some(done) = tasks.join_next().await {
        latencies.extend(done?.map_err(|refusal| refusal.to_string())?);
    }
    Ok(latencies)
}

/// A closed loop.
async fn ask_and_ask_again(port: Port<Notes>, client: u64, until: Instant) -> Result<Vec<Duration>, Refusal> {
    let mut latencies = Vec::new();
    let mut asked = Instant::now();
    while asked < until {
        port.submit(order(client, latencies.len() as u64)).await?;
        let answered = Instant::now();
        latencies.push(answered - asked);
        asked = answered;
    }
    Ok(latencies)
}

/// An open loop: what is due is asked whether or not the answers are slow, and measured from when it was due.
async fn ask_when_due(
    port: Port<Notes>,
    client: u64,
    first: Instant,
    every: Duration,
    until: Instant,
) -> Result<Vec<Duration>, Refusal> {
    let mut latencies = Vec::new();
    let mut due = first;
    while due < until {
        // A client that is late asks at once.
        if due > Instant::now() {
            tokio::time::sleep_until(due.into()).await;
        }
        port.submit(order(client, latencies.len() as u64)).await?;
        latencies.push(due.elapsed());
        due += every;
    }
    Ok(latencies)
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

fn records(metrics: &Metrics) -> Result<f64, Failed> {
    let families = metrics.registry.gather();
    let family = families.iter().find(|family| family.name() == "forbear_records_total");
    let family = family.ok_or("expected the metric forbear_records_total, found none")?;
    Ok(family.get_metric().iter().map(|metric| metric.get_counter().get_value()).sum())
}
