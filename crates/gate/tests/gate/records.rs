//! Facts that become known late take effect from their own date.

use events::gate::{
    ContactLinkedV2, ContactRecordedV1, Direction, FindingRaisedV1, GateCommand, GateEvent, PermitRequest,
    RuleName,
};
use events::{Code, Position};
use model::{Channel, Outcome, Purpose, Role};

use crate::scenario::{AGENCY, Given, call, case, contact, law, moment, named};

const CAP: &str = r#"
[[frequency]]
id = "cap"
count = "attempts"
scope = ["person"]
limit = 2
window = "1 day"
"#;

fn recorded(number: u8, of_case: u8, direction: Direction, outcome: Outcome, at: &str) -> ContactRecordedV1 {
    ContactRecordedV1 {
        contact: contact(number),
        case: case(of_case),
        agency: AGENCY,
        channel: Channel::Call,
        purpose: Purpose::Collect,
        direction,
        at: moment(at),
        outcome,
        toward: Vec::new(),
        discussed: Vec::new(),
        line: None,
    }
}

fn record(recorded: ContactRecordedV1) -> GateCommand {
    GateCommand::RecordContact(recorded)
}

/// The rules that findings of this command name, with the contacts.
#[track_caller]
fn findings(given: Given, recorded: ContactRecordedV1, now: &str) -> Vec<(Position, String)> {
    let when = given.when(record(recorded.clone()), now);
    let events = when.result.as_ref().expect("recorded").clone();
    assert_eq!(events[0], GateEvent::ContactRecorded(recorded));
    let finding = |event: &GateEvent| match event {
        GateEvent::FindingRaised(FindingRaisedV1 { contact_made, rule, .. }) => {
            (*contact_made, rule.to_string())
        }
        other => panic!("{other:?}"),
    };
    events[1..].iter().map(finding).collect()
}

#[test]
fn given_a_contact_without_a_permit_then_it_counts_at_its_own_time() {
    let given = law(CAP).knows(named(1, 1, 1)).made(call(1, 1), "24 10:00");
    let yesterday = recorded(1, 1, Direction::Outbound, Outcome::NoAnswer, "23 10:00");
    let given = given.does(record(yesterday), "24 11:00").asks(call(1, 1), "24 11:00").then_permit();
    let today = recorded(1, 1, Direction::Outbound, Outcome::NoAnswer, "24 08:00");
    given.does(record(today), "24 11:30").asks(call(1, 1), "24 11:30").then_refused([Code::DAY_CAP]);
}

#[test]
fn given_a_contact_that_the_person_began_then_it_counts_in_no_cap() {
    let inbound = || record(recorded(1, 1, Direction::Inbound, Outcome::Conversation, "24 08:00"));
    let given = law(CAP).knows(named(1, 1, 1)).does(inbound(), "24 09:00").does(inbound(), "24 09:00");
    given.made(call(1, 1), "24 10:00").made(call(1, 1), "24 10:01");
}

/// RULES.md section 5: a call that a late fact would have forbidden becomes a finding.
#[test]
fn given_a_call_that_the_late_fact_would_have_forbidden_then_it_is_found() {
    let rules = "[[cool-down]]\nid = \"quiet\"\nscope = [\"person\"]\nwindow = \"7 days\"\n";
    let given = law(rules).knows(named(1, 1, 1)).knows(named(2, 1, 1)).made(call(2, 1), "22 10:00");
    let before = given.became(Outcome::NoAnswer, "22 10:01").made(call(2, 1), "24 10:00");
    let after = Position(before.end - 2);
    let talk = recorded(1, 1, Direction::Inbound, Outcome::Conversation, "23 10:00");
    assert_eq!(findings(before, talk, "24 12:00"), [(after, "law/quiet".to_owned())]);
}

#[test]
fn given_calls_of_a_day_that_the_late_one_fills_then_only_what_is_over_the_cap_is_found() {
    let given = law(CAP).knows(named(1, 1, 1)).made(call(1, 1), "24 10:00").made(call(1, 1), "24 11:00");
    let second = Position(given.end - 2);
    let late = recorded(1, 1, Direction::Outbound, Outcome::NoAnswer, "24 09:00");
    assert_eq!(findings(given, late, "24 12:00"), [(second, "law/cap".to_owned())]);
}

