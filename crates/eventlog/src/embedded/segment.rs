//! A segment: one file of the log, of a fixed length and zeros from the start, which commits fill from the front.
//!
//! | bytes | field | value |
//! |---|---|---|
//! | 8 | magic | `FBSEGM` 0 1 |
//! | 8 | log | a number that this log chose when it was begun |
//! | 4 | number | its place among the segments, from 0 |
//! | 4 | length | of the file |
//! | 8 | checksum | XXH3-64 of the 24 bytes before |
//!
//! and zeros to byte 4096, where the [commits](super::batch) begin. All numbers are little-endian.
//!
//! **Why zeros.** To write over bytes that are there changes nothing but them: fdatasync is then one write and one
//! flush. Where blocks are added or marked as written, it waits for the file system's own journal, and with that for
//! whatever else is being written to the disk.

use std::fs::File;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

use xxhash_rust::xxh3::xxh3_64;

/// Where the commits of a segment begin.
pub const COMMITS_BEGIN: usize = 4096;
/// The first segment has so many bytes: a small log stays small.
pub const FIRST_BYTES: u32 = 2 << 20;
/// Each next one has twice as many, up to this.
pub const MOST_BYTES: u32 = 64 << 20;

const MAGIC: [u8; 8] = *b"FBSEGM\0\x01";
const HEADER_LEN: usize = 32;
const EXTENSION: &str = "log";
/// Of a segment being made.
const DRAFT: &str = "new";
/// Zeros are written in such pieces, each synced, so that others who sync meanwhile wait for little.
const PIECE: usize = 1 << 20;

/// What stands at the beginning of a segment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Header {
    /// Which log it belongs to.
    pub log: u64,
    /// Its place, from 0.
    pub number: u32,
    /// The length of its file.
    pub bytes: u32,
}

impl Header {
    /// Of the segment after this one.
    pub fn next(self) -> Self {
        Self { number: self.number + 1, bytes: self.bytes.saturating_mul(2).min(MOST_BYTES), ..self }
    }

    fn encode(self) -> [u8; HEADER_LEN] {
        let mut bytes = [0; HEADER_LEN];
        bytes[..8].copy_from_slice(&MAGIC);
        bytes[8..16].copy_from_slice(&self.log.to_le_bytes());
        bytes[16..20].copy_from_slice(&self.number.to_le_bytes());
        bytes[20..24].copy_from_slice(&self.bytes.to_le_bytes());
        let checksum = xxh3_64(&bytes[..24]);
        bytes[24..].copy_from_slice(&checksum.to_le_bytes());
        bytes
    }

    /// `None` for anything else than a header.
    pub fn decode(bytes: &[u8]) -> Option<Self> {
        let bytes: &[u8; HEADER_LEN] = bytes.first_chunk()?;
        let header = Self {
            log: u64::from_le_bytes(*bytes[8..].first_chunk()?),
            number: u32::from_le_bytes(*bytes[16..].first_chunk()?),
            bytes: u32::from_le_bytes(*bytes[20..].first_chunk()?),
        };
        (header.encode() == *bytes).then_some(header)
    }

    /// The header of an open file; `None` if it has none.
    pub fn read(file: &mut File) -> std::io::Result<Option<Self>> {
        let mut bytes = Vec::with_capacity(HEADER_LEN);
        file.take(HEADER_LEN as u64).read_to_end(&mut bytes)?;
        Ok(Self::decode(&bytes))
    }
}

/// The file of a segment.
pub fn path(log: &Path, number: u32) -> PathBuf {
    log.join(format!("{number:010}.{EXTENSION}"))
}

/// The segment whose file this is.
pub fn number(file: &Path) -> Option<u32> {
    let is_it = file.extension().is_some_and(|extension| extension == EXTENSION);
    is_it.then(|| file.file_stem()?.to_str()?.parse().ok())?
}

/// True for a segment that was being made when the program ended.
pub fn is_draft(file: &Path) -> bool {
    file.extension().is_some_and(|extension| extension == DRAFT)
}

/// Makes a segment beside its place, zeros to its end, and moves it there, so that a crash leaves a whole one or none.
/// Gives up when `stop` turns true.
pub fn create(log: &Path, header: Header, stop: &AtomicBool) -> std::io::Result<File> {
    let target = path(log, header.number);
    let draft = target.with_extension(DRAFT);
    let mut file = File::create(&draft)?;
    let mut piece = vec![0; PIECE.min(header.bytes as usize)];
    piece[..HEADER_LEN].copy_from_slice(&header.encode());
    let mut left = header.bytes as usize;
    while left > 0 {
        if stop.load(Ordering::Acquire) {
            return Err(std::io::ErrorKind::Interrupted.into());
        }
        let length = piece.len().min(left);
        file.write_all(&piece[..length])?;
        file.sync_data()?;
        piece[..HEADER_LEN].fill(0);
        left -= length;
    }
    file.sync_all()?;
    std::fs::rename(&draft, &target)?;
    sync_directory(log)?;
    Ok(file)
}

/// Syncs the entries of a directory.
pub fn sync_directory(path: &Path) -> std::io::Result<()> {
    File::open(path)?.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn given_any_flipped_bit_when_decoded_then_it_is_no_header() {
        let header = Header { log: 0x1234_5678_9abc_def0, number: 7, bytes: FIRST_BYTES };
        let bytes = header.encode();
        assert_eq!(Header::decode(&bytes), Some(header));
        for bit in 0..HEADER_LEN * 8 {
            let mut damaged = bytes;
            damaged[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(Header::decode(&damaged), None, "bit {bit}");
        }
    }

    #[test]
    fn given_segment_after_segment_then_they_grow_to_a_bound() {
        let mut header = Header { log: 1, number: 0, bytes: FIRST_BYTES };
        for _ in 0..10 {
            header = header.next();
        }
        assert_eq!((header.number, header.bytes), (10, MOST_BYTES));
    }
}
