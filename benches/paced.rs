//! A store in memory whose every commit takes as long as a sync: what the runtime alone can do, whatever else
//! the machine's disk is doing. Like the embedded store it has a thread that takes all that waits, commits it
//! at once, and resolves it.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, mpsc};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use eventlog::{Append, AppendError, Log, LogError, Stored, Writer};
use events::StreamId;
use tokio::sync::oneshot;

/// How often a reader looks whether there is more.
const LOOK: Duration = Duration::from_millis(20);
const IN_FLIGHT_MAX: usize = 4;

type Streams = Mutex<HashMap<StreamId, Vec<Bytes>>>;

/// See the module. It does not fence: one writer a stream.
pub struct PacedLog {
    streams: Arc<Streams>,
    in_flight_good: usize,
    requests: mpsc::Sender<Request>,
}

struct Request {
    stream: StreamId,
    record: Bytes,
    done: oneshot::Sender<()>,
}

impl PacedLog {
    /// Every commit takes `commit`, and what the system's sleep adds to it. It says that so many appends in
    /// flight are good.
    pub fn new(commit: Duration, in_flight_good: usize) -> Self {
        let streams = Arc::new(Streams::default());
        let (requests, waiting) = mpsc::channel::<Request>();
        let shared = Arc::clone(&streams);
        // It ends with the last sender.
        std::thread::spawn(move || {
            while let Ok(first) = waiting.recv() {
                let batch: Vec<_> = std::iter::once(first).chain(waiting.try_iter()).collect();
                std::thread::sleep(commit);
                for request in batch {
                    lock(&shared).entry(request.stream).or_default().push(request.record);
                    let _nobody_waits = request.done.send(()).is_err();
                }
            }
        });
        Self { streams, in_flight_good, requests }
    }
}

fn lock(streams: &Streams) -> MutexGuard<'_, HashMap<StreamId, Vec<Bytes>>> {
    streams.lock().unwrap_or_else(PoisonError::into_inner)
}

#[async_trait]
impl Log for PacedLog {
    async fn head(&self, stream: StreamId) -> Result<u64, LogError> {
        Ok(lock(&self.streams).get(&stream).map_or(0, |records| records.len() as u64))
    }

    async fn read(&self, stream: StreamId, from: u64, _: usize) -> Result<Vec<Stored>, LogError> {
        let slot = usize::try_from(from).unwrap_or(usize::MAX);
        let record = lock(&self.streams).get(&stream).and_then(|records| records.get(slot).cloned());
        Ok(record.map(|bytes| Stored { slot: from, bytes }).into_iter().collect())
    }

    async fn wait(&self, stream: StreamId, slot: u64) -> Result<u64, LogError> {
        if self.head(stream).await? <= slot {
            tokio::time::sleep(LOOK).await;
        }
        self.head(stream).await
    }

    async fn writer(&self, stream: StreamId, _next: u64) -> Result<Box<dyn Writer>, LogError> {
        Ok(Box::new(PacedWriter { stream, requests: self.requests.clone() }))
    }

    fn in_flight_max(&self) -> usize {
        IN_FLIGHT_MAX
    }

    fn in_flight_good(&self) -> usize {
        self.in_flight_good
    }
}

struct PacedWriter {
    stream: StreamId,
    requests: mpsc::Sender<Request>,
}

#[async_trait]
impl Writer for PacedWriter {
    async fn append(&mut self, record: Bytes) -> Append {
        let stream = self.stream;
        let (done, durable) = oneshot::channel();
        let sent = self.requests.send(Request { stream, record, done }).is_ok();
        Box::pin(async move {
            match sent && durable.await.is_ok() {
                true => Ok(()),
                false => Err(AppendError::Unknown { stream, cause: "its thread has ended".to_owned() }),
            }
        })
    }
}
