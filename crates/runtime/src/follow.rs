//! Following logs from outside the writer: for process managers and projections.

use std::sync::Arc;

use eventlog::chain::Chain;
use eventlog::{Log, LogError, Stored};
use events::{Record, StreamId};

/// How much of a log a follower takes at once.
const READ_MAX: usize = 2 * 1024 * 1024;

/// A reader that follows one log.
pub struct Follower {
    log: Arc<dyn Log>,
    /// How far it has come.
    pub chain: Chain,
}

impl Follower {
    /// From the beginning.
    pub fn start(log: Arc<dyn Log>, stream: StreamId) -> Self {
        Self { log, chain: Chain::start(stream) }
    }

    /// From where it had come before.
    pub fn resume(log: Arc<dyn Log>, chain: Chain) -> Self {
        Self { log, chain }
    }

    /// The next stored records, after waiting for one if need be (though not for ever: the result may be
    /// empty).
    pub async fn next(&mut self) -> Result<Vec<Stored>, LogError> {
        let stream = self.chain.stream();
        let stored = self.log.read(stream, self.chain.slot, READ_MAX).await?;
        if stored.is_empty() {
            self.log.wait(stream, self.chain.slot).await?;
            return self.log.read(stream, self.chain.slot, READ_MAX).await;
        }
        Ok(stored)
    }

    /// Checks stored records and keeps the valid ones.
    pub fn accept<'a>(&mut self, stored: &'a [Stored]) -> Result<Vec<Record<'a>>, LogError> {
        let mut records = Vec::with_capacity(stored.len());
        for stored in stored {
            records.extend(self.chain.accept(stored)?);
        }
        Ok(records)
    }

    /// Records that it has yet to take.
    pub async fn lag(&self) -> Result<u64, LogError> {
        let head = self.log.head(self.chain.stream()).await?;
        Ok(head.saturating_sub(self.chain.slot))
    }
}
