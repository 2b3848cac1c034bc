//! Which commands have been accepted: so that a retry gets its first answer and nothing happens twice.

use std::collections::VecDeque;
use std::hash::BuildHasher;

use events::{Cause, Position, StreamId};
use hashbrown::{DefaultHashBuilder, HashMap};
use model::CommandId;
use serde::{Deserialize, Serialize};

use crate::places::Places;

/// What is remembered of an accepted command.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Accepted {
    /// Digest of its input.
    pub input: u64,
    /// The slot of the record that holds its events.
    pub slot: u64,
    /// Its first event.
    pub first: Position,
}

/// The newest accepted commands, up to a bound, and how far each followed log has been worked off.
#[derive(Debug, Serialize, Deserialize)]
#[serde(from = "Stored")]
pub struct CommandIndex {
    /// Oldest first.
    #[serde(serialize_with = "packed::serialize")]
    newest: VecDeque<(CommandId, Accepted)>,
    followed: HashMap<StreamId, Followed>,
    /// Where each stands in `newest`: its place there plus `gone`, cut to 32 bits.
    #[serde(skip)]
    places: Places,
    /// How many have been forgotten, and one: the place 0 of an unused entry stands for none.
    #[serde(skip)]
    gone: u64,
    #[serde(skip)]
    hasher: DefaultHashBuilder,
}

/// The bound must leave room for telling places apart.
const PLACES_MAX: usize = u32::MAX as usize;

/// Room for so many, if the bound is so high, is reserved at once: it costs nothing until it is used, and to grow is to
/// copy everything.
const RESERVED_MAX: usize = 1 << 20;

/// The table grows by so much at once: to grow is to enter everything again.
const GROWTH: usize = 4;

/// As a snapshot has it.
#[derive(Deserialize)]
struct Stored {
    #[serde(deserialize_with = "packed::deserialize")]
    newest: VecDeque<(CommandId, Accepted)>,
    followed: HashMap<StreamId, Followed>,
}

impl From<Stored> for CommandIndex {
    fn from(Stored { newest, followed }: Stored) -> Self {
        let mut index = Self { newest, followed, ..Self::default() };
        index.rebuild(index.newest.len());
        index
    }
}

impl Default for CommandIndex {
    fn default() -> Self {
        Self {
            newest: VecDeque::new(),
            followed: HashMap::default(),
            places: Places::default(),
            gone: 1,
            hasher: DefaultHashBuilder::default(),
        }
    }
}

/// The commands of a snapshot, 40 bytes each and all of them in one piece: a million, taken one field after the other,
/// are a third of a second in which nobody is answered.
mod packed {
    use std::collections::VecDeque;
    use std::fmt;

    use events::Position;
    use model::CommandId;
    use serde::de::{Deserializer, Error, Visitor};
    use serde::ser::Serializer;

    use super::Accepted;

    type Newest = VecDeque<(CommandId, Accepted)>;

    /// Id, digest of the input, slot and first position, little-endian.
    const LEN: usize = 40;

    pub fn serialize<S: Serializer>(newest: &Newest, serializer: S) -> Result<S::Ok, S::Error> {
        let mut bytes = Vec::with_capacity(newest.len() * LEN);
        for (command, Accepted { input, slot, first }) in newest {
            bytes.extend_from_slice(&command.0);
            bytes.extend_from_slice(&input.to_le_bytes());
            bytes.extend_from_slice(&slot.to_le_bytes());
            bytes.extend_from_slice(&first.0.to_le_bytes());
        }
        serializer.serialize_bytes(&bytes)
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Newest, D::Error> {
        struct Packed;
        impl Visitor<'_> for Packed {
            type Value = Newest;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(formatter, "commands of {LEN} bytes each")
            }

            fn visit_bytes<E: Error>(self, bytes: &[u8]) -> Result<Newest, E> {
                let (commands, []) = bytes.as_chunks::<LEN>() else {
                    return Err(E::invalid_length(bytes.len(), &self));
                };
                // Each of them has all its bytes.
                Ok(commands.iter().filter_map(read).collect())
            }
        }
        deserializer.deserialize_bytes(Packed)
    }

    fn read(bytes: &[u8; LEN]) -> Option<(CommandId, Accepted)> {
        let (id, rest) = bytes.split_first_chunk()?;
        let (input, rest) = rest.split_first_chunk()?;
        let (slot, first) = rest.split_first_chunk()?;
        let first = Position(u64::from_le_bytes(*first.first_chunk()?));
        let (input, slot) = (u64::from_le_bytes(*input), u64::from_le_bytes(*slot));
        Some((CommandId(*id), Accepted { input, slot, first }))
    }
}

/// How far one log has been worked off. The commands of its furthest event are kept whatever the bound: a
/// process manager that starts again gives them again, perhaps long after.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Followed {
    furthest: Position,
    commands: HashMap<CommandId, Accepted>,
}

