//! One partition: standby until it should lead, recovery, then the single writer.
//!
//! The writer ([`leader`]) decides orders against a *speculative* state ([`orders`]), which runs ahead of the
//! disk by the records in flight ([`flight`]). Every answer waits for the record that it depends on, also the
//! answers that add nothing to the log: what they say may rest on an event that is not durable yet
//! ([`answers`]). If an append fails, the state is thrown away, everybody who waits is told "unavailable, retry
//! with the same id", and the partition recovers.

mod answers;
mod flight;
mod gather;
mod leader;
mod orders;
mod snapshots;

use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use eventlog::{AppendError, Log, LogError, Writer};
use events::platform::{ElectedV1, PlatformEvent};
use events::{Actor, Decider, Envelope, Position, RecordBuilder, StreamId, Tenant};
use model::CommandId;
use tokio::sync::watch;

use self::leader::Leader;
use crate::clock::Clock;
use crate::command_index::Accepted;
use crate::leadership::{Announce, Leadership, Lease};
use crate::mailbox::{Inbox, Mailbox};
use crate::metrics::PartitionMetrics;
use crate::replica::{RecoveryError, Replica};
use crate::service::{Options, turned};

/// How long to wait before trying again after a failure.
const RETRY_PAUSE: Duration = Duration::from_millis(200);

pub(crate) struct Partition<D: Decider> {
    pub stream: StreamId,
    pub log: Arc<dyn Log>,
    pub clock: Clock,
    pub leadership: Arc<dyn Leadership>,
    pub announce: Option<Arc<dyn Announce<D>>>,
    pub options: Options,
    pub metrics: PartitionMetrics,
    pub mailbox: Mailbox<D>,
    pub inbox: Inbox<D>,
    pub stop: watch::Receiver<bool>,
    pub leading: watch::Sender<bool>,
}

/// Why serving ended.
enum Ended {
    /// The process stops.
    Stopped,
    /// The lease was lost, another writer took over, or an append failed.
    Deposed(String),
}

impl<D: Decider> Partition<D> {
    /// Runs until the process stops.
    pub(crate) async fn run(mut self) -> Result<(), RecoveryError> {
        loop {
            match self.term().await {
                Ok(Ended::Stopped) => return Ok(()),
                Ok(Ended::Deposed(why)) => tracing::warn!(stream = %self.stream, why, "no longer leading"),
                Err(error) => {
                    tracing::error!(stream = %self.stream, %error, "the partition cannot be served");
                    if error.is_final() {
                        return Err(error);
                    }
                }
            }
            self.leading.send_replace(false);
            self.metrics.recoveries.inc();
            if self.pause().await {
                return Ok(());
            }
        }
    }

    /// Refuses what comes for a moment; true if the process stops.
    async fn pause(&mut self) -> bool {
        // It never ends before that.
        drop(tokio::time::timeout(RETRY_PAUSE, self.inbox.refuse()).await);
        *self.stop.borrow()
    }

    /// Standby, election, service.
    async fn term(&mut self) -> Result<Ended, RecoveryError> {
        let log = Arc::clone(&self.log);
        let opened = Instant::now();
        let snapshots = self.options.snapshots.clone();
        let mut replica =
            Replica::<D>::open(&*log, self.stream, snapshots.as_ref(), self.options.commands_max).await?;
        replica.catch_up(&*log).await?;
        let recovery = opened.elapsed();
        let Some(mut lease) = self.standby(&*log, &mut replica).await? else { return Ok(Ended::Stopped) };
        let elected_at = Instant::now();
        let ended = self.lead(&*log, replica, &mut lease, recovery, elected_at).await;
        lease.release().await;
        ended
    }

