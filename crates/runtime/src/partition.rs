//! One partition: standby until it should lead, recovery, then the single writer.
//!
//! The writer decides orders against a *speculative* state, which runs ahead of the disk by the records in
//! flight. Every answer waits for the record that it depends on, also the answers that add nothing to the
//! log: what they say may rest on an event that is not durable yet. If an append fails, the state is thrown
//! away, everybody who waits is told "unavailable, retry with the same id", and the partition recovers.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use eventlog::{Append, AppendError, Log, LogError, Writer};
use events::platform::{ElectedV1, PlatformEvent};
use events::record::RecordedCommand;
use events::{
    Actor, Code, Decider, Decoded, Envelope, Event, Now, Position, Reason, Record, RecordBuilder, RecordHash,
    Refusal, StreamId, Tally, Tenant,
};
use hashbrown::HashMap;
use model::{CommandId, Timestamp};
use tokio::sync::{mpsc, oneshot, watch};
use tokio::task::JoinHandle;

use crate::clock::{Clock, SystemClock};
use crate::command_index::Accepted;
use crate::gather::Gather;
use crate::leadership::{Announce, Leadership, Lease};
use crate::mailbox::{Mailbox, Message, Submitted};
use crate::metrics::PartitionMetrics;
use crate::port::{Answered, Order};
use crate::replica::{RecoveryError, Replica};
use crate::service::{Options, turned};
use crate::snapshot::{self, SnapshotRef};

/// Messages taken from the queue at once.
const INBOX_MAX: usize = 1024;

/// A record is closed early, although others are in flight, when it has grown to this.
const RECORD_GOOD: usize = 64 * 1024;

/// No more is taken from the queue while this many messages wait for the open record.
const WAITING_MAX: usize = 4 * INBOX_MAX;

