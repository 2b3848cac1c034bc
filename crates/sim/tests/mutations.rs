//! What the promises rest on is broken on purpose, one mechanism at a time: the simulator has to see it.
//!
//! `cargo run -p sim --release -- --mutations` prints how soon.

use sim::mutation::Mutation;
use sim::promise::Promise;
use sim::{Settings, run};

/// More would be too slow to be called found.
const SEEDS_MAX: u64 = 100;

#[track_caller]
fn found(mutation: Mutation, as_one_of: &[Promise]) {
    let settings = |seed| Settings { seed, steps: 400, mutation: Some(mutation) };
    let failure = (0..SEEDS_MAX).find_map(|seed| run(settings(seed)).err());
    let failure = failure.unwrap_or_else(|| panic!("{mutation}: {SEEDS_MAX} seeds see nothing"));
    let promise = failure.violation.promise;
    assert!(as_one_of.contains(&promise), "{mutation} is seen as something else: {failure}");
    println!("{mutation}: {promise} after {} seeds, in step {}", failure.settings.seed + 1, failure.step);
}

macro_rules! each_is_found {
    ($($test:ident: $mutation:ident as $($promise:ident)|+;)*) => {
        $(#[test]
        fn $test() {
            found(Mutation::$mutation, &[$(Promise::$promise),+]);
        })*

        #[test]
        fn given_any_mutation_then_it_has_a_test() {
            let tested = [$(Mutation::$mutation),*];
            assert!(Mutation::ALL.iter().all(|mutation| tested.contains(mutation)));
        }
    };
}

each_is_found! {
    given_reservations_that_do_not_count_when_simulated_then_it_is_seen: ReservationsForgotten as Cap;
    given_redemptions_that_ask_no_rule_when_simulated_then_it_is_seen: RecheckSkipped as Cap | Stop | NoWithoutKnowing;
    given_redemptions_after_a_stop_when_simulated_then_it_is_seen: StopsIgnoredOnRedemption as Stop;
    given_permits_after_a_stop_when_simulated_then_it_is_seen: StopsIgnoredOnRequest as Stop;
    given_days_by_the_servers_midnight_when_simulated_then_it_is_seen: ServersMidnight as Cap;
    given_trust_in_any_clock_when_simulated_then_it_is_seen: ClockTrusted as NoWithoutKnowing;
    given_calls_for_any_agency_when_simulated_then_it_is_seen: PlacementIgnored as NoWithoutKnowing;
    given_slots_that_are_always_given_back_when_simulated_then_it_is_seen: AlwaysGivenBack as Cap;
    given_redemptions_of_expired_permits_when_simulated_then_it_is_seen: ExpiryIgnored as Cap;
    given_permits_for_several_calls_when_simulated_then_it_is_seen: UsedTwice as Once;
    given_numbers_counted_alone_when_simulated_then_it_is_seen: PersonsForgotten as Cap;
    given_late_contacts_that_do_not_count_when_simulated_then_it_is_seen: LateContactsForgotten as Cap;
    given_decisions_by_what_is_not_in_the_log_when_simulated_then_it_is_seen: HiddenInput as Replay;
    given_permits_that_nobody_closes_when_simulated_then_it_is_seen: NothingExpires as Live;
    given_command_ids_that_are_forgotten_when_simulated_then_it_is_seen: CommandIdsForgotten as Once | Durable | Replay;
    given_answers_before_the_record_is_durable_when_simulated_then_it_is_seen: AnsweredBeforeDurable as Durable;
    given_homes_that_give_every_share_when_simulated_then_it_is_seen: HomesAllowAll as Cap;
    given_shares_that_count_no_more_once_used_when_simulated_then_it_is_seen: SharesGivenUpWhenUsed as Cap;
    given_permits_that_need_no_shares_when_simulated_then_it_is_seen: SharesNotNeeded as Cap | Stop | NoWithoutKnowing;
    given_snapshots_that_forget_stops_when_simulated_then_it_is_seen: SnapshotsForgetStops as Stop | Replay;
    given_a_store_without_a_fence_when_simulated_then_it_is_seen: FenceDropped as Durable | Once;
}