    /// Election and service. `recovery` is how long it took to come here, without standing by.
    async fn lead(
        &mut self,
        log: &dyn Log,
        mut replica: Replica<D>,
        lease: &mut Lease,
        recovery: Duration,
        started: Instant,
    ) -> Result<Ended, RecoveryError> {
        replica.catch_up(log).await?;
        if let Some(logged) = replica.partitions
            && logged != self.options.partitions
        {
            let (stream, configured) = (self.stream, self.options.partitions);
            return Err(RecoveryError::Partitions { stream, log: logged, configured });
        }
        let elected = match self.elect(&mut replica).await {
            Ok(writer) => writer,
            Err(ElectionError::Log(error)) => return Err(error.into()),
            Err(ElectionError::Append(error)) => return Ok(Ended::Deposed(error.to_string())),
        };
        let recovery = recovery + started.elapsed();
        self.metrics.recovery_seconds.set(recovery.as_secs_f64());
        let _announced = match &self.announce {
            Some(announce) => match announce.leading(self.stream, self.mailbox.clone()).await {
                Some(announced) => Some(announced),
                None => return Ok(Ended::Deposed("the partition could not be announced".to_owned())),
            },
            None => None,
        };
        tracing::info!(
            stream = %self.stream, position = %replica.chain.position, epoch = replica.chain.epoch,
            recovered_in_ms = recovery.as_millis() as u64, "leading"
        );
        self.leading.send_replace(true);
        Ok(Leader::new(self, replica, elected).serve(lease).await)
    }

    /// Follows the log until the lease is ours; `None` if the process stops.
    async fn standby(
        &mut self,
        log: &dyn Log,
        replica: &mut Replica<D>,
    ) -> Result<Option<Lease>, RecoveryError> {
        let leadership = Arc::clone(&self.leadership);
        let lease = leadership.acquire(self.stream);
        tokio::pin!(lease);
        let mut stop = self.stop.clone();
        loop {
            let next = replica.chain.slot;
            tokio::select! {
                biased;
                () = turned(&mut stop, true) => return Ok(None),
                lease = &mut lease => return Ok(Some(lease)),
                () = self.inbox.refuse() => {}
                head = log.wait(self.stream, next) => if head? > next {
                    replica.catch_up(log).await?;
                },
            }
        }
    }

    /// Writes the record that begins this writer's term.
    async fn elect(&self, replica: &mut Replica<D>) -> Result<Box<dyn Writer>, ElectionError> {
        let chain = replica.chain;
        let epoch = chain.epoch + 1;
        let at = self.clock.now().at.max(replica.at);
        let event = PlatformEvent::Elected(ElectedV1 {
            epoch,
            instance: self.options.instance,
            partitions: self.options.partitions,
        });
        let envelope = Envelope {
            command: internal_id(b"elec", epoch, chain.position),
            input: 0,
            delay_ms: 0,
            actor: Actor::System(self.options.instance),
            tenant: Tenant::Platform,
            cause: None,
        };
        let accepted = Accepted { input: 0, slot: replica.chain.slot, first: replica.chain.position };
        let mut builder = RecordBuilder::default();
        // One small event always fits.
        let _ = builder.push(envelope, at, &[event]);
        let (bytes, hash) = builder.finish(chain.number, epoch, chain.position, chain.last);
        let mut writer = self.log.writer(self.stream, chain.slot).await?;
        writer.append(Bytes::from(bytes)).await.await?;
        replica.chain.advance(Position(chain.position.0 + 1), hash);
        replica.chain.elect(epoch);
        // As a replay does, so that the same commands are remembered after a restart.
        replica.note(&envelope, accepted);
        replica.at = at;
        Ok(writer)
    }
}

#[derive(Debug, thiserror::Error)]
enum ElectionError {
    #[error(transparent)]
    Log(#[from] LogError),
    #[error(transparent)]
    Append(#[from] AppendError),
}

/// The id of a command that the runtime gives itself.
fn internal_id(kind: &[u8; 4], epoch: u32, position: Position) -> CommandId {
    let mut id = [0; 16];
    id[..4].copy_from_slice(kind);
    id[4..8].copy_from_slice(&epoch.to_be_bytes());
    id[8..].copy_from_slice(&position.0.to_be_bytes());
    CommandId(id)
}
