//! The in-memory store: plain, or faulty from a seed.
//!
//! With [`Faults::none`] it is the plain store that tests run on. With faults it does what real stores do at
//! their worst and still keeps the contract: acks get lost, appends are dropped or delayed, a retry behind
//! the writer's back finds its own record and calls it a conflict, a crash cuts off what is in flight. As in
//! JetStream, appends that are in flight when an earlier one fails may still land, as orphans or not.
//!
//! All chance comes from the seed and from the order of calls, so one seed on one single-threaded executor
//! is one history. A delay is a number of calls and polls of the stream, not a time.

use std::collections::{HashMap, VecDeque};
use std::future::poll_fn;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use events::StreamId;
use events::record::RECORD_MAX;
use tokio::sync::watch;

use crate::{Append, AppendError, Log, LogError, Stored, Writer};

const IN_FLIGHT_MAX: usize = 8;
const WAIT_MAX: Duration = Duration::from_secs(1);

/// How often what goes wrong, each in 1,000 appends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Faults {
    /// Where all chance begins.
    pub seed: u64,
    /// Stored, but the answer is `Unknown`.
    pub lost_ack: u32,
    /// Not stored, and the answer is `Unknown`.
    pub dropped: u32,
    /// Stored, delivered a second time, and the answer is the second delivery's: `Conflict`.
    pub delivered_twice: u32,
    /// Stored late.
    pub delayed: u32,
    /// The longest delay, in calls and polls of the stream.
    pub delay_max: u32,
}

impl Faults {
    /// Nothing goes wrong.
    pub fn none() -> Self {
        Self::default()
    }

    /// A bit of everything, about one failure in 50 appends.
    pub fn some(seed: u64) -> Self {
        Self { seed, lost_ack: 7, dropped: 7, delivered_twice: 6, delayed: 200, delay_max: 12 }
    }
}

/// A log in memory. Clones share it, so a new runtime opens what an old one left by cloning.
#[derive(Clone)]
pub struct MemoryLog {
    shared: Arc<Mutex<Shared>>,
}

struct Shared {
    faults: Faults,
    chance: SplitMix64,
    streams: HashMap<StreamId, Stream>,
    /// Goes up with every crash; a writer of an earlier one is spent.
    incarnation: u64,
    crashes: u64,
}

#[derive(Default)]
struct Stream {
    records: Vec<Bytes>,
    in_flight: VecDeque<InFlight>,
    head: watch::Sender<u64>,
}

struct InFlight {
    slot: u64,
    record: Bytes,
    delay: u32,
    outcome: Arc<Outcome>,
    writer: Arc<WriterState>,
}

/// Where the answer of one append is put.
#[derive(Default)]
struct Outcome(Mutex<Option<Result<(), AppendError>>>);

#[derive(Default)]
struct WriterState {
    failed: Mutex<bool>,
}

impl MemoryLog {
    /// An empty log.
    pub fn new(faults: Faults) -> Self {
        let chance = SplitMix64(faults.seed);
        let streams = HashMap::new();
        let shared = Shared { faults, chance, streams, incarnation: 0, crashes: 0 };
        Self { shared: Arc::new(Mutex::new(shared)) }
    }

    /// From now on, other faults. The chance goes on where it was.
    pub fn set_faults(&self, faults: Faults) {
        lock(&self.shared).faults = faults;
    }

    /// The machine crashes: of what is in flight on each stream, the first few are stored and the rest is
    /// lost, nobody gets an answer, and every writer is spent. What was acknowledged stays.
    pub fn crash(&self) {
        let mut shared = lock(&self.shared);
        let shared = &mut *shared;
        shared.incarnation += 1;
        shared.crashes += 1;
        let mut streams: Vec<_> = shared.streams.iter_mut().collect();
        streams.sort_by_key(|(stream, _)| **stream);
        for (&id, stream) in streams {
            let survive = shared.chance.below(stream.in_flight.len() as u64 + 1) as usize;
            for (index, append) in std::mem::take(&mut stream.in_flight).into_iter().enumerate() {
                if index < survive {
                    stream.store(append.slot, &append.record);
                }
                *lock(&append.writer.failed) = true;
                append.outcome.put(Err(unknown(id, "the store crashed")));
            }
        }
    }

    /// What is stored from `slot` on, as a bystander sees it: looking takes no time on the stream.
    pub fn stored(&self, stream: StreamId, slot: u64) -> Vec<Bytes> {
        let shared = lock(&self.shared);
        let records = shared.streams.get(&stream).map_or(&[][..], |stream| &stream.records[..]);
        let from = usize::try_from(slot).unwrap_or(usize::MAX).min(records.len());
        records[from..].to_vec()
    }

