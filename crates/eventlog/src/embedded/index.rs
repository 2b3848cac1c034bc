//! Where records are: for each stream, in which region of a segment a slot stands. A region is a few commits that are
//! read together.
//!
//! A full segment's contents are kept beside it in `<number>.index`, so that opening the log reads no full segment. The
//! file is a shortcut: one that does not check is ignored, and the segment is read instead.
//!
//! | bytes | field | value |
//! |---|---|---|
//! | 8 | magic | `FBINDX` 0 1 |
//! | 8 | log | its number |
//! | 4 | number | the segment's |
//! | 4 | end | where its last commit ends |
//! | 8, 8 | sequences | of its first commit, and of the one after its last |
//! | | streams | for each: stream (4), regions u32, first slot u64, slot after the last u64; then for each region slot u64, offset u32, end u32 |
//! | 8 | checksum | XXH3-64 of everything before |

use std::collections::BTreeMap;
use std::io::Write;
use std::path::{Path, PathBuf};

use events::StreamId;
use xxhash_rust::xxh3::xxh3_64;

use super::batch::{decode_stream, encode_stream};

/// A region ends with the commit that makes it larger.
const REGION_BYTES: u32 = 64 * 1024;

const MAGIC: [u8; 8] = *b"FBINDX\0\x01";

/// A few commits in a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Region {
    /// The first slot of its stream in it.
    pub slot: u64,
    /// Where its first commit begins.
    pub offset: u32,
    /// Where its last commit ends.
    pub end: u32,
}

/// What a segment holds of one stream: the slots from `first` to before `head`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    /// Its first slot in the segment.
    pub first: u64,
    /// The slot after its last.
    pub head: u64,
    regions: Vec<Region>,
}

/// What a segment holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Contents {
    /// Where the next commit goes.
    pub end: u32,
    /// The sequence of its first commit.
    pub first: u64,
    /// The sequence of the next commit.
    pub next: u64,
    /// Its streams.
    pub streams: BTreeMap<StreamId, Part>,
}

impl Contents {
    /// Of a segment without commits, of which the first will have this sequence.
    pub fn empty(end: u32, sequence: u64) -> Self {
        Self { end, first: sequence, next: sequence, streams: BTreeMap::new() }
    }

    /// True before the first commit.
    pub fn is_empty(&self) -> bool {
        self.first == self.next
    }

    /// Notes the slots from `slot` to before `head` of a stream, in the commit between `end` and `end` + `length`.
    /// Call [`Self::advance`] after all streams of the commit.
    pub fn note(&mut self, stream: StreamId, slot: u64, head: u64, length: u32) {
        let region = Region { slot, offset: self.end, end: self.end + length };
        let part = self.streams.entry(stream).or_insert(Part { first: slot, head, regions: Vec::new() });
        part.head = head;
        match part.regions.last_mut() {
            Some(last) if region.end - last.offset <= REGION_BYTES => last.end = region.end,
            _ => part.regions.push(region),
        }
    }

    /// The commit has so many bytes.
    pub fn advance(&mut self, length: u32) {
        self.end += length;
        self.next += 1;
    }

    /// The region that has a slot of a stream.
    pub fn region(&self, stream: StreamId, slot: u64) -> Option<Region> {
        let part = self.streams.get(&stream)?;
        if !(part.first..part.head).contains(&slot) {
            return None;
        }
        let after = part.regions.partition_point(|region| region.slot <= slot);
        part.regions.get(after.checked_sub(1)?).copied()
    }

    /// As the file has it.
    pub fn encode(&self, log: u64, number: u32) -> Vec<u8> {
        let mut bytes = Vec::new();
        bytes.extend_from_slice(&MAGIC);
        bytes.extend_from_slice(&log.to_le_bytes());
        bytes.extend_from_slice(&number.to_le_bytes());
        bytes.extend_from_slice(&self.end.to_le_bytes());
        bytes.extend_from_slice(&self.first.to_le_bytes());
        bytes.extend_from_slice(&self.next.to_le_bytes());
        for (stream, Part { first, head, regions }) in &self.streams {
            bytes.extend_from_slice(&encode_stream(*stream));
            bytes.extend_from_slice(&(regions.len() as u32).to_le_bytes());
            bytes.extend_from_slice(&first.to_le_bytes());
            bytes.extend_from_slice(&head.to_le_bytes());
            for Region { slot, offset, end } in regions {
                bytes.extend_from_slice(&slot.to_le_bytes());
                bytes.extend_from_slice(&offset.to_le_bytes());
                bytes.extend_from_slice(&end.to_le_bytes());
            }
        }
        let checksum = xxh3_64(&bytes);
        bytes.extend_from_slice(&checksum.to_le_bytes());
        bytes
    }

