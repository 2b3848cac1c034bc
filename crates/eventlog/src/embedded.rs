//! The embedded store: one redb file, `log.redb`, for all streams of a process.
//!
//! One thread owns the commits. It takes every append that waits, of all streams, writes them in one
//! transaction, commits with one fdatasync, and then resolves them; while it commits, the next ones gather.
//!
//! **Why redb.** A commit that fails is reported by `commit` itself, the store then stops until it is reopened,
//! and kill -9, a full disk, cut files and flipped bits all end in the acknowledged history or in a named error
//! (`tests/kill_store.rs`). fjall 3.1 costs less per commit (measured), but its issue 304 was a commit error
//! that was swallowed, and it has not been through these tests.
//!
//! **What redb alone does not see.** After a crash redb takes a damaged newest commit for a torn one and
//! goes back to the commit before it. So the number of acknowledged slots is also kept in
//! [`log.mark`](mark), and opening compares.
//!
//! **Limits.** redb's pages are powers of two, so the file is about twice as long as the records in it. After
//! a crash redb reads the whole file to repair it: about a second for a gigabyte in the page cache. A backup
//! restored together with its mark is a shorter history that this store cannot tell from the true one; signed
//! checkpoints can.

mod commit;
mod mark;

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, mpsc};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use bytes::Bytes;
use events::StreamId;
use events::record::RECORD_MAX;
use redb::{
    Database, DatabaseError, ReadableDatabase, ReadableTable, ReadableTableMetadata, TableDefinition,
};
use redb::{TableError, TableHandle};
use tokio::sync::{oneshot, watch};

use self::commit::Request;
use self::mark::Marks;
use crate::{Append, AppendError, Log, LogError, Stored, Writer};

/// The file within the directory.
pub const FILE: &str = "log.redb";

const IN_FLIGHT_MAX: usize = 4;
const WAIT_MAX: Duration = Duration::from_secs(1);
/// How long to wait for a store of this directory that is just being closed.
const OPEN_RETRY: Duration = Duration::from_millis(500);
/// redb's page cache. Readers mostly follow the head, so a small one does.
const CACHE_BYTES: usize = 64 * 1024 * 1024;

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
    heads: Mutex<HashMap<StreamId, watch::Sender<u64>>>,
    /// Why the store has stopped, once it has.
    stopped: OnceLock<String>,
}

impl EmbeddedLog {
    /// Opens the log in `dir`, or begins one. Blocks; after a crash for as long as it takes to read the
    /// whole file.
    pub fn open(dir: &Path) -> Result<Self, LogError> {
        let refused = |cause: &dyn std::fmt::Display| LogError::Store(format!("{}: {cause}", dir.display()));
        std::fs::create_dir_all(dir).map_err(|error| refused(&error))?;
        let path = dir.join(FILE);
        let (db, heads) = open_file(&path).map_err(|error| match error {
            OpenError::InUse => {
                refused(&"another process has this log open; stop it, or choose another data directory")
            }
            OpenError::Damaged(cause) => {
                refused(&format!("{FILE} is damaged: {cause}; restore it from a backup"))
            }
            OpenError::Redb(error) => refused(&format!("{FILE} does not open: {error}")),
            OpenError::Log(error) => error,
        })?;
        let mut marks = Marks::open(dir).map_err(|error| refused(&format!("{}: {error}", mark::FILE)))?;
        marks.check(&heads)?;
        let next = heads.clone();
        let heads = heads.into_iter().map(|(stream, head)| (stream, watch::Sender::new(head))).collect();
        let shared = Arc::new(Shared { path, db, heads: Mutex::new(heads), stopped: OnceLock::new() });
        let (requests, receiver) = mpsc::channel();
        let thread = std::thread::Builder::new()
            .name("log-commit".to_owned())
            .spawn({
                let shared = Arc::clone(&shared);
                move || commit::run(&shared, &receiver, next, marks)
            })
            .map_err(|error| refused(&error))?;
        Ok(Self { inner: Arc::new(Inner { shared, requests: Some(requests), thread: Some(thread) }) })
    }

    /// The file that holds the log.
    pub fn path(&self) -> &Path {
        &self.inner.shared.path
    }
}

enum OpenError {
    InUse,
    Damaged(String),
    Redb(DatabaseError),
    Log(LogError),
}

