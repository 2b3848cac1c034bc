//! The permit protocol over several partitions as a model, checked exhaustively at small sizes: every order of steps, every
//! crash of a router, every lost record, every change of a leader and every retry that fits the bounds. Where a leader lingers
//! that was replaced, it takes commands, answers by what it knew, and writes: the store's fence refuses that.
//!
//! One person (at home in partition P) has two contact points, each in a partition of its own (C0, C1). A permit for one of
//! them reserves a share at P, then the permit at C; the call redeems the share, then the permit; the outcome goes to C, and
//! a process manager carries it to P. `gate::Course` is the same order of steps in the product; the simulator drives that.

mod actions;
mod places;
mod world;

use stateright::{Checker, HasDiscoveries, Model, Property};

use self::actions::Action;
use self::world::{Model as Protocol, Mutation, World};

const PERSON: &str = "never more calls to the person than the cap, in any window";
const CONTACT: &str = "never more calls to a contact point than the cap, in any window";
const STOPPED: &str = "nothing is redeemed after an acknowledged stop";
const ONCE: &str = "a permit is used for one call";
const FREED: &str = "every slot is free again in the end";
const HELD: &str = "who was told of a call finds it in the log";
const USEFUL: &str = "both calls can be made";

impl Model for Protocol {
    type State = World;
    type Action = Action;

    fn init_states(&self) -> Vec<World> {
        vec![World::start(self)]
    }

    fn actions(&self, world: &World, actions: &mut Vec<Action>) {
        actions::possible(self, world, actions);
    }

    fn next_state(&self, world: &World, action: Action) -> Option<World> {
        let mut next = *world;
        actions::act(self, &mut next, action);
        (next != *world).then_some(next)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        vec![
            Property::<Self>::always(PERSON, |model, world| world.within(model, None, model.person_cap)),
            Property::<Self>::always(CONTACT, |model, world| {
                (0..2).all(|contact| world.within(model, Some(contact), model.contact_cap))
            }),
            Property::<Self>::always(STOPPED, |_, world| !world.redeemed_after_stop()),
            Property::<Self>::always(ONCE, |_, world| world.one_call_each()),
            Property::<Self>::always(HELD, |model, world| world.told_is_held(model)),
            Property::<Self>::eventually(FREED, |_, world| world.all_free()),
            Property::<Self>::sometimes(USEFUL, |_, world| world.both_called()),
        ]
    }
}

/// Every property holds, and the interesting end is reached.
#[track_caller]
fn holds(model: Protocol) {
    let began = std::time::Instant::now();
    let checker = model.checker().threads(2).spawn_bfs().join();
    let (states, depth) = (checker.unique_state_count(), checker.max_depth());
    println!("{states} states, {depth} steps deep, {:?}", began.elapsed());
    let discoveries = checker.discoveries();
    let broken: Vec<_> = discoveries.keys().filter(|property| **property != USEFUL).collect();
    for property in &broken {
        println!("{property}: {:?}", discoveries[**property].clone().into_actions());
    }
    assert!(broken.is_empty(), "{broken:?}");
    assert!(discoveries.contains_key(USEFUL), "no two calls are ever made: the model shows nothing");
}

/// The checker finds that this property is broken.
#[track_caller]
fn breaks(mutation: Mutation, property: &'static str, model: Protocol) {
    let began = std::time::Instant::now();
    let model = Protocol { mutation: Some(mutation), ..model };
    let wanted = HasDiscoveries::AnyOf([property].into());
    let checker = model.checker().threads(2).finish_when(wanted).spawn_bfs().join();
    let found = checker.discovery(property);
    let states = checker.unique_state_count();
    let path = found.unwrap_or_else(|| panic!("{mutation:?}: {states} states, and {property:?} holds"));
    let actions = path.into_actions();
    println!("{mutation:?}: {} steps, after {states} states, {:?}", actions.len(), began.elapsed());
    println!("  {actions:?}");
}

/// Calls to both contact points of a person who may be called once.
fn two_numbers() -> Protocol {
    Protocol { contacts: [0, 1], person_cap: 1, contact_cap: 1, ..Protocol::default() }
}

/// Two calls to one contact point that may be called once.
fn one_number() -> Protocol {
    Protocol { contacts: [0, 0], person_cap: 2, contact_cap: 1, ..Protocol::default() }
}

