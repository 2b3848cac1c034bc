//! Which commands have been accepted: so that a retry gets its first answer and nothing happens twice.

use std::collections::VecDeque;

use events::{Cause, Position, StreamId};
use hashbrown::HashMap;
use model::CommandId;
use serde::{Deserialize, Serialize};

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
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct CommandIndex {
    order: VecDeque<CommandId>,
    accepted: HashMap<CommandId, Accepted>,
    followed: HashMap<StreamId, Followed>,
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
        if self.accepted.insert(command, accepted).is_none() {
            self.order.push_back(command);
        }
        while self.order.len() > bound {
            if let Some(oldest) = self.order.pop_front() {
                self.accepted.remove(&oldest);
            }
        }
    }

    /// What is known of a command.
    pub fn get(&self, command: &CommandId) -> Option<&Accepted> {
        self.accepted.get(command)
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
        assert_eq!(index.order.len(), index.accepted.len());
    }
}
