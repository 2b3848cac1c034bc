//! Who was told what, and whether the log bears it out at that very moment.

use std::collections::BTreeMap;

use eventlog::memory::MemoryLog;
use events::gate::{GateAnswer, GateCommand, GateEvent};
use events::{Position, Refusal};
use model::{CommandId, ContactPointId, Timestamp};
use runtime::SystemClock;

use crate::caps::Cap;
use crate::machines::Machine;
use crate::promise::{Checked, Promise, Violation, holds};
use crate::replay::Replay;
use crate::subject::Fingerprint;
use crate::view::{Seen, View};

/// One command that clients gave, maybe more than once.
struct Given {
    /// When it was given first, in observations.
    since: u64,
    sent: Vec<Sent>,
    answer: Option<GateAnswer>,
}

/// One sending of it.
#[derive(Clone, Copy)]
struct Sent {
    machine: usize,
    generation: u64,
    /// The machine's clock was not to be trusted.
    jumped: bool,
    /// How late the log was then.
    log_at: Timestamp,
}

/// Everything that was seen and said.
pub struct Witness {
    /// The log.
    pub view: View,
    replays: Vec<Replay>,
    commands: BTreeMap<CommandId, GateCommand>,
    given: BTreeMap<CommandId, Given>,
    /// When a stop was acknowledged first, in observations.
    stops: BTreeMap<ContactPointId, u64>,
    observed: u64,
    /// Answers so far.
    pub answers: u64,
    /// Answers that let a call through.
    pub allowed: u64,
    /// States of a leader that were compared with the replay's.
    pub compared: u64,
    /// Of those, the ones that began from a snapshot.
    pub restored: u64,
}

impl Witness {
    /// Of a log that is empty yet.
    pub fn new(log: MemoryLog, partitions: u16, laws: BTreeMap<String, Vec<Cap>>) -> Self {
        Self {
            view: View::new(log, partitions, laws),
            replays: (0..partitions).map(|_| Replay::default()).collect(),
            commands: BTreeMap::new(),
            given: BTreeMap::new(),
            stops: BTreeMap::new(),
            observed: 0,
            answers: 0,
            allowed: 0,
            compared: 0,
            restored: 0,
        }
    }

    /// A command goes to a machine.
    pub fn sent(
        &mut self,
        id: CommandId,
        command: &GateCommand,
        partition: u16,
        to: usize,
        machine: &Machine,
    ) {
        self.observed += 1;
        self.commands.entry(id).or_insert_with(|| command.clone());
        let since = self.observed;
        let given = self.given.entry(id).or_insert(Given { since, sent: Vec::new(), answer: None });
        given.sent.push(Sent {
            machine: to,
            generation: machine.generation,
            jumped: machine.has_jumped(),
            log_at: self.view.partitions[usize::from(partition)].at,
        });
    }

    /// Somebody is told.
    pub fn told(
        &mut self,
        id: CommandId,
        partition: u16,
        answer: &Result<GateAnswer, Refusal>,
        machines: &[Machine],
        true_time: Timestamp,
    ) -> Checked {
        self.observed += 1;
        self.answers += 1;
        self.view.look(true_time)?;
        let Some(command) = self.commands.get(&id).cloned() else { return Ok(()) };
        match answer {
            Err(refusal) if refusal.is_transient() => return Ok(()),
            Err(refusal) => {
                let Some(tally) = refusal.repeats else { return Ok(()) };
                let first = self.view.at(partition, tally.first);
                let refused = matches!(first, Some(Seen { event: GateEvent::PermitRefused(_), .. }));
                return holds(Promise::Durable, refused, || {
                    format!("told that the refusal at {} is repeated, which is not in the log", tally.first)
                });
            }
            Ok(answer) => self.borne_out(id, partition, &command, answer)?,
        }
        let Ok(answer) = answer else { return Ok(()) };
        self.same_again(id, answer)?;
        if let (GateCommand::PlaceStop { contact, .. }, _) = (&command, answer) {
            self.stops.entry(*contact).or_insert(self.observed);
        }
        let contact = match (&command, answer) {
            (GateCommand::RequestPermit(asked), GateAnswer::Permit { .. }) => asked.contact,
            (GateCommand::RequestShared(wanted), GateAnswer::Permit { .. }) => wanted.asked.contact,
            (GateCommand::RedeemPermit { contact, .. }, GateAnswer::Redeemed { .. }) => *contact,
            (GateCommand::RedeemShared(wanted), GateAnswer::Redeemed { .. }) => wanted.contact,
            _ => return Ok(()),
        };
        self.allowed += 1;
        let Some(given) = self.given.get(&id) else { return Ok(()) };
        let stopped = self.stops.get(&contact).is_some_and(|stop| *stop < given.since);
        holds(Promise::Stop, !stopped, || {
            format!("{id} was given after the stop of {contact} was acknowledged, and allowed")
        })?;
        // Whoever decided it had no clock to be trusted, from when it was given until now.
        let unsure = |sent: &Sent| {
            let Some(machine) = machines.get(sent.machine) else { return false };
            let behind_ms = sent.log_at.ms_since(machine.system_time());
            machine.generation == sent.generation
                && (sent.jumped || (!machine.has_jumped() && behind_ms > SystemClock::TOLERANCE_MS))
        };
        holds(Promise::NoWithoutKnowing, !given.sent.iter().all(unsure), || {
            format!("{id} was allowed while no clock could be trusted")
        })
    }

