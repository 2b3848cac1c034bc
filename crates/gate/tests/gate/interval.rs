//! A least time between attempts.

use events::Code;
use model::Outcome;

use crate::scenario::{Given, call, law, named};

const SOON: [Code; 1] = [Code::TOO_SOON];

fn five_minutes() -> Given {
    let rules = "[[interval]]\nid = \"pause\"\nscope = [\"person\"]\nleast = \"5 minutes\"\nexcept = [\"unconnected\"]\n";
    law(rules).knows(named(1, 1, 1)).knows(named(2, 1, 1))
}

#[test]
fn given_an_attempt_then_exactly_so_long_after_it_began_is_allowed() {
    five_minutes()
        .made(call(1, 1), "24 10:00")
        .became(Outcome::NoAnswer, "24 10:04")
        .asks(call(2, 1), "24 10:04:59.999")
        .then_refused_until(SOON, "24 10:05")
        .made(call(2, 1), "24 10:05");
}

#[test]
fn given_a_permit_that_waits_then_another_waits_for_it() {
    let given = five_minutes().asks(call(1, 1), "24 10:00").then_permit();
    given
        .asks(call(2, 1), "24 10:00:30")
        .then_refused_until(SOON, "24 10:01:00.001")
        .made(call(2, 1), "24 10:01:00.001");
}

#[test]
fn given_a_call_that_never_reached_the_number_then_the_next_need_not_wait() {
    let given = five_minutes().made(call(1, 1), "24 10:00").became(Outcome::Busy, "24 10:00:10");
    given.made(call(1, 1), "24 10:00:20");
}
