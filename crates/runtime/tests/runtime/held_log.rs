//! A log whose answers can be held back: records are stored at once, the writer is told later.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use async_trait::async_trait;
use bytes::Bytes;
use eventlog::memory::{Faults, MemoryLog};
use eventlog::{Append, Log, LogError, Stored, Writer};
use events::StreamId;
use tokio::sync::watch;

#[derive(Clone)]
pub struct HeldLog {
    pub inner: MemoryLog,
    held: watch::Sender<bool>,
    reads: Arc<AtomicU64>,
}

impl HeldLog {
    pub fn new() -> Self {
        Self { inner: MemoryLog::new(Faults::none()), held: watch::Sender::new(false), reads: Arc::default() }
    }

    /// From now on appends are not answered.
    pub fn hold(&self) {
        self.held.send_replace(true);
    }

    /// How often it was read.
    pub fn reads(&self) -> u64 {
        self.reads.load(Ordering::Relaxed)
    }

    /// All of them are.
    pub fn release(&self) {
        self.held.send_replace(false);
    }
}

#[async_trait]
impl Log for HeldLog {
    async fn head(&self, stream: StreamId) -> Result<u64, LogError> {
        self.inner.head(stream).await
    }

    async fn read(&self, stream: StreamId, from: u64, max_bytes: usize) -> Result<Vec<Stored>, LogError> {
        self.reads.fetch_add(1, Ordering::Relaxed);
        self.inner.read(stream, from, max_bytes).await
    }

    async fn wait(&self, stream: StreamId, slot: u64) -> Result<u64, LogError> {
        self.inner.wait(stream, slot).await
    }

    async fn writer(&self, stream: StreamId, next: u64) -> Result<Box<dyn Writer>, LogError> {
        let inner = self.inner.writer(stream, next).await?;
        Ok(Box::new(HeldWriter { inner, held: self.held.subscribe() }))
    }

    fn in_flight_max(&self) -> usize {
        self.inner.in_flight_max()
    }
}

struct HeldWriter {
    inner: Box<dyn Writer>,
    held: watch::Receiver<bool>,
}

#[async_trait]
impl Writer for HeldWriter {
    async fn append(&mut self, record: Bytes) -> Append {
        let append = self.inner.append(record).await;
        let mut held = self.held.clone();
        Box::pin(async move {
            drop(held.wait_for(|held| !held).await);
            append.await
        })
    }
}
