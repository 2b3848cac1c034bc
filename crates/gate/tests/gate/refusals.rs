//! Refusals are recorded once and then counted.

use events::gate::{GateCommand, GateEvent, PermitRequest, RefusalsRepeatedV1};
use events::{Code, Decider, Now, Position, Tally};
use gate::Gate;
use model::{AgencyId, Channel, CollectorId, ContactPointId};

use crate::scenario::{CONTACT, asked, debtor_in, debtor_under, given, policy, request};

const NIGHT: &str = "2026-11-24T23:00:00+08:00";

#[test]
fn given_a_recorded_refusal_when_the_same_comes_again_then_it_is_counted_and_not_recorded() {
    let first = debtor_in(&["Asia/Shanghai"]).when(request(), NIGHT).then_some(1);
    let position = Position(first.end - 1);
    let other_hands =
        PermitRequest { collector: CollectorId(9), line: "4001".parse().expect("a line"), ..asked() };
    let repeated = vec![(Tally { key: CONTACT.0, first: position }, 250)];
    let codes = vec![Code::OUTSIDE_HOURS];
    let counted = RefusalsRepeatedV1 { contact: CONTACT, first: position, count: 250, codes };
    let given = first
        .when(request(), "2026-11-24T23:59:59+08:00")
        .then_repeats(position)
        .when(GateCommand::RequestPermit(other_hands), "2026-11-24T23:59:59+08:00")
        .then_repeats(position)
        .when(GateCommand::Tick { repeated }, "2026-11-24T23:59:59+08:00")
        .then([GateEvent::RefusalsRepeated(counted)]);
    let figures = given.figures();
    assert_eq!((figures.asked, figures.allowed, figures.refused, figures.repeated), (251, 0, 251, 250));
    assert_eq!(figures.refused_by, [(Code::OUTSIDE_HOURS, 251)]);
}

#[test]
fn given_a_recorded_refusal_when_anything_differs_then_it_is_recorded_anew() {
    let first = || debtor_in(&["Asia/Shanghai"]).when(request(), NIGHT).then_some(1);
    // Another local day; another channel; another agency, and so another rule.
    first().when(request(), "2026-11-25T00:00:00+08:00").then_some(1);
    let sms = PermitRequest { channel: Channel::Sms, ..asked() };
    first().when(GateCommand::RequestPermit(sms), NIGHT).then_some(1);
    let other = PermitRequest { agency: AgencyId(9), ..asked() };
    let both = first().when(GateCommand::RequestPermit(other.clone()), NIGHT).then_some(1);
    // Askers who take turns each have their own last refusal.
    let (mine, theirs) = (Position(both.end - 2), Position(both.end - 1));
    both.when(request(), NIGHT)
        .then_repeats(mine)
        .when(GateCommand::RequestPermit(other), NIGHT)
        .then_repeats(theirs);
    // Other rules on the same day.
    debtor_under(|policy| policy.per_day = 1)
        .called("2026-11-24T10:00:00+08:00")
        .when(request(), "2026-11-24T11:00:00+08:00")
        .then_some(1)
        .when(request(), NIGHT)
        .then_some(1);
}

#[test]
fn given_a_count_whose_refusal_was_replaced_meanwhile_then_its_rules_are_still_known() {
    let first = debtor_in(&["Asia/Shanghai"]).when(request(), NIGHT).then_some(1);
    let tally = Tally { key: CONTACT.0, first: Position(first.end - 1) };
    let given = first
        .when(request(), "2026-11-25T00:00:00+08:00")
        .then_some(1)
        .when(GateCommand::Tick { repeated: vec![(tally, 2)] }, "2026-11-25T00:00:01+08:00")
        .then_some(1);
    assert_eq!(given.figures().refused_by, [(Code::OUTSIDE_HOURS, 4)]);
}

/// An attacker can invent contact ids without end; what is remembered of them has one.
#[test]
fn given_more_strangers_than_are_remembered_then_the_oldest_are_forgotten_and_memory_is_bounded() {
    let mut given = given([policy(crate::scenario::strict())]);
    let now = Now { at: crate::scenario::moment(NIGHT), trusted: true };
    let stranger = |number: u32| {
        let mut id = [0; 16];
        id[..4].copy_from_slice(&number.to_be_bytes());
        let wanted = PermitRequest { contact: ContactPointId(id), ..asked() };
        GateCommand::RequestPermit(wanted)
    };
    let most = gate::STRANGERS_MAX as u32;
    for number in 0..=most {
        for event in Gate::decide(&given.state, &stranger(number), now).expect("recorded") {
            given.take(&event, now.at);
        }
    }
    assert!(Gate::decide(&given.state, &stranger(most), now).is_err(), "the newest is remembered");
    assert!(Gate::decide(&given.state, &stranger(1), now).is_err(), "the second is remembered");
    assert!(Gate::decide(&given.state, &stranger(0), now).is_ok(), "the first is forgotten");
    let before = postcard::to_allocvec(&given.state).expect("plain data").len();
    for number in most + 1..=most + 1000 {
        for event in Gate::decide(&given.state, &stranger(number), now).expect("recorded") {
            given.take(&event, now.at);
        }
    }
    let after = postcard::to_allocvec(&given.state).expect("plain data").len();
    assert!(after < before + 32 * 1024, "{before} bytes, then {after}");
}
