//! Events kept for timelines: the stored bytes of each, with where, when and by whom.
//!
//! A row holds one subject's events of one batch, in order: for each event position, time and actor in
//! postcard, then the length and the event's bytes. Decoding happens when somebody asks, so a newer program
//! shows more without a rebuild.

use events::{Actor, Position, StreamId};
use model::Timestamp;
use runtime::projection::{Reader, StoreError};

use crate::key::{self, Subject};

/// Row values end soon after this many bytes.
pub const ROW_BYTES: usize = 4096;

/// One event of a subject.
#[derive(Debug, Clone, PartialEq)]
pub struct Kept {
    pub stream: StreamId,
    pub position: Position,
    pub at: Timestamp,
    pub actor: Actor,
    pub bytes: Vec<u8>,
}

/// Appends an event to a row's value.
pub fn append(row: &mut Vec<u8>, position: Position, at: Timestamp, actor: Actor, bytes: &[u8]) {
    let taken = std::mem::take(row);
    // Plain data into a growing vector: nothing to fail.
    *row = postcard::to_extend(&(position, at, actor, bytes.len() as u64), taken).unwrap_or_default();
    row.extend_from_slice(bytes);
}

/// The events of a row.
pub fn events(stream: StreamId, mut row: &[u8]) -> Result<Vec<Kept>, StoreError> {
    let damaged = || StoreError("a timeline row does not read".to_owned());
    let mut kept = Vec::new();
    while !row.is_empty() {
        let ((position, at, actor, length), rest) =
            postcard::take_from_bytes::<(Position, Timestamp, Actor, u64)>(row).map_err(|_| damaged())?;
        let length = usize::try_from(length).map_err(|_| damaged())?;
        let (bytes, rest) = rest.split_at_checked(length).ok_or_else(damaged)?;
        kept.push(Kept { stream, position, at, actor, bytes: bytes.to_vec() });
        row = rest;
    }
    Ok(kept)
}

/// Every event of a subject, in order of time, stream and position.
pub fn all(rows: &Reader, subject: &Subject) -> Result<Vec<Kept>, StoreError> {
    let mut kept = Vec::new();
    for row in rows.scan(subject) {
        let (key, value) = row?;
        let stream = key.get(17..).and_then(key::stream_of);
        let stream = stream.ok_or_else(|| StoreError("a timeline key does not read".to_owned()))?;
        kept.extend(events(stream, &value)?);
    }
    kept.sort_by_key(|event| (event.at, event.stream, event.position));
    Ok(kept)
}

/// One event of a subject, by its place.
pub fn at(
    rows: &Reader,
    subject: &Subject,
    stream: StreamId,
    position: Position,
) -> Result<Option<Kept>, StoreError> {
    let key = key::events_at(subject, stream, position);
    let Some((found, value)) = rows.last_until(&key[..20], &key)? else { return Ok(None) };
    if found.get(..20) != Some(&key[..20]) {
        return Ok(None);
    }
    Ok(events(stream, &value)?.into_iter().find(|event| event.position == position))
}
