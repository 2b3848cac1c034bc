use events::{Code, Position};
use model::Outcome;

use super::world::*;
use crate::recount::Findings;
use crate::{Recount, recount};

const ZONE: &str = "Asia/Shanghai";

async fn count(world: &World) -> Recount {
    recount(&world.log, &STREAMS).await.expect("counted")
}

/// A world with a policy and one contact point in Shanghai.
async fn given(per_day: u16, per_seven_days: u16, give_back: bool) -> World {
    let mut world = World::new();
    world.gate(MONDAY, policy(per_day, per_seven_days, give_back)).await;
    world.gate(MONDAY, linked(contact(1), &[ZONE])).await;
    world
}

#[tokio::test]
async fn given_calls_up_to_the_cap_when_recounted_then_nothing_is_found() {
    let mut world = given(3, 7, false).await;
    for day in 0..2 {
        for call in 0..3 {
            world.call(MONDAY.plus_ms(day * DAY + (9 + call) * HOUR), contact(1)).await;
        }
    }
    world.gate(MONDAY.plus_ms(DAY + 13 * HOUR), refused(contact(1), 3, &[Code::DAY_CAP])).await;
    let counted = count(&world).await;
    assert_eq!(counted.findings, Findings::default());
    assert_eq!((counted.asked, counted.allowed, counted.refused, counted.calls), (7, 6, 1, 6));
    assert_eq!(counted.refused_by_code, [(Code::DAY_CAP, 1)]);
    assert_eq!((counted.events, counted.contacts), (15, 1));
}

#[tokio::test]
async fn given_a_fourth_call_on_one_day_when_recounted_then_it_is_over_the_cap() {
    let mut world = given(3, 7, false).await;
    for call in 0..4 {
        world.call(MONDAY.plus_ms((9 + call) * HOUR), contact(1)).await;
    }
    assert_eq!(count(&world).await.findings, Findings { over_cap: 1, ..Findings::default() });
}

#[tokio::test]
async fn given_a_local_midnight_between_when_recounted_then_days_are_those_of_the_zone() {
    let calls = async |zones: &[&str]| {
        let mut world = World::new();
        world.gate(MONDAY, policy(3, 7, false)).await;
        world.gate(MONDAY, linked(contact(1), zones)).await;
        for call in 0..6 {
            // 22:30, 23:00, 23:30 in Shanghai, then 0:00, 0:30 and 1:00: one day in UTC.
            world.call(MONDAY.plus_ms(DAY - 90 * MINUTE + call * 30 * MINUTE), contact(1)).await;
        }
        count(&world).await.findings.over_cap
    };
    assert_eq!(calls(&[ZONE]).await, 0);
    assert_eq!(calls(&["UTC"]).await, 3);
    assert_eq!(calls(&[ZONE, "UTC"]).await, 3, "the strictest zone counts");
}

#[tokio::test]
async fn given_eight_calls_in_seven_days_when_recounted_then_one_is_over_the_cap() {
    let over = async |eighth_on: i64| {
        let mut world = given(3, 7, false).await;
        for call in 0..7 {
            world.call(MONDAY.plus_ms((call % 3) * DAY + (9 + call) * HOUR), contact(1)).await;
        }
        world.call(MONDAY.plus_ms(eighth_on * DAY + 9 * HOUR), contact(1)).await;
        count(&world).await.findings.over_cap
    };
    assert_eq!(over(6).await, 1, "Sunday is within seven days of Monday");
    assert_eq!(over(7).await, 0, "the Monday after is not");
}

#[tokio::test]
async fn given_more_waiting_permits_than_the_cap_when_recounted_then_it_is_found_though_nobody_called() {
    let mut world = given(3, 7, false).await;
    let mut permits = Vec::new();
    for second in 0..4 {
        permits.push(world.reserve(MONDAY.plus_ms(second * 1000), contact(1)).await);
    }
    assert_eq!(count(&world).await.findings, Findings { over_cap: 1, ..Findings::default() });
    // Used in time, it is the same one that is over, and counted once.
    for permit in permits {
        world.gate(MONDAY.plus_ms(10_000), redeemed(contact(1), permit)).await;
    }
    assert_eq!(count(&world).await.findings, Findings { over_cap: 1, ..Findings::default() });
}

