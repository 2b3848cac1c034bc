//! Only to a number that was shown to be theirs of late.

use events::Code;
use events::gate::{
    ConsentCovers, ConsentGivenV1, ContactLinkedV2, ContactRecordedV1, Direction, GateCommand, NumberCheck,
    NumberCheckedV1, PermitRequest,
};
use model::{Channel, Outcome, Place, Purpose};

use crate::scenario::{AGENCY, CASE, CONTACT, Given, call, law, moment, named, somebody};

const STALE: [Code; 1] = [Code::NUMBER_STALE];

fn sixty(by: &str) -> Given {
    law(&format!("[[fresh]]\nid = \"fresh\"\nchannels = [\"sms\"]\nwithin-days = 10\nby = [{by}]\n"))
        .knows(named(1, 1, 1))
}

fn sms() -> PermitRequest {
    PermitRequest { channel: Channel::Sms, ..call(1, 1) }
}

fn wrote(channel: Channel, at: &str) -> GateCommand {
    GateCommand::RecordContact(ContactRecordedV1 {
        contact: CONTACT,
        case: CASE,
        agency: AGENCY,
        channel,
        purpose: Purpose::Collect,
        direction: Direction::Inbound,
        at: moment(at),
        outcome: Outcome::Delivered,
        toward: Vec::new(),
        discussed: Vec::new(),
        line: None,
    })
}

#[test]
fn given_a_message_from_that_number_then_it_shows_it_for_so_long_and_a_call_does_not() {
    sixty("\"message\"")
        .does(wrote(Channel::Call, "10 10:00"), "10 10:00")
        .asks(sms(), "10 11:00")
        .then_refused(STALE)
        .does(wrote(Channel::Sms, "10 10:00"), "10 11:00")
        .made(sms(), "20 10:00")
        .asks(sms(), "20 10:00:00.001")
        .then_refused(STALE);
}

#[test]
fn given_a_check_then_only_one_that_it_is_still_theirs_shows_it() {
    let check = |found, at: &str| {
        GateCommand::CheckNumber(NumberCheckedV1 { contact: CONTACT, found, at: moment(at) })
    };
    sixty("\"check\"")
        .does(check(NumberCheck::SharedInOrder, "10 10:00"), "10 10:00")
        .asks(sms(), "10 11:00")
        .then_refused(STALE)
        .does(check(NumberCheck::NotReassigned, "10 10:00"), "10 11:00")
        // An older one that comes late changes nothing.
        .when(check(NumberCheck::NotReassigned, "09 10:00"), "10 11:00")
        .then_nothing()
        .made(sms(), "20 10:00");
}

#[test]
fn given_a_consent_to_messages_then_it_shows_it_from_its_beginning_while_it_lasts() {
    let consent = |covers, from: &str, until: Option<&str>| {
        let (person, agency) = (somebody(1), AGENCY);
        let (given, from, until) = (moment("10 10:00"), moment(from), until.map(moment));
        GateCommand::GiveConsent(ConsentGivenV1 {
            person,
            agency,
            case: None,
            contact: None,
            covers,
            given,
            from,
            until,
        })
    };
    sixty("\"consent\"")
        .does(consent(ConsentCovers::Frequency, "10 10:00", None), "10 10:00")
        .asks(sms(), "10 11:00")
        .then_refused(STALE)
        .does(consent(ConsentCovers::Messages, "12 00:00", Some("18 23:59:59.999")), "10 11:00")
        .asks(sms(), "11 11:00")
        .then_refused(STALE)
        .made(sms(), "12 00:00")
        .made(sms(), "18 23:59:59.999")
        .asks(sms(), "19 00:00")
        .then_refused(STALE);
}

#[test]
fn given_a_rule_about_the_place_of_work_then_only_there_it_must_be_shown() {
    let at = |place| {
        law("[[fresh]]\nid = \"fresh\"\nchannels = [\"sms\"]\nwithin-days = 10\nby = [\"message\"]\nat-work = true\n")
            .knows(ContactLinkedV2 { place, ..named(1, 1, 1) })
    };
    at(Place::Mobile).made(sms(), "10 11:00");
    at(Place::Work)
        .asks(sms(), "10 11:00")
        .then_refused(STALE)
        .does(wrote(Channel::Sms, "10 11:00"), "10 11:00")
        .made(sms(), "10 12:00");
}
