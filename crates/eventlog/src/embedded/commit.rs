//! The thread that commits: one batch for everything that waits.

use std::collections::HashMap;
use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::Receiver;

use bytes::Bytes;
use events::StreamId;
use tokio::sync::oneshot;

use super::batch::Batch;
use super::index::Contents;
use super::mark::Marks;
use super::prepare::Preparer;
use super::recovery::Recovered;
use super::segment::{COMMITS_BEGIN, FIRST_BYTES, Header};
use super::{DIRECTORY, Shared};
use crate::AppendError;

/// No more is added to a batch of so many bytes: enough to hide the sync, little enough to bound the wait, and with one
/// more record it fits any segment.
const BATCH_BYTES: usize = 512 * 1024;
const _: () = assert!(2 * BATCH_BYTES + events::record::RECORD_MAX <= FIRST_BYTES as usize);

/// The next segment is prepared when so small a part of this one is used.
const PART_BEFORE_NEXT: u32 = 8;

/// One append that waits.
pub struct Request {
    pub stream: StreamId,
    pub slot: u64,
    pub record: Bytes,
    /// Shared by all appends of one writer; set when one is refused.
    pub deposed: Arc<AtomicBool>,
    pub done: oneshot::Sender<Result<(), AppendError>>,
}

/// Where the next commit goes.
pub struct Tail {
    header: Header,
    file: File,
    end: u32,
    sequence: u64,
    preparer: Preparer,
    batch: Batch,
}

impl Tail {
    pub fn new(recovered: Recovered, preparer: Preparer) -> Self {
        let Recovered { header, file, segments, .. } = recovered;
        let (end, sequence) =
            segments.last().map_or((COMMITS_BEGIN as u32, 0), |contents| (contents.end, contents.next));
        Self { header, file, end, sequence, preparer, batch: Batch::default() }
    }

    /// One commit with one fdatasync, of records that are ordered by stream.
    fn write(&mut self, shared: &Shared, requests: &[Request]) -> io::Result<()> {
        self.batch.begin();
        for request in requests {
            self.batch.push(request.stream, request.slot, &request.record);
        }
        // It is a few records, of which each is bounded.
        let length = self.batch.len() as u32;
        if length > self.header.bytes - self.end {
            self.change_segment(shared)?;
        }
        let bytes = self.batch.finish(self.header.log, self.sequence);
        self.file.write_all_at(bytes, u64::from(self.end))?;
        self.file.sync_data()?;
        self.end += length;
        self.sequence += 1;
        let mut segments = shared.segments_to_change();
        if let Some(contents) = segments.last_mut() {
            for group in requests.chunk_by(|a, b| a.stream == b.stream) {
                let Request { stream, slot, .. } = group[0];
                contents.note(stream, slot, slot + group.len() as u64, length);
            }
            contents.advance(length);
        }
        drop(segments);
        // Early enough that it is ready in time, and not at once: a log of a few records stays one small file.
        if self.end > self.header.bytes / PART_BEFORE_NEXT {
            self.preparer.prepare(self.header.next())?;
        }
        Ok(())
    }

    fn change_segment(&mut self, shared: &Shared) -> io::Result<()> {
        let next = self.header.next();
        let file = self.preparer.take(next)?;
        let mut segments = shared.segments_to_change();
        if let Some(full) = segments.last() {
            self.preparer.keep_index(self.header.number, full.encode(self.header.log, self.header.number))?;
        }
        segments.push(Contents::empty(COMMITS_BEGIN as u32, self.sequence));
        (self.header, self.file, self.end) = (next, file, COMMITS_BEGIN as u32);
        Ok(())
    }
}

/// Commits until the last sender is gone. `next` is the head of every stream.
pub fn run(
    shared: &Shared,
    requests: &Receiver<Request>,
    mut next: HashMap<StreamId, u64>,
    mut marks: Marks,
    mut tail: Tail,
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
        commit(shared, &mut tail, &mut batch, &mut next, &mut marks);
    }
    marks.close();
}

fn commit(
    shared: &Shared,
    tail: &mut Tail,
    batch: &mut Vec<Request>,
    next: &mut HashMap<StreamId, u64>,
    marks: &mut Marks,
) {
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
        None => tail.write(shared, &accepted).map_err(|error| {
            let cause = format!(
                "{DIRECTORY}: the commit failed: {error}; the store takes nothing until it is reopened"
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
