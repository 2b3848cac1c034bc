//! What the benchmarks share: a decider that does nothing but write, the gate and whom it knows, other people's
//! limiters, clients that wait for their answers, the bare store to compare with, and medians.

pub mod asking;
pub mod bare;
pub mod clients;
pub mod machine;
pub mod one_partition;
pub mod over_http;
pub mod paced;
pub mod postgres;
pub mod redis;
pub mod running_gate;
pub mod server;
pub mod simulated_time;
pub mod world;

use std::error::Error;
use std::time::Duration;

use events::{Decider, Now, Position, Refusal, Service};
use model::Timestamp;
use serde::{Deserialize, Serialize};

/// As in the program.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Why a measurement could not be made.
pub type Failed = Box<dyn Error + Send + Sync>;

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

/// In microseconds.
pub fn micros(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1e6
}

/// The processor time, user's and system's, that this process has used so far.
pub fn cpu_time() -> Result<Duration, Failed> {
    /// Linux counts it in these for every program, whatever the kernel's own clock.
    const TICKS_PER_SECOND: u64 = 100;
    let stat = std::fs::read_to_string("/proc/self/stat")?;
    // The name of the program, in brackets, may hold blanks. The times are fields 14 and 15.
    let (_, fields) = stat.rsplit_once(')').ok_or("expected /proc/self/stat to hold a name in brackets")?;
    let times = fields.split_whitespace().skip(11).take(2).map(str::parse::<u64>);
    let ticks = times.sum::<Result<u64, _>>()?;
    Ok(Duration::from_millis(ticks * 1000 / TICKS_PER_SECOND))
}
