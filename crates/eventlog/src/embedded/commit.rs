//! The thread that commits: one batch for everything that waits.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::Receiver;
use std::time::Duration;

use bytes::Bytes;
use events::StreamId;
use fjall::{Keyspace, OwnedWriteBatch, PersistMode};
use tokio::sync::oneshot;

use super::mark::Marks;
use super::{DIRECTORY, Shared};
use crate::AppendError;

/// The most bytes of one batch: enough to hide the sync, little enough to bound the wait.
const BATCH_BYTES: usize = 8 * 1024 * 1024;

/// So many memtables of a stream may wait to be flushed. fjall itself halts at four, for ever if the thread that
/// flushes has failed meanwhile; so this store waits first, and asks.
const SEALED_MAX: usize = 2;
const SEALED_WAIT: Duration = Duration::from_millis(1);

/// One append that waits.
pub struct Request {
    pub stream: StreamId,
    pub slot: u64,
    pub record: Bytes,
    /// Shared by all appends of one writer; set when one is refused.
    pub deposed: Arc<AtomicBool>,
    pub done: oneshot::Sender<Result<(), AppendError>>,
}

/// Commits until the last sender is gone. `next` is the head of every stream.
pub fn run(
    shared: &Shared,
    requests: &Receiver<Request>,
    mut next: HashMap<StreamId, u64>,
    mut marks: Marks,
) {
    let mut batch = Vec::new();
    while let Ok(first) = requests.recv() {
        let mut bytes = first.record.len();
        batch.push(first);
        while bytes < BATCH_BYTES
            && let Ok(request) = requests.try_recv()
        {
            bytes += request.record.len();
            batch.push(request);
        }
        commit(shared, &mut batch, &mut next, &mut marks);
    }
    marks.close();
}

fn commit(shared: &Shared, batch: &mut Vec<Request>, next: &mut HashMap<StreamId, u64>, marks: &mut Marks) {
    let mut accepted = Vec::with_capacity(batch.len());
    let mut refused = Vec::new();
    for request in batch.drain(..) {
        match fence(&request, next) {
            Ok(()) => accepted.push(request),
            Err(error) => refused.push((request, error)),
        }
    }
    // Stable, so each stream keeps its order.
    accepted.sort_by_key(|request| request.stream);
    let committed = match shared.stopped.get() {
        Some(cause) => Err(cause.clone()),
        None if accepted.is_empty() => Ok(()),
        None => write(shared, &accepted).map_err(|error| {
            let cause = match error {
                fjall::Error::Poisoned => "fjall could not flush; is the disk full?".to_owned(),
                error => error.to_string(),
            };
            let cause = format!(
                "{DIRECTORY}: the commit failed: {cause}; the store takes nothing until it is reopened"
            );
            tracing::error!("{cause}");
            shared.stopped.get_or_init(|| cause).clone()
        }),
    };
    if committed.is_ok() {
        for request in accepted.chunk_by(|a, b| a.stream == b.stream).filter_map(<[Request]>::last) {
            let head = request.slot + 1;
            marks.set(request.stream, head);
            shared.heads().entry(request.stream).or_default().send_replace(head);
        }
    }
    for Request { stream, done, .. } in accepted {
        let result = committed.clone().map_err(|cause| AppendError::Unknown { stream, cause });
        let _nobody_waits = done.send(result).is_err();
    }
    for (request, error) in refused {
        let _nobody_waits = request.done.send(Err(error)).is_err();
    }
}

/// Whether the append is the next of its stream, by a writer that has not failed; if so, it takes the slot.
fn fence(request: &Request, next: &mut HashMap<StreamId, u64>) -> Result<(), AppendError> {
    let stream = request.stream;
    if request.deposed.load(Ordering::Acquire) {
        return Err(AppendError::Spent { stream });
    }
    let next = next.entry(stream).or_insert(0);
    if request.slot != *next {
        request.deposed.store(true, Ordering::Release);
        return Err(AppendError::Conflict { stream, expected: request.slot });
    }
    *next += 1;
    Ok(())
}

/// One batch with one fdatasync. fjall applies it in memory only once it is synced.
fn write(shared: &Shared, requests: &[Request]) -> Result<(), fjall::Error> {
    let mut batch = OwnedWriteBatch::with_capacity(shared.db.clone(), requests.len())
        .durability(Some(PersistMode::SyncData));
    for group in requests.chunk_by(|a, b| a.stream == b.stream) {
        let keyspace = shared.keyspace(group[0].stream)?;
        wait_for_flush(shared, &keyspace)?;
        for request in group {
            batch.insert(&keyspace, request.slot.to_be_bytes(), request.record.as_ref());
        }
    }
    batch.commit()?;
    // A thread of fjall that failed while this was synced, say in changing to a new journal, has no other way
    // to tell. Nothing is written here.
    shared.db.persist(PersistMode::Buffer)
}

fn wait_for_flush(shared: &Shared, keyspace: &Keyspace) -> Result<(), fjall::Error> {
    while keyspace.sealed_memtable_count() >= SEALED_MAX {
        shared.db.persist(PersistMode::Buffer)?;
        std::thread::sleep(SEALED_WAIT);
    }
    Ok(())
}
