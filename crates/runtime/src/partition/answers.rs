//! Who waits for a record, and what they are told when it is durable.

use std::collections::BTreeMap;
use std::sync::Arc;

use eventlog::Log;
use events::record::RecordedCommand;
use events::{Code, Decider, Decoded, Envelope, Event, Position, Reason, Record, Refusal, StreamId, Tenant};
use hashbrown::HashMap;
use model::CommandId;
use tokio::sync::oneshot;

use crate::call::Caller;
use crate::port::Answered;

/// An answer, or where to find it.
pub enum Pending<D: Decider> {
    Known(Answered<D>),
    /// A retry: the first answer follows from the events stored for the first command.
    Stored {
        slot: u64,
        command: CommandId,
        /// Whose command the first one has to be.
        tenant: Tenant,
    },
}

/// Somebody who is answered when a record is durable.
pub enum Waiting<D: Decider> {
    Order { answer: Pending<D>, caller: Caller<D> },
    Orders { answers: Vec<Pending<D>>, reply: oneshot::Sender<Vec<Answered<D>>> },
    Query { answer: D::Reply, reply: oneshot::Sender<Result<D::Reply, Refusal>> },
    Followed { answer: Option<Position>, reply: oneshot::Sender<Result<Option<Position>, Refusal>> },
}

impl<D: Decider> Waiting<D> {
    /// What they wait for is durable. A caller that has gone away needs no answer.
    pub fn answer(self, log: &Arc<dyn Log>, stream: StreamId) {
        match self {
            Self::Order { answer: Pending::Known(answer), caller } => caller.give(answer),
            Self::Order { answer, caller } => {
                let log = Arc::clone(log);
                tokio::spawn(async move {
                    if let Some(answer) = from_log::<D>(&*log, stream, vec![answer]).await.pop() {
                        caller.give(answer);
                    }
                });
            }
            Self::Orders { answers, reply } => {
                if answers.iter().all(|answer| matches!(answer, Pending::Known(_))) {
                    let known = answers.into_iter().filter_map(|answer| match answer {
                        Pending::Known(answer) => Some(answer),
                        Pending::Stored { .. } => None,
                    });
                    drop(reply.send(known.collect()));
                } else {
                    let log = Arc::clone(log);
                    tokio::spawn(async move { reply.send(from_log::<D>(&*log, stream, answers).await) });
                }
            }
            Self::Query { answer, reply } => drop(reply.send(Ok(answer))),
            Self::Followed { answer, reply } => drop(reply.send(Ok(answer))),
        }
    }

    /// It may never be durable.
    pub fn unavailable(self) {
        let refusal = || Refusal::from(Code::UNAVAILABLE);
        match self {
            Self::Order { caller, .. } => drop(caller),
            Self::Orders { answers, reply } => {
                drop(reply.send(answers.iter().map(|_| Err(refusal())).collect()));
            }
            Self::Query { reply, .. } => drop(reply.send(Err(refusal()))),
            Self::Followed { reply, .. } => drop(reply.send(Err(refusal()))),
        }
    }
}

/// Answers retries from the log: the first answer follows from the stored events. Who retries a batch asks
/// for many commands of few records, so each record is read once.
async fn from_log<D: Decider>(log: &dyn Log, stream: StreamId, answers: Vec<Pending<D>>) -> Vec<Answered<D>> {
    let mut by_slot: BTreeMap<u64, HashMap<CommandId, Vec<(usize, Tenant)>>> = BTreeMap::new();
    let mut known = Vec::with_capacity(answers.len());
    for (index, answer) in answers.into_iter().enumerate() {
        known.push(match answer {
            Pending::Known(answer) => answer,
            Pending::Stored { slot, command, tenant } => {
                by_slot.entry(slot).or_default().entry(command).or_default().push((index, tenant));
                Err(Code::UNAVAILABLE.into())
            }
        });
    }
    for (slot, wanted) in by_slot {
        // What cannot be read stays unavailable.
        let Ok(stored) = log.read(stream, slot, 1).await else { continue };
        let record = stored.first().map(|stored| Record::parse(&stored.bytes));
        let Some(Ok(record)) = record else { continue };
        for recorded in &record.commands {
            let Envelope { command, tenant: whose, .. } = recorded.envelope;
            for (index, tenant) in wanted.get(&command).into_iter().flatten() {
                if whose != *tenant {
                    known[*index] = Err(reused(command));
                } else if let Some(answer) = first_answer::<D>(recorded) {
                    known[*index] = Ok(answer);
                }
            }
        }
    }
    known
}

/// The id was given before, with other input or by another party.
pub fn reused(command: CommandId) -> Refusal {
    let detail = format!("expected the input first given with {command}, got another");
    Reason::detail(Code::COMMAND_ID_REUSED, detail).into()
}

fn first_answer<D: Decider>(recorded: &RecordedCommand<'_>) -> Option<D::Answer> {
    let mut events = Vec::with_capacity(recorded.events.len());
    for bytes in &recorded.events {
        match D::Event::decode(bytes).ok()? {
            Decoded::Known(event) => events.push(event),
            Decoded::Unknown(_) => return None,
        }
    }
    Some(D::answer(&events, recorded.first))
}