#[tokio::test]
async fn given_permits_that_expired_or_were_voided_when_recounted_then_they_do_not_count() {
    let mut world = given(3, 7, false).await;
    for _ in 0..3 {
        world.reserve(MONDAY, contact(1)).await;
    }
    // One with its event, one by its time only.
    world.gate(MONDAY.plus_ms(61_000), expired(contact(1), Position(2))).await;
    for call in 0..3 {
        world.call(MONDAY.plus_ms((9 + call) * HOUR), contact(1)).await;
    }
    assert_eq!(count(&world).await.findings, Findings::default());
}

#[tokio::test]
async fn given_a_permit_after_a_stop_when_recounted_then_it_is_found() {
    let mut world = given(3, 7, false).await;
    let before = world.reserve(MONDAY, contact(1)).await;
    world.write(GATE, MONDAY.plus_ms(1), &[stop(contact(1)), voided(contact(1), before)]).await;
    assert_eq!(count(&world).await.findings, Findings::default());
    world.gate(MONDAY.plus_ms(2), linked(contact(2), &[ZONE])).await;
    world.call(MONDAY.plus_ms(3), contact(2)).await;
    assert_eq!(count(&world).await.findings, Findings::default(), "a stop is about one contact point");
    let after = world.reserve(MONDAY.plus_ms(2000), contact(1)).await;
    assert_eq!(count(&world).await.findings, Findings { permits_after_stop: 1, ..Findings::default() });
    world.gate(MONDAY.plus_ms(3000), redeemed(contact(1), after)).await;
    let both = Findings { permits_after_stop: 1, redeemed_after_stop: 1, ..Findings::default() };
    assert_eq!(count(&world).await.findings, both);
}

#[tokio::test]
async fn given_a_permit_from_another_partition_after_a_stop_when_recounted_then_it_is_found() {
    let mut world = given(3, 7, false).await;
    world.gate(MONDAY, stop(contact(1))).await;
    let elsewhere =
        [policy(3, 7, false), linked(contact(1), &[ZONE]), reserved(contact(1), 3, Position(0), MONDAY)];
    world.write(GATE_1, MONDAY.plus_ms(1000), &elsewhere).await;
    assert_eq!(count(&world).await.findings, Findings { permits_after_stop: 1, ..Findings::default() });
}

#[tokio::test]
async fn given_permits_used_wrongly_when_recounted_then_each_kind_is_found() {
    let mut world = given(10, 70, false).await;
    let twice = world.call(MONDAY, contact(1)).await;
    world.gate(MONDAY.plus_ms(2000), redeemed(contact(1), twice)).await;
    let void = world.reserve(MONDAY.plus_ms(3000), contact(1)).await;
    world.gate(MONDAY.plus_ms(4000), voided(contact(1), void)).await;
    world.gate(MONDAY.plus_ms(5000), redeemed(contact(1), void)).await;
    let late = world.reserve(MONDAY.plus_ms(6000), contact(1)).await;
    world.gate(MONDAY.plus_ms(66_001), redeemed(contact(1), late)).await;
    world.gate(MONDAY.plus_ms(66_002), redeemed(contact(1), Position(999))).await;
    world.gate(MONDAY.plus_ms(66_003), redeemed(contact(2), twice)).await;
    let counted = count(&world).await;
    let expected = Findings {
        double_used: 1,
        redeemed_void: 1,
        redeemed_late: 1,
        without_permit: 2,
        ..Findings::default()
    };
    assert_eq!(counted.findings, expected);
    assert_eq!(counted.calls, 6);
}

#[tokio::test]
async fn given_a_permit_used_again_and_again_when_recounted_then_its_calls_are_over_the_cap() {
    let mut world = given(3, 7, false).await;
    let permit = world.reserve(MONDAY, contact(1)).await;
    for second in 1..=5 {
        world.gate(MONDAY.plus_ms(second * 1000), redeemed(contact(1), permit)).await;
    }
    let expected = Findings { double_used: 4, over_cap: 2, ..Findings::default() };
    assert_eq!(count(&world).await.findings, expected);
}

#[tokio::test]
async fn given_slots_given_back_when_recounted_then_only_rightly_given_ones_are_free_again() {
    let fourth = async |give_back: bool, outcome: Outcome| {
        let mut world = given(3, 7, give_back).await;
        for call in 0..4 {
            let at = MONDAY.plus_ms((9 + call) * HOUR);
            let permit = world.call(at, contact(1)).await;
            if call == 0 {
                world.gate(at.plus_ms(5000), settled(contact(1), permit, outcome, true)).await;
            }
        }
        let counted = count(&world).await;
        assert_eq!((counted.given_back, counted.settled), (1, vec![(outcome, 1)]));
        (counted.findings.over_cap, counted.findings.given_back_wrongly)
    };
    assert_eq!(fourth(true, Outcome::Busy).await, (0, 0));
    assert_eq!(fourth(true, Outcome::Conversation).await, (1, 1));
    assert_eq!(fourth(false, Outcome::Busy).await, (1, 0), "the rule does not give it back");
}

