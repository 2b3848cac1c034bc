//! From stored bytes to the one valid history.
//!
//! A store's slot check alone does not fence a writer that has several appends in flight: when writer A
//! (slots n and n+1 in flight) loses slot n to writer B, A's second append still finds the slot before it
//! filled and lands in n+1. The hash chain settles it: a record is valid only if it names the trailer of
//! the last valid record. A's record in n+1 names A's own record n, which was never stored, so every
//! reader passes over it, and A, whose append of n failed, never acknowledges it. Such a record is an
//! *orphan*.
//!
//! A removed or rewritten record would make orphans of everything after it, so orphans are tightly
//! bounded: of an epoch not above that of the last valid record, and never more in a row than two writers
//! may have in flight (the deposed one, and the new one that loses a slot to an orphan). Anything else is
//! [`LogError::Broken`].

use events::{Position, Record, RecordHash, StreamId};

use crate::{LogError, Stored};

/// The most appends that any store lets a writer have in flight.
pub const IN_FLIGHT_MAX: usize = 8;

/// The most orphans in a row: what two writers of any store may have in flight.
pub const ORPHANS_MAX: usize = 2 * IN_FLIGHT_MAX;

/// How far a reader has come in one stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Chain {
    stream: StreamId,
    /// The slot to read next.
    pub slot: u64,
    /// The number of the next valid record.
    pub number: u64,
    /// The position of the next event.
    pub position: Position,
    /// The trailer of the last valid record.
    pub last: RecordHash,
    /// The epoch of the last valid record.
    pub epoch: u32,
    orphans: usize,
}

impl Chain {
    /// At the beginning of a stream.
    pub fn start(stream: StreamId) -> Self {
        Self {
            stream,
            slot: 0,
            number: 0,
            position: Position(0),
            last: RecordHash::GENESIS,
            epoch: 0,
            orphans: 0,
        }
    }

    /// The stream that is read.
    pub fn stream(&self) -> StreamId {
        self.stream
    }

    /// Takes the next stored record: the record if it is valid, `None` if it is an orphan.
    pub fn accept<'a>(&mut self, stored: &'a Stored) -> Result<Option<Record<'a>>, LogError> {
        let (stream, slot) = (self.stream, stored.slot);
        if slot != self.slot {
            return Err(LogError::Gap { stream, expected: self.slot, got: slot });
        }
        let record =
            Record::parse(&stored.bytes).map_err(|cause| LogError::Damaged { stream, slot, cause })?;
        let follows = record.prev == self.last
            && record.number == self.number
            && record.position == self.position
            && record.epoch >= self.epoch;
        if follows {
            self.number += 1;
            self.position = record.end();
            self.last = record.hash;
            self.epoch = record.epoch;
            self.orphans = 0;
        } else {
            self.orphans += 1;
            let possible = record.epoch <= self.epoch && self.orphans <= ORPHANS_MAX;
            if !possible {
                let expected =
                    format!("record {} at position {} of epoch {}", self.number, self.position, self.epoch);
                return Err(LogError::Broken { stream, slot, expected });
            }
        }
        self.slot += 1;
        Ok(follows.then_some(record))
    }

    /// Notes a record that this reader wrote itself and that is durable.
    pub fn advance(&mut self, end: Position, hash: RecordHash) {
        self.slot += 1;
        self.number += 1;
        self.position = end;
        self.last = hash;
        self.orphans = 0;
    }

    /// Notes that this reader begins to write as `epoch`.
    pub fn elect(&mut self, epoch: u32) {
        self.epoch = epoch;
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use events::Service;

    use super::*;
    use crate::conformance::record;

    const STREAM: StreamId = StreamId { service: Service::Gate, partition: 0 };

    /// `count` records of one writer, after `chain`; moves `chain` on.
    fn write(chain: &mut Chain, epoch: u32, count: usize) -> Vec<Bytes> {
        let mut records = Vec::new();
        for _ in 0..count {
            let (bytes, hash, end) = record(chain, epoch, 2);
            chain.advance(end, hash);
            records.push(bytes);
        }
        records
    }

    /// What a reader makes of these slots: for each, whether it was valid.
    fn read(slots: impl IntoIterator<Item = Bytes>) -> Result<Vec<bool>, LogError> {
        let mut chain = Chain::start(STREAM);
        let accept = |(slot, bytes)| {
            let stored = Stored { slot: slot as u64, bytes };
            chain.accept(&stored).map(|record| record.is_some())
        };
        slots.into_iter().enumerate().map(accept).collect()
    }

    #[test]
    fn given_records_of_a_deposed_writer_behind_its_successor_when_read_then_they_are_passed_over() {
        let mut first = Chain::start(STREAM);
        let before = write(&mut first, 1, 2);
        let mut second = first;
        let lost = write(&mut first, 1, 3);
        let elected = write(&mut second, 2, 1);
        let after = write(&mut second, 2, 2);
        let slots = [&before[..], &elected[..], &lost[1..], &after[..]].concat();
        let valid = read(slots).expect("orphans are no damage");
        assert_eq!(valid, [true, true, true, false, false, true, true]);
    }

    #[test]
    fn given_more_orphans_than_can_be_in_flight_when_read_then_the_log_is_broken() {
        let mut first = Chain::start(STREAM);
        let before = write(&mut first, 1, 1);
        let lost = write(&mut first, 1, ORPHANS_MAX + 2);
        let most = [&before[..], &lost[1..=ORPHANS_MAX]].concat();
        assert!(read(most).is_ok());
        let slots = [&before[..], &lost[1..]].concat();
        assert!(matches!(read(slots), Err(LogError::Broken { slot: 17, .. })));
    }

    #[test]
    fn given_a_record_of_a_later_epoch_that_does_not_follow_when_read_then_the_log_is_broken() {
        let mut first = Chain::start(STREAM);
        let before = write(&mut first, 1, 2);
        let later = write(&mut first, 2, 2);
        // The record that began epoch 2 was removed.
        let slots = [&before[..], &later[1..]].concat();
        assert!(matches!(read(slots), Err(LogError::Broken { slot: 2, .. })));
    }

    #[test]
    fn given_a_changed_bit_or_a_missing_slot_when_read_then_it_is_named() {
        let mut chain = Chain::start(STREAM);
        let mut slots = write(&mut chain, 1, 3);
        let mut damaged = slots[1].to_vec();
        damaged[90] ^= 4;
        slots[1] = damaged.into();
        assert!(matches!(read(slots), Err(LogError::Damaged { slot: 1, .. })));
        let (bytes, ..) = record(&Chain::start(STREAM), 1, 1);
        let gap = Chain::start(STREAM).accept(&Stored { slot: 1, bytes }).map(|_| ());
        assert!(matches!(gap, Err(LogError::Gap { expected: 0, got: 1, .. })));
    }
}
