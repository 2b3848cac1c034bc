//! A service: its partitions running in this process.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use eventlog::Log;
use events::{Decider, StreamId};
use model::InstanceId;
use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::clock::Clock;
use crate::leadership::{Announce, Leadership};
use crate::mailbox::{self, Mailbox};
use crate::metrics::Metrics;
use crate::partition::Partition;
use crate::port::Port;
use crate::replica::RecoveryError;

/// How a service runs.
#[derive(Debug, Clone)]
pub struct Options {
    /// How many partitions it has; fixed once its log has begun.
    pub partitions: u16,
    /// Messages that may wait for a partition before senders must.
    pub queue: usize,
    /// Where snapshots are kept; none are without.
    pub snapshots: Option<PathBuf>,
    /// How long a record may wait for clients that were just answered and may ask again.
    pub patience: Duration,
    /// A snapshot after this many events; in a calm second after a sixteenth of them.
    pub snapshot_every: u64,
    /// Accepted commands remembered per partition, to recognise retries.
    pub commands_max: usize,
    /// This process.
    pub instance: InstanceId,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            partitions: 1,
            queue: 4096,
            snapshots: None,
            patience: Duration::from_micros(300),
            snapshot_every: 8_000_000,
            commands_max: 1_000_000,
            instance: InstanceId(0),
        }
    }
}

/// What a service needs from its surroundings.
#[derive(Clone)]
pub struct Surroundings {
    /// Where records go.
    pub log: Arc<dyn Log>,
    /// What time it is.
    pub clock: Clock,
    /// Who leads.
    pub leadership: Arc<dyn Leadership>,
    /// What is counted.
    pub metrics: Metrics,
    /// Turns true when the process is to stop.
    pub stop: watch::Receiver<bool>,
}

/// A service running in this process.
pub struct Service<D: Decider> {
    mailboxes: Vec<Mailbox<D>>,
    leading: Vec<watch::Receiver<bool>>,
    tasks: JoinSet<Result<(), RecoveryError>>,
}

impl<D: Decider> Service<D> {
    /// Starts every partition.
    pub fn start(
        surroundings: &Surroundings,
        options: &Options,
        announce: Option<Arc<dyn Announce<D>>>,
    ) -> Self {
        let mut service = Self { mailboxes: Vec::new(), leading: Vec::new(), tasks: JoinSet::new() };
        for partition in 0..options.partitions {
            let stream = StreamId { service: D::SERVICE, partition };
            let (mailbox, inbox) = mailbox::bounded(options.queue);
            let (leading, is_leading) = watch::channel(false);
            service.mailboxes.push(mailbox.clone());
            service.leading.push(is_leading);
            let partition = Partition {
                stream,
                log: Arc::clone(&surroundings.log),
                clock: surroundings.clock.clone(),
                leadership: Arc::clone(&surroundings.leadership),
                announce: announce.clone(),
                options: options.clone(),
                metrics: surroundings.metrics.partition(stream),
                mailbox,
                inbox,
                stop: surroundings.stop.clone(),
                leading,
            };
            service.tasks.spawn(partition.run());
        }
        service
    }

    /// The service as its callers in this process see it.
    pub fn port(&self) -> Port<D> {
        Port::here(&self.mailboxes)
    }

    /// One watch per partition: true while it is led here.
    pub fn leading(&self) -> Vec<watch::Receiver<bool>> {
        self.leading.clone()
    }

    /// Waits until every partition is led here.
    pub async fn ready(&mut self) -> Result<(), RecoveryError> {
        for leading in &mut self.leading {
            tokio::select! {
                led = leading.wait_for(|leading| *leading) => if led.is_ok() {
                    continue;
                },
                Some(ended) = self.tasks.join_next() => return flatten(ended),
            }
            // The partition has ended; its task is about to say why.
            return self.tasks.join_next().await.map_or(Ok(()), flatten);
        }
        match self.tasks.try_join_next() {
            Some(ended) => flatten(ended),
            None => Ok(()),
        }
    }

    /// Waits until all partitions have ended, after a stop or because one cannot go on.
    pub async fn ended(&mut self) -> Result<(), RecoveryError> {
        while let Some(ended) = self.tasks.join_next().await {
            flatten(ended)?;
        }
        Ok(())
    }
}

fn flatten(ended: Result<Result<(), RecoveryError>, tokio::task::JoinError>) -> Result<(), RecoveryError> {
    match ended {
        Ok(result) => result,
        Err(error) => match error.try_into_panic() {
            Ok(panic) => std::panic::resume_unwind(panic),
            Err(_) => Ok(()),
        },
    }
}

/// Returns when the flag is `to`, or will never change again.
pub(crate) async fn turned(flag: &mut watch::Receiver<bool>, to: bool) {
    // An error means that the sender is gone: the process is going down.
    drop(flag.wait_for(|flag| *flag == to).await);
}
