//! After a conversation.

use events::Code;
use events::gate::{ContactLinkedV2, ContactRecordedV1, Direction, GateCommand, PermitRequest};
use model::{Channel, Outcome, Purpose, Role};

use crate::scenario::{AGENCY, Given, call, case, contact, law, moment, named};

const QUIET: [Code; 1] = [Code::COOL_DOWN];

fn quiet(scope: &str) -> Given {
    law(&format!(
        "[[cool-down]]\nid = \"quiet\"\nchannels = [\"call\"]\nscope = [{scope}]\nwindow = \"7 days\"\n"
    ))
    .knows(named(1, 1, 1))
    .knows(named(1, 2, 1))
    .knows(named(2, 1, 1))
}

fn called_back(number: u8, of_case: u8, at: &str) -> GateCommand {
    GateCommand::RecordContact(ContactRecordedV1 {
        contact: contact(number),
        case: case(of_case),
        agency: AGENCY,
        channel: Channel::Call,
        purpose: Purpose::Collect,
        direction: Direction::Inbound,
        at: moment(at),
        outcome: Outcome::Conversation,
        toward: Vec::new(),
        discussed: Vec::new(),
        line: None,
    })
}

/// The day of the conversation and six more (12 CFR 1006.14(b)(2)(i)(B)).
#[test]
fn given_a_conversation_about_a_debt_then_there_is_none_for_seven_days_at_any_number_and_other_debts_are_free()
 {
    quiet("\"person\", \"debt\"")
        .made(call(1, 1), "01 10:00")
        .became(Outcome::Conversation, "01 10:05")
        .asks(call(2, 1), "07 23:59:59")
        .then_refused_until(QUIET, "08 00:00")
        .made(call(1, 2), "07 23:59:59")
        .became(Outcome::NoAnswer, "07 23:59:59")
        .made(call(2, 1), "08 00:00");
}

#[test]
fn given_a_conversation_that_the_person_began_then_it_is_one() {
    let given = quiet("\"person\", \"debt\"").does(called_back(1, 1, "02 10:00"), "02 11:00");
    given.asks(call(2, 1), "08 12:00").then_refused_until(QUIET, "09 00:00").made(call(1, 2), "08 12:00");
}

#[test]
fn given_several_debts_then_only_those_that_were_spoken_about_rest() {
    let both = PermitRequest { also: vec![case(2)], ..call(1, 1) };
    let talked = |discussed: &[u8]| {
        quiet("\"person\", \"debt\"").made(both.clone(), "01 10:00").became_about(
            Outcome::Conversation,
            &[],
            discussed,
            "01 10:05",
        )
    };
    talked(&[2]).asks(call(1, 2), "02 10:00").then_refused(QUIET).made(call(1, 1), "02 10:00");
    // Nobody said which: both.
    talked(&[])
        .asks(call(1, 2), "02 10:00")
        .then_refused(QUIET)
        .asks(call(1, 1), "02 10:00")
        .then_refused(QUIET);
}

#[test]
fn given_a_call_that_is_being_made_or_whose_outcome_nobody_knows_then_it_may_be_a_conversation() {
    let given = quiet("\"person\"").asks(call(1, 1), "24 10:00").then_permit();
    let second = given.asks(call(2, 1), "24 10:00").then_permit();
    // Two permits wait; when one is used, the other is not.
    let (contact, permit) = (second.whom, second.permit);
    let redeem = GateCommand::RedeemPermit { contact, permit, call: [1; 16] };
    let given = second.does(redeem, "24 10:00:10").asks(call(1, 1), "24 10:00:20").then_refused(QUIET);
    given
        .became(Outcome::NoAnswer, "24 10:00:30")
        .made(call(1, 1), "24 10:00:40")
        .became(Outcome::Unknown, "24 10:01")
        .asks(call(2, 1), "25 10:00")
        .then_refused_until(QUIET, "2026-12-01T00:00:00+08:00");
}

#[test]
fn given_a_scope_of_the_case_then_a_conversation_with_whoever_owes_it_counts() {
    quiet("\"case\"")
        .knows(ContactLinkedV2 { role: Role::CoDebtor, ..named(3, 1, 2) })
        .made(call(3, 1), "24 10:00")
        .became(Outcome::Conversation, "24 10:05")
        .asks(call(1, 1), "25 10:00")
        .then_refused(QUIET)
        .made(call(1, 2), "25 10:00");
}

#[test]
fn given_a_scope_of_the_contact_point_then_a_conversation_with_anybody_there_counts() {
    quiet("\"contact-point\"")
        .knows(named(1, 3, 2))
        .made(call(1, 3), "24 10:00")
        .became(Outcome::Conversation, "24 10:05")
        .asks(call(1, 1), "25 10:00")
        .then_refused(QUIET)
        .made(call(2, 1), "25 10:00");
}

/// A corrected pseudonym does not wash a conversation away.
#[test]
fn given_a_conversation_when_the_lender_names_another_person_for_that_number_then_it_moves_with_it() {
    quiet("\"person\"")
        .made(call(1, 1), "24 10:00")
        .became(Outcome::Conversation, "24 10:05")
        .does(GateCommand::LinkContact(named(1, 1, 5)), "24 11:00")
        .asks(call(1, 1), "25 10:00")
        .then_refused(QUIET)
        .made(call(1, 2), "25 10:00");
}

#[test]
fn given_a_conversation_by_message_then_a_rule_on_calls_does_not_see_it() {
    let app = PermitRequest { channel: Channel::App, ..call(1, 1) };
    quiet("\"person\"")
        .made(app, "24 10:00")
        .became(Outcome::Conversation, "24 10:05")
        .made(call(1, 1), "24 11:00");
}