impl CommandIndex {
    /// Notes an accepted command and forgets the oldest beyond `bound`.
    pub fn insert(&mut self, command: CommandId, accepted: Accepted, bound: usize) {
        if let Some(index) = self.index_of(&command) {
            self.newest[index].1 = accepted;
        } else {
            if self.newest.is_empty() {
                self.newest.reserve_exact(bound.min(RESERVED_MAX) + 1);
            }
            if self.newest.len() >= self.places.room() {
                self.rebuild(GROWTH * self.newest.len());
            }
            let place = self.place(self.newest.len());
            self.newest.push_back((command, accepted));
            self.enter(&command, place);
        }
        while self.newest.len() > bound.min(PLACES_MAX) {
            self.newest.pop_front();
            self.gone = self.gone.wrapping_add(1);
        }
    }

    /// What is known of a command.
    pub fn get(&self, command: &CommandId) -> Option<&Accepted> {
        self.index_of(command).map(|index| &self.newest[index].1)
    }

    /// Reads where [`Self::get`] will look: done for many commands, one after the other, it takes no longer than for
    /// one, because the processor waits for all of them at once.
    pub fn fetch(&self, command: &CommandId) -> u64 {
        self.places.fetch(hash(&self.hasher, command))
    }

    fn index_of(&self, command: &CommandId) -> Option<usize> {
        let is_it = |place: u32| {
            self.newest.get(self.index(place)).is_some_and(|(candidate, _)| candidate == command)
        };
        let hash = hash(&self.hasher, command);
        self.places.find(hash, is_it).map(|place| self.index(place))
    }

    fn place(&self, index: usize) -> u32 {
        (self.gone.wrapping_add(index as u64)) as u32
    }

    fn index(&self, place: u32) -> usize {
        place.wrapping_sub(self.gone as u32) as usize
    }

    fn enter(&mut self, command: &CommandId, place: u32) {
        let Self { places, newest, gone, hasher, .. } = self;
        let index = |place: u32| place.wrapping_sub(*gone as u32) as usize;
        let hash_of = |place| newest.get(index(place)).map_or(0, |(command, _)| hash(hasher, command));
        places.enter(hash(hasher, command), place, |place| index(place) < newest.len(), hash_of);
    }

    /// Makes the table anew, from the queue and in its order: much faster than to let it grow, which would
    /// look each command up in the order of the table.
    fn rebuild(&mut self, room: usize) {
        self.places = Places::with_room(room);
        for index in 0..self.newest.len() {
            let (command, place) = (self.newest[index].0, self.place(index));
            self.enter(&command, place);
        }
    }

    /// Notes that a command was caused by an event of another log.
    pub fn follow(&mut self, cause: Cause, command: CommandId, accepted: Accepted) {
        let followed = self.followed.entry(cause.stream).or_default();
        if cause.position > followed.furthest {
            followed.furthest = cause.position;
            followed.commands.clear();
        }
        if cause.position == followed.furthest {
            followed.commands.insert(command, accepted);
        }
    }

    /// What is known of a command by the event that caused it, if that is the furthest of its log.
    pub fn caused(&self, cause: Cause, command: &CommandId) -> Option<&Accepted> {
        let followed = self.followed.get(&cause.stream)?;
        (cause.position == followed.furthest).then(|| followed.commands.get(command)).flatten()
    }

    /// The last position of `source` that is known to have caused a command here.
    pub fn followed(&self, source: StreamId) -> Option<Position> {
        self.followed.get(&source).map(|followed| followed.furthest)
    }
}

/// As one number, which is hashed in one step.
fn hash(hasher: &DefaultHashBuilder, command: &CommandId) -> u64 {
    hasher.hash_one(u128::from_le_bytes(command.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn given_more_commands_than_the_bound_when_inserted_then_the_oldest_go() {
        let mut index = CommandIndex::default();
        let accepted = |slot| Accepted { input: 1, slot, first: Position(slot) };
        for id in 0..5_u8 {
            index.insert(CommandId([id; 16]), accepted(u64::from(id)), 3);
        }
        assert_eq!(index.get(&CommandId([1; 16])), None);
        assert_eq!(index.get(&CommandId([2; 16])), Some(&accepted(2)));
        assert_eq!(index.newest.len(), 3);
    }

    #[test]
    fn given_many_commands_when_looked_up_then_exactly_the_newest_are_there_also_after_a_snapshot() {
        const BOUND: u64 = 1000;
        let id = |n: u64| CommandId((u128::from(n) << 64 | u128::from(n * n)).to_be_bytes());
        let accepted = |n| Accepted { input: n, slot: n / 7, first: Position(n) };
        let mut index = CommandIndex::default();
        for n in 0..20 * BOUND {
            index.insert(id(n), accepted(n), BOUND as usize);
            if n % 3 == 0 {
                // The same again is no other.
                index.insert(id(n), accepted(n), BOUND as usize);
            }
            if n % 997 == 0 {
                let bytes = postcard::to_stdvec(&index).expect("it serialises");
                index = postcard::from_bytes(&bytes).expect("it reads");
            }
            let oldest = (n + 1).saturating_sub(BOUND);
            for known in [oldest, n, (oldest + n) / 2] {
                assert_eq!(index.get(&id(known)), Some(&accepted(known)));
            }
            assert_eq!(oldest.checked_sub(1).and_then(|gone| index.get(&id(gone))), None);
            assert_eq!(index.newest.len() as u64, (n + 1).min(BOUND));
        }
    }
}
