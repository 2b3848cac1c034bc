//! `log.mark`: how many slots of each stream were acknowledged, beside the log itself.
//!
//! Written after the commit and not synced, so it is never ahead of what is durable, and after a power cut
//! it may be behind. If the log ends before its mark, acknowledged records are gone, and opening says so.
//! An entry that does not check is ignored: the mark can only add a reason to refuse. The file is locked while
//! the log is open.
//!
//! An entry is 32 bytes: service number u8, 0 u8, partition u16, 0 u32, head u64, the FNV-1a-64 of these
//! 16 bytes, 0 u64; all little-endian.

use std::collections::HashMap;
use std::fs::{File, OpenOptions, TryLockError};
use std::io::Read;
use std::os::unix::fs::FileExt;
use std::path::Path;

use events::{Service, StreamId};

use crate::LogError;

/// The file within the directory.
pub const FILE: &str = "log.mark";

const ENTRY_LEN: usize = 32;

/// The open file.
pub struct Marks {
    file: File,
    /// Where each stream's entry stands, and what it says.
    entries: HashMap<StreamId, (u64, u64)>,
    count: u64,
}

impl Marks {
    /// Reads the marks in `dir`, or begins them; `None` if another process has them. They are held until the last
    /// handle of the file is closed.
    pub fn open(dir: &Path) -> std::io::Result<Option<Self>> {
        let path = dir.join(FILE);
        let mut file = OpenOptions::new().read(true).write(true).create(true).truncate(false).open(path)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Ok(None),
            Err(TryLockError::Error(error)) => return Err(error),
        }
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes)?;
        let mut entries = HashMap::new();
        for (index, entry) in bytes.chunks(ENTRY_LEN).enumerate() {
            match decode(entry) {
                Some((stream, head)) => {
                    entries.insert(stream, (index as u64, head));
                }
                None => tracing::warn!(index, "an entry of {FILE} is damaged and ignored"),
            }
        }
        Ok(Some(Self { file, entries, count: bytes.len().div_ceil(ENTRY_LEN) as u64 }))
    }

    /// A second handle of the file, to hold the directory for longer than the marks.
    pub fn hold(&self) -> std::io::Result<File> {
        self.file.try_clone()
    }

    /// Fails if a stream ends before its mark.
    pub fn check(&self, heads: &HashMap<StreamId, u64>) -> Result<(), LogError> {
        for (&stream, &(_, acknowledged)) in &self.entries {
            let head = heads.get(&stream).copied().unwrap_or(0);
            if head < acknowledged {
                return Err(LogError::Cut { stream, acknowledged, head });
            }
        }
        Ok(())
    }

    /// Notes that `stream` has `head` acknowledged slots.
    pub fn set(&mut self, stream: StreamId, head: u64) {
        let count = &mut self.count;
        let (index, noted) = self.entries.entry(stream).or_insert_with(|| {
            *count += 1;
            (*count - 1, 0)
        });
        *noted = head;
        if let Err(error) = self.file.write_all_at(&encode(stream, head), *index * ENTRY_LEN as u64) {
            // The log itself is durable; only this second look at it is lost.
            tracing::warn!("{FILE} cannot be written: {error}");
        }
    }

    /// Syncs the marks at the end.
    pub fn close(&mut self) {
        if let Err(error) = self.file.sync_data() {
            tracing::warn!("{FILE} cannot be synced: {error}");
        }
    }
}

fn encode(stream: StreamId, head: u64) -> [u8; ENTRY_LEN] {
    let mut entry = [0; ENTRY_LEN];
    entry[0] = Service::ALL.iter().position(|service| *service == stream.service).unwrap_or(0) as u8;
    entry[2..4].copy_from_slice(&stream.partition.to_le_bytes());
    entry[8..16].copy_from_slice(&head.to_le_bytes());
    let check = fnv1a(&entry[..16]);
    entry[16..24].copy_from_slice(&check.to_le_bytes());
    entry
}

fn decode(entry: &[u8]) -> Option<(StreamId, u64)> {
    let entry: &[u8; ENTRY_LEN] = entry.try_into().ok()?;
    let service = *Service::ALL.get(usize::from(entry[0]))?;
    let partition = u16::from_le_bytes(entry[2..4].try_into().ok()?);
    let head = u64::from_le_bytes(entry[8..16].try_into().ok()?);
    let stream = StreamId { service, partition };
    (encode(stream, head) == *entry).then_some((stream, head))
}

fn fnv1a(bytes: &[u8]) -> u64 {
    bytes
        .iter()
        .fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn given_marks_when_reopened_then_a_shorter_log_is_named() {
        let dir = std::env::temp_dir().join(format!("forbear-mark-{}", std::process::id()));
        std::fs::create_dir_all(&dir).expect("a directory");
        let stream = StreamId { service: Service::Gate, partition: 3 };
        let mut marks = Marks::open(&dir).expect("begin").expect("nobody has them");
        marks.set(stream, 4);
        marks.set(stream, 5);
        assert!(Marks::open(&dir).expect("look").is_none(), "two at once");
        drop(marks);
        let marks = Marks::open(&dir).expect("reopen").expect("nobody has them any more");
        assert!(marks.check(&HashMap::from([(stream, 5)])).is_ok());
        let cut = marks.check(&HashMap::from([(stream, 4)]));
        assert!(matches!(cut, Err(LogError::Cut { acknowledged: 5, head: 4, .. })), "{cut:?}");
        std::fs::remove_dir_all(&dir).expect("clean up");
    }

    #[test]
    fn given_any_flipped_bit_when_decoded_then_the_entry_is_ignored() {
        let entry = encode(StreamId { service: Service::Ledger, partition: 9 }, 1234);
        for bit in 0..ENTRY_LEN * 8 {
            let mut damaged = entry;
            damaged[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(decode(&damaged), None, "bit {bit}");
        }
    }
}