#[test]
fn given_a_late_contact_that_counts_in_no_rule_of_a_call_then_nothing_is_found() {
    let two = || law(CAP).knows(named(1, 1, 1)).made(call(1, 1), "24 10:00").made(call(1, 1), "24 11:00");
    // The person's own call counts in no cap.
    let inbound = recorded(1, 1, Direction::Inbound, Outcome::NoAnswer, "24 09:00");
    assert!(findings(two(), inbound, "24 12:00").is_empty());
    // Nor does one to another number where the rule is about the number.
    let by_number =
        law(&CAP.replace("\"person\"", "\"contact-point\"")).knows(named(1, 1, 1)).knows(named(2, 1, 1));
    let by_number = by_number.made(call(1, 1), "24 10:00").made(call(1, 1), "24 11:00");
    let other = recorded(2, 1, Direction::Outbound, Outcome::NoAnswer, "24 09:00");
    assert!(findings(by_number, other, "24 12:00").is_empty());
    // A permit that waits now was not there then.
    let given = law(CAP)
        .knows(named(1, 1, 1))
        .made(call(1, 1), "24 10:00")
        .asks(call(1, 1), "24 12:00")
        .then_permit();
    let late = recorded(1, 1, Direction::Outbound, Outcome::NoAnswer, "24 09:00");
    assert!(findings(given, late, "24 12:00:30").is_empty());
}

#[test]
fn given_a_rule_on_the_case_then_a_call_to_the_co_debtor_is_found_too() {
    let given = law(&CAP.replace("\"person\"", "\"case\"")).knows(named(1, 1, 1));
    let given = given.knows(ContactLinkedV2 { role: Role::CoDebtor, ..named(2, 1, 2) });
    let given = given.made(call(2, 1), "24 10:00").made(call(2, 1), "24 11:00");
    let second = Position(given.end - 2);
    let late = recorded(1, 1, Direction::Outbound, Outcome::NoAnswer, "24 09:00");
    assert_eq!(findings(given, late, "24 12:00"), [(second, "law/cap".to_owned())]);
}

#[test]
fn given_findings_then_they_are_counted_and_name_contact_and_time() {
    let given = law(CAP).knows(named(1, 1, 1)).made(call(1, 1), "24 10:00").made(call(1, 1), "24 11:00");
    let late = recorded(1, 1, Direction::Outbound, Outcome::NoAnswer, "24 09:00");
    let found = FindingRaisedV1 {
        contact: contact(1),
        contact_made: Position(given.end - 2),
        at: moment("24 11:00"),
        rule: RuleName::new("law/cap").expect("a name"),
    };
    let given = given
        .when(record(late.clone()), "24 12:00")
        .then([GateEvent::ContactRecorded(late), GateEvent::FindingRaised(found)]);
    assert_eq!(given.figures().findings, 1);
}

#[test]
fn given_a_contact_of_the_future_or_for_a_case_that_names_nobody_then_it_is_not_recorded() {
    let known = law(CAP).knows(named(1, 1, 1));
    let future = recorded(1, 1, Direction::Outbound, Outcome::NoAnswer, "24 10:00:00.001");
    assert_eq!(known.refuses(&record(future), "24 10:00"), [Code::MALFORMED]);
    for (number, of_case) in [(1, 2), (2, 1)] {
        let unknown = recorded(number, of_case, Direction::Outbound, Outcome::NoAnswer, "24 09:00");
        assert_eq!(known.refuses(&record(unknown), "24 10:00"), [Code::CONTACT_UNKNOWN]);
    }
    let many = ContactRecordedV1 {
        toward: vec![case(1); 17],
        ..recorded(1, 1, Direction::Outbound, Outcome::NoAnswer, "24 09:00")
    };
    assert_eq!(known.refuses(&record(many), "24 10:00"), [Code::MALFORMED]);
}

/// A call that was attributed to one debt is not held against another.
#[test]
fn given_a_call_that_was_attributed_to_another_debt_then_a_late_one_about_the_first_finds_nothing() {
    let rule = CAP.replace("[\"person\"]", "[\"person\", \"debt\"]").replace("limit = 2", "limit = 1");
    let both = PermitRequest { also: vec![case(2)], ..call(1, 1) };
    let given = |toward: &[u8]| {
        let given = law(&rule).knows(named(1, 1, 1)).knows(named(1, 2, 1)).made(both.clone(), "24 10:00");
        given.became_about(Outcome::NoAnswer, toward, &[], "24 10:01")
    };
    let late = || recorded(1, 1, Direction::Outbound, Outcome::NoAnswer, "24 09:00");
    assert!(findings(given(&[2]), late(), "24 12:00").is_empty());
    assert_eq!(findings(given(&[1]), late(), "24 12:00").len(), 1);
}
