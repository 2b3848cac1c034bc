//! The gate's log, read again from its beginning: its hash chain is checked, and what it says is given to a reader, event by
//! event. Nothing but the log is used.

mod decision;
mod draft;
mod every;

use std::ops::ControlFlow;

use audit::{AuditPort, AuditQuery, AuditReply};
use events::gate::GateEvent;
use events::{Code, Decoded, Event, Position, Reason, Refusal, Service, StreamId};
use model::Timestamp;
use runtime::projection::log::Stored;
use runtime::projection::log::chain::Chain;

pub(crate) use decision::{Reproduced, Until};
pub use draft::{AgencyChange, PolicyReplay, RuleChange};
pub(crate) use draft::{Counted, Draft, in_force_always};
pub(crate) use every::Every;
pub use every::Reproduction;

/// Takes what a log says, in order.
pub(crate) trait Reader: Send + 'static {
    /// Takes the next event; `Break`: no more is needed.
    fn take(&mut self, event: GateEvent, at: Timestamp, position: Position) -> ControlFlow<()>;
}

/// Reads a partition of the gate's log from its beginning to where it ends now. `progress` is told how many records are
/// read, of how many. The reader works off the async threads.
pub(crate) async fn read<R: Reader>(
    audit: &dyn AuditPort,
    partition: u16,
    mut reader: R,
    mut progress: impl FnMut(u64, u64),
) -> Result<R, Refusal> {
    let stream = StreamId { service: Service::Gate, partition };
    let mut chain = Chain::start(stream);
    let mut end = None;
    loop {
        let query = AuditQuery::Records { stream, slot: chain.slot };
        let AuditReply::Records(stored, head) = audit.ask(query).await? else {
            return Err(Code::UNAVAILABLE.into());
        };
        // What is written meanwhile is left out: a busy log would never end.
        let end = *end.get_or_insert(head);
        if stored.is_empty() || chain.slot >= end {
            return Ok(reader);
        }
        let work = move || {
            let done = take(&mut chain, &mut reader, stored, end)?;
            Ok::<_, Refusal>((chain, reader, done))
        };
        let done;
        (chain, reader, done) = tokio::task::spawn_blocking(work).await.map_err(ended)??;
        progress(chain.slot.min(end), end);
        if done.is_break() {
            return Ok(reader);
        }
    }
}

fn take(
    chain: &mut Chain,
    reader: &mut impl Reader,
    stored: Vec<(u64, Vec<u8>)>,
    end: u64,
) -> Result<ControlFlow<()>, Refusal> {
    let stream = chain.stream();
    for (slot, bytes) in stored {
        if slot >= end {
            break;
        }
        let stored = Stored { slot, bytes: bytes.into() };
        let Some(record) = chain.accept(&stored).map_err(|error| unread(error.to_string()))? else {
            continue;
        };
        for command in &record.commands {
            for (index, bytes) in command.events.iter().enumerate() {
                let position = Position(command.first.0 + index as u64);
                let wrong =
                    |error: events::DecodeError| unread(format!("{stream}: position {position}: {error}"));
                let (event_type, _, _) = events::codec::split(bytes).map_err(wrong)?;
                // The platform's own: who leads.
                if event_type.0 < 0x0100 {
                    continue;
                }
                let Decoded::Known(event) = GateEvent::decode(bytes).map_err(wrong)? else {
                    return Err(unread(format!(
                        "{stream}: position {position} is of a newer program than this one"
                    )));
                };
                if reader.take(event, command.at, position).is_break() {
                    return Ok(ControlFlow::Break(()));
                }
            }
        }
    }
    Ok(ControlFlow::Continue(()))
}

fn unread(detail: String) -> Refusal {
    tracing::error!(detail, "a log cannot be read again");
    Reason::detail(Code::UNAVAILABLE, detail).into()
}

fn ended(_: tokio::task::JoinError) -> Refusal {
    Reason::detail(Code::UNAVAILABLE, "the replay was ended before it was done").into()
}
