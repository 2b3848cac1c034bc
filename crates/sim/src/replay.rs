//! P4: the log alone, put to the decider again, gives the same state, and each decision once more.

use std::collections::BTreeMap;

use events::gate::{GateCommand, GateEvent, RefusalsRepeatedV1};
use events::{Actor, Code, Decider, Now, Position, Tally};
use model::CommandId;

use crate::promise::{Checked, Promise, Violation, holds};
use crate::subject::{Fingerprint, Kept, Subject};
use crate::view::View;

/// One partition's log, replayed as far as it was seen.
#[derive(Default)]
pub struct Replay {
    state: Kept,
    next: usize,
}

impl Replay {
    /// Goes on to the end of what the view has seen. `commands` are those that were given.
    pub fn go_on(
        &mut self,
        view: &View,
        partition: u16,
        commands: &BTreeMap<CommandId, GateCommand>,
    ) -> Checked {
        let events = &view.partitions[usize::from(partition)].events;
        while self.next < events.len() {
            let Some(first) = &events[self.next] else {
                self.next += 1;
                continue;
            };
            let id = first.envelope.command;
            let of_command = |seen: &Option<_>| {
                seen.as_ref().is_some_and(|seen: &crate::view::Seen| seen.envelope.command == id)
            };
            let length = events[self.next..].iter().take_while(|seen| of_command(seen)).count();
            let stored: Vec<&GateEvent> =
                events[self.next..self.next + length].iter().flatten().map(|seen| &seen.event).collect();
            let command = match (&first.envelope.actor, commands.get(&id)) {
                (_, Some(command)) => command.clone(),
                (Actor::System(_), None) => tick(&stored),
                (actor, None) => {
                    let detail = format!("{id}: nobody gave this command, and {actor:?} did");
                    return Err(Violation::of(Promise::Replay, detail));
                }
            };
            let again = |trusted| {
                let decided = Subject::decide(&self.state, &command, Now { at: first.at, trusted });
                decided.is_ok_and(|events| events.iter().eq(stored.iter().copied()))
            };
            // Whether the clock was trusted stands in the log only where it made a difference.
            let distrusted = stored.iter().any(|event| {
                matches!(event, GateEvent::PermitRefused(refused)
                    if refused.reasons.iter().any(|reason| reason.code == Code::CLOCK_UNSURE))
            });
            holds(Promise::Replay, again(!distrusted) || again(false), || {
                let now = Now { at: first.at, trusted: !distrusted };
                let decided = Subject::decide(&self.state, &command, now);
                format!(
                    "position {} of {partition}: {stored:?} is in the log, decided again it is {decided:?}",
                    self.next
                )
            })?;
            for (index, event) in stored.iter().enumerate() {
                let position = Position((self.next + index) as u64);
                Subject::evolve(&mut self.state, event, first.at, position);
            }
            self.next += length;
        }
        Ok(())
    }

    /// The state that the log gives.
    pub fn fingerprint(&self) -> Fingerprint {
        self.state.fingerprint()
    }
}

/// The tick that led to these events: what it was given stands in them.
fn tick(events: &[&GateEvent]) -> GateCommand {
    let repeated = events.iter().filter_map(|event| match event {
        GateEvent::RefusalsRepeated(RefusalsRepeatedV1 { contact, first, count, .. }) => {
            Some((Tally { key: contact.0, first: *first }, *count))
        }
        _ => None,
    });
    GateCommand::Tick { repeated: repeated.collect() }
}
