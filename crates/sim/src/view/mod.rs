//! What a bystander sees who reads the log: plain lists and plain scans, no code of the gate, none of the runtime.
//!
//! It looks at every step, and never forgets: what it has seen once has to stay.

mod book;
mod chain;

use std::collections::{BTreeMap, BTreeSet};

use eventlog::memory::MemoryLog;
use events::gate::GateEvent;
use events::{Actor, Envelope, Position, Service, StreamId};
use model::{CommandId, Timestamp};

use self::book::Book;
use self::chain::Chain;
use crate::caps::Cap;
use crate::promise::{Checked, Promise, holds};

/// An event of the gate where it stands.
#[derive(Debug, Clone)]
pub struct Seen {
    /// The command that led to it.
    pub envelope: Envelope,
    /// When it was decided.
    pub at: Timestamp,
    /// What happened.
    pub event: GateEvent,
}

/// The events of one command, as they stand in a log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// In which partition.
    pub partition: u16,
    /// The first of them.
    pub first: Position,
    /// How many.
    pub events: usize,
}

/// One partition's log.
#[derive(Default)]
pub struct Partition {
    chain: Chain,
    /// By position; `None` where the platform's own events stand.
    pub events: Vec<Option<Seen>>,
    /// When the last command was decided.
    pub at: Timestamp,
}

/// All of them.
pub struct View {
    log: MemoryLog,
    /// One each.
    pub partitions: Vec<Partition>,
    /// Where the events of each client's command stand.
    pub commands: BTreeMap<CommandId, Place>,
    /// Of each partition's own commands.
    own: BTreeSet<(u16, CommandId)>,
    book: Book,
    /// The largest number of milliseconds by which a log was dated ahead of the true time.
    ahead_ms: i64,
    /// Events that process managers have led to.
    managed: u64,
    /// All others.
    unmanaged: u64,
}

/// An event is told two homes at most. What is told again makes no event, but for a moment an older word may overtake a newer
/// one, which is then told once more.
const MANAGED_EACH_MAX: u64 = 8;

impl View {
    /// Of a log that is empty yet; `laws` are the rule packs that may be adopted, by their texts.
    pub fn new(log: MemoryLog, partitions: u16, laws: BTreeMap<String, Vec<Cap>>) -> Self {
        let book = Book::new(partitions, laws);
        let partitions = (0..partitions).map(|_| Partition::default()).collect();
        let (commands, own) = (BTreeMap::new(), BTreeSet::new());
        Self { log, partitions, commands, own, book, ahead_ms: 0, managed: 0, unmanaged: 0 }
    }

    /// Looks at what is new.
    pub fn look(&mut self, true_time: Timestamp) -> Checked {
        for partition in 0..self.partitions.len() as u16 {
            let stream = StreamId { service: Service::Gate, partition };
            let slot = self.partitions[usize::from(partition)].chain.slot;
            for bytes in self.log.stored(stream, slot) {
                self.take(partition, &bytes)?;
                let at = self.partitions[usize::from(partition)].at;
                self.ahead_ms = self.ahead_ms.max(at.ms_since(true_time));
            }
        }
        self.book.looked()
    }

    fn take(&mut self, partition: u16, bytes: &[u8]) -> Checked {
        let seen = &mut self.partitions[usize::from(partition)];
        let Some(commands) = seen.chain.next(bytes)? else { return Ok(()) };
        for command in commands {
            let (at, events) = (command.at, command.events.len());
            holds(Promise::Cap, at >= seen.at, || {
                format!("expected time to stand still or go on after {}, got {}", seen.at.0, at.0)
            })?;
            seen.at = at;
            let first = Position(seen.events.len() as u64);
            holds(Promise::Durable, command.first == first, || {
                format!("expected an event at position {first}, got {}", command.first)
            })?;
            match command.envelope.actor {
                Actor::Follower(_) => self.managed += events as u64,
                _ => self.unmanaged += events as u64,
            }
            let (managed, unmanaged) = (self.managed, self.unmanaged);
            holds(Promise::Live, managed <= MANAGED_EACH_MAX * unmanaged, || {
                format!(
                    "{unmanaged} events led process managers to {managed} others: they go round in a circle"
                )
            })?;
            let place = Place { partition, first, events };
            let id = command.envelope.command;
            let new = match command.envelope.actor {
                Actor::System(_) => self.own.insert((partition, id)),
                _ => self.commands.insert(id, place).is_none(),
            };
            holds(Promise::Once, new, || format!("{id} is there twice, the second time at {place:?}"))?;
            for event in command.events {
                let position = Position(seen.events.len() as u64);
                if let Some(event) = &event {
                    self.book.take(partition, position, at, event)?;
                }
                seen.events.push(event.map(|event| Seen { envelope: command.envelope, at, event }));
            }
        }
        Ok(())
    }

    /// Reads everything once more, from the first byte on, and compares it with what was seen before.
    pub fn read_again(&self) -> Checked {
        for (partition, seen) in self.partitions.iter().enumerate() {
            let stream = StreamId { service: Service::Gate, partition: partition as u16 };
            let mut again = Chain::default();
            let mut position = 0;
            for bytes in self.log.stored(stream, 0).iter().take(seen.chain.slot as usize) {
                for command in again.next(bytes)?.into_iter().flatten() {
                    for event in command.events {
                        let before = seen.events.get(position).map(|seen| seen.as_ref().map(|s| &s.event));
                        holds(Promise::Durable, before == Some(event.as_ref()), || {
                            format!("{stream}: position {position} reads otherwise than before")
                        })?;
                        position += 1;
                    }
                }
            }
            holds(Promise::Durable, position == seen.events.len(), || {
                format!("{stream}: expected {} events, as before, got {position}", seen.events.len())
            })?;
        }
        Ok(())
    }

    /// The event at a place.
    pub fn at(&self, partition: u16, position: Position) -> Option<&Seen> {
        self.partitions.get(usize::from(partition))?.events.get(position.0 as usize)?.as_ref()
    }

    /// The events of a command.
    pub fn of(&self, command: &CommandId) -> impl Iterator<Item = &Seen> {
        let place = self.commands.get(command).copied();
        let range = place.map_or(0..0, |place| place.first.0..place.first.0 + place.events as u64);
        range.filter_map(move |position| self.at(place?.partition, Position(position)))
    }

    /// The records of each partition so far, by the trailer of the last: one history, one value.
    pub fn tips(&self) -> Vec<[u8; 32]> {
        self.partitions.iter().map(|seen| seen.chain.last).collect()
    }

    /// The largest number of milliseconds by which a log was dated ahead of the true time.
    pub fn ahead_ms(&self) -> i64 {
        self.ahead_ms
    }

    /// What has been counted.
    pub fn book(&self) -> &Book {
        &self.book
    }
}
