//! Snapshots: a shortcut for recovery, never the truth. One that does not read is ignored.

use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};

use eventlog::chain::Chain;
use events::StreamId;
use model::Timestamp;
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use xxhash_rust::xxh3::xxh3_128;

use crate::command_index::CommandIndex;

/// Changes when the shape of any state changes: an older snapshot is then ignored.
const FORMAT: &[u8; 8] = b"FBSNAP06";

#[derive(Deserialize)]
pub(crate) struct Snapshot<S> {
    pub state: S,
    pub commands: CommandIndex,
    pub chain: Chain,
    pub at: Timestamp,
    pub partitions: Option<u16>,
}

#[derive(Serialize)]
pub(crate) struct SnapshotRef<'a, S> {
    pub state: &'a S,
    pub commands: &'a CommandIndex,
    pub chain: Chain,
    pub at: Timestamp,
    pub partitions: Option<u16>,
}

fn path(directory: &Path, stream: StreamId) -> PathBuf {
    directory.join(format!("{}-{}.snapshot", stream.service, stream.partition))
}

/// Format, and the XXH3-128 of the body. Whoever could write another body could write its digest, whatever digest it is:
/// this is against damage.
const HEADER_LEN: usize = FORMAT.len() + 16;

/// The bytes of a snapshot file: header, body. `room` is how many they may be; it is only a hint, but to grow is to copy,
/// and meanwhile nobody is answered.
pub(crate) fn encode<S: Serialize>(snapshot: &SnapshotRef<'_, S>, room: usize) -> Option<Vec<u8>> {
    let mut bytes = Vec::with_capacity(room.max(HEADER_LEN));
    bytes.extend_from_slice(FORMAT);
    bytes.resize(HEADER_LEN, 0);
    events::codec::append(snapshot, &mut bytes).ok()?;
    let digest = xxh3_128(&bytes[HEADER_LEN..]);
    bytes[FORMAT.len()..HEADER_LEN].copy_from_slice(&digest.to_le_bytes());
    Some(bytes)
}

/// How many bytes the stored snapshot of a stream has; none without one.
pub(crate) fn stored_len(directory: &Path, stream: StreamId) -> usize {
    let length = fs::metadata(path(directory, stream)).map_or(0, |metadata| metadata.len());
    usize::try_from(length).unwrap_or_default()
}

/// The body of a whole snapshot of this format.
fn body(bytes: &[u8]) -> Option<&[u8]> {
    let (digest, body) = bytes.strip_prefix(FORMAT)?.split_first_chunk()?;
    (xxh3_128(body) == u128::from_le_bytes(*digest)).then_some(body)
}

/// Writes a snapshot so that there is always a whole one: beside, synced, renamed, directory synced.
pub(crate) fn store(directory: &Path, stream: StreamId, bytes: &[u8]) -> std::io::Result<()> {
    fs::create_dir_all(directory)?;
    let target = path(directory, stream);
    let beside = target.with_extension("new");
    let mut file = File::create(&beside)?;
    file.write_all(bytes)?;
    file.sync_data()?;
    fs::rename(&beside, &target)?;
    File::open(directory)?.sync_all()
}

/// The snapshot of a stream, if there is one that reads.
pub(crate) fn load<S: DeserializeOwned>(directory: &Path, stream: StreamId) -> Option<Snapshot<S>> {
    let target = path(directory, stream);
    let bytes = match fs::read(&target) {
        Ok(bytes) => bytes,
        Err(error) => {
            if error.kind() != std::io::ErrorKind::NotFound {
                tracing::warn!(path = %target.display(), %error, "the snapshot cannot be read; ignoring it");
            }
            return None;
        }
    };
    let snapshot = body(&bytes).and_then(|body| postcard::from_bytes(body).ok());
    if snapshot.is_none() {
        tracing::warn!(path = %target.display(), "the snapshot is damaged or of another version; ignoring it");
    }
    snapshot
}
