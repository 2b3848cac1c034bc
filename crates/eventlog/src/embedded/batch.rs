//! A commit as it stands in a segment: the records of all streams that one sync made durable.
//!
//! | bytes | field | value |
//! |---|---|---|
//! | 4 | magic | `FBC1` |
//! | 4 | length | of the body |
//! | 8 | sequence | commits of the log before it, over all segments |
//! | 8 | checksum | XXH3-64, seeded with the log's number, of the 16 bytes before and the body |
//! | length | body | entries |
//!
//! An entry is its service u8, 0 u8, partition u16, length u32, slot u64, the record, and zeros to a multiple of 8 bytes.
//! All numbers are little-endian. Zeros where a commit would begin: there is none.
//!
//! A commit is written only when the one before it is on disk. So one that does not read is the torn end of the log
//! if nothing that follows reads, and else it is damage.

use std::ops::Range;

use events::{Service, StreamId};
use xxhash_rust::xxh3::Xxh3;

const MAGIC: [u8; 4] = *b"FBC1";
/// Bytes before the body.
pub const HEADER_LEN: usize = 24;
const CHECKED_LEN: usize = 16;
const ENTRY_LEN: usize = 16;
const ALIGNMENT: usize = 8;

/// A commit being written.
#[derive(Debug, Default)]
pub struct Batch {
    bytes: Vec<u8>,
}

impl Batch {
    /// Begins another one.
    pub fn begin(&mut self) {
        self.bytes.clear();
        self.bytes.resize(HEADER_LEN, 0);
    }

    /// Adds a record.
    pub fn push(&mut self, stream: StreamId, slot: u64, record: &[u8]) {
        // Every store refuses a record that is longer than 2^32 bytes long before this.
        let length = record.len() as u32;
        self.bytes.extend_from_slice(&encode_stream(stream));
        self.bytes.extend_from_slice(&length.to_le_bytes());
        self.bytes.extend_from_slice(&slot.to_le_bytes());
        self.bytes.extend_from_slice(record);
        self.bytes.resize(self.bytes.len().next_multiple_of(ALIGNMENT), 0);
    }

    /// Its bytes.
    pub fn finish(&mut self, log: u64, sequence: u64) -> &[u8] {
        let length = (self.bytes.len() - HEADER_LEN) as u32;
        self.bytes[..4].copy_from_slice(&MAGIC);
        self.bytes[4..8].copy_from_slice(&length.to_le_bytes());
        self.bytes[8..16].copy_from_slice(&sequence.to_le_bytes());
        let (header, body) = self.bytes.split_at_mut(HEADER_LEN);
        let checksum = checksum(log, &header[..CHECKED_LEN], body);
        header[CHECKED_LEN..].copy_from_slice(&checksum.to_le_bytes());
        &self.bytes
    }

    /// How many bytes it has.
    pub fn len(&self) -> usize {
        self.bytes.len()
    }
}

/// A commit as it was read.
#[derive(Debug, Clone, Copy)]
pub struct Commit<'a> {
    /// Its place among all commits.
    pub sequence: u64,
    /// Its bytes, header included.
    pub len: usize,
    body: &'a [u8],
    /// Where the body begins in what it was read from.
    begins: usize,
}

/// An entry of a commit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Whose record.
    pub stream: StreamId,
    /// Its slot.
    pub slot: u64,
    /// Where it stands in the bytes that the commit was read from.
    pub record: Range<usize>,
}

impl<'a> Commit<'a> {
    /// The commit at `at`, if there is a whole one by its form; its checksum is not compared.
    pub fn frame(bytes: &'a [u8], at: usize) -> Option<Self> {
        let rest = bytes.get(at..)?;
        let header: &[u8; HEADER_LEN] = rest.first_chunk()?;
        let length = u32::from_le_bytes(*header[4..].first_chunk()?) as usize;
        let sequence = u64::from_le_bytes(*header[8..].first_chunk()?);
        if header[..4] != MAGIC || length == 0 || !length.is_multiple_of(ALIGNMENT) {
            return None;
        }
        let body = rest.get(HEADER_LEN..HEADER_LEN + length)?;
        Some(Self { sequence, len: HEADER_LEN + length, body, begins: at + HEADER_LEN })
    }

    /// The commit at `at`, if there is a whole and sound one of this log.
    pub fn sound(bytes: &'a [u8], at: usize, log: u64) -> Option<Self> {
        let commit = Self::frame(bytes, at)?;
        let header = bytes.get(at..at + HEADER_LEN)?;
        let expected = u64::from_le_bytes(*header[CHECKED_LEN..].first_chunk()?);
        (checksum(log, &header[..CHECKED_LEN], commit.body) == expected).then_some(commit)
    }

