//! Process managers: they follow one service's log and command another's, exactly once.
//!
//! The id of a command is a function of the event that caused it, and the target's log remembers the
//! furthest cause of each source, so a manager keeps no state of its own: on a restart it asks the target
//! how far it has come, goes on from there, and what it sends twice is recognised.

use std::sync::Arc;
use std::time::Duration;

use eventlog::Log;
use events::{Actor, Cause, Decider, Decoded, Event, Position, Record, StreamId};
use model::CommandId;
use sha2::{Digest, Sha256};
use tokio::sync::watch;

use crate::follow::Follower;
use crate::metrics::Metrics;
use crate::port::{Order, Port};
use crate::replica::{RecoveryError, platform_event};
use crate::service::turned;

/// Orders in one submission.
const BATCH: usize = 1000;

/// Between attempts while the target does not answer.
const RETRY_PAUSE: Duration = Duration::from_millis(100);

type OrderOf<M> = Order<<<M as Manager>::Target as Decider>::Command>;

/// What one service's events mean for another. At most one manager may lead from one source to one target:
/// the target remembers how far each source has come, not who brought it there.
pub trait Manager: Send + Sync + 'static {
    /// Whose log it follows.
    type Source: Decider;
    /// Whom it commands.
    type Target: Decider;
    /// Its name in metrics.
    const NAME: &'static str;

    /// The commands that an event leads to. Pure: the same event at the same place gives the same commands, in the same order.
    fn react(
        event: &<Self::Source as Decider>::Event,
        place: Place,
    ) -> Vec<<Self::Target as Decider>::Command>;
}

/// Where an event stands that a manager reacts to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// The partition of the source whose log has it.
    pub partition: u16,
    /// How many partitions the target has.
    pub targets: u16,
}

/// Runs a manager over one partition of its source while `active` is true, until `stop`, or until nobody
/// is left who could change `active`.
pub async fn run<M: Manager>(
    log: Arc<dyn Log>,
    partition: u16,
    target: Port<M::Target>,
    mut active: watch::Receiver<bool>,
    mut stop: watch::Receiver<bool>,
    metrics: Metrics,
) {
    let stream = StreamId { service: M::Source::SERVICE, partition };
    loop {
        tokio::select! {
            biased;
            () = turned(&mut stop, true) => return,
            active = active.wait_for(|active| *active) => if active.is_err() {
                return;
            },
        }
        tokio::select! {
            biased;
            () = turned(&mut stop, true) => return,
            active = active.wait_for(|active| !*active) => match active {
                Ok(_) => continue,
                Err(_) => return,
            },
            result = follow::<M>(Arc::clone(&log), stream, &target, &metrics) => if let Err(error) = result {
                tracing::error!(manager = M::NAME, %stream, %error, "cannot follow the log");
            },
        }
        tokio::time::sleep(RETRY_PAUSE).await;
    }
}

async fn follow<M: Manager>(
    log: Arc<dyn Log>,
    stream: StreamId,
    target: &Port<M::Target>,
    metrics: &Metrics,
) -> Result<(), RecoveryError> {
    let done = progress(target, stream).await;
    let lag = metrics.follow_lag(M::NAME, stream);
    let targets = target.partitions();
    let mut follower = Follower::start(log, stream);
    loop {
        metrics.give_way().await;
        let stored = follower.next().await?;
        let records = follower.accept(&stored)?;
        let mut orders = Vec::new();
        let understood =
            records.iter().try_for_each(|record| react::<M>((stream, targets), record, done, &mut orders));
        let mut orders = orders.into_iter().peekable();
        while orders.peek().is_some() {
            let batch: Vec<_> = orders.by_ref().take(BATCH).collect();
            deliver::<M>(target, batch, metrics).await;
        }
        understood?;
        lag.set(i64::try_from(follower.lag().await?).unwrap_or(i64::MAX));
    }
}

/// The position up to which every target partition has seen causes from `stream`. Events at or after it
/// may or may not have been worked off.
async fn progress<D: Decider>(target: &Port<D>, stream: StreamId) -> Position {
    let mut least: Option<Position> = None;
    for partition in 0..target.partitions() {
        let followed = loop {
            match target.followed(partition, stream).await {
                Ok(followed) => break followed.unwrap_or_default(),
                Err(_) => tokio::time::sleep(RETRY_PAUSE).await,
            }
        };
        least = Some(least.map_or(followed, |least| least.min(followed)));
    }
    least.unwrap_or_default()
}

/// Appends what a record leads to, up to an event that is not understood. To go past that one would lose
/// its commands for good: the target takes none whose cause stands before the furthest that it has seen.
fn react<M: Manager>(
    (stream, targets): (StreamId, u16),
    record: &Record<'_>,
    done: Position,
    orders: &mut Vec<OrderOf<M>>,
) -> Result<(), RecoveryError> {
    for recorded in &record.commands {
        for (index, bytes) in recorded.events.iter().enumerate() {
            let position = Position(recorded.first.0 + index as u64);
            if position < done {
                continue;
            }
            let at_position = |cause| RecoveryError::Event { stream, position: position.0, cause };
            if platform_event(bytes).map_err(at_position)?.is_some() {
                continue;
            }
            let event = match <M::Source as Decider>::Event::decode(bytes).map_err(at_position)? {
                Decoded::Known(event) => event,
                Decoded::Unknown(unknown) => {
                    return Err(RecoveryError::Newer {
                        stream,
                        position: position.0,
                        event_type: unknown.event_type.0,
                        version: unknown.version,
                    });
                }
            };
            let cause = Cause { stream, position };
            let place = Place { partition: stream.partition, targets };
            for (nth, command) in M::react(&event, place).into_iter().enumerate() {
                orders.push(Order {
                    id: caused_id(M::NAME, cause, nth),
                    actor: Actor::Follower(M::Source::SERVICE),
                    tenant: recorded.envelope.tenant,
                    cause: Some(cause),
                    command,
                });
            }
        }
    }
    Ok(())
}

/// Delivers until each order has been answered for good.
async fn deliver<M: Manager>(target: &Port<M::Target>, mut orders: Vec<OrderOf<M>>, metrics: &Metrics) {
    while !orders.is_empty() {
        let answers = target.submit_all(orders.clone()).await;
        let mut again = Vec::new();
        for (order, answer) in orders.into_iter().zip(answers) {
            let Err(refusal) = answer else { continue };
            if refusal.is_transient() {
                again.push(order);
            } else {
                let code = refusal.reasons.first().map_or("unknown", |reason| reason.code.word());
                metrics.manager_refused(M::NAME, code);
                tracing::warn!(manager = M::NAME, cause = ?order.cause, %refusal, "a command was refused");
            }
        }
        if !again.is_empty() {
            tokio::time::sleep(RETRY_PAUSE).await;
        }
        orders = again;
    }
}

fn caused_id(manager: &str, cause: Cause, nth: usize) -> CommandId {
    let mut hash = Sha256::new();
    hash.update(manager.as_bytes());
    hash.update([0, cause.stream.service as u8]);
    hash.update(cause.stream.partition.to_be_bytes());
    hash.update(cause.position.0.to_be_bytes());
    hash.update((nth as u64).to_be_bytes());
    let mut id = [0; 16];
    id.copy_from_slice(&hash.finalize()[..16]);
    CommandId(id)
}
