//! From which numbers an agency calls.

use events::Code;
use events::gate::{GateCommand, LineRegisteredV1, PermitRequest};
use model::AgencyId;

use crate::scenario::{AGENCY, Given, asked, call, law, named};

fn from(line: &str, number: u8) -> PermitRequest {
    PermitRequest { line: line.parse().expect("a line"), ..call(number, 1) }
}

fn two_lines() -> Given {
    let rules = "[[lines]]\nid = \"lines\"\nmost = 2\nwindow = \"7 days\"\nscope = [\"person\"]\n";
    law(rules).knows(named(1, 1, 1)).knows(named(2, 1, 1))
}

#[test]
fn given_a_rule_on_registration_then_only_the_agencys_own_numbers_are_used() {
    let registered = |agency, registered| {
        GateCommand::RegisterLine(LineRegisteredV1 { agency, line: asked().line, registered })
    };
    law("[[lines]]\nid = \"lines\"\nregistered = true\n")
        .knows(named(1, 1, 1))
        .does(registered(AgencyId(9), true), "24 09:00")
        .asks(call(1, 1), "24 10:00")
        .then_refused([Code::LINE_NOT_REGISTERED])
        .does(registered(AGENCY, true), "24 10:00")
        .when(registered(AGENCY, true), "24 10:00")
        .then_nothing()
        .made(call(1, 1), "24 10:00")
        .does(registered(AGENCY, false), "24 11:00")
        .asks(call(1, 1), "24 12:00")
        .then_refused([Code::LINE_NOT_REGISTERED]);
}

/// RULES.md section 8: the same caller returns from a new number.
#[test]
fn given_two_numbers_that_a_person_saw_then_a_third_is_refused_and_those_two_are_not() {
    two_lines()
        .made(from("4001", 1), "23 10:00")
        .made(from("4002", 2), "24 10:00")
        .asks(from("4003", 1), "24 11:00")
        .then_refused_until([Code::TOO_MANY_LINES], "30 00:00")
        .made(from("4001", 2), "24 11:00")
        .made(from("4002", 1), "24 12:00")
        // 4001 was seen last on the 24th.
        .asks(from("4003", 1), "30 12:00")
        .then_refused_until([Code::TOO_MANY_LINES], "2026-12-01T00:00:00+08:00");
}

#[test]
fn given_a_permit_that_waits_then_its_number_is_one() {
    let given = two_lines().asks(from("4001", 1), "24 10:00").then_permit();
    let given = given.asks(from("4002", 1), "24 10:00").then_permit();
    given.asks(from("4003", 1), "24 10:00:30").then_refused_until([Code::TOO_MANY_LINES], "24 10:01:00.001");
}

/// What no other rule remembers for so long is remembered for this one.
#[test]
fn given_numbers_for_ever_then_they_are_never_forgotten() {
    let rules = "[[lines]]\nid = \"lines\"\nmost = 1\nwindow = \"ever\"\nscope = [\"contact-point\"]\n";
    let given = law(rules).knows(named(1, 1, 1)).made(from("4001", 1), "01 10:00");
    let given = given.became(model::Outcome::NoAnswer, "01 10:01").asks(from("4001", 1), "28 10:00");
    let when = given.then_permit().asks(from("4002", 1), "28 11:00");
    assert_eq!(when.reasons()[0].next_allowed, None);
    when.then_refused([Code::TOO_MANY_LINES]);
}
