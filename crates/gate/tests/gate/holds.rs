//! Holds: everything narrower than a stop, and every other reason for silence.

use events::Code;
use events::Position;
use events::gate::{GateCommand, HoldKind, HoldLiftedV1, HoldPlacedV1, HoldSource, PermitRequest, WeekTime};
use model::{Channel, LenderId, Place, Purpose};

use crate::scenario::{AGENCY, Given, call, case, contact, law, moment, named, somebody};

const HELD: [Code; 1] = [Code::HELD];

/// A rule that never refuses here.
const LAW: &str = "[[shared]]\nid = \"shared\"\nmost = 100\n";

fn known() -> Given {
    law(LAW).knows(named(1, 1, 1)).knows(named(2, 1, 1)).knows(named(1, 2, 1)).knows(named(1, 3, 2))
}

fn hold(kind: HoldKind) -> HoldPlacedV1 {
    HoldPlacedV1 {
        contact: None,
        person: Some(somebody(1)),
        case: None,
        kind,
        channels: Vec::new(),
        places: Vec::new(),
        times: Vec::new(),
        until: None,
        by: HoldSource::CalledPerson,
    }
}

fn place(hold: HoldPlacedV1) -> GateCommand {
    GateCommand::PlaceHold(hold)
}

fn held(hold: HoldPlacedV1) -> Given {
    known().does(place(hold), "24 09:00")
}

#[test]
fn given_a_hold_of_each_kind_then_it_refuses_says_which_and_promises_nothing() {
    for kind in HoldKind::ALL {
        let when = held(hold(*kind)).asks(call(1, 1), "24 10:00");
        let reason = &when.reasons()[0];
        assert_eq!(
            (reason.next_allowed, reason.rule.map(|rule| rule.to_string())),
            (None, Some("gate/holds".to_owned()))
        );
        let detail = held(hold(*kind)).explains(call(1, 1), "24 10:00");
        let detail = detail.rules.into_iter().find(|rule| rule.rule.as_str() == "gate/holds");
        assert_eq!(detail.and_then(|rule| rule.detail).as_deref(), Some(kind.word()));
        when.then_refused(HELD);
    }
}

#[test]
fn given_a_hold_on_a_person_a_contact_point_or_a_debt_then_it_concerns_what_fits_all_that_is_named() {
    let nobody = HoldPlacedV1 { person: None, ..hold(HoldKind::Dispute) };
    held(hold(HoldKind::Dispute))
        .asks(call(2, 1), "24 10:00")
        .then_refused(HELD)
        .made(call(1, 3), "24 10:00");
    held(HoldPlacedV1 { contact: Some(contact(1)), ..nobody.clone() })
        .asks(call(1, 3), "24 10:00")
        .then_refused(HELD)
        .made(call(2, 1), "24 10:00");
    let about = HoldPlacedV1 { case: Some(case(2)), ..nobody.clone() };
    held(about).asks(call(1, 2), "24 10:00").then_refused(HELD).made(call(1, 1), "24 10:00");
    let also = PermitRequest { also: vec![case(2)], ..call(1, 1) };
    held(HoldPlacedV1 { case: Some(case(2)), ..nobody.clone() }).asks(also, "24 10:00").then_refused(HELD);
    let both =
        HoldPlacedV1 { contact: Some(contact(1)), person: Some(somebody(1)), case: Some(case(2)), ..nobody };
    held(both)
        .asks(call(1, 2), "24 10:00")
        .then_refused(HELD)
        .made(call(1, 3), "24 10:00")
        .made(call(1, 1), "24 10:00");
}

#[test]
fn given_a_hold_on_channels_or_places_then_others_are_free() {
    let sms = PermitRequest { channel: Channel::Sms, ..call(1, 1) };
    let on_calls = HoldPlacedV1 { channels: vec![Channel::Call, Channel::Visit], ..hold(HoldKind::Stop) };
    held(on_calls).asks(call(1, 1), "24 10:00").then_refused(HELD).made(sms, "24 10:00");
    let mut at_work = named(2, 1, 1);
    at_work.place = Place::Work;
    let work = HoldPlacedV1 { places: vec![Place::Work], ..hold(HoldKind::Employer) };
    held(work)
        .does(GateCommand::LinkContact(at_work), "24 09:00")
        .asks(call(2, 1), "24 10:00")
        .then_refused(HELD)
        .made(call(1, 1), "24 10:00");
}

#[test]
fn given_times_that_the_person_named_then_it_ends_with_them_and_comes_back() {
    // Weekdays, 09:00 to 16:59:59.
    let times = vec![WeekTime { days: 0b001_1111, from_s: 32_400, until_s: 61_199 }];
    held(HoldPlacedV1 { times, ..hold(HoldKind::Inconvenient) })
        .made(call(1, 1), "24 08:59:59")
        .asks(call(1, 1), "24 09:00")
        .then_refused_until(HELD, "24 17:00")
        .made(call(1, 1), "24 17:00")
        .asks(call(1, 1), "25 16:59:59.999")
        .then_refused_until(HELD, "25 17:00")
        .made(call(1, 1), "28 12:00");
}

