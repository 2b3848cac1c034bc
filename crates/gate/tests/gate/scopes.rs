//! What an attempt must have in common with a request to be counted.

use events::Code;
use events::gate::{ContactLinkedV2, ContactPlacedV1, GateCommand, GateEvent, PermitRequest};
use model::{AgencyId, LenderId, Outcome, Role};

use crate::scenario::{Given, call, case, contact, law, named};

const FULL: [Code; 1] = [Code::DAY_CAP];

fn one_a_day(scope: &str) -> Given {
    law(&format!(
        "[[frequency]]\nid = \"cap\"\ncount = \"attempts\"\nscope = [{scope}]\nlimit = 1\nwindow = \"1 day\"\n"
    ))
}

fn placed_with(number: u8, of_case: u8, agency: u32) -> GateEvent {
    let (contact, case) = (contact(number), case(of_case));
    GateEvent::ContactPlaced(ContactPlacedV1 { contact, case, agency: Some(AgencyId(agency)) })
}

#[test]
fn given_a_cap_per_contact_point_then_other_numbers_are_free_and_other_cases_and_persons_behind_it_are_not() {
    one_a_day("\"contact-point\"")
        .knows(named(1, 1, 1))
        .knows(named(2, 1, 1))
        .knows(named(1, 2, 2))
        .made(call(1, 1), "24 10:00")
        .asks(call(1, 2), "24 11:00")
        .then_refused_until(FULL, "25 00:00")
        .made(call(2, 1), "24 11:00");
}

/// DX-01: several numbers of one person are one person.
#[test]
fn given_a_cap_per_person_then_every_number_of_theirs_counts_and_nobody_elses_does() {
    one_a_day("\"person\"")
        .knows(named(1, 1, 1))
        .knows(named(2, 1, 1))
        .knows(named(3, 2, 1))
        .knows(named(3, 3, 2))
        .made(call(2, 1), "24 10:00")
        .asks(call(1, 1), "24 11:00")
        .then_refused(FULL)
        .asks(call(3, 2), "24 11:00")
        .then_refused(FULL)
        // The same number, another person behind it.
        .made(call(3, 3), "24 11:00");
}

#[test]
fn given_a_cap_per_person_and_debt_then_a_contact_counts_toward_every_debt_that_it_is_about() {
    let both = PermitRequest { also: vec![case(2)], ..call(1, 1) };
    let given = || {
        let given = one_a_day("\"person\", \"debt\"").knows(named(1, 1, 1)).knows(named(1, 2, 1));
        given.knows(named(1, 3, 1))
    };
    given()
        .made(both.clone(), "24 10:00")
        .asks(call(1, 1), "24 11:00")
        .then_refused(FULL)
        .asks(call(1, 2), "24 11:00")
        .then_refused(FULL)
        .made(call(1, 3), "24 11:00");
    // A request is refused if one of its debts is full.
    given().made(call(1, 2), "24 10:00").asks(both.clone(), "24 11:00").then_refused(FULL);
    // Attributed afterwards: only among those that it was asked for (12 CFR 1006.14(b)(4), comment -1).
    given()
        .made(both.clone(), "24 10:00")
        .became_about(Outcome::NoAnswer, &[2], &[], "24 10:01")
        .asks(call(1, 2), "24 11:00")
        .then_refused(FULL)
        .made(call(1, 1), "24 11:00");
    let other = given().made(both, "24 10:00");
    let (contact, permit) = (other.whom, other.permit);
    for (toward, discussed) in [(vec![case(3)], vec![]), (vec![case(1)], vec![case(2)])] {
        let outcome = Outcome::NoAnswer;
        let settle = GateCommand::SettlePermit { contact, permit, outcome, toward, discussed };
        assert_eq!(other.refuses(&settle, "24 10:01"), [Code::MALFORMED]);
    }
}

#[test]
fn given_a_cap_per_case_then_all_who_owe_it_share_it() {
    one_a_day("\"case\"")
        .knows(named(1, 1, 1))
        .knows(ContactLinkedV2 { role: Role::CoDebtor, ..named(2, 1, 2) })
        .knows(named(1, 2, 1))
        .made(call(2, 1), "24 10:00")
        .asks(call(1, 1), "24 11:00")
        .then_refused(FULL)
        .made(call(1, 2), "24 11:00");
}

#[test]
fn given_a_cap_per_person_and_lender_or_agency_then_another_one_has_its_own() {
    let given = |scope| {
        one_a_day(scope)
            .knows(named(1, 1, 1))
            .knows(named(1, 2, 1))
            .knows(ContactLinkedV2 { lender: LenderId(9), ..named(1, 3, 1) })
            .and(placed_with(1, 2, 9))
            .made(call(1, 1), "24 10:00")
    };
    let others = PermitRequest { agency: AgencyId(9), ..call(1, 2) };
    given("\"person\", \"lender\"")
        .asks(others.clone(), "24 11:00")
        .then_refused(FULL)
        .made(call(1, 3), "24 11:00");
    given("\"person\", \"agency\"").asks(call(1, 3), "24 11:00").then_refused(FULL).made(others, "24 11:00");
}

#[test]
fn given_a_rule_for_some_roles_channels_and_purposes_then_only_such_attempts_count_and_are_limited() {
    let rules = r#"
[[frequency]]
id = "cap"
roles = ["debtor"]
channels = ["call"]
purposes = ["collect"]
count = "attempts"
scope = ["contact-point"]
limit = 1
window = "1 day"
"#;
    let sms = PermitRequest { channel: model::Channel::Sms, ..call(1, 1) };
    let locate = PermitRequest { purpose: model::Purpose::Locate, ..call(1, 1) };
    law(rules)
        .knows(named(1, 1, 1))
        .knows(ContactLinkedV2 { role: Role::CoDebtor, ..named(1, 2, 2) })
        .made(sms.clone(), "24 09:00")
        .made(locate, "24 09:10")
        .made(call(1, 2), "24 09:20")
        .made(call(1, 1), "24 10:00")
        .made(sms, "24 10:30")
        .asks(call(1, 1), "24 11:00")
        .then_refused(FULL)
        .made(call(1, 2), "24 11:00");
}
