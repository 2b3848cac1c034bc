//! What the runtime counts. Labels are service, partition and names that we chose: never personal data,
//! never unbounded.

use events::{Service, StreamId};
use prometheus::{
    Counter, CounterVec, Gauge, GaugeVec, Histogram, HistogramOpts, HistogramVec, IntCounter, IntCounterVec,
    IntGauge, IntGaugeVec, Opts, Registry,
};

use crate::bulk::{BulkWork, give_way};

/// All metrics of a process.
#[derive(Clone)]
pub struct Metrics {
    /// Where they are registered; others may add theirs.
    pub registry: Registry,
    commands: IntCounterVec,
    events: IntCounterVec,
    records: IntCounterVec,
    bytes: IntCounterVec,
    append_seconds: HistogramVec,
    queue_depth: IntGaugeVec,
    recoveries: IntCounterVec,
    recovery_seconds: GaugeVec,
    snapshots: IntCounterVec,
    follow_lag: IntGaugeVec,
    manager_refused: IntCounterVec,
    projections_rebuilt: IntCounterVec,
    busy_seconds: CounterVec,
    bulk: IntGauge,
}

/// The metrics of one partition.
#[derive(Clone)]
pub(crate) struct PartitionMetrics {
    pub accepted: IntCounter,
    pub refused: IntCounter,
    pub events: IntCounter,
    pub records: IntCounter,
    pub bytes: IntCounter,
    pub append_seconds: Histogram,
    pub queue_depth: IntGauge,
    pub recoveries: IntCounter,
    pub recovery_seconds: Gauge,
    pub snapshots: IntCounter,
}

impl Metrics {
    /// Registers them.
    pub fn new() -> Result<Self, prometheus::Error> {
        let registry = Registry::new();
        let partition = ["service", "partition"];
        let counter = |name: &str, help: &str, labels: &[&str]| {
            let counter = IntCounterVec::new(Opts::new(name, help), labels)?;
            registry.register(Box::new(counter.clone()))?;
            Ok::<_, prometheus::Error>(counter)
        };
        let gauge = |name: &str, help: &str, labels: &[&str]| {
            let gauge = IntGaugeVec::new(Opts::new(name, help), labels)?;
            registry.register(Box::new(gauge.clone()))?;
            Ok::<_, prometheus::Error>(gauge)
        };
        let append_seconds = HistogramVec::new(
            HistogramOpts::new(
                "forbear_append_seconds",
                "From handing a record to the store until it is durable.",
            )
            .buckets(prometheus::exponential_buckets(0.0001, 2.0, 14)?),
            &partition,
        )?;
        registry.register(Box::new(append_seconds.clone()))?;
        let recovery_seconds = GaugeVec::new(
            Opts::new("forbear_recovery_seconds", "How long the last recovery took, standby included."),
            &partition,
        )?;
        registry.register(Box::new(recovery_seconds.clone()))?;
        let busy_seconds = CounterVec::new(
            Opts::new(
                "forbear_projection_busy_seconds_total",
                "Time spent applying records to a projection.",
            ),
            &["projection"],
        )?;
        registry.register(Box::new(busy_seconds.clone()))?;
        let bulk = IntGauge::new(
            "forbear_bulk_imports",
            "Imports under way in this process; followers give way to them.",
        )?;
        registry.register(Box::new(bulk.clone()))?;
        Ok(Self {
            commands: counter(
                "forbear_commands_total",
                "Commands decided, by result.",
                &["service", "partition", "result"],
            )?,
            events: counter("forbear_events_total", "Events made durable.", &partition)?,
            records: counter("forbear_records_total", "Records made durable.", &partition)?,
            bytes: counter("forbear_record_bytes_total", "Bytes of records made durable.", &partition)?,
            append_seconds,
            queue_depth: gauge("forbear_queue_messages", "Messages waiting for a partition.", &partition)?,
            recoveries: counter("forbear_recoveries_total", "Times a partition had to recover.", &partition)?,
            recovery_seconds,
            snapshots: counter("forbear_snapshots_total", "Snapshots stored.", &partition)?,
            follow_lag: gauge(
                "forbear_follow_lag_records",
                "Records that a follower has yet to take.",
                &["follower", "service", "partition"],
            )?,
            manager_refused: counter(
                "forbear_manager_refused_total",
                "Commands of a process manager that were refused for good.",
                &["manager", "code"],
            )?,
            projections_rebuilt: counter(
                "forbear_projections_rebuilt_total",
                "Projections that did not open and were rebuilt.",
                &["projection"],
            )?,
            busy_seconds,
            bulk,
            registry,
        })
    }

    /// Says that bulk work is under way, until what is returned is dropped.
    pub fn bulk_work(&self) -> BulkWork {
        BulkWork::begin(self.bulk.clone())
    }

    /// Lets bulk work go first.
    pub(crate) async fn give_way(&self) {
        give_way(&self.bulk).await;
    }

    pub(crate) fn partition(&self, stream: StreamId) -> PartitionMetrics {
        let partition = stream.partition.to_string();
        let labels = [stream.service.name(), partition.as_str()];
        let command = |result| self.commands.with_label_values(&[labels[0], labels[1], result]);
        PartitionMetrics {
            accepted: command("accepted"),
            refused: command("refused"),
            events: self.events.with_label_values(&labels),
            records: self.records.with_label_values(&labels),
            bytes: self.bytes.with_label_values(&labels),
            append_seconds: self.append_seconds.with_label_values(&labels),
            queue_depth: self.queue_depth.with_label_values(&labels),
            recoveries: self.recoveries.with_label_values(&labels),
            recovery_seconds: self.recovery_seconds.with_label_values(&labels),
            snapshots: self.snapshots.with_label_values(&labels),
        }
    }

    pub(crate) fn follow_lag(&self, follower: &str, stream: StreamId) -> IntGauge {
        self.follow_lag.with_label_values(&[follower, stream.service.name(), &stream.partition.to_string()])
    }

    pub(crate) fn manager_refused(&self, manager: &str, code: &str) {
        self.manager_refused.with_label_values(&[manager, code]).inc();
    }

    pub(crate) fn projection_rebuilt(&self, projection: &str) {
        self.projections_rebuilt.with_label_values(&[projection]).inc();
    }

    pub(crate) fn busy_seconds(&self, projection: &str) -> Counter {
        self.busy_seconds.with_label_values(&[projection])
    }

    /// Events and bytes that a service of this process has made durable since it started.
    pub fn durable(&self, service: Service, partitions: u16) -> (u64, u64) {
        let mut total = (0, 0);
        for partition in 0..partitions {
            let metrics = self.partition(StreamId { service, partition });
            total.0 += metrics.events.get();
            total.1 += metrics.bytes.get();
        }
        total
    }
}
