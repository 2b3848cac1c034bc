//! The embedded store: one fjall database, in the directory `log`, for all streams of a process.
//!
//! One thread owns the commits. It takes every append that waits, of all streams, writes them as one batch,
//! syncs the journal once with fdatasync, and then resolves them; while it commits, the next ones gather.
//!
//! **Why fjall.** A commit costs one append to a journal and one fdatasync. redb, which was here before, writes its
//! changed pages all over the file, at about six times the processor time a commit. What fjall lacks is made up for here:
//! - Its issues 304 and 308 were commit errors that were swallowed or not final; 3.1.13 reports them. This store
//!   stops at the first one until it is reopened, and after each commit asks whether a background thread has failed.
//! - It repairs a damaged directory in place, and thereby destroys more: opening is [rehearsed on a copy](recovery).
//! - It does not check its manifests: done there, too.
//! - After a power cut it may take an unfinished batch for damage: dropped there, if nobody was told of it.
//! - It cuts a damaged journal off without a word. So the number of acknowledged slots is also kept in
//!   [`log.mark`](mark), and opening compares.
//! - It does not sync the directory in which it makes a keyspace: done here.
//! - Killed while it makes a new directory, it never opens it again: made elsewhere, then moved.
//!
//! **Limits.** Every record is written twice, to the journal and later to a table. Journals take 64 to 200 MiB.
//! Opening copies and replays them twice; that, not the length of the log, decides how long it takes. Each stream
//! holds up to 64 MiB in memory. A backup restored together with its mark is a shorter history that this store
//! cannot tell from the true one; signed checkpoints can.

mod commit;
mod mark;
mod recovery;

use std::collections::HashMap;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, mpsc};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use bytes::Bytes;
use events::StreamId;
use events::record::RECORD_MAX;
use fjall::{Database, Keyspace};
use tokio::sync::{oneshot, watch};

use self::commit::Request;
use self::mark::Marks;
use crate::{Append, AppendError, Log, LogError, Stored, Writer};

/// The directory within the one given.
pub const DIRECTORY: &str = "log";

const IN_FLIGHT_MAX: usize = 4;
const WAIT_MAX: Duration = Duration::from_secs(1);
/// How long to wait for a store of this directory that is just being closed.
const OPEN_RETRY: Duration = Duration::from_millis(500);
const OPEN_PAUSE: Duration = Duration::from_millis(20);
/// A log in one directory of this machine, for one process at a time.
#[derive(Clone)]
pub struct EmbeddedLog {
    inner: Arc<Inner>,
}

struct Inner {
    shared: Arc<Shared>,
    requests: Option<mpsc::Sender<Request>>,
    thread: Option<JoinHandle<()>>,
}

/// What the commit thread and the readers share.
struct Shared {
    path: PathBuf,
    db: Database,
    keyspaces: Mutex<HashMap<StreamId, Keyspace>>,
    heads: Mutex<HashMap<StreamId, watch::Sender<u64>>>,
    /// Why the store has stopped, once it has.
    stopped: OnceLock<String>,
    /// Keeps the marks locked until the database above is closed.
    _held: File,
}

impl EmbeddedLog {
    /// Opens the log in `dir`, or begins one. Blocks for as long as it takes to replay the journals twice.
    pub fn open(dir: &Path) -> Result<Self, LogError> {
        let refused = |cause: &dyn std::fmt::Display| LogError::Store(format!("{}: {cause}", dir.display()));
        std::fs::create_dir_all(dir).map_err(|error| refused(&error))?;
        let marks = take_marks(dir)?;
        let (db, heads) = recovery::open(dir, &marks)?;
        let shared = Arc::new(Shared {
            path: dir.join(DIRECTORY),
            db,
            keyspaces: Mutex::default(),
            heads: Mutex::new(
                heads.iter().map(|(stream, head)| (*stream, watch::Sender::new(*head))).collect(),
            ),
            stopped: OnceLock::new(),
            _held: marks.hold().map_err(|error| refused(&error))?,
        });
        let (requests, receiver) = mpsc::channel();
        let thread = std::thread::Builder::new()
            .name("log-commit".to_owned())
            .spawn({
                let shared = Arc::clone(&shared);
                move || commit::run(&shared, &receiver, heads, marks)
            })
            .map_err(|error| refused(&error))?;
        Ok(Self { inner: Arc::new(Inner { shared, requests: Some(requests), thread: Some(thread) }) })
    }

    /// The directory that holds the log.
    pub fn path(&self) -> &Path {
        &self.inner.shared.path
    }
}

/// The marks, and with them the right to this directory.
fn take_marks(dir: &Path) -> Result<Marks, LogError> {
    let began = Instant::now();
    loop {
        match Marks::open(dir) {
            Ok(Some(marks)) => return Ok(marks),
            Ok(None) if began.elapsed() < OPEN_RETRY => std::thread::sleep(OPEN_PAUSE),
            Ok(None) => return Err(recovery::in_use(dir)),
            Err(error) => {
                return Err(LogError::Store(format!("{}: {}: {error}", dir.display(), mark::FILE)));
            }
        }
    }
}

impl Shared {
    fn heads(&self) -> MutexGuard<'_, HashMap<StreamId, watch::Sender<u64>>> {
        // Nothing panics while it holds the lock, and a map of numbers is sound at every step.
        self.heads.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn follow(&self, stream: StreamId) -> watch::Receiver<u64> {
        self.heads().entry(stream).or_insert_with(|| watch::Sender::new(0)).subscribe()
    }