#[tokio::test]
async fn given_policies_that_change_when_recounted_then_each_permit_is_held_to_its_own() {
    let mut world = given(5, 7, false).await;
    for call in 0..3 {
        world.call(MONDAY.plus_ms((9 + call) * HOUR), contact(1)).await;
    }
    let (fourth, fifth) = (
        world.reserve(MONDAY.plus_ms(13 * HOUR), contact(1)).await,
        world.reserve(MONDAY.plus_ms(13 * HOUR), contact(1)).await,
    );
    // Tightened while two permits of the looser policy wait.
    world.gate(MONDAY.plus_ms(13 * HOUR), policy(2, 7, false)).await;
    for permit in [fourth, fifth] {
        world.gate(MONDAY.plus_ms(13 * HOUR + 1000), redeemed(contact(1), permit)).await;
    }
    assert_eq!(count(&world).await.findings, Findings::default());
    world.reserve(MONDAY.plus_ms(14 * HOUR), contact(1)).await;
    assert_eq!(count(&world).await.findings, Findings { over_cap: 1, ..Findings::default() });
}

#[tokio::test]
async fn given_a_permit_by_another_policy_or_none_when_recounted_then_it_is_found() {
    let mut world = World::new();
    world.gate(MONDAY, linked(contact(1), &[ZONE])).await;
    world.reserve(MONDAY, contact(1)).await;
    world.gate(MONDAY, policy(3, 7, false)).await;
    world.gate(MONDAY, policy(4, 7, false)).await;
    world.gate(MONDAY, reserved(contact(1), 3, Position(2), MONDAY)).await;
    assert_eq!(count(&world).await.findings, Findings { policy_wrong: 2, ..Findings::default() });
}

#[tokio::test]
async fn given_a_permit_at_night_or_without_a_zone_when_recounted_then_it_is_found() {
    let mut world = World::new();
    let hours = rule("hours", "hours", "open = [\"daily 08:00:01-21:59:59\"]");
    world.gate(MONDAY, pack("test", 1, "\"everywhere\"", &hours)).await;
    world.gate(MONDAY, linked(contact(1), &[ZONE])).await;
    world.gate(MONDAY, linked(contact(2), &["Mars/Olympus"])).await;
    world.reserve(MONDAY.plus_ms(8 * HOUR + 1000), contact(1)).await;
    let evening = world.reserve(MONDAY.plus_ms(22 * HOUR - 1), contact(1)).await;
    assert_eq!(count(&world).await.findings, Findings::default());
    world.reserve(MONDAY.plus_ms(22 * HOUR), contact(1)).await;
    world.gate(MONDAY.plus_ms(22 * HOUR), redeemed(contact(1), evening)).await;
    world.reserve(MONDAY.plus_ms(DAY + 12 * HOUR), contact(2)).await;
    world.reserve(MONDAY.plus_ms(DAY + 12 * HOUR), contact(3)).await;
    let expected = Findings {
        outside_hours: 1,
        redeemed_outside_hours: 1,
        zone_unknown: 2,
        contact_unknown: 1,
        ..Findings::default()
    };
    assert_eq!(count(&world).await.findings, expected);
}

#[tokio::test]
async fn given_repeats_without_rules_when_recounted_then_those_of_the_first_refusal_count() {
    let mut world = given(3, 7, false).await;
    let first = world.gate(MONDAY, refused(contact(1), 3, &[Code::DAY_CAP, Code::NOT_PLACED])).await;
    world.gate(MONDAY, repeated(contact(1), first, 40, &[])).await;
    world.gate(MONDAY, repeated(contact(1), first, 2, &[Code::DAY_CAP, Code::NOT_PLACED])).await;
    let counted = count(&world).await;
    assert_eq!((counted.asked, counted.refused, counted.repeated), (43, 43, 42));
    assert_eq!(counted.refused_by_code, [(Code::DAY_CAP, 43), (Code::NOT_PLACED, 43)]);
}