/// 02:00 to 03:30 where the clock goes from 02:00 to 03:00: half an hour.
#[test]
fn given_times_that_the_clock_jumps_into_or_out_of_then_the_clock_on_the_wall_decides() {
    let mut york = named(4, 4, 1);
    york.zones = vec!["America/New_York".parse().expect("a zone")];
    let night = |from_s, until_s| {
        let times = vec![WeekTime { days: 0b111_1111, from_s, until_s }];
        known()
            .knows(york.clone())
            .does(place(HoldPlacedV1 { times, ..hold(HoldKind::Inconvenient) }), "01 09:00")
    };
    night(7200, 12_599)
        .asks(call(4, 4), "2027-03-14T03:00:00-04:00")
        .then_refused_until(HELD, "2027-03-14T03:30:00-04:00");
    // Until 02:30, which the clock skips.
    night(3600, 8999)
        .asks(call(4, 4), "2027-03-14T01:30:00-05:00")
        .then_refused_until(HELD, "2027-03-14T03:00:00-04:00")
        .made(call(4, 4), "2027-03-14T03:00:00-04:00");
}

#[test]
fn given_a_hold_until_then_then_that_is_its_last_moment_and_it_is_shown_no_longer() {
    let given = held(HoldPlacedV1 { until: Some(moment("25 12:00")), ..hold(HoldKind::Hardship) });
    assert_eq!(given.status("24 10:00").holds.len(), 1);
    assert_eq!(given.status("25 12:00:00.001").holds.len(), 0);
    given
        .asks(call(1, 1), "25 12:00")
        .then_refused_until(HELD, "25 12:00:00.001")
        .made(call(1, 1), "25 12:00:00.001");
}

#[test]
fn given_a_hold_then_who_placed_it_the_operator_and_a_court_may_lift_it_and_nobody_else() {
    let lift = |given: &Given, by| {
        let (contact, person, case, hold) = (None, Some(somebody(1)), None, Position(given.end - 1));
        GateCommand::LiftHold(HoldLiftedV1 { contact, person, case, hold, by })
    };
    let by_agency = HoldPlacedV1 { by: HoldSource::Agency(AGENCY), ..hold(HoldKind::Dispute) };
    for (placed, by, may) in [
        (hold(HoldKind::Stop), HoldSource::CalledPerson, true),
        (hold(HoldKind::Stop), HoldSource::Agency(AGENCY), false),
        (hold(HoldKind::Stop), HoldSource::Lender(LenderId(2)), false),
        (hold(HoldKind::Stop), HoldSource::Operator, true),
        (hold(HoldKind::Stop), HoldSource::Regulator, true),
        (by_agency.clone(), HoldSource::Agency(AGENCY), true),
        (by_agency.clone(), HoldSource::Agency(model::AgencyId(9)), false),
        (by_agency, HoldSource::CalledPerson, false),
    ] {
        let given = held(placed);
        let command = lift(&given, by);
        if may {
            given.does(command, "24 10:00").made(call(1, 1), "24 10:00");
        } else {
            assert_eq!(given.refuses(&command, "24 10:00"), [Code::HOLD_UNKNOWN], "{by:?}");
            given.asks(call(1, 1), "24 10:00").then_refused(HELD);
        }
    }
}

#[test]
fn given_the_same_hold_again_then_nothing_changes_and_one_of_nothing_or_of_no_time_is_refused() {
    let given = held(hold(HoldKind::Stop)).when(place(hold(HoldKind::Stop)), "24 10:00").then_nothing();
    let times = |days, from_s, until_s| vec![WeekTime { days, from_s, until_s }];
    for wrong in [
        HoldPlacedV1 { person: None, ..hold(HoldKind::Stop) },
        HoldPlacedV1 { times: times(0, 0, 1), ..hold(HoldKind::Stop) },
        HoldPlacedV1 { times: times(128, 0, 1), ..hold(HoldKind::Stop) },
        HoldPlacedV1 { times: times(1, 2, 1), ..hold(HoldKind::Stop) },
        HoldPlacedV1 { times: times(1, 0, 86_400), ..hold(HoldKind::Stop) },
        HoldPlacedV1 { until: Some(moment("24 09:59")), ..hold(HoldKind::Stop) },
    ] {
        assert_eq!(given.refuses(&place(wrong), "24 10:00"), [Code::MALFORMED]);
    }
}

/// What the law requires to be said is not stopped by a refusal; a stop on the number is another matter.
#[test]
fn given_a_notice_that_the_law_requires_then_a_stop_or_a_cease_does_not_hold_it_and_an_attorney_does() {
    let notice = PermitRequest { purpose: Purpose::RequiredNotice, ..call(1, 1) };
    for (kind, allowed) in [
        (HoldKind::Stop, true),
        (HoldKind::Cease, true),
        (HoldKind::Attorney, false),
        (HoldKind::Inconvenient, false),
        (HoldKind::Order, false),
    ] {
        let when = held(hold(kind)).asks(notice.clone(), "24 10:00");
        assert_eq!(when.codes().is_empty(), allowed, "{kind}");
    }
}

/// 20:00 in Shanghai is 15:00 in Moscow: when the evening of the one ends, that of the other has begun.
#[test]
fn given_times_in_two_zones_then_the_hold_says_when_both_are_over() {
    let mut either = named(4, 4, 1);
    either.zones = ["Asia/Shanghai", "Europe/Moscow"].map(|zone| zone.parse().expect("a zone")).into();
    let times = vec![WeekTime { days: 127, from_s: 54_000, until_s: 75_599 }];
    let evening = HoldPlacedV1 { times, ..hold(HoldKind::Inconvenient) };
    let given = known().knows(either).does(place(evening), "24 09:00");
    let when = given.asks(call(4, 4), "24 15:30");
    // 15:00 to 21:00 in both: in Shanghai until 21:00, in Moscow until 02:00 of the next day there.
    assert_eq!(when.reasons()[0].next_allowed, Some(moment("25 02:00")));
    when.then_refused_until(HELD, "25 02:00").made(call(4, 4), "25 02:00");
}
