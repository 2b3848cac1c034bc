//! The embedded store: one sequence of commits in files of a fixed length, in the directory `log`, for all streams of a
//! process.
//!
//! One thread owns the commits. It takes every append that waits, of all streams, writes them as one
//! [commit](batch) into the current [segment], syncs it once with fdatasync, and then resolves them; while it commits,
//! the next ones gather. Nothing is ever changed afterwards, and nothing is written a second time.
//!
//! **Why our own.** A log needs no more than this of a store. fjall and redb, which were here before, are key-value
//! stores: they keep what they were given in memory and write it again into tables or pages, beside the commits and on
//! the same disk. A commit that met such a flush took 50 to 100 ms, and their journals grow as they are written, so that
//! every sync waits for the file system's journal too. [Segments](segment) are zeros from the start and are
//! [prepared](prepare) by another thread.
//!
//! **What is detected.** A commit carries a checksum and its sequence, and is written only after the one before it is on
//! disk: damage is told from the torn end of an interrupted commit by what follows it ([recovery]). For the very end,
//! which nothing follows, the number of acknowledged slots is also kept in [`log.mark`](mark), and opening compares.
//! Full segments are not read when the log is opened; a reader checks each record's own checksum and the chain.
//!
//! **Limits.** Every byte is written twice, once as zero. Streams share the segments, so none of them can be removed
//! alone. Memory: 16 bytes for each stream in 64 KiB of log. A backup restored together with its mark is a shorter
//! history that this store cannot tell from the true one; signed checkpoints can.

mod batch;
mod commit;
mod index;
mod mark;
mod prepare;
mod recovery;
mod segment;

use std::collections::HashMap;
use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, RwLock, RwLockWriteGuard, mpsc};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use bytes::Bytes;
use events::StreamId;
use events::record::RECORD_MAX;
use tokio::sync::{oneshot, watch};

use self::batch::Commit;
use self::commit::{Request, Tail};
use self::index::{Contents, Region};
use self::mark::Marks;
use self::prepare::Preparer;
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
    /// What each segment holds; the last one grows.
    segments: RwLock<Vec<Contents>>,
    heads: Mutex<HashMap<StreamId, watch::Sender<u64>>>,
    /// Why the store has stopped, once it has.
    stopped: OnceLock<String>,
    /// Keeps the directory ours until the last reader is gone.
    _held: File,
}