    /// How many crashes there were.
    pub fn crashes(&self) -> u64 {
        lock(&self.shared).crashes
    }

    /// Runs `act` on a stream, after letting time pass there.
    fn on<T>(&self, stream: StreamId, act: impl FnOnce(&mut Stream) -> T) -> T {
        let mut shared = lock(&self.shared);
        shared.tick(stream);
        act(shared.streams.entry(stream).or_default())
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // Nothing panics between two steps that belong together.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn unknown(stream: StreamId, cause: &str) -> AppendError {
    AppendError::Unknown { stream, cause: cause.to_owned() }
}

impl Shared {
    /// One step of time on a stream: what is due arrives.
    fn tick(&mut self, id: StreamId) {
        let stream = self.streams.entry(id).or_default();
        if let Some(first) = stream.in_flight.front_mut() {
            first.delay = first.delay.saturating_sub(1);
        }
        while let Some(append) = stream.in_flight.pop_front_if(|append| append.delay == 0) {
            let result = stream.arrive(id, &append, &self.faults, &mut self.chance);
            let mut failed = lock(&append.writer.failed);
            append.outcome.put(if *failed { Err(AppendError::Spent { stream: id }) } else { result.clone() });
            *failed |= result.is_err();
        }
    }
}

impl Stream {
    fn arrive(
        &mut self,
        stream: StreamId,
        append: &InFlight,
        faults: &Faults,
        chance: &mut SplitMix64,
    ) -> Result<(), AppendError> {
        let conflict = AppendError::Conflict { stream, expected: append.slot };
        if chance.happens(faults.dropped) {
            return Err(unknown(stream, "no answer (dropped)"));
        }
        if !self.store(append.slot, &append.record) {
            return Err(conflict);
        }
        if chance.happens(faults.lost_ack) {
            return Err(unknown(stream, "no answer (stored)"));
        }
        if chance.happens(faults.delivered_twice) {
            return Err(conflict);
        }
        Ok(())
    }

    fn store(&mut self, slot: u64, record: &Bytes) -> bool {
        let fits = slot == self.records.len() as u64;
        if fits {
            self.records.push(record.clone());
            self.head.send_replace(self.records.len() as u64);
        }
        fits
    }
}

impl Outcome {
    fn put(&self, result: Result<(), AppendError>) {
        *lock(&self.0) = Some(result);
    }

    fn get(&self) -> Option<Result<(), AppendError>> {
        lock(&self.0).clone()
    }
}

#[async_trait]
impl Log for MemoryLog {
    async fn head(&self, stream: StreamId) -> Result<u64, LogError> {
        Ok(self.on(stream, |stream| stream.records.len() as u64))
    }

    async fn read(&self, stream: StreamId, from: u64, max_bytes: usize) -> Result<Vec<Stored>, LogError> {
        Ok(self.on(stream, |stream| {
            let mut left = max_bytes;
            let from = usize::try_from(from).unwrap_or(usize::MAX);
            let records = stream.records.iter().enumerate().skip(from);
            let fitting = records.take_while(|(slot, record)| {
                let fits = *slot == from || record.len() <= left;
                left = left.saturating_sub(record.len());
                fits
            });
            fitting.map(|(slot, bytes)| Stored { slot: slot as u64, bytes: bytes.clone() }).collect()
        }))
    }

    async fn wait(&self, stream: StreamId, slot: u64) -> Result<u64, LogError> {
        let mut head = self.on(stream, |stream| stream.head.subscribe());
        let _timed_out = tokio::time::timeout(WAIT_MAX, head.wait_for(|head| *head > slot)).await.is_err();
        Ok(*head.borrow())
    }

    async fn writer(&self, stream: StreamId, next: u64) -> Result<Box<dyn Writer>, LogError> {
        let incarnation = lock(&self.shared).incarnation;
        let state = Arc::new(WriterState::default());
        Ok(Box::new(MemoryWriter {
            log: self.clone(),
            stream,
            next,
            incarnation,
            state,
            spent: false,
            first: None,
        }))
    }

