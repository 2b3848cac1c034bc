//! The single writer's loop: decide what has come, close a record, hand it to the store, answer.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use eventlog::Writer;
use events::{Decider, Position, RecordBuilder, RecordHash, Tally};
use hashbrown::HashMap;
use model::Timestamp;
use tokio::task::JoinHandle;
use tokio::time::MissedTickBehavior;

use super::answers::Waiting;
use super::flight::{Flight, first_ack};
use super::gather::Gather;
use super::{Ended, Partition};
use crate::leadership::Lease;
use crate::mailbox::Message;
use crate::replica::Replica;
use crate::service::turned;

/// No more is taken from the queue while this much waits for the open record.
pub const WAITING_MAX: usize = 4096;

/// While a record is on its way nobody can be answered, so the writer is woken only for so much work at once.
const WORTH_WAKING: usize = 64;

/// While clients come back, the writer decides what has come as soon as it is so much: it works beside those who
/// have yet to come, not after them.
const WORTH_DECIDING: usize = 32;

/// How often the writer looks whether time has passed.
const LOOK: Duration = Duration::from_millis(250);

pub struct Leader<'a, D: Decider> {
    pub(super) partition: &'a mut Partition<D>,
    /// The speculative state. Its `chain` stays at what is durable.
    pub(super) replica: Replica<D>,
    pub(super) writer: Box<dyn Writer>,
    /// Taken from the queue and not decided yet.
    pub(super) inbox: VecDeque<Message<D>>,
    /// Where the next record goes, ahead of `replica.chain` by the flights.
    pub(super) slot: u64,
    pub(super) number: u64,
    pub(super) position: Position,
    pub(super) last: RecordHash,
    pub(super) open: RecordBuilder,
    /// When its first command was decided.
    pub(super) opened: Timestamp,
    pub(super) waiting: Vec<Waiting<D>>,
    /// How much of the work that came was decided since the last record was closed.
    pub(super) decided: usize,
    /// Commands not counted in the metrics yet.
    pub(super) accepted: u64,
    pub(super) refused: u64,
    /// In order; the first ones have been handed to the store.
    pub(super) flights: VecDeque<Flight<D>>,
    pub(super) in_flight: usize,
    pub(super) in_flight_max: usize,
    pub(super) in_flight_good: usize,
    pub(super) gather: Gather,
    /// When the last record became durable.
    pub(super) acknowledged_at: Instant,
    pub(super) repeated: HashMap<Tally, u32>,
    pub(super) ticked: Timestamp,
    /// Where the log ended then.
    pub(super) position_ticked: Position,
    pub(super) since_snapshot: u64,
    pub(super) snapshot_due: bool,
    /// The snapshot being written.
    pub(super) storing: Option<JoinHandle<()>>,
}

impl<'a, D: Decider> Leader<'a, D> {
    pub fn new(partition: &'a mut Partition<D>, replica: Replica<D>, writer: Box<dyn Writer>) -> Self {
        let chain = replica.chain;
        let gather = Gather::new(partition.options.patience);
        let in_flight_max = partition.log.in_flight_max().clamp(1, eventlog::chain::IN_FLIGHT_MAX);
        Self {
            ticked: replica.at,
            position_ticked: chain.position,
            opened: replica.at,
            slot: chain.slot,
            number: chain.number,
            position: chain.position,
            last: chain.last,
            in_flight_max,
            in_flight_good: partition.log.in_flight_good().clamp(1, in_flight_max),
            partition,
            replica,
            writer,
            inbox: VecDeque::new(),
            open: RecordBuilder::default(),
            waiting: Vec::new(),
            decided: 0,
            accepted: 0,
            refused: 0,
            flights: VecDeque::new(),
            in_flight: 0,
            gather,
            acknowledged_at: Instant::now(),
            repeated: HashMap::new(),
            since_snapshot: 0,
            snapshot_due: false,
            storing: None,
        }
    }

    pub async fn serve(mut self, lease: &mut Lease) -> Ended {
        let mut stop = self.partition.stop.clone();
        let (stopped, lost) = (turned(&mut stop, true), lease.lost());
        tokio::pin!(stopped, lost);
        let mut look = tokio::time::interval(LOOK);
        look.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let ended = loop {
            // Also what adds no events is bounded: it waits for a store that may be stuck.
            if self.has_room() {
                self.work_off();
            }
            self.send().await;
            let (room, wait_for) = (self.has_room(), self.worth_waking());
            let more = room && !self.inbox.is_empty();
            tokio::select! {
                biased;
                result = first_ack(&mut self.flights), if self.in_flight > 0 => {
                    if let Err(error) = self.acknowledged(result) {
                        break Ended::Deposed(error);
                    }
                }
                () = &mut stopped => break Ended::Stopped,
                () = &mut lost => break Ended::Deposed("the lease was lost".to_owned()),
                _ = look.tick(), if room => self.tick_if_due(),
                () = std::future::ready(()), if more => {}
                () = self.partition.inbox.wait(wait_for), if room => {}
                () = tokio::task::yield_now(), if self.gathering() => self.gather.yielded(),
            }
        };
        match ended {
            Ended::Stopped => self.finish().await,
            Ended::Deposed(why) => self.give_up(why),
        }
    }

    fn has_room(&self) -> bool {
        self.flights.len() <= self.in_flight_max && self.waiting.len() < WAITING_MAX
    }

    /// How much has to come before something can be done about it.
    fn worth_waking(&self) -> usize {
        if self.gathering() {
            self.gather.missing().min(WORTH_DECIDING)
        } else if self.flights.len() < self.in_flight_good() {
            self.missing_share().clamp(1, WORTH_DECIDING)
        } else {
            WORTH_WAKING
        }
    }

    /// Everything under way is made durable and answered; then a last snapshot.
    async fn finish(mut self) -> Ended {
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
            self.send().await;
            let result = first_ack(&mut self.flights).await;
            if let Err(error) = self.acknowledged(result) {
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
        self.inbox.drain(..).for_each(Message::unavailable);
        Ended::Stopped
    }

    fn give_up(mut self, why: String) -> Ended {
        let in_flight = self.flights.into_iter().flat_map(|flight| flight.waiting);
        in_flight.chain(self.waiting).for_each(Waiting::unavailable);
        self.inbox.drain(..).for_each(Message::unavailable);
        Ended::Deposed(why)
    }
}
