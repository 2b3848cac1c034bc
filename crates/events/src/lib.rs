//! Commands and events of each service, and the bytes they are kept as.
//!
//! - [`codec`]: an event's stored bytes, `[codec][type][version][postcard]`, and the one `decode`.
//! - [`record`]: a committed batch of events with their envelopes, chained by hash.
//! - [`decider`]: what a service's decision core looks like.
//! - [`platform`], [`ledger`], [`assignment`], [`gate`]: the words of each service.
//!
//! The wire format is described in `proto/wire.md` and pinned by `proto/golden`.
//!
//! **Architecture invariant:** pure data and pure functions; no I/O, no clock, no async.

pub mod assignment;
pub mod codec;
pub mod decider;
pub mod gate;
pub mod ledger;
pub mod platform;
pub mod record;
pub mod refusal;

pub use codec::{DecodeError, Decoded, Event, EventType, UnknownEvent};
pub use decider::{Decider, Now, Service, StreamId, Tally, partition_of};
pub use record::{Actor, Cause, Envelope, Position, Record, RecordBuilder, RecordError, RecordHash, Tenant};
pub use refusal::{Code, Reason, Refusal};