    fn check(&self) -> Result<(), LogError> {
        self.stopped.get().map_or(Ok(()), |cause| Err(LogError::Stopped(cause.clone())))
    }

    /// Where a stream is stored; made if it has no record yet.
    fn keyspace(&self, stream: StreamId) -> Result<Keyspace, fjall::Error> {
        let mut keyspaces = self.keyspaces.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(keyspace) = keyspaces.get(&stream) {
            return Ok(keyspace.clone());
        }
        let keyspace = self.db.keyspace(&stream.to_string(), recovery::keyspace_options)?;
        if let Some(folder) = keyspace.path().parent() {
            recovery::sync_directory(folder)?;
        }
        keyspaces.insert(stream, keyspace.clone());
        Ok(keyspace)
    }

    fn read(&self, stream: StreamId, from: u64, max_bytes: usize) -> Result<Vec<Stored>, LogError> {
        let refused = |error: fjall::Error| LogError::Store(format!("{}: {error}", self.path.display()));
        let head = *self.follow(stream).borrow();
        if from >= head {
            return Ok(Vec::new());
        }
        let keyspace = self.keyspace(stream).map_err(refused)?;
        let (mut records, mut bytes) = (Vec::new(), 0);
        let mut entries = keyspace.range(from.to_be_bytes()..);
        for expected in from..head {
            let Some(entry) = entries.next() else {
                return Err(LogError::Gap { stream, expected, got: head });
            };
            let (key, value) = entry.into_inner().map_err(refused)?;
            let slot = recovery::slot(stream, &key)?;
            if slot != expected {
                return Err(LogError::Gap { stream, expected, got: slot });
            }
            bytes += value.len();
            if bytes > max_bytes && !records.is_empty() {
                break;
            }
            records.push(Stored { slot, bytes: Bytes::copy_from_slice(&value) });
        }
        Ok(records)
    }
}

#[async_trait]
impl Log for EmbeddedLog {
    async fn head(&self, stream: StreamId) -> Result<u64, LogError> {
        self.inner.shared.check()?;
        Ok(*self.inner.shared.follow(stream).borrow())
    }

    async fn read(&self, stream: StreamId, from: u64, max_bytes: usize) -> Result<Vec<Stored>, LogError> {
        self.inner.shared.check()?;
        // The whole store, so that a read that nobody waits for any more keeps it open until it is done.
        let inner = Arc::clone(&self.inner);
        tokio::task::spawn_blocking(move || inner.shared.read(stream, from, max_bytes)).await.map_err(
            |error| {
                LogError::Store(format!(
                    "{}: reading {stream}: {error}; is it damaged?",
                    self.path().display()
                ))
            },
        )?
    }

    async fn wait(&self, stream: StreamId, slot: u64) -> Result<u64, LogError> {
        self.inner.shared.check()?;
        let mut heads = self.inner.shared.follow(stream);
        let _timed_out = tokio::time::timeout(WAIT_MAX, heads.wait_for(|head| *head > slot)).await.is_err();
        self.inner.shared.check()?;
        Ok(*heads.borrow())
    }

    async fn writer(&self, stream: StreamId, next: u64) -> Result<Box<dyn Writer>, LogError> {
        self.inner.shared.check()?;
        let inner = Arc::clone(&self.inner);
        let deposed = Arc::new(AtomicBool::new(false));
        Ok(Box::new(EmbeddedWriter { inner, stream, next, spent: false, deposed }))
    }

    fn in_flight_max(&self) -> usize {
        IN_FLIGHT_MAX
    }
}

struct EmbeddedWriter {
    inner: Arc<Inner>,
    stream: StreamId,
    next: u64,
    /// An append failed before it was handed over.
    spent: bool,
    /// The commit thread refused an append; it then refuses every later one, also of those in flight.
    deposed: Arc<AtomicBool>,
}

#[async_trait]
impl Writer for EmbeddedWriter {
    async fn append(&mut self, record: Bytes) -> Append {
        let stream = self.stream;
        let fail = |error: AppendError| -> Append { Box::pin(std::future::ready(Err(error))) };
        if self.spent || self.deposed.load(Ordering::Acquire) {
            return fail(AppendError::Spent { stream });
        }
        if record.len() > RECORD_MAX {
            self.spent = true;
            return fail(AppendError::TooLarge { max: RECORD_MAX, got: record.len() });
        }
        let (done, result) = oneshot::channel();
        let deposed = Arc::clone(&self.deposed);
        let request = Request { stream, slot: self.next, record, deposed, done };
        self.next += 1;
        let gone = move || {
            let cause = "the commit thread has ended; reopen the store".to_owned();
            AppendError::Unknown { stream, cause }
        };
        match self.inner.requests.as_ref().map(|requests| requests.send(request)) {
            Some(Ok(())) => Box::pin(async move { result.await.unwrap_or_else(|_| Err(gone())) }),
            Some(Err(_)) | None => {
                self.spent = true;
                fail(gone())
            }
        }
    }
}

impl Drop for Inner {
    /// Waits for the commit that runs, so that the directory can be opened again at once.
    fn drop(&mut self) {
        self.requests = None;
        if let Some(thread) = self.thread.take()
            && thread.thread().id() != std::thread::current().id()
        {
            let _ended_by_panic = thread.join().is_err();
        }
    }
}
