//! Whose a number is: shared by many, made up, or somebody else's.

use events::Code;
use events::gate::{
    ContactLinkedV2, GateCommand, NumberCheck, NumberCheckedV1, NumberDisprovedV1, PermitRequest,
};
use model::{Outcome, Role};

use crate::scenario::{Given, call, contact, given, law, moment, named, somebody};

const CAP: &str = r#"
[[frequency]]
id = "cap"
count = "attempts"
scope = ["person"]
limit = 1
window = "7 days"
"#;

fn disprove(number: u8, person: u8, belongs_to: u8) -> GateCommand {
    let (person, belongs_to) = (somebody(person), somebody(belongs_to));
    GateCommand::DisproveNumber(NumberDisprovedV1 { contact: contact(number), person, belongs_to })
}

fn checked(found: NumberCheck) -> GateCommand {
    GateCommand::CheckNumber(NumberCheckedV1 { contact: contact(1), found, at: moment("24 09:00") })
}

fn named_by(cases: u8) -> Given {
    let mut given = law("[[shared]]\nid = \"shared\"\nmost = 2\n");
    for number in 1..=cases {
        given = given.knows(ContactLinkedV2 { role: Role::EmergencyContact, ..named(1, number, 8) });
    }
    given
}

#[test]
fn given_a_number_that_more_borrowers_name_than_allowed_then_it_is_checked_first() {
    named_by(2).made(call(1, 1), "24 10:00");
    named_by(3)
        .asks(call(1, 1), "24 10:00")
        .then_refused([Code::NUMBER_SHARED])
        .does(checked(NumberCheck::NotReassigned), "24 10:00")
        .asks(call(1, 1), "24 10:00")
        .then_refused([Code::NUMBER_SHARED])
        .does(checked(NumberCheck::SharedInOrder), "24 10:00")
        .made(call(1, 1), "24 10:00")
        .does(checked(NumberCheck::Fabricated), "24 11:00")
        .asks(call(1, 1), "24 12:00")
        .then_refused([Code::HELD]);
}

/// The calls leave the debtor's count and enter the stranger's (12 CFR 1006.14(b)(2)(i), comment -3).
#[test]
fn given_a_number_that_is_somebody_elses_then_its_calls_count_for_them_and_it_is_not_called() {
    let stranger_too = named(3, 9, 7);
    law(CAP)
        .knows(named(1, 1, 1))
        .knows(named(2, 1, 1))
        .knows(stranger_too)
        .made(call(1, 1), "24 10:00")
        .became(Outcome::Conversation, "24 10:01")
        .asks(call(2, 1), "24 11:00")
        .then_refused([Code::SEVEN_DAY_CAP])
        .does(disprove(1, 1, 7), "24 11:00")
        .when(disprove(1, 1, 7), "24 11:00")
        .then_nothing()
        .asks(call(3, 9), "24 12:00")
        .then_refused([Code::SEVEN_DAY_CAP])
        .made(call(2, 1), "24 12:00")
        .asks(call(1, 1), "2026-12-24T10:00:00+08:00")
        .then_refused([Code::HELD])
        // The lender's file does not make it the debtor's again.
        .when(GateCommand::LinkContact(named(1, 1, 1)), "24 12:00")
        .then_nothing();
}

#[test]
fn given_a_conversation_with_a_stranger_then_the_debtor_had_none() {
    law("[[cool-down]]\nid = \"quiet\"\nscope = [\"person\"]\nwindow = \"7 days\"\n")
        .knows(named(1, 1, 1))
        .knows(named(2, 1, 1))
        .knows(named(3, 9, 7))
        .made(call(1, 1), "24 10:00")
        .became(Outcome::Conversation, "24 10:01")
        .asks(call(2, 1), "24 11:00")
        .then_refused([Code::COOL_DOWN])
        .does(disprove(1, 1, 7), "24 11:00")
        .asks(call(3, 9), "24 12:00")
        .then_refused([Code::COOL_DOWN])
        .made(call(2, 1), "24 12:00");
}

#[test]
fn given_a_number_that_nobody_named_for_that_person_then_nothing_is_disproved() {
    let known = law(CAP).knows(named(1, 1, 1));
    assert_eq!(known.refuses(&disprove(1, 4, 7), "24 10:00"), [Code::CONTACT_UNKNOWN]);
    assert_eq!(known.refuses(&disprove(2, 1, 7), "24 10:00"), [Code::CONTACT_UNKNOWN]);
    assert_eq!(given([]).refuses(&checked(NumberCheck::Fabricated), "24 10:00"), [Code::CONTACT_UNKNOWN]);
    let other = PermitRequest { case: crate::scenario::case(2), ..call(1, 1) };
    known.asks(other, "24 10:00").then_refused([Code::CONTACT_UNKNOWN]);
}
