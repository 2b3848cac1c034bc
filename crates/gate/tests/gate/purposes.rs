//! What somebody who owes nothing may be contacted for, and only while the debtor is out of contact.

use events::Code;
use events::gate::{
    ConsentAnswer, ConsentAnsweredV1, ContactLinkedV2, GateCommand, NumberCheck, NumberCheckedV1,
    PermitRequest,
};
use model::{Outcome, Purpose, Role};

use crate::scenario::{Given, call, case, contact, law, moment, named};

const REACHABLE: [Code; 1] = [Code::DEBTOR_REACHABLE];

const RULES: &str = r#"
[[purpose]]
id = "named"
roles = ["emergency-contact"]
allowed = ["locate"]
confirmed = ["locate"]
debtor-out-of-contact = { days = 2, tries = 1, purposes = ["locate"] }
"#;

/// The debtor at 1 and 2, somebody who agreed at 3.
fn known() -> Given {
    let (contact, case, answer) = (contact(3), case(1), ConsentAnswer::Confirmed);
    law(RULES)
        .knows(named(1, 1, 1))
        .knows(named(2, 1, 1))
        .knows(ContactLinkedV2 { role: Role::EmergencyContact, ..named(3, 1, 2) })
        .does(GateCommand::AnswerConsent(ConsentAnsweredV1 { contact, case, answer }), "01 10:00")
}

fn locate() -> PermitRequest {
    PermitRequest { purpose: Purpose::Locate, ..call(3, 1) }
}

fn gone(number: u8, at: &str) -> GateCommand {
    let found = NumberCheck::NotInService;
    GateCommand::CheckNumber(NumberCheckedV1 { contact: contact(number), found, at: moment(at) })
}

#[test]
fn given_another_purpose_or_no_agreement_then_that_is_the_reason() {
    known().asks(call(3, 1), "24 10:00").then_refused([Code::PURPOSE_NOT_ALLOWED]);
    let silent = ContactLinkedV2 { role: Role::EmergencyContact, ..named(4, 1, 3) };
    let asked = PermitRequest { contact: contact(4), ..locate() };
    known().knows(silent).asks(asked, "24 10:00").then_refused([Code::CONSENT_MISSING]);
}

#[test]
fn given_failed_attempts_on_two_days_that_end_today_or_yesterday_then_others_may_be_asked() {
    let tried = || {
        let given = known().made(call(1, 1), "22 10:00").became(Outcome::NoAnswer, "22 10:01");
        given.asks(locate(), "22 11:00").then_refused(REACHABLE).made(call(2, 1), "23 10:00")
    };
    tried()
        .became(Outcome::Busy, "23 10:01")
        .made(locate(), "23 11:00")
        .made(locate(), "24 23:59:59")
        .asks(locate(), "25 00:00")
        .then_refused(REACHABLE);
    // While the second is under way, and when it succeeds, the debtor is there.
    tried()
        .asks(locate(), "23 10:00:30")
        .then_refused(REACHABLE)
        .became(Outcome::AnsweredDropped, "23 10:01")
        .asks(locate(), "23 11:00")
        .then_refused(REACHABLE);
}

#[test]
fn given_that_every_number_is_out_of_service_then_others_may_be_asked_until_one_answers() {
    let given =
        known().does(gone(1, "02 10:00"), "02 10:00").asks(locate(), "02 10:00").then_refused(REACHABLE);
    let given = given.does(gone(2, "02 10:00"), "02 10:00").made(locate(), "02 11:00");
    let answered = given.made(call(1, 1), "03 10:00").became(Outcome::Conversation, "03 10:01");
    let answered = answered.asks(locate(), "03 11:00").then_refused(REACHABLE);
    // Long after: the answer itself is forgotten, not what it showed.
    let later = answered.made(call(1, 1), "28 10:00").became(Outcome::NoAnswer, "28 10:01");
    later
        .asks(locate(), "28 11:00")
        .then_refused(REACHABLE)
        .does(gone(1, "28 12:00"), "28 12:00")
        .made(locate(), "28 12:00");
}

#[test]
fn given_no_debtor_that_the_gate_knows_then_nobody_has_tried() {
    let alone = ContactLinkedV2 { role: Role::EmergencyContact, ..named(3, 2, 2) };
    let (contact, case, answer) = (contact(3), case(2), ConsentAnswer::Confirmed);
    law(RULES)
        .knows(alone)
        .does(GateCommand::AnswerConsent(ConsentAnsweredV1 { contact, case, answer }), "01 10:00")
        .asks(PermitRequest { case, ..locate() }, "24 10:00")
        .then_refused(REACHABLE);
}
