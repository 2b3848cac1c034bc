//! What a service's decision core looks like: two pure functions and some words.

use std::fmt;
use std::str::FromStr;

use model::Timestamp;
use serde::{Deserialize, Serialize, de::DeserializeOwned};

use crate::{Event, Position, Refusal};

/// The services that keep a log. The number is the high byte of their event types.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Service {
    /// Cases and postings.
    Ledger,
    /// Agencies, collectors, placement.
    Assignment,
    /// Permits.
    Gate,
}

impl Service {
    /// Every service.
    pub const ALL: [Self; 3] = [Self::Ledger, Self::Assignment, Self::Gate];

    /// Its name in streams, subjects and on the command line.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Ledger => "ledger",
            Self::Assignment => "assignment",
            Self::Gate => "gate",
        }
    }
}

impl fmt::Display for Service {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// One partition's log: `gate/0`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct StreamId {
    /// Whose log it is.
    pub service: Service,
    /// Which partition of it.
    pub partition: u16,
}

impl fmt::Display for StreamId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.service, self.partition)
    }
}

impl FromStr for StreamId {
    type Err = model::IdError;

    fn from_str(text: &str) -> Result<Self, model::IdError> {
        let wrong = || model::IdError { expected: "a stream such as gate/0", got: text.to_owned() };
        let (name, partition) = text.split_once('/').ok_or_else(wrong)?;
        let service = Service::ALL.into_iter().find(|service| service.name() == name).ok_or_else(wrong)?;
        Ok(Self { service, partition: partition.parse().map_err(|_| wrong())? })
    }
}

/// The time that a decision is made at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Now {
    /// Never earlier than the last recorded event of the partition.
    pub at: Timestamp,
    /// False when the system clock has jumped against the monotonic one: a decider whose answer depends on
    /// the time must then refuse (P3).
    pub trusted: bool,
}

/// A refusal that repeats a recorded one. The runtime counts these and hands the counts to
/// [`Decider::tick`], so that a hammering client costs a number and not a record each.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Tally {
    /// The key that the recorded refusal is about.
    pub key: [u8; 16],
    /// Where the recorded refusal stands.
    pub first: Position,
}

/// A service's decision core. Deterministic: the same state, command and time give the same events.
pub trait Decider: Send + Sync + 'static {
    /// Which service this is.
    const SERVICE: Service;
    /// What decisions depend on. Built from events alone; serialised for snapshots.
    type State: Default + Serialize + DeserializeOwned + Send + Sync + 'static;
    /// What may be asked for.
    type Command: Clone + Serialize + DeserializeOwned + Send + Sync + 'static;
    /// What may have happened.
    type Event: Event + Send + Sync + 'static;
    /// What the asker is told.
    type Answer: Serialize + DeserializeOwned + Send + 'static;
    /// A question about the state that changes nothing.
    type Query: Serialize + DeserializeOwned + Send + Sync + 'static;
    /// What it is answered with.
    type Reply: Serialize + DeserializeOwned + Send + 'static;

    /// Which partition a command belongs to; `None` for commands sent to each partition by number.
    fn key(command: &Self::Command) -> Option<[u8; 16]>;

    /// The events that the command leads to (none if it changes nothing), or why not.
    fn decide(state: &Self::State, command: &Self::Command, now: Now) -> Result<Vec<Self::Event>, Refusal>;

    /// Told before a batch is decided what it is, so that a large state can bring what each will look at near the processor
    /// at once, where one after another each would wait for the memory alone. Changes nothing.
    fn expect(_state: &Self::State, _commands: &[&Self::Command]) {}

    /// Takes one event into the state.
    fn evolve(state: &mut Self::State, event: &Self::Event, at: Timestamp, position: Position);

    /// The answer to a command that led to these events, the first of them at `first`. Also how a retried
    /// command gets its first answer again.
    fn answer(events: &[Self::Event], first: Position) -> Self::Answer;

    /// Answers a query.
    fn query(state: &Self::State, query: &Self::Query, now: Now) -> Self::Reply;

    /// The command that the passing of time gives, about once a second; with the refusals repeated since.
    fn tick(_repeated: Vec<(Tally, u32)>) -> Option<Self::Command> {
        None
    }
}

/// The partition that a key belongs to. The number of partitions of a service never changes once its log
/// has begun.
pub fn partition_of(key: &[u8; 16], partitions: u16) -> u16 {
    // Keys are keyed pseudonyms, so their bytes are already uniform.
    let [high, low, ..] = *key;
    let point = u32::from(u16::from_be_bytes([high, low]));
    // Below 2^16 * 2^16 / 2^16, so it fits.
    ((point * u32::from(partitions)) >> 16) as u16
}
