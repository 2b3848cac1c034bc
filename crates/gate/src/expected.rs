//! Bringing what commands will look at near the processor. With millions of contact points each look goes to memory; asked for
//! together, the looks of a batch overlap.

use std::hint::black_box;

use events::Position;
use events::gate::GateCommand;
use model::ContactPointId;
use smallvec::SmallVec;

use crate::State;

/// Commands looked at together: their lines fit the first cache.
const AT_ONCE: usize = 64;

pub(crate) fn look(state: &State, commands: &[&GateCommand]) {
    for commands in commands.chunks(AT_ONCE) {
        // Each step goes as far as one wait for memory, for all of them.
        let mut records: SmallVec<[u32; AT_ONCE]> = SmallVec::new();
        for (contact, permit) in commands.iter().filter_map(|command| of(command)) {
            records.extend(state.contacts.guess(&contact));
            black_box(permit.map(|permit| state.permits.known(permit)));
        }
        let mut links: SmallVec<[_; AT_ONCE]> = SmallVec::new();
        for number in records {
            let contact = state.contacts.at(number.into());
            links.extend(contact.and_then(|contact| contact.links().first()));
        }
        for link in links {
            black_box((state.cases.id(link.case), state.persons.id(link.person)));
        }
    }
}

fn of(command: &GateCommand) -> Option<(ContactPointId, Option<Position>)> {
    match command {
        GateCommand::RequestPermit(asked) => Some((asked.contact, None)),
        GateCommand::RedeemPermit { contact, permit, .. }
        | GateCommand::SettlePermit { contact, permit, .. } => Some((*contact, Some(*permit))),
        _ => None,
    }
}
