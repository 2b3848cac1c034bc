//! Stores that break the contract of the log, each in one way, on top of the faulty one that keeps it.

use std::future::{poll_fn, ready};
use std::sync::Arc;
use std::task::Poll;

use async_trait::async_trait;
use bytes::Bytes;
use eventlog::memory::MemoryLog;
use eventlog::{Append, Log, LogError, Stored, Writer};
use events::StreamId;

use crate::mutation::Mutation;

/// The store that a simulation runs on.
pub fn store(log: &MemoryLog, mutation: Option<Mutation>) -> Arc<dyn Log> {
    let inner = log.clone();
    match mutation {
        Some(Mutation::AnsweredBeforeDurable) => Arc::new(Broken { inner, fenced: true }),
        Some(Mutation::FenceDropped) => Arc::new(Broken { inner, fenced: false }),
        _ => Arc::new(inner),
    }
}

/// Fenced, it says of every append that it is durable as soon as it was handed over. Else it takes an append
/// into whatever slot is next.
struct Broken {
    inner: MemoryLog,
    fenced: bool,
}

#[async_trait]
impl Log for Broken {
    async fn head(&self, stream: StreamId) -> Result<u64, LogError> {
        self.inner.head(stream).await
    }

    async fn read(&self, stream: StreamId, from: u64, max_bytes: usize) -> Result<Vec<Stored>, LogError> {
        self.inner.read(stream, from, max_bytes).await
    }

    async fn wait(&self, stream: StreamId, slot: u64) -> Result<u64, LogError> {
        self.inner.wait(stream, slot).await
    }

    async fn writer(&self, stream: StreamId, next: u64) -> Result<Box<dyn Writer>, LogError> {
        if self.fenced {
            return Ok(Box::new(Hasty(self.inner.writer(stream, next).await?)));
        }
        Ok(Box::new(Unfenced { log: self.inner.clone(), stream, next }))
    }

    fn in_flight_max(&self) -> usize {
        self.inner.in_flight_max()
    }
}

struct Hasty(Box<dyn Writer>);

#[async_trait]
impl Writer for Hasty {
    async fn append(&mut self, record: Bytes) -> Append {
        let mut append = self.0.append(record).await;
        let known = poll_fn(|context| match append.as_mut().poll(context) {
            Poll::Ready(result) => Poll::Ready(Some(result)),
            Poll::Pending => Poll::Ready(None),
        });
        match known.await {
            Some(result) => Box::pin(ready(result)),
            None => {
                tokio::spawn(append);
                Box::pin(ready(Ok(())))
            }
        }
    }
}

struct Unfenced {
    log: MemoryLog,
    stream: StreamId,
    next: u64,
}

#[async_trait]
impl Writer for Unfenced {
    async fn append(&mut self, record: Bytes) -> Append {
        let head = self.log.head(self.stream).await.unwrap_or(self.next);
        let slot = self.next.max(head);
        self.next = slot + 1;
        match self.log.writer(self.stream, slot).await {
            Ok(mut writer) => writer.append(record).await,
            Err(error) => {
                let (stream, cause) = (self.stream, error.to_string());
                Box::pin(ready(Err(eventlog::AppendError::Unknown { stream, cause })))
            }
        }
    }
}
