//! The decider under test: takings per key, never more than a cap; and a source of takings for managers.

use std::collections::BTreeMap;

use events::{Code, Decider, Now, Position, Reason, Refusal, Service, Tally};
use model::Timestamp;
use serde::{Deserialize, Serialize};

/// What a taking is for.
pub type Key = [u8; 16];

/// The key numbered `n`; consecutive numbers spread over the partitions.
pub fn key(n: u32) -> Key {
    let mut key = [0; 16];
    key[..4].copy_from_slice(&n.wrapping_mul(0x9e37_79b9).to_be_bytes());
    key[12..].copy_from_slice(&n.to_be_bytes());
    key
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Command {
    /// Take one, unless `cap` have been taken.
    Take {
        key: Key,
        cap: u32,
        note: u32,
        padding: Vec<u8>,
    },
    /// Changes nothing; refused unless something has been taken.
    Confirm {
        key: Key,
    },
    Tick {
        repeated: Vec<(Tally, u32)>,
    },
}

/// Takes one of `cap`.
pub fn take(n: u32, cap: u32) -> Command {
    Command::Take { key: key(n), cap, note: 0, padding: Vec::new() }
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TakenV1 {
    pub key: Key,
    pub nth: u32,
    pub note: u32,
    pub padding: Vec<u8>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RefusedV1 {
    pub key: Key,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RepeatedV1 {
    pub key: Key,
    pub first: Position,
    pub count: u32,
    /// About what a real one weighs.
    pub weight: Vec<u8>,
}

events::events! {
    /// What happens to keys.
    pub enum Happened {
        0x0301 Taken(TakenV1) = { 1: TakenV1 },
        0x0302 Refused(RefusedV1) = { 1: RefusedV1 },
        0x0303 Repeated(RepeatedV1) = { 1: RepeatedV1 },
    }
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Count {
    pub taken: u32,
    pub refused: Option<Position>,
    pub repeated: u32,
    pub last: Timestamp,
}

#[derive(Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct State {
    pub counts: BTreeMap<Key, Count>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Answer {
    Taken { nth: u32, position: Position },
    Refused { position: Position },
    Unchanged,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reply {
    pub count: Count,
    pub at: Timestamp,
    pub trusted: bool,
}

pub struct Capped;

impl Decider for Capped {
    const SERVICE: Service = Service::Gate;
    type State = State;
    type Command = Command;
    type Event = Happened;
    type Answer = Answer;
    type Query = Key;
    type Reply = Reply;

    fn key(command: &Command) -> Option<Key> {
        match command {
            Command::Take { key, .. } | Command::Confirm { key } => Some(*key),
            Command::Tick { .. } => None,
        }
    }

    fn decide(state: &State, command: &Command, _now: Now) -> Result<Vec<Happened>, Refusal> {
        let count = |key: &Key| state.counts.get(key).cloned().unwrap_or_default();
        match command {
            Command::Take { key, cap, note, padding } => {
                let count = count(key);
                let (key, note, padding) = (*key, *note, padding.clone());
                if count.taken < *cap {
                    return Ok(vec![Happened::Taken(TakenV1 { key, nth: count.taken + 1, note, padding })]);
                }
                let Some(first) = count.refused else {
                    return Ok(vec![Happened::Refused(RefusedV1 { key })]);
                };
                let reason = Reason { limit: Some(*cap), ..Reason::new(Code::DAY_CAP) };
                Err(Refusal { repeats: Some(Tally { key, first }), ..reason.into() })
            }
            Command::Confirm { key } if count(key).taken > 0 => Ok(Vec::new()),
            Command::Confirm { .. } => Err(Code::NOT_FOUND.into()),
            Command::Tick { repeated } => {
                let repeated = repeated.iter().map(|(tally, count)| {
                    let (key, first, count) = (tally.key, tally.first, *count);
                    Happened::Repeated(RepeatedV1 { key, first, count, weight: vec![0; 90] })
                });
                Ok(repeated.collect())
            }
        }
    }

    fn evolve(state: &mut State, event: &Happened, at: Timestamp, position: Position) {
        let (Happened::Taken(TakenV1 { key, .. })
        | Happened::Refused(RefusedV1 { key })
        | Happened::Repeated(RepeatedV1 { key, .. })) = event;
        let count = state.counts.entry(*key).or_default();
        count.last = at;
        match event {
            Happened::Taken(taken) => count.taken = taken.nth,
            Happened::Refused(_) => count.refused = Some(position),
            Happened::Repeated(repeated) => count.repeated += repeated.count,
        }
    }

    fn answer(events: &[Happened], position: Position) -> Answer {
        match events.first() {
            Some(Happened::Taken(taken)) => Answer::Taken { nth: taken.nth, position },
            Some(Happened::Refused(_)) => Answer::Refused { position },
            _ => Answer::Unchanged,
        }
    }

    fn query(state: &State, key: &Key, now: Now) -> Reply {
        let count = state.counts.get(key).cloned().unwrap_or_default();
        Reply { count, at: now.at, trusted: now.trusted }
    }

    fn tick(repeated: Vec<(Tally, u32)>) -> Option<Command> {
        (!repeated.is_empty()).then_some(Command::Tick { repeated })
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OpenedV1 {
    pub key: Key,
    pub note: u32,
}

events::events! {
    /// What the source says.
    pub enum Said {
        0x0101 Opened(OpenedV1) = { 1: OpenedV1 },
    }
}

/// A source of takings: says what it is told to say.
pub struct Opening;

impl Decider for Opening {
    const SERVICE: Service = Service::Ledger;
    type State = u64;
    type Command = OpenedV1;
    type Event = Said;
    type Answer = Position;
    type Query = ();
    type Reply = u64;

    fn key(command: &OpenedV1) -> Option<Key> {
        Some(command.key)
    }

    fn decide(_state: &u64, command: &OpenedV1, _now: Now) -> Result<Vec<Said>, Refusal> {
        Ok(vec![Said::Opened(command.clone())])
    }

    fn evolve(state: &mut u64, _event: &Said, _at: Timestamp, _position: Position) {
        *state += 1;
    }

    fn answer(_events: &[Said], first: Position) -> Position {
        first
    }

    fn query(state: &u64, (): &(), _now: Now) -> u64 {
        *state
    }
}

/// Each opening is taken once.
pub struct Takings;

impl runtime::manager::Manager for Takings {
    type Source = Opening;
    type Target = Capped;
    const NAME: &'static str = "takings";

    fn react(Said::Opened(opened): &Said, _: runtime::manager::Place) -> Vec<Command> {
        vec![Command::Take { key: opened.key, cap: u32::MAX, note: opened.note, padding: Vec::new() }]
    }
}
