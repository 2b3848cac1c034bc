//! One partition of a store, so that every round has a log of its own.

use std::sync::Arc;

use async_trait::async_trait;
use eventlog::{Log, LogError, Stored, Writer};
use events::StreamId;

/// A store seen through one of its partitions, whatever partition is asked for.
pub struct OnePartition<L> {
    /// The store.
    pub log: Arc<L>,
    /// The partition.
    pub partition: u16,
}

#[async_trait]
impl<L: Log> Log for OnePartition<L> {
    async fn head(&self, stream: StreamId) -> Result<u64, LogError> {
        self.log.head(self.stream(stream)).await
    }

    async fn read(&self, stream: StreamId, from: u64, max_bytes: usize) -> Result<Vec<Stored>, LogError> {
        self.log.read(self.stream(stream), from, max_bytes).await
    }

    async fn wait(&self, stream: StreamId, slot: u64) -> Result<u64, LogError> {
        self.log.wait(self.stream(stream), slot).await
    }

    async fn writer(&self, stream: StreamId, next: u64) -> Result<Box<dyn Writer>, LogError> {
        self.log.writer(self.stream(stream), next).await
    }

    fn in_flight_max(&self) -> usize {
        self.log.in_flight_max()
    }

    fn in_flight_good(&self) -> usize {
        self.log.in_flight_good()
    }
}

impl<L> OnePartition<L> {
    fn stream(&self, stream: StreamId) -> StreamId {
        StreamId { partition: self.partition, ..stream }
    }
}