    fn in_flight_max(&self) -> usize {
        IN_FLIGHT_MAX
    }
}

struct MemoryWriter {
    log: MemoryLog,
    stream: StreamId,
    next: u64,
    incarnation: u64,
    state: Arc<WriterState>,
    /// An append failed before it was handed over.
    spent: bool,
    first: Option<Arc<Outcome>>,
}

#[async_trait]
impl Writer for MemoryWriter {
    async fn append(&mut self, record: Bytes) -> Append {
        let stream = self.stream;
        // See the contract: nothing follows a writer's first append before that is durable.
        if let Some(first) = self.first.clone() {
            let _seen = self.log.outcome(stream, first).await;
        }
        let fail = |error: AppendError| -> Append { Box::pin(std::future::ready(Err(error))) };
        if self.spent || *lock(&self.state.failed) || lock(&self.log.shared).incarnation != self.incarnation {
            return fail(AppendError::Spent { stream });
        }
        if record.len() > RECORD_MAX {
            self.spent = true;
            return fail(AppendError::TooLarge { max: RECORD_MAX, got: record.len() });
        }
        let outcome = Arc::new(Outcome::default());
        {
            let mut shared = lock(&self.log.shared);
            let shared = &mut *shared;
            let delayed = shared.chance.happens(shared.faults.delayed);
            let delay =
                if delayed { shared.chance.below(u64::from(shared.faults.delay_max)) as u32 + 1 } else { 0 };
            let (slot, outcome, writer) = (self.next, Arc::clone(&outcome), Arc::clone(&self.state));
            let append = InFlight { slot, record, delay, outcome, writer };
            shared.streams.entry(stream).or_default().in_flight.push_back(append);
            shared.tick(stream);
        }
        self.next += 1;
        self.first.get_or_insert_with(|| Arc::clone(&outcome));
        let log = self.log.clone();
        Box::pin(async move { log.outcome(stream, outcome).await })
    }
}

impl MemoryLog {
    /// Waits for an append's answer; every poll is a step of time.
    async fn outcome(&self, stream: StreamId, outcome: Arc<Outcome>) -> Result<(), AppendError> {
        poll_fn(|context: &mut Context<'_>| {
            if let Some(result) = outcome.get() {
                return Poll::Ready(result);
            }
            lock(&self.shared).tick(stream);
            context.waker().wake_by_ref();
            outcome.get().map_or(Poll::Pending, Poll::Ready)
        })
        .await
    }
}

/// Steele, Lea and Flood's SplitMix64: small, and good enough to choose faults by.
struct SplitMix64(u64);

impl SplitMix64 {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// Less than `bound`; 0 if that is 0.
    fn below(&mut self, bound: u64) -> u64 {
        let draw = self.next();
        draw.checked_rem(bound).unwrap_or(0)
    }

    fn happens(&mut self, in_1000: u32) -> bool {
        self.below(1000) < u64::from(in_1000)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::VecDeque;

    use events::{RecordHash, Service};

    use super::*;
    use crate::conformance::{Author, history};

    const STREAM: StreamId = StreamId { service: Service::Gate, partition: 0 };

    /// Appends through faults and crashes; the acknowledged records and the history.
    async fn live_through(seed: u64) -> (Vec<RecordHash>, Vec<RecordHash>, u64) {
        let log = MemoryLog::new(Faults::some(seed));
        let (mut acknowledged, mut failures) = (Vec::new(), 0);
        let mut author = Author::begin(&log, STREAM).await.expect("an empty log reads");
        let mut in_flight = VecDeque::<(RecordHash, Append)>::new();
        for step in 0..300 {
            if step % 71 == 70 {
                log.crash();
            }
            in_flight.push_back(author.append(1).await);
            if in_flight.len() < IN_FLIGHT_MAX {
                continue;
            }
            let (hash, append) = in_flight.pop_front().expect("it is full");
            match append.await {
                Ok(()) => acknowledged.push(hash),
                Err(_) => {
                    failures += 1;
                    // What was sent after the failed one is left to land or not, while the next takes over.
                    in_flight.clear();
                    author = Author::begin(&log, STREAM).await.expect("the chain is whole");
                }
            }
        }
        let (_, history) = history(&log, STREAM).await.expect("the chain is whole");
        (acknowledged, history, failures)
    }

    #[tokio::test]
    async fn given_any_seed_when_faults_strike_then_every_acknowledged_record_is_in_the_history() {
        let mut failures = 0;
        for seed in 0..200 {
            let (acknowledged, history, failed) = live_through(seed).await;
            failures += failed;
            let mut rest = history.iter();
            assert!(acknowledged.iter().all(|hash| rest.any(|there| there == hash)), "seed {seed}");
            assert!(acknowledged.len() > 50, "seed {seed}: only {} records", acknowledged.len());
        }
        assert!(failures > 1000, "only {failures} failures: the faults do not strike");
    }

    #[tokio::test]
    async fn given_one_seed_when_run_twice_then_the_history_is_the_same() {
        assert_eq!(live_through(7).await, live_through(7).await);
        assert_ne!(live_through(7).await.1, live_through(8).await.1);
    }
}