    /// Its entries; `None` at one that does not read, after which nothing comes.
    pub fn entries(self) -> impl Iterator<Item = Option<Entry>> {
        let mut at = 0;
        let mut failed = false;
        std::iter::from_fn(move || {
            if failed || at == self.body.len() {
                return None;
            }
            let entry = self.entry(at);
            match &entry {
                Some(entry) => at = (entry.record.end - self.begins).next_multiple_of(ALIGNMENT),
                None => failed = true,
            }
            Some(entry)
        })
    }

    fn entry(&self, at: usize) -> Option<Entry> {
        let header: &[u8; ENTRY_LEN] = self.body.get(at..)?.first_chunk()?;
        let stream = decode_stream(*header.first_chunk()?)?;
        let length = u32::from_le_bytes(*header[4..].first_chunk()?) as usize;
        let slot = u64::from_le_bytes(*header[8..].first_chunk()?);
        let record = at + ENTRY_LEN..at + ENTRY_LEN + length;
        self.body.get(record.start..record.end.next_multiple_of(ALIGNMENT))?;
        Some(Entry { stream, slot, record: self.begins + record.start..self.begins + record.end })
    }
}

/// Whether a sound commit of this log begins anywhere from `from` on.
pub fn any_sound(bytes: &[u8], from: usize, log: u64) -> bool {
    (from.next_multiple_of(ALIGNMENT)..bytes.len().saturating_sub(HEADER_LEN))
        .step_by(ALIGNMENT)
        .any(|at| bytes[at..].starts_with(&MAGIC) && Commit::sound(bytes, at, log).is_some())
}

fn checksum(log: u64, header: &[u8], body: &[u8]) -> u64 {
    let mut hasher = Xxh3::with_seed(log);
    hasher.update(header);
    hasher.update(body);
    hasher.digest()
}

/// A stream in four bytes.
pub fn encode_stream(stream: StreamId) -> [u8; 4] {
    let service = Service::ALL.iter().position(|service| *service == stream.service).unwrap_or(0) as u8;
    let [low, high] = stream.partition.to_le_bytes();
    [service, 0, low, high]
}

/// The stream in four bytes.
pub fn decode_stream([service, zero, low, high]: [u8; 4]) -> Option<StreamId> {
    let service = *Service::ALL.get(usize::from(service))?;
    (zero == 0).then(|| StreamId { service, partition: u16::from_le_bytes([low, high]) })
}

#[cfg(test)]
mod tests {
    use super::*;

    const LOG: u64 = 99;
    const GATE: StreamId = StreamId { service: Service::Gate, partition: 3 };
    const LEDGER: StreamId = StreamId { service: Service::Ledger, partition: 700 };

    fn sample(sequence: u64) -> Vec<u8> {
        let mut batch = Batch::default();
        batch.begin();
        batch.push(LEDGER, 5, b"thirteen bytes");
        batch.push(GATE, 0, b"");
        batch.push(GATE, 1, &[7; 64]);
        batch.finish(LOG, sequence).to_vec()
    }

    #[test]
    fn given_a_commit_when_read_then_its_entries_are_there() {
        let mut bytes = vec![0; 40];
        bytes.extend(sample(8));
        let commit = Commit::sound(&bytes, 40, LOG).expect("just written");
        assert_eq!((commit.sequence, 40 + commit.len), (8, bytes.len()));
        let entries: Vec<_> = commit.entries().map(|entry| entry.expect("it reads")).collect();
        let found: Vec<_> = entries.iter().map(|entry| (entry.stream, entry.slot)).collect();
        assert_eq!(found, [(LEDGER, 5), (GATE, 0), (GATE, 1)]);
        assert_eq!(&bytes[entries[0].record.clone()], b"thirteen bytes");
        assert_eq!(&bytes[entries[2].record.clone()], &[7; 64]);
    }

    #[test]
    fn given_any_flipped_bit_or_another_log_when_read_then_it_is_not_sound() {
        let bytes = sample(8);
        assert!(Commit::sound(&bytes, 0, LOG + 1).is_none());
        for bit in 0..bytes.len() * 8 {
            let mut damaged = bytes.clone();
            damaged[bit / 8] ^= 1 << (bit % 8);
            assert!(Commit::sound(&damaged, 0, LOG).is_none(), "bit {bit}");
            // It is not compared there, but nothing may come of it but an entry or none.
            if let Some(commit) = Commit::frame(&damaged, 0) {
                commit.entries().for_each(drop);
            }
        }
    }

    #[test]
    fn given_a_sound_commit_behind_damage_then_it_is_found() {
        let mut bytes = sample(0);
        let length = bytes.len();
        bytes.extend(sample(1));
        bytes[30] ^= 1;
        assert!(any_sound(&bytes, 8, LOG));
        bytes[length + 30] ^= 1;
        assert!(!any_sound(&bytes, 8, LOG));
    }
}
