//! Records on their way to the disk.

use std::collections::VecDeque;
use std::time::Instant;

use bytes::Bytes;
use eventlog::{Append, AppendError};
use events::{Decider, Position, RecordHash};

use super::answers::Waiting;
use super::leader::{Leader, WAITING_MAX};

/// A record is closed early, although others are in flight, when it has grown to this.
const RECORD_GOOD: usize = 64 * 1024;

/// A closed record on its way to the disk.
pub struct Flight<D: Decider> {
    bytes: Bytes,
    append: Option<Append>,
    end: Position,
    hash: RecordHash,
    events: u32,
    sent: Instant,
    pub waiting: Vec<Waiting<D>>,
    /// How much work it is the answer to.
    decided: usize,
    snapshot: Option<Vec<u8>>,
}

impl<D: Decider> Leader<'_, D> {
    /// Moves what has been gathered towards the disk.
    pub async fn send(&mut self) {
        let good =
            self.flights.len() < self.in_flight_good() && !self.gathering() && self.missing_share() == 0;
        if good || (self.in_flight < self.in_flight_max && self.open.len() >= RECORD_GOOD) {
            self.close_record();
        }
        while self.in_flight < self.flights.len() && self.in_flight < self.in_flight_max {
            let flight = &mut self.flights[self.in_flight];
            flight.sent = Instant::now();
            flight.append = Some(self.writer.append(flight.bytes.clone()).await);
            self.in_flight += 1;
        }
    }

    /// The open record may soon be fuller. Who adds nothing to it need not wait for that.
    pub fn gathering(&self) -> bool {
        self.gather.is_waiting() && !self.open.is_empty() && self.waiting.len() < WAITING_MAX
    }

    /// How many records are good to have on their way.
    pub fn in_flight_good(&self) -> usize {
        self.in_flight_good.max(if self.gather.overlaps() { 2 } else { 1 }).min(self.in_flight_max)
    }

    /// How much work the open record lacks to be no longer small beside the one in flight: two records of half the
    /// clients each are in flight together, not one of all and one of the first who came back.
    pub fn missing_share(&self) -> usize {
        self.flights.back().map_or(0, |flight| flight.decided.div_ceil(2).saturating_sub(self.decided))
    }

    /// Closes the open record. Without events, whoever waits is answered with the last record in flight.
    pub fn close_record(&mut self) {
        if self.open.is_empty() {
            let decided = std::mem::take(&mut self.decided);
            match self.flights.back_mut() {
                Some(flight) => {
                    flight.waiting.append(&mut self.waiting);
                    flight.decided += decided;
                }
                None => {
                    let waiting = std::mem::take(&mut self.waiting);
                    self.answer(waiting);
                }
            }
            return;
        }
        self.gather.closed();
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
        // The next one will have about as many.
        let next = Vec::with_capacity(self.waiting.len());
        let mut flight = Flight {
            bytes: Bytes::from(bytes),
            append: None,
            end: self.position,
            hash,
            events,
            sent: Instant::now(),
            waiting: std::mem::replace(&mut self.waiting, next),
            decided: std::mem::take(&mut self.decided),
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

    /// The first record in flight is durable, or has failed.
    pub fn acknowledged(&mut self, result: Result<(), AppendError>) -> Result<(), String> {
        result.map_err(|error| error.to_string())?;
        let Some(flight) = self.flights.pop_front() else { return Ok(()) };
        self.in_flight -= 1;
        self.replica.chain.advance(flight.end, flight.hash);
        let took = flight.sent.elapsed();
        let metrics = &self.partition.metrics;
        metrics.events.inc_by(u64::from(flight.events));
        metrics.records.inc();
        metrics.bytes.inc_by(flight.bytes.len() as u64);
        metrics.append_seconds.observe(took.as_secs_f64());
        // Without the time behind the record before it.
        let now = Instant::now();
        let commit = now - flight.sent.max(self.acknowledged_at);
        self.acknowledged_at = now;
        let on_their_way = self.flights.iter().map(|flight| flight.decided).sum();
        self.gather.answered(flight.decided, commit, self.decided, on_their_way);
        self.answer(flight.waiting);
        if let Some(bytes) = flight.snapshot {
            self.store_snapshot(bytes);
        }
        Ok(())
    }

    /// What these answers rest on is durable.
    fn answer(&self, waiting: Vec<Waiting<D>>) {
        for waiting in waiting {
            waiting.answer(&self.partition.log, self.partition.stream);
        }
    }
}

/// Waits for the oldest record in flight.
pub async fn first_ack<D: Decider>(flights: &mut VecDeque<Flight<D>>) -> Result<(), AppendError> {
    match flights.front_mut().and_then(|flight| flight.append.as_mut()) {
        Some(append) => append.await,
        None => std::future::pending().await,
    }
}
