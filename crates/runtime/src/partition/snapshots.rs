//! Snapshots of the speculative state: taken when a record is closed, stored when it is durable.

use eventlog::chain::Chain;
use events::Decider;

use super::leader::Leader;
use crate::snapshot::{self, SnapshotRef};

/// In a calm moment a snapshot is taken after this part of the events after which one is taken in any case: while the state
/// is serialised nobody is answered, a second or so for ten million contact points.
const PART_IF_CALM: u64 = 16;

/// By this part a snapshot may be larger than the one before it, and still need not grow as it is made.
const PART_MORE: usize = 8;

impl<D: Decider> Leader<'_, D> {
    /// Has one taken with the next record, if there is enough new.
    pub fn snapshot_if_calm(&mut self) {
        self.snapshot_due |=
            self.since_snapshot >= (self.partition.options.snapshot_every / PART_IF_CALM).max(1);
    }

    /// Serialises the state as it is; `None` where no snapshots are kept.
    pub fn snapshot_now(&mut self, chain: Chain) -> Option<Vec<u8>> {
        self.snapshot_due = false;
        self.since_snapshot = 0;
        let directory = self.partition.options.snapshots.as_ref()?;
        let before = snapshot::stored_len(directory, self.partition.stream);
        let snapshot = SnapshotRef {
            state: &self.replica.state,
            commands: &self.replica.commands,
            chain,
            at: self.replica.at,
            partitions: Some(self.partition.options.partitions),
        };
        snapshot::encode(&snapshot, before + before / PART_MORE)
    }

    /// Writes it beside the loop, one at a time: while one is being written, the next is skipped.
    pub fn store_snapshot(&mut self, bytes: Vec<u8>) {
        if self.storing.as_ref().is_some_and(|storing| !storing.is_finished()) {
            return;
        }
        let partition = &self.partition;
        let (stream, metrics) = (partition.stream, partition.metrics.clone());
        self.storing = partition.options.snapshots.clone().map(|directory| {
            tokio::task::spawn_blocking(move || match snapshot::store(&directory, stream, &bytes) {
                Ok(()) => metrics.snapshots.inc(),
                // A snapshot only saves time.
                Err(error) => tracing::warn!(%stream, %error, "the snapshot was not stored"),
            })
        });
    }
}
