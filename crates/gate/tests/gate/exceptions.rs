//! What is neither counted nor limited: what the person consented to.

use events::Code;
use events::gate::{ConsentCovers, ConsentGivenV1, ConsentRevokedV1, GateCommand};
use model::{AgencyId, Outcome};

use crate::scenario::{AGENCY, Given, call, case, contact, law, moment, named, somebody};

const FULL: [Code; 1] = [Code::DAY_CAP];

const TERMS: &str = r#"
[[consent]]
id = "terms"
at-most-days = 2
ends-with-conversation = true

[[frequency]]
id = "cap"
count = "attempts"
scope = ["person"]
limit = 1
window = "1 day"
except = ["consented"]
"#;

fn known() -> Given {
    law(TERMS).knows(named(1, 1, 1)).knows(named(2, 1, 1))
}

fn consent(from: &str) -> ConsentGivenV1 {
    let at = moment(from);
    ConsentGivenV1 {
        person: somebody(1),
        agency: AGENCY,
        case: None,
        contact: None,
        covers: ConsentCovers::Frequency,
        given: at,
        from: at,
        until: None,
    }
}

fn gives(consent: ConsentGivenV1) -> GateCommand {
    GateCommand::GiveConsent(consent)
}

#[test]
fn given_a_consent_then_what_it_covers_is_not_limited_and_does_not_count_when_it_is_taken_back() {
    let revoked = ConsentRevokedV1 { person: somebody(1), consent: None, at: moment("24 11:00") };
    known()
        .does(gives(consent("24 09:00")), "24 09:00")
        .when(gives(consent("24 09:00")), "24 09:00")
        .then_nothing()
        .made(call(1, 1), "24 09:30")
        .became(Outcome::NoAnswer, "24 09:31")
        .made(call(1, 1), "24 10:00")
        .became(Outcome::NoAnswer, "24 10:01")
        .does(GateCommand::RevokeConsent(revoked), "24 11:00")
        .when(GateCommand::RevokeConsent(revoked), "24 11:00")
        .then_nothing()
        .made(call(1, 1), "24 12:00")
        .asks(call(1, 1), "24 13:00")
        .then_refused_until(FULL, "25 00:00");
}

#[test]
fn given_a_consent_when_there_is_a_conversation_then_it_ends() {
    known()
        .does(gives(consent("24 09:00")), "24 09:00")
        .made(call(1, 1), "24 10:00")
        .became(Outcome::Conversation, "24 10:05")
        .made(call(1, 1), "24 11:00")
        .asks(call(1, 1), "24 12:00")
        .then_refused(FULL);
}

#[test]
fn given_a_consent_for_two_days_then_it_does_not_cover_the_third() {
    let given = known().does(gives(consent("24 09:00")), "24 09:00").made(call(1, 1), "25 10:00");
    let given = given.made(call(1, 1), "25 23:59:59");
    given.made(call(1, 1), "26 00:00").asks(call(1, 1), "26 00:01").then_refused(FULL);
}

#[test]
fn given_a_consent_with_an_end_or_to_another_agency_debt_or_number_then_it_does_not_cover_this() {
    let until = |text| Some(moment(text));
    for other in [
        ConsentGivenV1 { until: until("24 10:59:59.999"), ..consent("24 09:00") },
        ConsentGivenV1 { agency: AgencyId(9), ..consent("24 09:00") },
        ConsentGivenV1 { case: Some(case(2)), ..consent("24 09:00") },
        ConsentGivenV1 { contact: Some(contact(2)), ..consent("24 09:00") },
        ConsentGivenV1 { person: somebody(2), ..consent("24 09:00") },
        ConsentGivenV1 { covers: ConsentCovers::Hours, ..consent("24 09:00") },
    ] {
        // Made when it would have covered, or not.
        let given = known().made(call(1, 1), "24 08:00").does(gives(other), "24 09:00");
        given.asks(call(1, 1), "24 11:00").then_refused(FULL);
    }
}

/// What was consented at one number is not counted when another of theirs is called.
#[test]
fn given_a_consent_for_another_number_of_theirs_then_calls_to_that_one_do_not_count_for_this_one() {
    let there = ConsentGivenV1 { contact: Some(contact(2)), ..consent("24 09:00") };
    known()
        .does(gives(there), "24 09:00")
        .made(call(2, 1), "24 09:10")
        .made(call(2, 1), "24 09:20")
        .made(call(1, 1), "24 10:00")
        .asks(call(1, 1), "24 10:10")
        .then_refused(FULL);
}

/// "Call me back at six": the next allowed moment is that.
#[test]
fn given_a_consent_that_begins_later_then_it_is_promised_from_then_on() {
    let back = ConsentGivenV1 { from: moment("24 18:00"), ..consent("24 10:05") };
    known()
        .made(call(1, 1), "24 10:00")
        .does(gives(back), "24 10:05")
        .asks(call(1, 1), "24 11:00")
        .then_refused_until(FULL, "24 18:00")
        .made(call(1, 1), "24 18:00");
}

#[test]
fn given_a_consent_that_contradicts_itself_or_lasts_over_a_year_then_it_is_refused() {
    let known = known();
    for wrong in [
        ConsentGivenV1 { until: Some(moment("24 08:59")), ..consent("24 09:00") },
        ConsentGivenV1 { from: moment("24 08:59"), ..consent("24 09:00") },
        ConsentGivenV1 { until: Some(moment("2027-11-26T09:00:00+08:00")), ..consent("24 09:00") },
    ] {
        assert_eq!(known.refuses(&gives(wrong), "24 09:00"), [Code::CONSENT_INVALID]);
    }
}
