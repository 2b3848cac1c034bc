//! What homes tell each other comes to an end, in whichever order it arrives.

use std::collections::{BTreeMap, VecDeque};

use events::gate::{ContactLinkedV2, GateCommand, PartitionsSetV1};
use events::{Decider, Now, Position, partition_of};
use gate::{Gate, State};
use model::{CaseId, ContactPointId, LenderId, PersonId, Place, Role, Timestamp};

const PARTITIONS: u16 = 3;

/// A key in the middle of a partition.
fn key(partition: u16, number: u8) -> [u8; 16] {
    let point = (u64::from(partition) * 65_536 + 32_768) / u64::from(PARTITIONS);
    let mut key = [number; 16];
    key[..2].copy_from_slice(&(point as u16).to_be_bytes());
    key
}

/// Three partitions, and what process managers have under way from each to each, in order.
struct Partitions {
    states: Vec<(State, u64)>,
    under_way: BTreeMap<(u16, u16), VecDeque<GateCommand>>,
}

impl Partitions {
    fn new() -> Self {
        let states = (0..PARTITIONS).map(|_| (State::default(), 0)).collect();
        let mut all = Self { states, under_way: BTreeMap::new() };
        for own in 0..PARTITIONS {
            let set = PartitionsSetV1 { partitions: PARTITIONS, own };
            all.give(own, &GateCommand::SetPartitions(set));
        }
        all
    }

    fn give(&mut self, partition: u16, command: &GateCommand) {
        let (state, next) = &mut self.states[usize::from(partition)];
        let now = Now { at: Timestamp(1_780_000_000_000), trusted: true };
        let decided = Gate::decide(state, command, now).expect("it is taken in");
        for event in decided {
            Gate::evolve(state, &event, now.at, Position(*next));
            *next += 1;
            for told in Gate::homes_of(&event, partition, PARTITIONS) {
                let to = partition_of(&Gate::key(&told).expect("it has a home"), PARTITIONS);
                self.under_way.entry((partition, to)).or_default().push_back(told);
            }
        }
    }

    /// Delivers what is under way, in turn from each to each; how much it was, `most` at most.
    fn settle(&mut self, most: usize) -> usize {
        let mut delivered = 0;
        while delivered < most {
            let ways: Vec<_> = self.under_way.keys().copied().collect();
            let before = delivered;
            for way in ways {
                if let Some(told) = self.under_way.get_mut(&way).and_then(VecDeque::pop_front) {
                    self.give(way.1, &told);
                    delivered += 1;
                }
            }
            if delivered == before {
                break;
            }
        }
        delivered
    }
}

#[test]
fn given_one_phone_of_two_parties_of_a_case_when_its_homes_are_told_then_it_comes_to_an_end() {
    let linked = |role| {
        GateCommand::LinkContact(ContactLinkedV2 {
            contact: ContactPointId(key(0, 1)),
            case: CaseId(key(1, 2)),
            lender: LenderId(1),
            person: PersonId(key(2, 3)),
            role,
            zones: "Asia/Shanghai".parse().into_iter().collect(),
            regions: Vec::new(),
            place: Place::Unknown,
        })
    };
    let mut partitions = Partitions::new();
    partitions.give(0, &linked(Role::CoDebtor));
    partitions.give(0, &linked(Role::Debtor));
    let delivered = partitions.settle(1_000);
    assert!(delivered < 1_000, "two homes tell each other for ever what one of them was told");
}
