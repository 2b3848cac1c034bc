//! The log port and its stores.
//!
//! A [`Log`] holds ordered records per stream. A [`Writer`] appends them, several in flight; an
//! [`Append`] resolves when its record is durable, or says why it is not. Readers get stored bytes;
//! [`chain::Chain`] checks them and turns them into records.
//!
//! **Terms.** *Slot*: a record's place in the store, from 0, without gaps. *Number*: its place in the hash
//! chain. They differ only after a fenced writer left an orphan behind (see [`chain`]).
//!
//! **Contract of every store** (the conformance suite in [`conformance`] is the contract in code):
//! - An append that resolves `Ok` is on disk (on a quorum, in a cluster) and is never lost.
//! - An append is accepted only in the slot that the writer expects; a second writer that has appended
//!   makes every later append of the first fail.
//! - After one failure a writer is spent: every later append fails, also those already in flight, even if
//!   their records landed. Appends of one writer resolve in order.
//! - Nothing follows a writer's first append before that one is durable: `append` waits for it. The first
//!   record of a new epoch thereby never lands as an orphan, and readers may tell orphans by their epoch.
//! - An append that resolves `Err(AppendError::Unknown)` may or may not be there: read, and look.
//! - Damage is detected and named, never read over.
//!
//! **Architecture invariant:** only this crate knows how a log is stored, and JetStream's API.

pub mod chain;
pub mod conformance;
pub mod embedded;
pub mod jetstream;
pub mod memory;

use std::future::Future;
use std::pin::Pin;

use async_trait::async_trait;
use bytes::Bytes;
use events::{RecordError, StreamId};

/// A store of streams of records.
#[async_trait]
pub trait Log: Send + Sync + 'static {
    /// The slot that the next record will take; 0 for a stream that has none. A stream need not be created.
    async fn head(&self, stream: StreamId) -> Result<u64, LogError>;

    /// Records from `from` on, in order: at least one if there is one, then as many as fit `max_bytes`.
    async fn read(&self, stream: StreamId, from: u64, max_bytes: usize) -> Result<Vec<Stored>, LogError>;

    /// Waits until there is a record in slot `slot`, or a while has passed; then returns the head.
    async fn wait(&self, stream: StreamId, slot: u64) -> Result<u64, LogError>;

    /// A writer whose first append takes the slot `next`. Taking one does not stop another writer; its
    /// first append does.
    async fn writer(&self, stream: StreamId, next: u64) -> Result<Box<dyn Writer>, LogError>;

    /// How many appends may be in flight on one stream.
    fn in_flight_max(&self) -> usize;

    /// How many appends in flight make the stream faster, where waiting would make the records larger instead.
    fn in_flight_good(&self) -> usize {
        1
    }
}

/// Appends to one stream.
#[async_trait]
pub trait Writer: Send {
    /// Hands over a record for the next slot; returns as soon as the store has taken it, in order. The
    /// returned future resolves when the record is durable; the append goes on if it is dropped. Keep at most
    /// [`Log::in_flight_max`] of them unresolved.
    async fn append(&mut self, record: Bytes) -> Append;
}

/// Resolves when an append is durable or has failed.
pub type Append = Pin<Box<dyn Future<Output = Result<(), AppendError>> + Send>>;

/// A record as stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stored {
    /// Where it stands.
    pub slot: u64,
    /// Its bytes, unchecked.
    pub bytes: Bytes,
}

/// Why an append is not durable.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AppendError {
    /// Another writer has taken the slot: this one is deposed.
    #[error("slot {expected} of {stream} is taken: another writer has taken over")]
    Conflict {
        /// The stream.
        stream: StreamId,
        /// The slot that this append was for.
        expected: u64,
    },
    /// The store did not confirm; the record may or may not be there.
    #[error("{stream}: the store did not confirm the append: {cause}")]
    Unknown {
        /// The stream.
        stream: StreamId,
        /// What the store says.
        cause: String,
    },
    /// An earlier append of this writer failed.
    #[error("{stream}: an earlier append of this writer failed")]
    Spent {
        /// The stream.
        stream: StreamId,
    },
    /// The record is larger than the store takes.
    #[error("expected a record of at most {max} bytes, got {got}")]
    TooLarge {
        /// What the store takes.
        max: usize,
        /// What came.
        got: usize,
    },
}

/// Why a stream cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum LogError {
    /// The store cannot be opened or does not answer.
    #[error("the log store does not answer: {0}")]
    Store(String),
    /// A file of the log is not what it was written as.
    #[error("the log is damaged: {0}; restore it from a backup")]
    Unreadable(String),
    /// The store takes nothing until it is opened again.
    #[error("the log store has stopped: {0}")]
    Stopped(String),
    /// A slot is missing: a record was removed.
    #[error(
        "{stream}: slot {expected} is missing, the next record there is in slot {got}: a record was removed"
    )]
    Gap {
        /// The stream.
        stream: StreamId,
        /// The slot that should be there.
        expected: u64,
        /// The one that is.
        got: u64,
    },
    /// Acknowledged records at the end are gone.
    #[error(
        "{stream}: {acknowledged} slots were acknowledged, but the log ends after {head}: its end is damaged or an old file was put back"
    )]
    Cut {
        /// The stream.
        stream: StreamId,
        /// How many slots the store has acknowledged.
        acknowledged: u64,
        /// How many are there.
        head: u64,
    },
    /// Records in the middle are gone.
    #[error("{stream}: expected {head} records, the store has {count}: some were deleted, or are damaged")]
    Incomplete {
        /// The stream.
        stream: StreamId,
        /// How many there should be.
        head: u64,
        /// How many are there.
        count: u64,
    },
    /// A record is damaged.
    #[error("{stream}: slot {slot} is damaged: {cause}")]
    Damaged {
        /// The stream.
        stream: StreamId,
        /// Where.
        slot: u64,
        /// How.
        cause: RecordError,
    },
    /// A record does not follow from the ones before it.
    #[error(
        "{stream}: slot {slot} does not follow from the record before it: {expected}; the log was cut or rewritten"
    )]
    Broken {
        /// The stream.
        stream: StreamId,
        /// Where.
        slot: u64,
        /// What would follow.
        expected: String,
    },
}

impl LogError {
    /// Trying again cannot mend it: the log is damaged, or its store must be opened again.
    pub fn is_final(&self) -> bool {
        !matches!(self, Self::Store(_))
    }
}
