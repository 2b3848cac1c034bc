//! The state of one partition, as the log has it: recovery, and following as a standby.

use std::path::PathBuf;

use eventlog::chain::Chain;
use eventlog::{Log, LogError};
use events::platform::PlatformEvent;
use events::{Decider, DecodeError, Decoded, Event, Record, StreamId};
use model::Timestamp;

use crate::command_index::{Accepted, CommandIndex};
use crate::snapshot::{self, Snapshot};

/// How much of a log is read at once.
const READ_MAX: usize = 4 * 1024 * 1024;

/// A decider's state, and how far in the log it has come.
pub struct Replica<D: Decider> {
    /// What decisions depend on.
    pub state: D::State,
    /// Which commands it holds.
    pub commands: CommandIndex,
    /// How far it has come.
    pub chain: Chain,
    /// The time of the last event.
    pub at: Timestamp,
    /// How many partitions the log says the service has.
    pub partitions: Option<u16>,
    commands_max: usize,
}

/// Why a state could not be rebuilt.
#[derive(Debug, thiserror::Error)]
pub enum RecoveryError {
    /// The log cannot be read.
    #[error(transparent)]
    Log(#[from] LogError),
    /// An event does not decode.
    #[error("{stream}: position {position}: {cause}")]
    Event {
        /// The stream.
        stream: StreamId,
        /// The event.
        position: u64,
        /// Why.
        cause: DecodeError,
    },
    /// An event of a newer program: a state that left it out would be wrong.
    #[error(
        "{stream}: position {position} holds an event of type {event_type:#06x} version {version}, which this program does not know; run the program that wrote it"
    )]
    Newer {
        /// The stream.
        stream: StreamId,
        /// The event.
        position: u64,
        /// Its type.
        event_type: u16,
        /// Its version.
        version: u16,
    },
    /// The log was begun with another number of partitions.
    #[error(
        "{stream}: the log was begun with {log} partitions, the configuration says {configured}; the number never changes"
    )]
    Partitions {
        /// The stream.
        stream: StreamId,
        /// What the log says.
        log: u16,
        /// What was configured.
        configured: u16,
    },
}

impl RecoveryError {
    /// Trying again cannot mend it; going on would mean to guess.
    pub fn is_final(&self) -> bool {
        match self {
            Self::Log(error) => error.is_final(),
            Self::Event { .. } | Self::Newer { .. } | Self::Partitions { .. } => true,
        }
    }
}

impl<D: Decider> Replica<D> {
    /// From the snapshot, if there is one that belongs to this log, and else from the beginning.
    pub async fn open(
        log: &dyn Log,
        stream: StreamId,
        snapshots: Option<&PathBuf>,
        commands_max: usize,
    ) -> Result<Self, RecoveryError> {
        let fresh = || Self {
            state: D::State::default(),
            commands: CommandIndex::default(),
            chain: Chain::start(stream),
            at: Timestamp(i64::MIN),
            partitions: None,
            commands_max,
        };
        let Some(directory) = snapshots else { return Ok(fresh()) };
        let Some(snapshot) = snapshot::load::<D::State>(directory, stream) else { return Ok(fresh()) };
        if snapshot.chain.stream() != stream || !belongs(log, &snapshot.chain).await? {
            tracing::warn!(%stream, "the snapshot does not belong to this log; replaying from the beginning");
            return Ok(fresh());
        }
        let Snapshot { state, commands, chain, at, partitions } = snapshot;
        Ok(Self { state, commands, chain, at, partitions, commands_max })
    }

    /// Takes everything that the log holds now.
    pub async fn catch_up(&mut self, log: &dyn Log) -> Result<(), RecoveryError> {
        loop {
            let stored = log.read(self.chain.stream(), self.chain.slot, READ_MAX).await?;
            if stored.is_empty() {
                let (stream, acknowledged) = (self.chain.stream(), self.chain.slot);
                let head = log.head(stream).await?;
                // What this replica has read cannot be gone.
                return if head < acknowledged {
                    Err(LogError::Cut { stream, acknowledged, head }.into())
                } else {
                    Ok(())
                };
            }
            for stored in &stored {
                if let Some(record) = self.chain.accept(stored)? {
                    self.apply(&record, stored.slot)?;
                }
            }
            tokio::task::yield_now().await;
        }
    }

    fn apply(&mut self, record: &Record<'_>, slot: u64) -> Result<(), RecoveryError> {
        let stream = self.chain.stream();
        for command in &record.commands {
            self.at = self.at.max(command.at);
            let accepted = Accepted { input: command.envelope.input, slot, first: command.first };
            self.note(&command.envelope, accepted);
            for (index, bytes) in command.events.iter().enumerate() {
                let position = events::Position(command.first.0 + index as u64);
                let at_position = |cause| RecoveryError::Event { stream, position: position.0, cause };
                if let Some(event) = platform_event(bytes).map_err(at_position)? {
                    let PlatformEvent::Elected(elected) = event;
                    self.partitions = Some(elected.partitions);
                    continue;
                }
                match D::Event::decode(bytes).map_err(at_position)? {
                    Decoded::Known(event) => D::evolve(&mut self.state, &event, command.at, position),
                    Decoded::Unknown(unknown) => {
                        return Err(RecoveryError::Newer {
                            stream,
                            position: position.0,
                            event_type: unknown.event_type.0,
                            version: unknown.version,
                        });
                    }
                }
            }
        }
        Ok(())
    }

    /// Notes an accepted command.
    pub fn note(&mut self, envelope: &events::Envelope, accepted: Accepted) {
        self.commands.insert(envelope.command, accepted, self.commands_max);
        if let Some(cause) = envelope.cause {
            self.commands.follow(cause, envelope.command, accepted);
        }
    }
}

/// The platform's own event, if these bytes are one.
pub(crate) fn platform_event(bytes: &[u8]) -> Result<Option<PlatformEvent>, DecodeError> {
    match events::codec::split(bytes)?.0.0 {
        0..0x0100 => match PlatformEvent::decode(bytes)? {
            Decoded::Known(event) => Ok(Some(event)),
            Decoded::Unknown(_) => Ok(None),
        },
        _ => Ok(None),
    }
}

/// Whether the log still holds, where the snapshot was taken, the record that it was taken after.
async fn belongs(log: &dyn Log, chain: &Chain) -> Result<bool, LogError> {
    let Some(before) = chain.slot.checked_sub(1) else { return Ok(false) };
    let stored = log.read(chain.stream(), before, 1).await?;
    let last = stored.first().and_then(|stored| Record::parse(&stored.bytes).ok().map(|record| record.hash));
    Ok(last == Some(chain.last))
}
