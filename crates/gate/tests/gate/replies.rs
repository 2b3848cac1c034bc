//! One answer to what the person began, and one receipt for a stop.

use events::Code;
use events::gate::{
    ContactRecordedV1, Direction, GateCommand, HoldKind, HoldPlacedV1, HoldSource, PermitRequest, StopSource,
    WeekTime,
};
use model::{Channel, Outcome, Purpose};

use crate::scenario::{AGENCY, CASE, CONTACT, Given, call, law, moment, named, somebody};

const NOTHING: [Code; 1] = [Code::NOTHING_TO_REPLY];

fn known() -> Given {
    law("[[shared]]\nid = \"shared\"\nmost = 100\n").knows(named(1, 1, 1))
}

fn sms(purpose: Purpose) -> PermitRequest {
    PermitRequest { channel: Channel::Sms, purpose, ..call(1, 1) }
}

fn wrote(at: &str, now: &str, given: Given) -> Given {
    let recorded = ContactRecordedV1 {
        contact: CONTACT,
        case: CASE,
        agency: AGENCY,
        channel: Channel::Sms,
        purpose: Purpose::Collect,
        direction: Direction::Inbound,
        at: moment(at),
        outcome: Outcome::Delivered,
        toward: Vec::new(),
        discussed: Vec::new(),
        line: None,
    };
    given.does(GateCommand::RecordContact(recorded), now)
}

/// 12 CFR 1006.14(h)(2)(ii).
#[test]
fn given_a_message_from_the_person_then_one_reply_on_that_channel_is_allowed() {
    let given = known().asks(sms(Purpose::Reply), "24 09:00").then_refused(NOTHING);
    let given = wrote("24 10:00", "24 10:00", given);
    let by_call = PermitRequest { channel: Channel::Call, ..sms(Purpose::Reply) };
    let given = given.asks(by_call, "24 11:00").then_refused(NOTHING).asks(sms(Purpose::Reply), "24 11:00");
    let given = given
        .then_permit()
        // The permit that waits is the one.
        .asks(sms(Purpose::Reply), "24 11:00:30")
        .then_refused_until(NOTHING, "24 11:01:00.001")
        .made(sms(Purpose::Reply), "24 11:01:00.001")
        .asks(sms(Purpose::Reply), "24 12:00")
        .then_refused(NOTHING);
    wrote("24 13:00", "24 13:00", given).made(sms(Purpose::Reply), "24 13:00");
}

/// That it was answered is remembered longer than the answer is counted.
#[test]
fn given_a_reply_of_long_ago_then_there_is_still_no_second_one() {
    let given = wrote("01 10:00", "01 10:00", known()).made(sms(Purpose::Reply), "01 11:00");
    let given = given.became(Outcome::Delivered, "01 11:01").made(call(1, 1), "28 10:00");
    given.asks(sms(Purpose::Reply), "28 11:00").then_refused(NOTHING);
}

#[test]
fn given_times_and_channels_that_the_person_named_then_a_reply_to_what_they_began_is_not_bound_by_them() {
    let times = vec![WeekTime { days: 127, from_s: 0, until_s: 86_399 }];
    for kind in [HoldKind::Stop, HoldKind::Inconvenient, HoldKind::Attorney, HoldKind::Deceased] {
        let hold = HoldPlacedV1 {
            contact: None,
            person: Some(somebody(1)),
            case: None,
            kind,
            channels: vec![Channel::Sms],
            places: Vec::new(),
            times: times.clone(),
            until: None,
            by: HoldSource::CalledPerson,
        };
        let given = wrote("24 10:00", "24 10:00", known().does(GateCommand::PlaceHold(hold), "24 09:00"));
        let given = given.asks(sms(Purpose::Collect), "24 11:00").then_refused([Code::HELD]);
        let when = given.asks(sms(Purpose::Reply), "24 11:00");
        assert_eq!(when.codes().is_empty(), kind != HoldKind::Deceased, "{kind}");
    }
}

/// 12 CFR 1006.14(h)(2)(i).
#[test]
fn given_a_stop_on_a_channel_then_one_receipt_is_allowed_and_a_stop_on_the_number_allows_none() {
    let hold = HoldPlacedV1 {
        contact: Some(CONTACT),
        person: None,
        case: None,
        kind: HoldKind::Stop,
        channels: vec![Channel::Sms],
        places: Vec::new(),
        times: Vec::new(),
        until: None,
        by: HoldSource::CalledPerson,
    };
    let stopped = known().asks(sms(Purpose::StopReceipt), "24 09:00").then_refused(NOTHING);
    stopped
        .does(GateCommand::PlaceHold(hold), "24 10:00")
        .made(sms(Purpose::StopReceipt), "24 10:01")
        .asks(sms(Purpose::StopReceipt), "24 10:02")
        .then_refused(NOTHING)
        .does(GateCommand::PlaceStop { contact: CONTACT, source: StopSource::CalledPerson }, "24 11:00")
        .asks(sms(Purpose::StopReceipt), "24 12:00")
        .then_refused([Code::STOPPED, Code::NOTHING_TO_REPLY]);
}