impl EmbeddedLog {
    /// Opens the log in `dir`, or begins one. Blocks for as long as it takes to read a segment or two.
    pub fn open(dir: &Path) -> Result<Self, LogError> {
        let refused = |cause: &dyn std::fmt::Display| LogError::Store(format!("{}: {cause}", dir.display()));
        std::fs::create_dir_all(dir).map_err(|error| refused(&error))?;
        let marks = take_marks(dir)?;
        let mut recovered = recovery::open(dir, &marks)?;
        let heads = std::mem::take(&mut recovered.heads);
        let path = dir.join(DIRECTORY);
        let preparer = Preparer::start(&path, recovered.next.take()).map_err(|error| refused(&error))?;
        let shared = Arc::new(Shared {
            path,
            segments: RwLock::new(recovered.segments.clone()),
            heads: Mutex::new(
                heads.iter().map(|(stream, head)| (*stream, watch::Sender::new(*head))).collect(),
            ),
            stopped: OnceLock::new(),
            _held: marks.hold().map_err(|error| refused(&error))?,
        });
        let tail = Tail::new(recovered, preparer);
        let (requests, receiver) = mpsc::channel();
        let thread = std::thread::Builder::new()
            .name("log-commit".to_owned())
            .spawn({
                let shared = Arc::clone(&shared);
                move || commit::run(&shared, &receiver, heads, marks, tail)
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

    fn segments_to_change(&self) -> RwLockWriteGuard<'_, Vec<Contents>> {
        // As above.
        self.segments.write().unwrap_or_else(PoisonError::into_inner)
    }

    /// Where a slot is.
    fn region(&self, stream: StreamId, slot: u64) -> Option<(u32, Region)> {
        let segments = self.segments.read().unwrap_or_else(PoisonError::into_inner);
        // From the back: most readers follow the head.
        let mut found = segments.iter().enumerate().rev();
        // Segments are numbered in 32 bits.
        found.find_map(|(number, contents)| Some((number as u32, contents.region(stream, slot)?)))
    }

    fn read(&self, stream: StreamId, from: u64, max_bytes: usize) -> Result<Vec<Stored>, LogError> {
        let head = *self.follow(stream).borrow();
        let (mut records, mut bytes, mut slot) = (Vec::new(), 0, from);
        let mut open: Option<(u32, File)> = None;
        while slot < head {
            let gap = LogError::Gap { stream, expected: slot, got: head };
            let Some((number, region)) = self.region(stream, slot) else { return Err(gap) };
            let file = match open.take() {
                Some((opened, file)) if opened == number => file,
                _ => self.segment(number, File::open(segment::path(&self.path, number)))?,
            };
            let mut buffer = vec![0; (region.end - region.offset) as usize];
            self.segment(number, file.read_exact_at(&mut buffer, u64::from(region.offset)))?;
            open = Some((number, file));
            let (buffer, before) = (Bytes::from(buffer), slot);
            let mut at = 0;
            while at < buffer.len() && slot < head {
                let at_byte = region.offset as usize + at;
                let unread =
                    || self.unreadable(number, &format!("the commit at byte {at_byte} does not read"));
                let commit = Commit::frame(&buffer, at).ok_or_else(unread)?;
                for entry in commit.entries() {
                    let entry = entry.ok_or_else(unread)?;
                    if entry.stream != stream || entry.slot < slot {
                        continue;
                    }
                    if entry.slot > slot {
                        return Err(LogError::Gap { stream, expected: slot, got: entry.slot });
                    }
                    bytes += entry.record.len();
                    if bytes > max_bytes && !records.is_empty() {
                        return Ok(records);
                    }
                    records.push(Stored { slot, bytes: buffer.slice(entry.record) });
                    slot += 1;
                }
                at += commit.len;
            }
            if slot == before {
                return Err(gap);
            }
        }
        Ok(records)
    }

    /// What came of an access to a segment.
    fn segment<T>(&self, number: u32, result: std::io::Result<T>) -> Result<T, LogError> {
        use std::io::ErrorKind::{NotFound, UnexpectedEof};
        result.map_err(|error| match error.kind() {
            NotFound | UnexpectedEof => self.unreadable(number, &error),
            _ => LogError::Store(format!("{}: {error}", segment::path(&self.path, number).display())),
        })
    }

    fn unreadable(&self, number: u32, cause: &dyn std::fmt::Display) -> LogError {
        LogError::Unreadable(format!("{}: {cause}", segment::path(&self.path, number).display()))
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
            |error| LogError::Store(format!("{}: reading {stream}: {error}", self.path().display())),
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

#[cfg(test)]
mod tests {
    use events::Service;

    use super::*;
    use crate::conformance::{Author, history};

    const BUSY: StreamId = StreamId { service: Service::Gate, partition: 0 };
    const QUIET: StreamId = StreamId { service: Service::Ledger, partition: 1 };

    /// The segments that have an index.
    fn indexed(log: &Path) -> Vec<PathBuf> {
        let entries = std::fs::read_dir(log).expect("the log").map(|entry| entry.expect("its entry").path());
        entries.filter(|path| path.extension().is_some_and(|extension| extension == "index")).collect()
    }

    #[tokio::test]
    async fn given_several_segments_when_reopened_then_every_stream_is_whole_with_or_without_indexes() {
        let dir = std::env::temp_dir().join(format!("forbear-segments-{}", std::process::id()));
        let log = EmbeddedLog::open(&dir).expect("it begins");
        let mut busy = Author::elect(&log, BUSY).await.expect("nobody else writes");
        let mut quiet = Author::elect(&log, QUIET).await.expect("nobody else writes");
        while indexed(log.path()).len() < 3 {
            // They wait together, so they are committed together.
            let (first, second) = (busy.append(15_000).await.1, busy.append(1).await.1);
            let third = quiet.append(1).await.1;
            for append in [first, second, third] {
                append.await.expect("it is stored");
            }
        }
        let expected = [history(&log, BUSY).await, history(&log, QUIET).await];
        assert!(expected.iter().all(Result::is_ok), "{expected:?}");
        drop((busy, quiet, log));
        for without in [false, true] {
            if without {
                indexed(&dir.join(DIRECTORY))
                    .iter()
                    .for_each(|path| std::fs::remove_file(path).expect("it goes"));
            }
            let log = EmbeddedLog::open(&dir).expect("it opens again");
            assert_eq!(
                [history(&log, BUSY).await, history(&log, QUIET).await],
                expected,
                "without: {without}"
            );
            assert_eq!(indexed(log.path()).len(), 3, "without: {without}");
            // From the middle of an earlier segment.
            let stored = log.read(QUIET, 2, 1).await.expect("it reads");
            assert_eq!(stored.first().map(|stored| stored.slot), Some(2));
        }
        std::fs::remove_dir_all(&dir).expect("clean up");
    }
}