/// Tallies in one command, so that their events fit a record.
const TALLIES_MAX: usize = 2048;

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
    pub inbox: mpsc::Receiver<Message<D>>,
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
        let until = tokio::time::sleep(RETRY_PAUSE);
        tokio::pin!(until);
        loop {
            tokio::select! {
                () = &mut until => return *self.stop.borrow(),
                message = self.inbox.recv() => match message {
                    Some(message) => message.unavailable(),
                    None => return true,
                },
            }
        }
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
        loop {
            let next = replica.chain.slot;
            tokio::select! {
                biased;
                () = turned(&mut self.stop, true) => return Ok(None),
                lease = &mut lease => return Ok(Some(lease)),
                message = self.inbox.recv() => match message {
                    Some(message) => message.unavailable(),
                    None => return Ok(None),
                },
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

/// An answer, or where to find it.
enum Pending<D: Decider> {
    Known(Answered<D>),
    /// A retry: the first answer follows from the events stored for the first command.
    Stored {
        slot: u64,
        command: CommandId,
    },
}

/// Somebody who is answered when a record is durable.
enum Waiting<D: Decider> {
    Orders { answers: Vec<Pending<D>>, reply: oneshot::Sender<Vec<Answered<D>>> },
    Query { answer: D::Reply, reply: oneshot::Sender<Result<D::Reply, Refusal>> },
    Followed { answer: Option<Position>, reply: oneshot::Sender<Result<Option<Position>, Refusal>> },
}

impl<D: Decider> Waiting<D> {
    fn unavailable(self) {
        let refusal = || Refusal::from(Code::UNAVAILABLE);
        match self {
            Self::Orders { answers, reply } => {
                drop(reply.send(answers.iter().map(|_| Err(refusal())).collect()));
            }
            Self::Query { reply, .. } => drop(reply.send(Err(refusal()))),
            Self::Followed { reply, .. } => drop(reply.send(Err(refusal()))),
        }
    }
}

/// A closed record on its way to the disk.
struct Flight<D: Decider> {
    bytes: Bytes,
    append: Option<Append>,
    end: Position,
    hash: RecordHash,
    events: u32,
    sent: Instant,
    waiting: Vec<Waiting<D>>,
    snapshot: Option<Vec<u8>>,
}

struct Leader<'a, D: Decider> {
    partition: &'a mut Partition<D>,
    /// The speculative state. Its `chain` stays at what is durable.
    replica: Replica<D>,
    writer: Box<dyn Writer>,
    /// Where the next record goes, ahead of `replica.chain` by the flights.
    slot: u64,
    number: u64,
    position: Position,
    last: RecordHash,
    open: RecordBuilder,
    /// When its first command was decided.
    opened: Timestamp,
    waiting: Vec<Waiting<D>>,
    /// In order; the first ones have been handed to the store.
    flights: VecDeque<Flight<D>>,
    in_flight: usize,
    gather: Gather,
    repeated: HashMap<Tally, u32>,
    ticked: Timestamp,
    since_snapshot: u64,
    snapshot_due: bool,
    /// The snapshot being written.
    storing: Option<JoinHandle<()>>,
}

impl<'a, D: Decider> Leader<'a, D> {
    fn new(partition: &'a mut Partition<D>, replica: Replica<D>, writer: Box<dyn Writer>) -> Self {
        let chain = replica.chain;
        let gather = Gather::new(partition.options.patience);
        Self {
            ticked: replica.at,
            opened: replica.at,
            slot: chain.slot,
            number: chain.number,
            position: chain.position,
            last: chain.last,
            partition,
            replica,
            writer,
            open: RecordBuilder::default(),
            waiting: Vec::new(),
            flights: VecDeque::new(),
            in_flight: 0,
            gather,
            repeated: HashMap::new(),
            since_snapshot: 0,
            snapshot_due: false,
            storing: None,
        }
    }

    async fn serve(mut self, lease: &mut Lease) -> Ended {
        let mut inbox = Vec::with_capacity(INBOX_MAX);
        let mut stop = self.partition.stop.clone();
        let mut wake = tokio::time::interval(Duration::from_millis(250));
        wake.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        let in_flight_max = self.partition.log.in_flight_max().min(eventlog::chain::IN_FLIGHT_MAX);
        let ended = loop {
            self.send(in_flight_max).await;
            // Also what adds no events is bounded: it waits for a store that may be stuck.
            let room = self.flights.len() <= in_flight_max && self.waiting.len() < WAITING_MAX;
            tokio::select! {
                biased;
                result = first_ack(&mut self.flights), if self.in_flight > 0 => {
                    if let Err(error) = self.acknowledged(result).await {
                        break Ended::Deposed(error);
                    }
                }
                () = turned(&mut stop, true) => break Ended::Stopped,
                () = lease.lost() => break Ended::Deposed("the lease was lost".to_owned()),
                _ = wake.tick(), if room => self.tick_if_due(),
                count = self.partition.inbox.recv_many(&mut inbox, INBOX_MAX), if room => {
                    if count == 0 {
                        break Ended::Stopped;
                    }
                    self.tick_if_due();
                    self.gather.came(count);
                    for message in inbox.drain(..) {
                        self.handle(message);
                    }
                    self.partition.metrics.queue_depth.set(self.partition.mailbox.depth() as i64);
                }
                () = tokio::task::yield_now(), if self.gathering() => {}
            }
        };
        match ended {
            Ended::Stopped => self.finish(in_flight_max).await,
            Ended::Deposed(why) => self.give_up(why),
        }
    }

    /// Everything under way is made durable and answered; then a last snapshot.
    async fn finish(mut self, in_flight_max: usize) -> Ended {
        if let Some(storing) = self.storing.take() {
            // Else the last one would be skipped.
            drop(storing.await);
        }
        if !self.repeated.is_empty() {
            self.tick();
        }
        self.snapshot_due = true;
        self.close_record();
        while !self.flights.is_empty() {
            self.send(in_flight_max).await;
            let result = first_ack(&mut self.flights).await;
            if let Err(error) = self.acknowledged(result).await {
                return self.give_up(error);
            }
        }
        if self.snapshot_due
            && let Some(bytes) = self.snapshot_now(self.replica.chain)
        {
            self.store_snapshot(bytes);
        }
        if let Some(storing) = self.storing.take() {
            // It says itself what went wrong.
            drop(storing.await);
        }
        Ended::Stopped
    }

    fn give_up(self, why: String) -> Ended {
        let in_flight = self.flights.into_iter().flat_map(|flight| flight.waiting);
        in_flight.chain(self.waiting).for_each(Waiting::unavailable);
        Ended::Deposed(why)
    }

    fn handle(&mut self, message: Message<D>) {
        let now = self.now();
        match message {
            Message::Orders { orders, reply } => {
                let answers = orders.into_iter().map(|order| self.order(order, now)).collect();
                self.waiting.push(Waiting::Orders { answers, reply });
            }
            Message::Query { query, reply } => {
                let answer = D::query(&self.replica.state, &query, now);
                self.waiting.push(Waiting::Query { answer, reply });
            }
            Message::Followed { source, reply } => {
                let answer = self.replica.commands.followed(source);
                self.waiting.push(Waiting::Followed { answer, reply });
            }
        }
    }

    /// Now, but never before the last event. A clock that is far behind the log was wrong when that event was
    /// decided, or is wrong now; until it has caught up the time stands still, and is not to be trusted.
    fn now(&self) -> Now {
        let now = self.partition.clock.now();
        let behind_ms = self.replica.at.ms_since(now.at);
        let trusted = now.trusted && behind_ms <= SystemClock::TOLERANCE_MS;
        Now { at: now.at.max(self.replica.at), trusted }
    }

    fn order(&mut self, submitted: Submitted<D>, now: Now) -> Pending<D> {
        let Submitted { order, input } = submitted;
        let commands = &self.replica.commands;
        let caused = || order.cause.and_then(|cause| commands.caused(cause, &order.id));
        if let Some(accepted) = commands.get(&order.id).or_else(caused) {
            if accepted.input == input {
                return Pending::Stored { slot: accepted.slot, command: order.id };
            }
            let detail = format!("expected the input first given with {}, got another", order.id);
            return Pending::Known(Err(Reason::detail(Code::COMMAND_ID_REUSED, detail).into()));
        }
        if let Some(cause) = order.cause
            && self.replica.commands.followed(cause.stream).is_some_and(|done| cause.position < done)
        {
            return Pending::Known(Ok(D::answer(&[], self.position)));
        }
        let Order { id, actor, tenant, cause, command } = order;
        let envelope = Envelope { command: id, input, delay_ms: 0, actor, tenant, cause };
        Pending::Known(self.decide(envelope, &command, now))
    }

    fn decide(&mut self, envelope: Envelope, command: &D::Command, now: Now) -> Answered<D> {
        let events = match D::decide(&self.replica.state, command, now) {
            Ok(events) => events,
            Err(refusal) => {
                if let Some(tally) = refusal.repeats {
                    *self.repeated.entry(tally).or_default() += 1;
                }
                self.partition.metrics.refused.inc();
                return Err(refusal);
            }
        };
        self.partition.metrics.accepted.inc();
        if events.is_empty() {
            return Ok(D::answer(&[], self.position));
        }
        // A record holds no delay beyond 2^32 ms.
        if !self.open.is_empty() && now.at.ms_since(self.opened) > i64::from(u32::MAX) {
            self.close_record();
        }
        if self.open.is_empty() {
            self.opened = now.at;
        }
        if !self.open.push(envelope, now.at, &events) {
            self.close_record();
            self.opened = now.at;
            if !self.open.push(envelope, now.at, &events) {
                let detail =
                    format!("expected a command whose events fit {} bytes", events::record::RECORD_MAX);
                return Err(Reason::detail(Code::MALFORMED, detail).into());
            }
        }
        let first = self.next_position(events.len());
        for (index, event) in events.iter().enumerate() {
            let position = Position(first.0 + index as u64);
            D::evolve(&mut self.replica.state, event, now.at, position);
        }
        self.replica.at = now.at;
        self.replica.note(&envelope, Accepted { input: envelope.input, slot: self.slot, first });
        Ok(D::answer(&events, first))
    }

    /// The position of the first of the `pushed` events that were pushed last.
    fn next_position(&self, pushed: usize) -> Position {
        Position(self.position.0 + u64::from(self.open.events()) - pushed as u64)
    }

    fn tick_if_due(&mut self) {
        let now = self.now().at;
        if now.ms_since(self.ticked) >= Clock::TICK_MS {
            self.ticked = now;
            self.tick();
        }
    }

    fn tick(&mut self) {
        let mut repeated: Vec<_> = self.repeated.drain().collect();
        repeated.sort_unstable();
        while repeated.len() > TALLIES_MAX {
            let rest = repeated.split_off(TALLIES_MAX);
            self.give_tick(repeated);
            repeated = rest;
        }
        self.give_tick(repeated);
    }

    fn give_tick(&mut self, repeated: Vec<(Tally, u32)>) {
        let now = self.now();
        let Some(command) = D::tick(repeated) else { return };
        let position = Position(self.position.0 + u64::from(self.open.events()));
        let envelope = Envelope {
            command: internal_id(b"tick", self.replica.chain.epoch, position),
            input: 0,
            delay_ms: 0,
            actor: Actor::System(self.partition.options.instance),
            tenant: Tenant::Platform,
            cause: None,
        };
        if let Err(refusal) = self.decide(envelope, &command, now) {
            tracing::error!(stream = %self.partition.stream, %refusal, "a tick was refused");
        }
    }

    /// Moves what has been gathered towards the disk.
    async fn send(&mut self, in_flight_max: usize) {
        let good = self.flights.len() < self.partition.log.in_flight_good() && !self.gathering();
        if good || (self.in_flight < in_flight_max && self.open.len() >= RECORD_GOOD) {
            self.close_record();
        }
        while self.in_flight < self.flights.len() && self.in_flight < in_flight_max {
            let flight = &mut self.flights[self.in_flight];
            flight.sent = Instant::now();
            flight.append = Some(self.writer.append(flight.bytes.clone()).await);
            self.in_flight += 1;
        }
    }

    /// The open record may soon be fuller. Who adds nothing to it need not wait for that.
    fn gathering(&self) -> bool {
        !self.open.is_empty() && self.gather.is_waiting()
    }

    /// Closes the open record. Without events, whoever waits is answered with the last record in flight.
    fn close_record(&mut self) {
        if self.open.is_empty() {
            let waiting = std::mem::take(&mut self.waiting);
            match self.flights.back_mut() {
                Some(flight) => flight.waiting.extend(waiting),
                None if waiting.is_empty() => {}
                None => self.answer_now(waiting),
            }
            return;
        }
        let events = self.open.events();
        let epoch = self.replica.chain.epoch;
        let (bytes, hash) = self.open.finish(self.number, epoch, self.position, self.last);
        self.position = Position(self.position.0 + u64::from(events));
        self.slot += 1;
        self.number += 1;
        self.last = hash;
        self.since_snapshot += u64::from(events);
        if self.since_snapshot >= self.partition.options.snapshot_every {
            self.snapshot_due = true;
        }
        let mut flight = Flight {
            bytes: Bytes::from(bytes),
            append: None,
            end: self.position,
            hash,
            events,
            sent: Instant::now(),
            waiting: std::mem::take(&mut self.waiting),
            snapshot: None,
        };
        if self.snapshot_due {
            let mut chain = self.replica.chain;
            chain.slot = self.slot;
            chain.number = self.number;
            chain.position = self.position;
            chain.last = self.last;
            flight.snapshot = self.snapshot_now(chain);
        }
        self.flights.push_back(flight);
    }

    /// Serialises the state as it is; `None` where no snapshots are kept.
    fn snapshot_now(&mut self, chain: eventlog::chain::Chain) -> Option<Vec<u8>> {
        self.snapshot_due = false;
        self.since_snapshot = 0;
        self.partition.options.snapshots.as_ref()?;
        snapshot::encode(&SnapshotRef {
            state: &self.replica.state,
            commands: &self.replica.commands,
            chain,
            at: self.replica.at,
            partitions: Some(self.partition.options.partitions),
        })
    }

    /// Writes it beside the loop, one at a time: while one is being written, the next is skipped.
    fn store_snapshot(&mut self, bytes: Vec<u8>) {
        if self.storing.as_ref().is_some_and(|storing| !storing.is_finished()) {
            return;
        }
        let partition = &self.partition;
        let (stream, metrics) = (partition.stream, partition.metrics.clone());
        self.storing = partition.options.snapshots.clone().map(|directory| {
            tokio::task::spawn_blocking(move || match snapshot::store(&directory, stream, &bytes) {
                Ok(()) => metrics.snapshots.inc(),
                // A snapshot only saves time.
                Err(error) => tracing::warn!(%stream, %error, "the snapshot was not stored"),
            })
        });
    }

    /// Nothing is in flight, so what these answers rest on is durable.
    fn answer_now(&mut self, waiting: Vec<Waiting<D>>) {
        for waiting in waiting {
            match waiting {
                Waiting::Orders { answers, reply } => {
                    let all_known = answers.iter().all(|answer| matches!(answer, Pending::Known(_)));
                    if all_known {
                        let known = answers.into_iter().filter_map(|answer| match answer {
                            Pending::Known(answer) => Some(answer),
                            Pending::Stored { .. } => None,
                        });
                        drop(reply.send(known.collect()));
                    } else {
                        tokio::spawn(answer_from_log(
                            Arc::clone(&self.partition.log),
                            self.partition.stream,
                            answers,
                            reply,
                        ));
                    }
                }
                Waiting::Query { answer, reply } => drop(reply.send(Ok(answer))),
                Waiting::Followed { answer, reply } => drop(reply.send(Ok(answer))),
            }
        }
    }

    /// The first record in flight is durable, or has failed.
    async fn acknowledged(&mut self, result: Result<(), AppendError>) -> Result<(), String> {
        result.map_err(|error| error.to_string())?;
        let Some(flight) = self.flights.pop_front() else { return Ok(()) };
        self.in_flight -= 1;
        self.replica.chain.advance(flight.end, flight.hash);
        let metrics = &self.partition.metrics;
        metrics.events.inc_by(u64::from(flight.events));
        metrics.records.inc();
        metrics.bytes.inc_by(flight.bytes.len() as u64);
        metrics.append_seconds.observe(flight.sent.elapsed().as_secs_f64());
        self.gather.answered(flight.waiting.len());
        self.answer_now(flight.waiting);
        if let Some(bytes) = flight.snapshot {
            self.store_snapshot(bytes);
        }
        Ok(())
    }
}

/// Waits for the oldest record in flight.
async fn first_ack<D: Decider>(flights: &mut VecDeque<Flight<D>>) -> Result<(), AppendError> {
    match flights.front_mut().and_then(|flight| flight.append.as_mut()) {
        Some(append) => append.await,
        None => std::future::pending().await,
    }
}

/// Answers retries from the log: the first answer follows from the stored events. Who retries a batch asks
/// for many commands of few records, so each record is read once.
async fn answer_from_log<D: Decider>(
    log: Arc<dyn Log>,
    stream: StreamId,
    answers: Vec<Pending<D>>,
    reply: oneshot::Sender<Vec<Answered<D>>>,
) {
    let mut by_slot: BTreeMap<u64, HashMap<CommandId, Vec<usize>>> = BTreeMap::new();
    let mut known = Vec::with_capacity(answers.len());
    for (index, answer) in answers.into_iter().enumerate() {
        known.push(match answer {
            Pending::Known(answer) => answer,
            Pending::Stored { slot, command } => {
                by_slot.entry(slot).or_default().entry(command).or_default().push(index);
                Err(Code::UNAVAILABLE.into())
            }
        });
    }
    for (slot, wanted) in by_slot {
        // What cannot be read stays unavailable.
        let Ok(stored) = log.read(stream, slot, 1).await else { continue };
        let record = stored.first().map(|stored| Record::parse(&stored.bytes));
        let Some(Ok(record)) = record else { continue };
        for recorded in &record.commands {
            for index in wanted.get(&recorded.envelope.command).into_iter().flatten() {
                if let Some(answer) = first_answer::<D>(recorded) {
                    known[*index] = Ok(answer);
                }
            }
        }
    }
    drop(reply.send(known));
}

fn first_answer<D: Decider>(recorded: &RecordedCommand<'_>) -> Option<D::Answer> {
    let mut events = Vec::with_capacity(recorded.events.len());
    for bytes in &recorded.events {
        match D::Event::decode(bytes).ok()? {
            Decoded::Known(event) => events.push(event),
            Decoded::Unknown(_) => return None,
        }
    }
    Some(D::answer(&events, recorded.first))
}

/// The id of a command that the runtime gives itself.
fn internal_id(kind: &[u8; 4], epoch: u32, position: Position) -> CommandId {
    let mut id = [0; 16];
    id[..4].copy_from_slice(kind);
    id[4..8].copy_from_slice(&epoch.to_be_bytes());
    id[8..].copy_from_slice(&position.0.to_be_bytes());
    CommandId(id)
}
