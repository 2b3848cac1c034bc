//! What the benchmarks share: a decider that does nothing but write, and medians.

use std::time::Duration;

use events::{Decider, Now, Position, Refusal, Service};
use model::Timestamp;
use serde::{Deserialize, Serialize};

/// A decider whose every command becomes one event: what is measured is the runtime.
pub struct Notes;

/// One event of about 80 stored bytes, its share of the envelope included.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NoteV1 {
    /// Whom it is about.
    pub key: [u8; 16],
    /// Some content.
    pub content: [u8; 24],
}

events::events! {
    /// The only event.
    pub enum NoteEvent {
        /// A note.
        0x7f01 Note(NoteV1) = { 1: NoteV1 },
    }
}

impl Decider for Notes {
    const SERVICE: Service = Service::Gate;
    type State = u64;
    type Command = NoteV1;
    type Event = NoteEvent;
    type Answer = u64;
    type Query = ();
    type Reply = u64;

    fn key(command: &NoteV1) -> Option<[u8; 16]> {
        Some(command.key)
    }

    fn decide(_: &u64, command: &NoteV1, _: Now) -> Result<Vec<NoteEvent>, Refusal> {
        Ok(vec![NoteEvent::Note(command.clone())])
    }

    fn evolve(state: &mut u64, _: &NoteEvent, _: Timestamp, _: Position) {
        *state += 1;
    }

    fn answer(_: &[NoteEvent], first: Position) -> u64 {
        first.0
    }

    fn query(state: &u64, (): &(), _: Now) -> u64 {
        *state
    }
}

/// The middle of some measurements.
pub fn median<T: Copy + PartialOrd>(values: &mut [T]) -> Option<T> {
    values.sort_by(|left, right| left.partial_cmp(right).unwrap_or(std::cmp::Ordering::Equal));
    values.get(values.len() / 2).copied()
}

/// The value below which `share` of the measurements lie.
pub fn quantile(values: &mut [Duration], share: f64) -> Duration {
    values.sort_unstable();
    let index = ((values.len() as f64 * share) as usize).min(values.len().saturating_sub(1));
    values.get(index).copied().unwrap_or_default()
}