    /// What the answer says stands in the log.
    fn borne_out(
        &self,
        id: CommandId,
        partition: u16,
        command: &GateCommand,
        answer: &GateAnswer,
    ) -> Checked {
        let at = |position: Position| self.view.at(partition, position);
        let of_it = |position| at(position).filter(|seen| seen.envelope.command == id);
        let asked = match command {
            GateCommand::RequestPermit(asked) => Some(asked),
            GateCommand::RequestShared(wanted) => Some(&wanted.asked),
            GateCommand::ReserveShare(wanted) => Some(&wanted.asked),
            _ => None,
        };
        let used = match command {
            GateCommand::RedeemPermit { permit, call, .. } => Some((*permit, *call)),
            GateCommand::RedeemShared(wanted) => Some((wanted.permit, wanted.call)),
            GateCommand::RedeemShare(wanted) => Some((wanted.share, wanted.call)),
            _ => None,
        };
        let uses = |seen: &Seen| match &seen.event {
            GateEvent::PermitRedeemed(redeemed) => used == Some((redeemed.permit, redeemed.call)),
            GateEvent::ShareRedeemed(redeemed) => used == Some((redeemed.share, redeemed.call)),
            _ => false,
        };
        let there = match (command, answer) {
            (_, GateAnswer::Permit { permit, expires_at, .. }) => of_it(*permit).is_some_and(|seen| {
                matches!(&seen.event, GateEvent::PermitReserved(reserved)
                    if Some(&reserved.asked) == asked && reserved.expires_at == *expires_at)
            }),
            (_, GateAnswer::Share { share, expires_at, .. }) => of_it(*share).is_some_and(|seen| {
                matches!(&seen.event, GateEvent::ShareReserved(reserved)
                    if Some(&reserved.asked) == asked && reserved.expires_at == *expires_at)
            }),
            (_, GateAnswer::Refused { decision, .. }) => of_it(*decision).is_some_and(|seen| {
                matches!(&seen.event, GateEvent::PermitRefused(refused) if Some(&refused.asked) == asked)
            }),
            (_, GateAnswer::Redeemed { .. } | GateAnswer::ShareRedeemed { .. }) => {
                self.view.of(&id).any(uses)
            }
            (_, GateAnswer::Done { changed: false }) if used.is_some() => {
                self.view.partitions[usize::from(partition)].events.iter().flatten().any(uses)
            }
            (GateCommand::SettlePermit { permit, .. }, GateAnswer::Settled { .. }) => {
                self.view.of(&id).any(|seen| {
                    matches!(&seen.event, GateEvent::PermitSettled(settled) if settled.permit == *permit)
                })
            }
            (GateCommand::PlaceStop { contact, .. }, GateAnswer::Stopped { stop, .. }) => {
                of_it(*stop).is_some_and(|seen| {
                    matches!(&seen.event, GateEvent::StopPlaced(placed) if placed.contact == *contact)
                })
            }
            (GateCommand::PlaceStop { contact, .. }, GateAnswer::Done { changed: false }) => {
                self.view.book().stopped(*contact)
            }
            (_, GateAnswer::Done { changed: true }) => self.view.of(&id).next().is_some(),
            (_, GateAnswer::Done { changed: false }) => self.view.of(&id).next().is_none(),
            _ => false,
        };
        holds(Promise::Durable, there, || {
            format!("{id} was answered {answer:?}, which the log does not bear out")
        })
    }

    /// A retry gets the first answer, if that stands in the log.
    fn same_again(&mut self, id: CommandId, answer: &GateAnswer) -> Checked {
        let Some(given) = self.given.get_mut(&id) else { return Ok(()) };
        if self.view.commands.contains_key(&id) {
            let first = given.answer.get_or_insert_with(|| answer.clone());
            return holds(Promise::Once, first == answer, || {
                format!("{id} was first answered {first:?}, then {answer:?}")
            });
        }
        Ok(())
    }

    /// After a crash: nothing that was seen or acknowledged is gone.
    pub fn nothing_is_gone(&mut self, true_time: Timestamp) -> Checked {
        self.view.look(true_time)?;
        self.view.read_again()?;
        for (id, given) in &self.given {
            let gone = given.answer.is_some() && !self.view.commands.contains_key(id);
            holds(Promise::Durable, !gone, || format!("{id} was acknowledged, and is gone"))?;
        }
        Ok(())
    }

    /// Replays what is new.
    pub fn replay(&mut self, true_time: Timestamp) -> Checked {
        self.view.look(true_time)?;
        for (partition, replay) in self.replays.iter_mut().enumerate() {
            replay.go_on(&self.view, partition as u16, &self.commands)?;
        }
        Ok(())
    }

    /// Compares a leader's state with the replay's; false if there is more in the log than the leader had then.
    pub fn compare(
        &mut self,
        partition: u16,
        state: Fingerprint,
        restored: bool,
        true_time: Timestamp,
    ) -> Checked<bool> {
        self.replay(true_time)?;
        let replayed = self.replays[usize::from(partition)].fingerprint();
        if replayed.last < state.last {
            let detail =
                format!("told of a state after {:?}, the log ends at {:?}", state.last, replayed.last);
            return Err(Violation::of(Promise::Durable, detail));
        }
        if replayed.last != state.last {
            return Ok(false);
        }
        self.compared += 1;
        self.restored += u64::from(restored);
        holds(Promise::Replay, replayed == state, || {
            format!("after {:?} the leader's state is not the replay's", state.last)
        })?;
        Ok(true)
    }
}
