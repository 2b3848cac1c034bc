//! Signed checkpoints, and never two that contradict each other.
//!
//! The last signed checkpoint of each stream is kept as a file of its own, written and synced before the
//! checkpoint is handed out: it outlives the projection's store. A tree that is built again is held against
//! it on the way past its size ([`Signing::contradicts`]); until then, and for good if it differs,
//! nothing more is signed for that stream.

use std::collections::HashMap;
use std::fs::{self, File};
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use events::{Service, StreamId};
use tlog::{Checkpoint, CheckpointError, NoteSigner, Tree, TreeHead};

/// Why a checkpoint cannot be signed, or the last one not be read.
#[derive(Debug, thiserror::Error)]
pub enum SigningError {
    /// The log is shorter than what was signed, or has not been taken that far yet.
    #[error(
        "{stream}: {signed} events were signed before, {taken} are there; wait until the projection has caught up, and if it has, the log was cut: do not sign it, restore it"
    )]
    Behind {
        /// The stream.
        stream: StreamId,
        /// Size of the last signed tree.
        signed: u64,
        /// Size of the tree now.
        taken: u64,
    },
    /// The log is not the one that was signed.
    #[error(
        "{stream}: the first {signed} events are not the ones that were signed before; the log was rewritten: restore it"
    )]
    Contradiction {
        /// The stream.
        stream: StreamId,
        /// Size of the last signed tree.
        signed: u64,
    },
    /// The last signed checkpoint does not read.
    #[error("{}: the last signed checkpoint does not verify: {cause}; restore it, or the key that signed it", path.display())]
    Last {
        /// Its file.
        path: PathBuf,
        /// Why.
        cause: CheckpointError,
    },
    /// The signer or the origin are not what a note can hold.
    #[error(transparent)]
    Checkpoint(#[from] CheckpointError),
    /// The file system refuses.
    #[error("{}: {cause}; the last signed checkpoint is kept there and must be on disk first", path.display())]
    Io {
        /// Where.
        path: PathBuf,
        /// What the system says.
        cause: std::io::Error,
    },
}

/// Signs; remembers what was signed.
pub struct Signing {
    directory: PathBuf,
    signer: NoteSigner,
    last: Mutex<HashMap<StreamId, Signed>>,
}

struct Signed {
    head: TreeHead,
    note: Vec<u8>,
    contradicted: bool,
}

/// The log's name in checkpoints.
pub fn origin(stream: StreamId) -> String {
    format!("forbear/{stream}")
}

impl Signing {
    /// Reads the last signed checkpoints.
    pub fn open(directory: &Path, signer: NoteSigner) -> Result<Self, SigningError> {
        let signing = Self { directory: directory.to_owned(), signer, last: Mutex::default() };
        fs::create_dir_all(directory)
            .map_err(|cause| SigningError::Io { path: directory.to_owned(), cause })?;
        for entry in
            fs::read_dir(directory).map_err(|cause| SigningError::Io { path: directory.to_owned(), cause })?
        {
            let entry = entry.map_err(|cause| SigningError::Io { path: directory.to_owned(), cause })?;
            let name = entry.file_name();
            if let Some(stream) = name.to_str().and_then(stream_of_file) {
                signing.load(stream)?;
            }
        }
        Ok(signing)
    }

    fn load(&self, stream: StreamId) -> Result<(), SigningError> {
        let path = self.path(stream);
        let note = match fs::read(&path) {
            Ok(note) => note,
            Err(cause) if cause.kind() == ErrorKind::NotFound => return Ok(()),
            Err(cause) => return Err(SigningError::Io { path, cause }),
        };
        let trusted = [self.signer.verifier_key().clone()];
        let checkpoint = Checkpoint::open(&note, &origin(stream), &trusted)
            .map_err(|cause| SigningError::Last { path, cause })?;
        self.lock().insert(stream, Signed { head: *checkpoint.head(), note, contradicted: false });
        Ok(())
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<StreamId, Signed>> {
        // Nothing panics between two steps that belong together.
        self.last.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn path(&self, stream: StreamId) -> PathBuf {
        self.directory.join(format!("{}-{}.checkpoint", stream.service, stream.partition))
    }

    /// The last signed head of a stream.
    pub fn last(&self, stream: StreamId) -> Option<TreeHead> {
        self.lock().get(&stream).map(|signed| signed.head)
    }

    /// Says that the stream's log does not have the last signed head.
    pub fn contradicts(&self, stream: StreamId) {
        if let Some(signed) = self.lock().get_mut(&stream) {
            signed.contradicted = true;
        }
    }

    /// A signed checkpoint of this tree, which has been held against the last signed one on its way.
    pub fn sign(&self, stream: StreamId, tree: &Tree) -> Result<Vec<u8>, SigningError> {
        let head = tree.head();
        let mut all = self.lock();
        if let Some(signed) = all.get(&stream) {
            let size = signed.head.size;
            if signed.contradicted || (head.size == size && head.root != signed.head.root) {
                return Err(SigningError::Contradiction { stream, signed: size });
            }
            if head.size < size {
                return Err(SigningError::Behind { stream, signed: size, taken: head.size });
            }
            if head.size == size {
                return Ok(signed.note.clone());
            }
        }
        let note = Checkpoint::new(&origin(stream), head)?.sign(&self.signer)?.to_bytes();
        let path = self.path(stream);
        store(&path, &note).map_err(|cause| SigningError::Io { path, cause })?;
        all.insert(stream, Signed { head, note: note.clone(), contradicted: false });
        Ok(note)
    }
}

fn stream_of_file(name: &str) -> Option<StreamId> {
    let (service, partition) = name.strip_suffix(".checkpoint")?.rsplit_once('-')?;
    let service = Service::ALL.into_iter().find(|known| known.name() == service)?;
    Some(StreamId { service, partition: partition.parse().ok()? })
}

/// Beside, synced, renamed, directory synced: there is always a whole one.
fn store(path: &Path, note: &[u8]) -> std::io::Result<()> {
    let beside = path.with_extension("new");
    let mut file = File::create(&beside)?;
    file.write_all(note)?;
    file.sync_all()?;
    fs::rename(&beside, path)?;
    match path.parent() {
        Some(directory) => File::open(directory)?.sync_all(),
        None => Ok(()),
    }
}
