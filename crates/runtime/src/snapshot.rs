//! Snapshots: a shortcut for recovery, never the truth. One that does not read is ignored.

use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};

use eventlog::chain::Chain;
use events::StreamId;
use model::Timestamp;
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use sha2::{Digest, Sha256};

use crate::command_index::CommandIndex;

/// Changes when the shape of any state changes: an older snapshot is then ignored.
const FORMAT: &[u8; 8] = b"FBSNAP04";

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

/// The bytes of a snapshot file: format, SHA-256 of the body, body.
pub(crate) fn encode<S: Serialize>(snapshot: &SnapshotRef<'_, S>) -> Option<Vec<u8>> {
    let mut bytes = FORMAT.to_vec();
    bytes.extend_from_slice(&[0; 32]);
    let mut bytes = postcard::to_extend(snapshot, bytes).ok()?;
    let digest = Sha256::digest(&bytes[40..]);
    bytes[8..40].copy_from_slice(&digest);
    Some(bytes)
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
    let sound =
        bytes.len() > 40 && bytes[..8] == FORMAT[..] && Sha256::digest(&bytes[40..])[..] == bytes[8..40];
    let snapshot = sound.then(|| postcard::from_bytes(&bytes[40..]).ok()).flatten();
    if snapshot.is_none() {
        tracing::warn!(path = %target.display(), "the snapshot is damaged or of another version; ignoring it");
    }
    snapshot
}