/// Opens the file and reads the heads, in a thread of its own because redb may panic on a damaged file.
fn open_file(path: &Path) -> Result<(Database, HashMap<StreamId, u64>), OpenError> {
    let began = Instant::now();
    loop {
        let result = std::thread::scope(|scope| {
            let opening = scope.spawn(|| {
                let db = Database::builder()
                    .set_cache_size(CACHE_BYTES)
                    .set_repair_callback(|session| {
                        tracing::info!(progress = session.progress(), "checking the log after a crash");
                    })
                    .create(path)?;
                let heads = read_heads(&db, path);
                Ok::<_, DatabaseError>((db, heads))
            });
            opening.join()
        });
        match result {
            Ok(Ok((db, heads))) => return Ok((db, heads.map_err(OpenError::Log)?)),
            Ok(Err(DatabaseError::DatabaseAlreadyOpen)) if began.elapsed() < OPEN_RETRY => {
                std::thread::sleep(Duration::from_millis(20));
            }
            Ok(Err(DatabaseError::DatabaseAlreadyOpen)) => return Err(OpenError::InUse),
            Ok(Err(DatabaseError::Storage(redb::StorageError::Corrupted(cause)))) => {
                return Err(OpenError::Damaged(cause));
            }
            Ok(Err(error)) => return Err(OpenError::Redb(error)),
            Err(_panic) => return Err(OpenError::Damaged("its pages do not fit together".to_owned())),
        }
    }
}

/// The head of every stream in the file; a stream that does not count its slots without gaps is an error.
fn read_heads(db: &Database, path: &Path) -> Result<HashMap<StreamId, u64>, LogError> {
    let refused = |error: redb::Error| LogError::Store(format!("{}: {error}", path.display()));
    let transaction = db.begin_read().map_err(|error| refused(error.into()))?;
    let mut heads = HashMap::new();
    for handle in transaction.list_tables().map_err(|error| refused(error.into()))? {
        let name = handle.name().to_owned();
        let stream: StreamId = name.parse().map_err(|_| {
            LogError::Store(format!(
                "{}: expected tables named like gate/0, got {name:?}: not a log, or damaged",
                path.display()
            ))
        })?;
        let table = transaction.open_table(table(&name)).map_err(|error| refused(error.into()))?;
        let count = table.len().map_err(|error| refused(error.into()))?;
        let last = table.last().map_err(|error| refused(error.into()))?.map(|(slot, _)| slot.value());
        let head = last.map_or(0, |slot| slot.saturating_add(1));
        if head != count {
            return Err(LogError::Gap { stream, expected: count, got: head });
        }
        heads.insert(stream, head);
    }
    Ok(heads)
}

/// The table of a stream.
fn table(name: &str) -> TableDefinition<'_, u64, &'static [u8]> {
    TableDefinition::new(name)
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

    fn read(&self, stream: StreamId, from: u64, max_bytes: usize) -> Result<Vec<Stored>, LogError> {
        let refused = |error: redb::Error| LogError::Store(format!("{}: {error}", self.path.display()));
        let head = *self.follow(stream).borrow();
        if from >= head {
            return Ok(Vec::new());
        }
        let transaction = self.db.begin_read().map_err(|error| refused(error.into()))?;
        let name = stream.to_string();
        let table = match transaction.open_table(table(&name)) {
            Ok(table) => table,
            Err(TableError::TableDoesNotExist(_)) => {
                return Err(LogError::Gap { stream, expected: from, got: head });
            }
            Err(error) => return Err(refused(error.into())),
        };
        let (mut records, mut bytes) = (Vec::new(), 0);
        let mut entries = table.range(from..).map_err(|error| refused(error.into()))?;
        for expected in from..head {
            let Some(entry) = entries.next() else {
                return Err(LogError::Gap { stream, expected, got: head });
            };
            let (slot, value) = entry.map_err(|error| refused(error.into()))?;
            if slot.value() != expected {
                return Err(LogError::Gap { stream, expected, got: slot.value() });
            }
            let value = value.value();
            bytes += value.len();
            if bytes > max_bytes && !records.is_empty() {
                break;
            }
            records.push(Stored { slot: expected, bytes: Bytes::copy_from_slice(value) });
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
