//! A record: one committed batch of events under their envelopes. One append is one record is one atomic
//! unit. The layout is in `proto/wire.md`; all fixed-width integers are little-endian.
//!
//! ```text
//! magic "FBR1" | length u32 | number u64 | epoch u32 | position u64 | time i64 | prev [32]   header
//! commands varint, then for each: envelope (postcard) | events varint | (length varint | event)*   body
//! SHA-256 of everything before it [32]                                                        trailer
//! ```
//!
//! The trailer is checksum and chain link at once: `prev` is the trailer of the record before.

use std::fmt;

use model::{AgencyId, CollectorId, CommandId, InstanceId, LenderId, Timestamp};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::StreamId;

/// Where an event stands in its partition, from 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
pub struct Position(pub u64);

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// The SHA-256 that closes a record.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
pub struct RecordHash(pub [u8; 32]);

impl RecordHash {
    /// What the first record of a log points back to.
    pub const GENESIS: Self = Self([0; 32]);
}

impl fmt::Debug for RecordHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().take(6).try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

/// Who gave a command.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Actor {
    /// The program itself, on the passing of time.
    System(InstanceId),
    /// Whoever runs the platform.
    Operator,
    /// A lender's clerk or system.
    Lender(LenderId),
    /// An agency's manager or dialer.
    Agency(AgencyId),
    /// A collector.
    Collector(CollectorId),
    /// The person whose number it is.
    CalledPerson,
    /// A process manager that follows another service's log.
    Follower(crate::Service),
}

/// Whose data an event is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Tenant {
    /// The platform's own, or concerns everybody (a stop).
    Platform,
    /// One lender's.
    Lender(LenderId),
    /// One agency's.
    Agency(AgencyId),
}

/// The event of another log that made a process manager give this command.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Cause {
    /// That log.
    pub stream: StreamId,
    /// The event's place in it.
    pub position: Position,
}

/// What is known of the command behind some events.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Envelope {
    /// The command's id; a retry carries the same.
    pub command: CommandId,
    /// The XXH3-64 of the command's tenant and input, to tell a retry from a mistake.
    pub input: u64,
    /// When it was decided, in milliseconds after the record's time.
    pub delay_ms: u32,
    /// Who gave it.
    pub actor: Actor,
    /// Whose data it is.
    pub tenant: Tenant,
    /// What caused it, if a process manager gave it.
    pub cause: Option<Cause>,
}

const MAGIC: [u8; 4] = *b"FBR1";
const HEADER_LEN: usize = 4 + 4 + 8 + 4 + 8 + 8 + 32;
const TRAILER_LEN: usize = 32;

/// The largest record that every store takes: JetStream's default limit of 1 MiB, less room for headers.
pub const RECORD_MAX: usize = 1024 * 1024 - 4096;

/// Builds one record.
#[derive(Debug, Default)]
pub struct RecordBuilder {
    body: Vec<u8>,
    commands: u32,
    events: u32,
    time: Option<Timestamp>,
}

impl RecordBuilder {
    /// Adds the events of one command, decided at `at`. False, with nothing added, if the record would
    /// grow beyond [`RECORD_MAX`].
    #[must_use]
    pub fn push<E: crate::Event>(&mut self, mut envelope: Envelope, at: Timestamp, events: &[E]) -> bool {
        let time = self.time.unwrap_or(at);
        envelope.delay_ms = u32::try_from(at.ms_since(time)).unwrap_or(0);
        let before = self.body.len();
        put_envelope(&mut self.body, &envelope);
        put_varint(&mut self.body, events.len() as u64);
        events.iter().for_each(|event| put_event(&mut self.body, event));
        if self.len() > RECORD_MAX {
            self.body.truncate(before);
            return false;
        }
        self.time = Some(time);
        self.commands += 1;
        self.events += events.len() as u32;
        true
    }

    /// Events so far.
    pub fn events(&self) -> u32 {
        self.events
    }

    /// True before the first push.
    pub fn is_empty(&self) -> bool {
        self.commands == 0
    }

    /// Bytes of the record if it were finished now.
    pub fn len(&self) -> usize {
        HEADER_LEN + 5 + self.body.len() + TRAILER_LEN
    }

