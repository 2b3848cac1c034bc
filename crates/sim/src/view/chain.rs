//! From stored bytes to the one history: a record counts if it names the record before it.

use events::gate::GateEvent;
use events::platform::PlatformEvent;
use events::{Decoded, Envelope, Event, Position, Record};
use model::Timestamp;

use crate::promise::{Checked, Promise, Violation};

/// The commands of a record.
pub struct Command {
    pub envelope: Envelope,
    pub at: Timestamp,
    pub first: Position,
    /// `None` for one of the platform's own.
    pub events: Vec<Option<GateEvent>>,
}

/// How far it was read.
#[derive(Default)]
pub struct Chain {
    /// The next slot.
    pub slot: u64,
    /// The trailer of the last record that counts.
    pub last: [u8; 32],
}

impl Chain {
    /// The next record, if it counts.
    pub fn next(&mut self, bytes: &[u8]) -> Checked<Option<Vec<Command>>> {
        self.slot += 1;
        let wrong = |what: String| Violation::of(Promise::Durable, what);
        let record = Record::parse(bytes).map_err(|error| wrong(error.to_string()))?;
        if record.prev.0 != self.last {
            return Ok(None);
        }
        self.last = record.hash.0;
        let mut commands = Vec::new();
        for command in &record.commands {
            let mut events = Vec::new();
            for bytes in &command.events {
                let platform = matches!(PlatformEvent::decode(bytes), Ok(Decoded::Known(_)));
                match GateEvent::decode(bytes) {
                    Ok(Decoded::Known(event)) => events.push(Some(event)),
                    _ if platform => events.push(None),
                    other => return Err(wrong(format!("an event of the gate does not decode: {other:?}"))),
                }
            }
            let (envelope, at, first) = (command.envelope, command.at, command.first);
            commands.push(Command { envelope, at, first, events });
        }
        Ok(Some(commands))
    }
}
