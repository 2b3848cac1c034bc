//! The faulty store as processes see it, and stores that break the contract of the log, each in one way, on top of it.

use std::future::{poll_fn, ready};
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use eventlog::memory::MemoryLog;
use eventlog::{Append, Log, LogError, Stored, Writer};
use events::StreamId;
use tokio::time::sleep;

use crate::mutation::Mutation;

/// The store that a simulation runs on.
pub fn store(log: &MemoryLog, mutation: Option<Mutation>) -> Arc<dyn Log> {
    let (inner, log) = (log.clone(), log.clone());
    match mutation {
        Some(Mutation::AnsweredBeforeDurable) => {
            Arc::new(InOrder { inner: Broken { inner, fenced: true }, log })
        }
        Some(Mutation::FenceDropped) => Arc::new(InOrder { inner: Broken { inner, fenced: false }, log }),
        _ => Arc::new(InOrder { inner, log }),
    }
}

/// Whoever waits for a record looks for it from time to time. Tokio wakes those who watch one value in an order by chance, and
/// that chance is none of the seed's.
struct InOrder<L> {
    inner: L,
    log: MemoryLog,
}

/// Between two looks.
const LOOK: Duration = Duration::from_millis(3);
/// Looks, until whoever waits is told that there is nothing.
const LOOKS: usize = 300;

#[async_trait]
impl<L: Log> Log for InOrder<L> {
    async fn head(&self, stream: StreamId) -> Result<u64, LogError> {
        self.inner.head(stream).await
    }

    async fn read(&self, stream: StreamId, from: u64, max_bytes: usize) -> Result<Vec<Stored>, LogError> {
        self.inner.read(stream, from, max_bytes).await
    }

    async fn wait(&self, stream: StreamId, slot: u64) -> Result<u64, LogError> {
        let mut head = self.inner.head(stream).await?;
        for _ in 0..LOOKS {
            if head > slot {
                break;
            }
            sleep(LOOK).await;
            // A look takes no time on the stream.
            head = head.max(slot + self.log.stored(stream, slot).len() as u64);
        }
        Ok(head)
    }

    async fn writer(&self, stream: StreamId, next: u64) -> Result<Box<dyn Writer>, LogError> {
        self.inner.writer(stream, next).await
    }

    fn in_flight_max(&self) -> usize {
        self.inner.in_flight_max()
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