    /// Closes the record. The builder is empty afterwards and keeps its buffers.
    pub fn finish(
        &mut self,
        number: u64,
        epoch: u32,
        position: Position,
        prev: RecordHash,
    ) -> (Vec<u8>, RecordHash) {
        let mut bytes = Vec::with_capacity(self.len());
        bytes.extend_from_slice(&MAGIC);
        bytes.extend_from_slice(&[0; 4]);
        bytes.extend_from_slice(&number.to_le_bytes());
        bytes.extend_from_slice(&epoch.to_le_bytes());
        bytes.extend_from_slice(&position.0.to_le_bytes());
        bytes.extend_from_slice(&self.time.take().unwrap_or_default().0.to_le_bytes());
        bytes.extend_from_slice(&prev.0);
        put_varint(&mut bytes, u64::from(self.commands));
        bytes.extend_from_slice(&self.body);
        let length = (bytes.len() + TRAILER_LEN) as u32;
        bytes[4..8].copy_from_slice(&length.to_le_bytes());
        let hash = RecordHash(Sha256::digest(&bytes).into());
        bytes.extend_from_slice(&hash.0);
        self.body.clear();
        self.commands = 0;
        self.events = 0;
        (bytes, hash)
    }
}

/// A checked record, its events still as stored bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record<'a> {
    /// Its place in the chain, from 0.
    pub number: u64,
    /// The term of the writer.
    pub epoch: u32,
    /// Position of its first event.
    pub position: Position,
    /// When its first command was decided.
    pub time: Timestamp,
    /// Trailer of the record before.
    pub prev: RecordHash,
    /// Its own trailer.
    pub hash: RecordHash,
    /// Its commands, in order.
    pub commands: Vec<RecordedCommand<'a>>,
}

/// The events of one command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordedCommand<'a> {
    /// The command.
    pub envelope: Envelope,
    /// When it was decided.
    pub at: Timestamp,
    /// Position of its first event.
    pub first: Position,
    /// The events' stored bytes.
    pub events: Vec<&'a [u8]>,
}

/// Why stored bytes are not a record.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RecordError {
    /// Too short for any record.
    #[error("expected at least 101 bytes of a record, got {0}")]
    Short(usize),
    /// Does not begin like one.
    #[error("expected a record to begin with \"FBR1\", got {0:02x?}")]
    Magic([u8; 4]),
    /// Cut off, or something follows.
    #[error("expected a record of {expected} bytes, got {got}: torn or overwritten")]
    Length {
        /// What the header says.
        expected: usize,
        /// What is there.
        got: usize,
    },
    /// The checksum differs: bits have changed since the record was written.
    #[error("the checksum of record {number} differs: its bytes have changed since they were written")]
    Checksum {
        /// The number in the damaged header, so only a hint.
        number: u64,
    },
    /// The checksum is right, but the body does not read: written by another program.
    #[error("record {number}: its body does not read at byte {offset}")]
    Body {
        /// Its number.
        number: u64,
        /// Where reading stopped, from the record's first byte.
        offset: usize,
    },
}

impl<'a> Record<'a> {
    /// Checks and reads stored bytes.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, RecordError> {
        if bytes.len() < HEADER_LEN + 1 + TRAILER_LEN {
            return Err(RecordError::Short(bytes.len()));
        }
        let magic = array(bytes, 0);
        if magic != MAGIC {
            return Err(RecordError::Magic(magic));
        }
        let expected = u32::from_le_bytes(array(bytes, 4)) as usize;
        if expected != bytes.len() {
            return Err(RecordError::Length { expected, got: bytes.len() });
        }
        let number = u64::from_le_bytes(array(bytes, 8));
        let (sealed, trailer) = bytes.split_at(bytes.len() - TRAILER_LEN);
        let hash = RecordHash(Sha256::digest(sealed).into());
        if hash.0 != *trailer {
            return Err(RecordError::Checksum { number });
        }
        let position = Position(u64::from_le_bytes(array(bytes, 20)));
        let time = Timestamp(i64::from_le_bytes(array(bytes, 28)));
        let mut body = Body { rest: &sealed[HEADER_LEN..], position, time };
        let commands = body
            .commands()
            .ok_or_else(|| RecordError::Body { number, offset: sealed.len() - body.rest.len() })?;
        Ok(Self {
            number,
            epoch: u32::from_le_bytes(array(bytes, 16)),
            position,
            time,
            prev: RecordHash(array(bytes, 36)),
            hash,
            commands,
        })
    }

    /// Position after its last event.
    pub fn end(&self) -> Position {
        let events: usize = self.commands.iter().map(|command| command.events.len()).sum();
        Position(self.position.0 + events as u64)
    }
}

