//! The life of a permit.

use events::gate::{
    ContactClosedV1, ContactPlacedV1, Count, GateAnswer, GateCommand, GateEvent, GateQuery, GateReply,
    PermitExpiredV1, PermitRedeemedV1, PermitSettledV2, Tightest, Verdict,
};
use events::{Code, Now, Position};
use model::{ContactPointId, Outcome};

use crate::scenario::{
    CASE, CONTACT, asked, debtor_in, debtor_under, moment, placed, redeem, request, settle, tick,
};

const TEN: &str = "2026-11-24T10:00:00+08:00";

#[test]
fn given_a_permit_then_the_log_says_who_asked_what_was_counted_by_which_policy_and_how_long_it_holds() {
    let when = debtor_in(&["Asia/Shanghai"]).called("2026-11-23T10:00:00+08:00").when(request(), TEN);
    let Ok([GateEvent::PermitReserved(reserved)]) = when.result.as_deref() else {
        panic!("{:?}", when.result);
    };
    assert_eq!((&reserved.asked, reserved.policy), (&asked(), Position(0)));
    let rule = events::gate::RuleName::new("strict/day-cap").expect("a name");
    // Of the other cap, two of seven, more is left.
    assert_eq!(reserved.tightest, Some(Tightest { rule, count: Count { counted: 1, limit: 3 } }));
    assert_eq!(reserved.expires_at, moment("2026-11-24T10:01:00+08:00"));
    let expected = GateAnswer::Permit {
        permit: Position(5),
        expires_at: reserved.expires_at,
        tightest: reserved.tightest,
    };
    assert_eq!(when.answer(), Some(expected));
}

#[test]
fn given_a_permit_when_redeemed_twice_then_the_same_call_goes_on_and_another_is_refused() {
    let given = debtor_in(&["Asia/Shanghai"]).when(request(), TEN).then_permit();
    let permit = given.permit;
    let redeemed = PermitRedeemedV1 { contact: CONTACT, permit, call: [1; 16] };
    given
        .when(redeem(permit, 1), TEN)
        .then([GateEvent::PermitRedeemed(redeemed)])
        .when(redeem(permit, 1), TEN)
        .then_nothing()
        .when(redeem(permit, 2), TEN)
        .then_refused([Code::PERMIT_USED])
        .when(settle(permit, Outcome::NoAnswer), TEN)
        .then_some(1)
        // A retry whose first answer was lost, after everything, even at night.
        .when(redeem(permit, 1), "2026-11-24T23:00:00+08:00")
        .then_nothing()
        .when(redeem(permit, 2), TEN)
        .then_refused([Code::PERMIT_USED]);
}

#[test]
fn given_a_permit_when_its_time_is_over_then_it_is_dead_and_its_slot_is_free_before_any_event_says_so() {
    let given = debtor_under(|policy| policy.per_day = 1).when(request(), TEN).then_permit();
    let permit = given.permit;
    given
        .when(request(), "2026-11-24T10:01:00+08:00")
        .then_refused_until([Code::DAY_CAP], "2026-11-24T10:01:00.001+08:00")
        .when(redeem(permit, 1), "2026-11-24T10:01:00.001+08:00")
        .then_refused([Code::PERMIT_EXPIRED])
        .when(request(), "2026-11-24T10:01:00.001+08:00")
        .then_permit();
}

#[test]
fn given_a_permit_when_redeemed_at_its_last_moment_then_it_holds() {
    let given = debtor_in(&["Asia/Shanghai"]).when(request(), TEN).then_permit();
    let permit = given.permit;
    given.when(redeem(permit, 1), "2026-11-24T10:01:00+08:00").then_some(1);
}

#[test]
fn given_an_expired_permit_when_time_passes_then_the_evidence_is_recorded_once() {
    let given = debtor_in(&["Asia/Shanghai"]).when(request(), TEN).then_permit();
    let permit = given.permit;
    let expired = PermitExpiredV1 { contact: CONTACT, permit };
    let given = given
        .when(tick(), "2026-11-24T10:01:00+08:00")
        .then_nothing()
        .when_at(&tick(), Now { at: moment("2026-11-24T10:02:00+08:00"), trusted: false })
        .then_nothing()
        .when(tick(), "2026-11-24T10:02:00+08:00")
        .then([GateEvent::PermitExpired(expired)])
        .when(tick(), "2026-11-24T10:03:00+08:00")
        .then_nothing()
        .when(redeem(permit, 1), "2026-11-24T10:03:00+08:00")
        .then_refused([Code::PERMIT_EXPIRED])
        .when(settle(permit, Outcome::NoAnswer), "2026-11-24T10:03:00+08:00")
        .then_refused([Code::PERMIT_EXPIRED]);
    assert_eq!(given.figures().expired, 1);
}