    /// From a file; `None` if it is not the index of this segment.
    pub fn decode(bytes: &[u8], log: u64, number: u32) -> Option<Self> {
        let (checked, checksum) = bytes.split_last_chunk::<8>()?;
        if xxh3_64(checked) != u64::from_le_bytes(*checksum) {
            return None;
        }
        let mut rest = Rest(checked);
        let is_it = *rest.take::<8>()? == MAGIC && rest.u64()? == log && rest.u32()? == number;
        let (end, first, next) = (rest.u32()?, rest.u64()?, rest.u64()?);
        let mut streams = BTreeMap::new();
        while !rest.0.is_empty() {
            let stream = decode_stream(*rest.take()?)?;
            let count = rest.u32()?;
            let (first, head) = (rest.u64()?, rest.u64()?);
            let mut regions = Vec::new();
            for _ in 0..count {
                regions.push(Region { slot: rest.u64()?, offset: rest.u32()?, end: rest.u32()? });
            }
            streams.insert(stream, Part { first, head, regions });
        }
        is_it.then_some(Self { end, first, next, streams })
    }
}

/// What is yet to be read.
struct Rest<'a>(&'a [u8]);

impl<'a> Rest<'a> {
    fn take<const N: usize>(&mut self) -> Option<&'a [u8; N]> {
        let (taken, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(taken)
    }

    fn u32(&mut self) -> Option<u32> {
        self.take().map(|bytes| u32::from_le_bytes(*bytes))
    }

    fn u64(&mut self) -> Option<u64> {
        self.take().map(|bytes| u64::from_le_bytes(*bytes))
    }
}

/// The index of a segment.
pub fn path(log: &Path, number: u32) -> PathBuf {
    log.join(format!("{number:010}.index"))
}

/// Writes an index. It is whole or it is ignored, so nothing is made sure of.
pub fn store(log: &Path, number: u32, bytes: &[u8]) -> std::io::Result<()> {
    std::fs::File::create(path(log, number))?.write_all(bytes)
}

#[cfg(test)]
mod tests {
    use events::Service;

    use super::*;

    const GATE: StreamId = StreamId { service: Service::Gate, partition: 0 };
    const QUIET: StreamId = StreamId { service: Service::Ledger, partition: 9 };

    /// Commits of 20,000 bytes, each with two records of the gate; every tenth with one of another stream.
    fn sample() -> Contents {
        let mut contents = Contents::empty(4096, 50);
        for commit in 0..100_u64 {
            contents.note(GATE, 2 * commit, 2 * commit + 2, 20_000);
            if commit % 10 == 3 {
                contents.note(QUIET, 7 + commit / 10, 8 + commit / 10, 20_000);
            }
            contents.advance(20_000);
        }
        contents
    }

    #[test]
    fn given_any_slot_when_looked_up_then_its_commit_is_in_the_region() {
        let contents = sample();
        assert_eq!((contents.end, contents.first, contents.next), (4096 + 2_000_000, 50, 150));
        for slot in 0..200 {
            let region = contents.region(GATE, slot).expect("it is there");
            let commit = 4096 + (slot / 2) as u32 * 20_000;
            assert!(region.offset <= commit && commit + 20_000 <= region.end, "slot {slot}: {region:?}");
            assert!(region.end - region.offset <= REGION_BYTES, "{region:?}");
        }
        assert_eq!(contents.region(GATE, 200), None);
        assert_eq!(contents.region(QUIET, 6), None);
        // The records of a quiet stream are not looked for among all the others.
        let region = contents.region(QUIET, 8).expect("it is there");
        assert_eq!(region, Region { slot: 8, offset: 4096 + 13 * 20_000, end: 4096 + 14 * 20_000 });
    }

    #[test]
    fn given_an_index_when_decoded_then_it_is_the_same_and_any_flipped_bit_is_seen() {
        let contents = sample();
        let bytes = contents.encode(5, 3);
        assert_eq!(Contents::decode(&bytes, 5, 3), Some(contents));
        assert_eq!(Contents::decode(&bytes, 5, 4), None);
        assert_eq!(Contents::decode(&bytes, 6, 3), None);
        for bit in 0..bytes.len() * 8 {
            let mut damaged = bytes.clone();
            damaged[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(Contents::decode(&damaged, 5, 3), None, "bit {bit}");
        }
    }
}