struct Body<'a> {
    rest: &'a [u8],
    position: Position,
    time: Timestamp,
}

impl<'a> Body<'a> {
    fn commands(&mut self) -> Option<Vec<RecordedCommand<'a>>> {
        let count = self.varint()?;
        let mut commands = Vec::with_capacity(usize::try_from(count).ok()?.min(self.rest.len()));
        for _ in 0..count {
            commands.push(self.command()?);
        }
        self.rest.is_empty().then_some(commands)
    }

    fn command(&mut self) -> Option<RecordedCommand<'a>> {
        let (envelope, rest) = postcard::take_from_bytes::<Envelope>(self.rest).ok()?;
        self.rest = rest;
        let count = self.varint()?;
        let mut events = Vec::with_capacity(usize::try_from(count).ok()?.min(self.rest.len()));
        for _ in 0..count {
            let length = usize::try_from(self.varint()?).ok()?;
            let (event, rest) = self.rest.split_at_checked(length)?;
            self.rest = rest;
            events.push(event);
        }
        let first = self.position;
        self.position = Position(first.0.checked_add(count)?);
        Some(RecordedCommand { envelope, at: self.time.plus_ms(i64::from(envelope.delay_ms)), first, events })
    }

    /// LEB128, as postcard writes a u64.
    fn varint(&mut self) -> Option<u64> {
        let (value, rest) = postcard::take_from_bytes(self.rest).ok()?;
        self.rest = rest;
        Some(value)
    }
}

/// The envelope in postcard, in which a struct is its fields and an array its bytes, one after the other: the id
/// is taken as a whole, not byte by byte.
fn put_envelope(out: &mut Vec<u8>, envelope: &Envelope) {
    let Envelope { command, input, delay_ms, actor, tenant, cause } = envelope;
    out.extend_from_slice(&command.0);
    // As in the codec: serialising plain data into a growing vector has no way to fail.
    if let Err(error) = crate::codec::append(&(input, delay_ms, actor, tenant, cause), out) {
        unreachable!("an envelope does not serialise: {error}");
    }
}

/// The event behind its length, which most often is one byte.
fn put_event<E: crate::Event>(out: &mut Vec<u8>, event: &E) {
    let before = out.len();
    out.push(0);
    event.encode(out);
    let length = out.len() - before - 1;
    match u8::try_from(length) {
        Ok(short) if short < 0x80 => out[before] = short,
        _ => {
            let mut varint = Vec::with_capacity(5);
            put_varint(&mut varint, length as u64);
            out.splice(before..=before, varint);
        }
    }
}

