//! The thread that commits: one transaction for everything that waits.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::Receiver;

use bytes::Bytes;
use events::StreamId;
use tokio::sync::oneshot;

use super::mark::Marks;
use super::{FILE, Shared, table};
use crate::AppendError;

/// The most bytes of one transaction: enough to hide the sync, little enough to bound the wait.
const BATCH_BYTES: usize = 8 * 1024 * 1024;

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
            let cause =
                format!("{FILE}: the commit failed: {error}; the store takes nothing until it is reopened");
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

fn write(shared: &Shared, requests: &[Request]) -> Result<(), redb::Error> {
    let mut transaction = shared.db.begin_write()?;
    transaction.set_durability(redb::Durability::Immediate)?;
    for group in requests.chunk_by(|a, b| a.stream == b.stream) {
        let name = group[0].stream.to_string();
        let mut table = transaction.open_table(table(&name))?;
        for request in group {
            table.insert(request.slot, request.record.as_ref())?;
        }
    }
    transaction.commit()?;
    Ok(())
}