#[test]
fn given_an_outcome_when_reported_again_then_the_same_changes_nothing_and_another_is_refused() {
    let given = debtor_in(&["Asia/Shanghai"]).when(request(), TEN).then_permit();
    let permit = given.permit;
    let outcome = Outcome::Voicemail;
    let (toward, discussed) = (Vec::new(), Vec::new());
    let settled = PermitSettledV2 { contact: CONTACT, permit, outcome, toward, discussed, given_back: false };
    given
        .when(settle(permit, outcome), TEN)
        .then_refused([Code::PERMIT_NOT_REDEEMED])
        .when(redeem(permit, 1), TEN)
        .then_some(1)
        .when(settle(permit, outcome), TEN)
        .then([GateEvent::PermitSettled(settled)])
        .when(settle(permit, outcome), TEN)
        .then_nothing()
        .when(settle(permit, Outcome::Busy), TEN)
        .then_refused([Code::ALREADY_SETTLED]);
}

#[test]
fn given_a_permit_of_another_contact_or_none_then_it_is_unknown() {
    let given = debtor_in(&["Asia/Shanghai"]).when(request(), TEN).then_permit();
    let permit = given.permit;
    let contact = ContactPointId([7; 16]);
    given
        .when(GateCommand::RedeemPermit { contact, permit, call: [1; 16] }, TEN)
        .then_refused([Code::PERMIT_UNKNOWN])
        .when(redeem(Position(99), 1), TEN)
        .then_refused([Code::PERMIT_UNKNOWN])
        .when(settle(Position(99), Outcome::Busy), TEN)
        .then_refused([Code::PERMIT_UNKNOWN]);
}

#[test]
fn given_a_clock_that_is_not_sure_then_nothing_is_allowed_but_a_retry_is_answered() {
    let unsure = Now { at: moment(TEN), trusted: false };
    let given = debtor_in(&["Asia/Shanghai"])
        .when_at(&request(), unsure)
        .then_refused([Code::CLOCK_UNSURE])
        .when(request(), TEN)
        .then_permit();
    let permit = given.permit;
    given
        .when_at(&redeem(permit, 1), unsure)
        .then_refused([Code::CLOCK_UNSURE])
        .when(redeem(permit, 1), TEN)
        .then_some(1)
        .when_at(&redeem(permit, 1), unsure)
        .then_nothing();
}

#[test]
fn given_a_permit_when_the_case_is_closed_or_taken_back_then_it_is_not_redeemed() {
    let given = debtor_in(&["Asia/Shanghai"]).when(request(), TEN).then_permit();
    let permit = given.permit;
    given
        .when(GateCommand::PlaceContact(ContactPlacedV1 { agency: None, ..placed() }), TEN)
        .then_some(1)
        .when(GateCommand::CloseContact(ContactClosedV1 { contact: CONTACT, case: CASE }), TEN)
        .then_some(1)
        .when(redeem(permit, 1), TEN)
        .then_refused([Code::NOT_PLACED, Code::CONTACT_CLOSED])
        .when(request(), TEN)
        .then_refused([Code::NOT_PLACED, Code::CONTACT_CLOSED]);
}

#[test]
fn given_a_check_then_it_says_what_a_request_would_and_reserves_nothing() {
    let given = debtor_under(|policy| policy.per_day = 1);
    let check = GateQuery::Check(asked());
    for _ in 0..3 {
        assert!(matches!(given.query(&check, TEN), GateReply::Check(Verdict::Allowed { .. })));
    }
    let many = GateQuery::CheckMany(vec![asked(), asked()]);
    assert_eq!(given.query(&many, TEN), GateReply::CheckMany(vec![Some(moment(TEN)); 2]));
    let given = given.called(TEN);
    let when = given.when(request(), TEN);
    let reasons = when.reasons();
    let given = when.then_refused([Code::DAY_CAP]);
    let next_allowed = Some(moment("2026-11-25T08:00:01+08:00"));
    assert_eq!(given.query(&check, TEN), GateReply::Check(Verdict::Refused { reasons, next_allowed }));
    assert_eq!(given.query(&many, TEN), GateReply::CheckMany(vec![next_allowed; 2]));
}