fn put_varint(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

/// `N` bytes from `offset`; the caller has checked the length.
fn array<const N: usize>(bytes: &[u8], offset: usize) -> [u8; N] {
    let mut array = [0; N];
    array.copy_from_slice(&bytes[offset..offset + N]);
    array
}

/// The first 8 bytes of the SHA-256 of some input, little-endian: a short name for it.
pub fn input_digest(input: &[u8]) -> u64 {
    u64::from_le_bytes(array(&Sha256::digest(input), 0))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::platform::{ElectedV1, PlatformEvent};

    crate::events! {
        /// Of any length.
        pub enum TextEvent {
            0x7f02 Said(String) = { 1: String },
        }
    }

    fn elected(epoch: u32) -> PlatformEvent {
        PlatformEvent::Elected(ElectedV1 { epoch, instance: InstanceId(9), partitions: 1 })
    }

    fn envelope(id: u8) -> Envelope {
        let command = CommandId([id; 16]);
        let actor = Actor::Operator;
        Envelope { command, input: 7, delay_ms: 0, actor, tenant: Tenant::Platform, cause: None }
    }

    fn sample() -> (Vec<u8>, RecordHash) {
        let mut builder = RecordBuilder::default();
        assert!(builder.push(envelope(1), Timestamp(1000), &[elected(1), elected(2)]));
        assert!(builder.push(envelope(2), Timestamp(1005), &[elected(3)]));
        builder.finish(4, 2, Position(10), RecordHash([5; 32]))
    }

    #[test]
    fn given_a_finished_record_when_parsed_then_everything_is_there() {
        let (bytes, hash) = sample();
        let record = Record::parse(&bytes).expect("just written");
        assert_eq!((record.number, record.epoch, record.position), (4, 2, Position(10)));
        assert_eq!((record.prev, record.hash, record.end()), (RecordHash([5; 32]), hash, Position(13)));
        assert_eq!(record.commands[1].first, Position(12));
        assert_eq!(record.commands[1].at, Timestamp(1005));
        assert_eq!(record.commands[0].events.len(), 2);
    }

    #[test]
    fn given_any_envelope_when_put_into_a_record_then_it_is_as_postcard_has_it() {
        let stream = StreamId { service: crate::Service::Gate, partition: 300 };
        let cause = Some(Cause { stream, position: Position(1 << 40) });
        let actor = Actor::Follower(crate::Service::Ledger);
        let tenant = Tenant::Agency(AgencyId(700));
        for envelope in [envelope(0xff), Envelope { delay_ms: 1 << 20, actor, tenant, cause, ..envelope(1) }]
        {
            let mut bytes = vec![1];
            put_envelope(&mut bytes, &envelope);
            assert_eq!(bytes, postcard::to_extend(&envelope, vec![1]).expect("plain data"));
        }
    }

    #[test]
    fn given_events_of_any_length_when_put_into_a_record_then_they_are_read_as_encoded() {
        let event = |length: usize| TextEvent::Said("x".repeat(length));
        let events: Vec<_> = [0, 1, 120, 121, 122, 123, 200, 20_000].into_iter().map(event).collect();
        let mut builder = RecordBuilder::default();
        assert!(builder.push(envelope(1), Timestamp(0), &events));
        let (bytes, _) = builder.finish(0, 1, Position(0), RecordHash::GENESIS);
        let record = Record::parse(&bytes).expect("just written");
        for (event, stored) in events.iter().zip(&record.commands[0].events) {
            let mut encoded = Vec::new();
            crate::Event::encode(event, &mut encoded);
            assert_eq!(**stored, encoded);
        }
        assert_eq!(record.commands[0].events.len(), events.len());
    }

    #[test]
    fn given_a_full_record_when_more_is_pushed_then_it_is_left_as_it_was() {
        let mut builder = RecordBuilder::default();
        let events: Vec<_> = (0..60_000).map(elected).collect();
        assert!(builder.push(envelope(1), Timestamp(0), &events));
        let before = (builder.len(), builder.events());
        assert!(!builder.push(envelope(2), Timestamp(0), &events));
        assert_eq!((builder.len(), builder.events()), before);
        let (bytes, _) = builder.finish(0, 1, Position(0), RecordHash::GENESIS);
        assert_eq!(Record::parse(&bytes).expect("whole").end(), Position(60_000));
    }

    #[test]
    fn given_any_flipped_bit_when_parsed_then_it_is_named() {
        let (bytes, _) = sample();
        for index in 0..bytes.len() * 8 {
            let mut damaged = bytes.clone();
            damaged[index / 8] ^= 1 << (index % 8);
            assert!(Record::parse(&damaged).is_err(), "bit {index}");
        }
    }

    #[test]
    fn given_a_torn_record_when_parsed_then_it_is_named() {
        let (bytes, _) = sample();
        for length in 0..bytes.len() {
            assert!(Record::parse(&bytes[..length]).is_err(), "{length} bytes");
        }
        let mut longer = bytes;
        longer.push(0);
        assert!(matches!(Record::parse(&longer), Err(RecordError::Length { .. })));
    }
}