#[test]
fn given_two_numbers_of_a_person_with_one_call_left_then_every_order_of_steps_keeps_the_promises() {
    holds(two_numbers());
}

#[test]
fn given_two_calls_for_the_last_place_of_a_number_then_every_order_of_steps_keeps_the_promises() {
    holds(Protocol { attempts: [1, 1], ..one_number() });
}

#[test]
fn given_a_stop_that_races_redemptions_then_every_order_of_steps_keeps_the_promises() {
    holds(Protocol { stops: true, attempts: [1, 1], ..two_numbers() });
}

#[test]
fn given_a_hold_that_comes_and_goes_then_every_order_of_steps_keeps_the_promises() {
    holds(Protocol { holds: 1, leader_changes: 0, ..two_numbers() });
}

#[test]
fn given_a_second_call_on_a_permit_then_every_order_of_steps_keeps_the_promises() {
    holds(Protocol { second_call: 1, ..two_numbers() });
}

/// A leader is replaced and does not know it.
fn lingering(model: Protocol) -> Protocol {
    Protocol { lingers: true, crashes: 0, attempts: [1, 1], ..model }
}

#[test]
fn given_a_leader_that_goes_on_after_it_was_replaced_then_every_order_of_steps_keeps_the_promises() {
    holds(lingering(two_numbers()));
    holds(Protocol { ask_until: 0, end: 2, ..lingering(one_number()) });
}

#[test]
fn given_a_replaced_leader_and_a_stop_then_every_order_of_steps_keeps_the_promises() {
    holds(Protocol { stops: true, ask_until: 1, end: 3, ..lingering(two_numbers()) });
}

#[test]
fn given_a_store_that_takes_what_a_replaced_leader_writes_then_a_cap_is_passed() {
    breaks(Mutation::FenceDropped, PERSON, lingering(two_numbers()));
    breaks(Mutation::FenceDropped, CONTACT, Protocol { ask_until: 1, end: 3, ..lingering(one_number()) });
}

#[test]
fn given_a_store_that_takes_what_a_replaced_leader_writes_then_something_is_redeemed_after_a_stop() {
    breaks(Mutation::FenceDropped, STOPPED, Protocol { stops: true, ..lingering(two_numbers()) });
}

#[test]
fn given_a_leader_that_takes_over_without_having_read_the_log_then_a_cap_is_passed() {
    breaks(Mutation::ElectedBehind, PERSON, lingering(two_numbers()));
}

#[test]
fn given_shares_released_before_the_permit_is_void_then_a_cap_is_passed() {
    breaks(Mutation::ReleasedBeforeVoid, PERSON, Protocol { holds: 1, ..two_numbers() });
}

#[test]
fn given_the_permit_redeemed_before_its_share_then_a_cap_is_passed() {
    breaks(Mutation::PermitFirst, PERSON, two_numbers());
}

#[test]
fn given_a_share_that_counts_while_it_waits_only_then_a_cap_is_passed() {
    breaks(Mutation::CountedAtReservationOnly, PERSON, two_numbers());
}

#[test]
fn given_a_share_that_counts_when_it_was_redeemed_then_calls_made_later_pass_a_cap() {
    breaks(Mutation::CountedWhenRedeemed, PERSON, two_numbers());
}

#[test]
fn given_answers_before_the_record_is_durable_then_a_call_is_made_that_nobody_knows_of() {
    breaks(Mutation::AnsweredBeforeDurable, HELD, two_numbers());
}

#[test]
fn given_a_stop_that_voids_no_permits_then_something_is_redeemed_after_it() {
    breaks(Mutation::StopVoidsNothing, STOPPED, Protocol { stops: true, ..two_numbers() });
}

#[test]
fn given_permits_that_do_not_remember_their_call_then_one_is_used_twice() {
    breaks(Mutation::CallForgotten, ONCE, Protocol { second_call: 1, ..two_numbers() });
}

#[test]
fn given_shares_that_do_not_lapse_then_a_router_that_died_leaves_a_slot_taken() {
    breaks(Mutation::SharesNeverLapse, FREED, two_numbers());
}

#[test]
fn given_a_process_manager_that_follows_what_is_not_durable_then_a_cap_is_passed() {
    let model = Protocol { stops: true, ..two_numbers() };
    breaks(Mutation::FollowsTheSpeculative, PERSON, model);
}
