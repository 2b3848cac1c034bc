//! Who may be contacted for what, and the one notice that asks.

use events::gate::{
    ConsentAnswer, ConsentAnsweredV1, ContactClosedV1, ContactLinkedV2, ContactPlacedV1, GateAnswer,
    GateCommand, GateEvent, PermitRequest, StopPlacedV1, StopSource,
};
use events::{Code, Position};
use model::{AgencyId, CaseId, Purpose, Role, Timestamp};

use crate::scenario::{
    CASE, CONTACT, Given, asked, checked_in, debtor_in, given, line_registered, linked, moment, placed,
    policy, redeem, request, request_for, strict,
};

const TEN: &str = "2026-11-24T10:00:00+08:00";

fn of(role: Role) -> Given {
    let known = [policy(strict()), checked_in("platform"), line_registered()];
    given(known).knows(linked(role, &["Asia/Shanghai"]))
}

fn answered(answer: ConsentAnswer) -> ConsentAnsweredV1 {
    ConsentAnsweredV1 { contact: CONTACT, case: CASE, answer }
}

#[test]
fn given_each_role_and_purpose_then_only_what_the_design_allows_is_allowed() {
    let (missing, purpose, nothing) =
        (Code::CONSENT_MISSING, Code::PURPOSE_NOT_ALLOWED, Code::NOTHING_TO_REPLY);
    for role in Role::ALL {
        for wanted in Purpose::ALL {
            let refused: &[Code] = match (role, wanted) {
                (_, Purpose::Reply | Purpose::StopReceipt) => &[nothing],
                (Role::Debtor | Role::CoDebtor | Role::Guarantor, Purpose::ConsentNotice) => &[purpose],
                (Role::Debtor | Role::CoDebtor | Role::Guarantor, _) => &[],
                (Role::Attorney, Purpose::ConsentNotice) => &[purpose],
                (Role::Attorney, _) => &[],
                (_, Purpose::Collect | Purpose::RequiredNotice) => &[purpose],
                (_, Purpose::Locate) => &[missing],
                (_, Purpose::ConsentNotice) => &[],
            };
            assert_eq!(of(*role).when(request_for(*wanted), TEN).codes(), refused, "{role} {wanted}");
        }
    }
}

#[test]
fn given_a_named_contact_who_agrees_then_only_location_enquiries_are_allowed() {
    for role in [Role::EmergencyContact, Role::OtherThirdParty] {
        of(role)
            .when(GateCommand::AnswerConsent(answered(ConsentAnswer::Confirmed)), TEN)
            .then([GateEvent::ConsentAnswered(answered(ConsentAnswer::Confirmed))])
            .when(GateCommand::AnswerConsent(answered(ConsentAnswer::Confirmed)), TEN)
            .then_nothing()
            .when(request_for(Purpose::Locate), TEN)
            .then_permit()
            .when(request_for(Purpose::Collect), TEN)
            .then_refused([Code::PURPOSE_NOT_ALLOWED]);
    }
}

#[test]
fn given_the_one_notice_when_it_was_sent_then_silence_means_no_for_every_case_that_names_them() {
    let given = of(Role::EmergencyContact).when(request_for(Purpose::ConsentNotice), TEN).then_permit();
    let permit = given.permit;
    let mut given = given
        // While its permit waits, no second one.
        .when(request_for(Purpose::ConsentNotice), TEN)
        .then_refused([Code::CAP])
        .when(redeem(permit, 1), TEN)
        .then_some(1)
        .when(request_for(Purpose::ConsentNotice), "2026-12-24T10:00:00+08:00")
        .then_refused([Code::CAP]);
    let case = CaseId([9; 16]);
    let link = ContactLinkedV2 { case, ..linked(Role::EmergencyContact, &["Asia/Shanghai"]) };
    given.take(&GateEvent::ContactLinked(link), Timestamp(0));
    given.take(&GateEvent::ContactPlaced(ContactPlacedV1 { case, ..placed() }), Timestamp(0));
    let wanted = PermitRequest { case, purpose: Purpose::ConsentNotice, ..asked() };
    given.when(GateCommand::RequestPermit(wanted), "2026-12-24T10:00:00+08:00").then_refused([Code::CAP]);
}

#[test]
fn given_a_notice_that_was_not_sent_in_time_then_it_is_still_to_be_sent() {
    of(Role::EmergencyContact)
        .when(request_for(Purpose::ConsentNotice), TEN)
        .then_permit()
        .when(request_for(Purpose::ConsentNotice), "2026-11-24T10:01:00.001+08:00")
        .then_permit()
        .when(crate::scenario::tick(), "2026-11-24T10:01:00.001+08:00")
        .then_some(1)
        // The expiry of the first does not free the second.
        .when(request_for(Purpose::ConsentNotice), "2026-11-24T10:01:01+08:00")
        .then_refused([Code::CAP]);
}

/// DX-13 and RULES.md section 10: a no ends it for good, on the whole platform.
#[test]
fn given_a_no_then_it_stops_the_contact_point_and_voids_what_waits() {
    for answer in [ConsentAnswer::Refused, ConsentAnswer::UnknownDebtor] {
        let given = of(Role::EmergencyContact).when(request_for(Purpose::ConsentNotice), TEN).then_permit();
        let (permit, end) = (given.permit, given.end);
        let when = given.when(GateCommand::AnswerConsent(answered(answer)), TEN);
        assert_eq!(when.answer(), Some(GateAnswer::Stopped { stop: Position(end + 1), voided: 1 }));
        let stop = StopPlacedV1 { contact: CONTACT, source: StopSource::CalledPerson };
        let voided = events::gate::PermitVoidedV1 { contact: CONTACT, permit, stop_before: 1 };
        when.then([
            GateEvent::ConsentAnswered(answered(answer)),
            GateEvent::StopPlaced(stop),
            GateEvent::PermitVoided(voided),
        ])
        .when(GateCommand::AnswerConsent(answered(ConsentAnswer::Confirmed)), TEN)
        .then_some(1)
        .when(request_for(Purpose::Locate), TEN)
        .then_refused([Code::STOPPED]);
    }
}

#[test]
fn given_somebody_who_owes_when_an_answer_comes_then_it_is_not_theirs_to_give() {
    debtor_in(&["Asia/Shanghai"])
        .when(GateCommand::AnswerConsent(answered(ConsentAnswer::Refused)), TEN)
        .then_refused([Code::PURPOSE_NOT_ALLOWED]);
}

#[test]
fn given_nothing_known_then_each_missing_fact_is_named() {
    given([]).when(request(), TEN).then_refused([Code::CONTACT_UNKNOWN, Code::NO_POLICY]);
    given([policy(strict())]).when(request(), TEN).then_refused([Code::CONTACT_UNKNOWN]);
    given([GateEvent::ContactLinked(linked(Role::Debtor, &[]))]).when(request(), TEN).then_refused([
        Code::ZONE_UNKNOWN,
        Code::NOT_PLACED,
        Code::NO_POLICY,
    ]);
    let other_case = PermitRequest { case: CaseId([9; 16]), ..asked() };
    debtor_in(&["Asia/Shanghai"])
        .when(GateCommand::RequestPermit(other_case), TEN)
        .then_refused([Code::CONTACT_UNKNOWN]);
    let other_agency = PermitRequest { agency: AgencyId(9), ..asked() };
    debtor_in(&["Asia/Shanghai"])
        .when(GateCommand::RequestPermit(other_agency), TEN)
        .then_refused([Code::NOT_PLACED]);
}

#[test]
fn given_many_rules_that_refuse_then_all_are_named_and_time_alone_promises_nothing() {
    let mut changed = strict();
    (changed.per_day, changed.per_seven_days) = (1, 1);
    let given = given([policy(changed), checked_in("platform"), line_registered()])
        .knows(linked(Role::EmergencyContact, &["Asia/Shanghai"]))
        .when(request_for(Purpose::ConsentNotice), TEN)
        .then_permit();
    let permit = given.permit;
    let given = given.when(redeem(permit, 1), TEN).then_some(1);
    let wanted = PermitRequest { agency: AgencyId(9), ..asked() };
    let when = given.when(GateCommand::RequestPermit(wanted), "2026-11-24T22:00:00+08:00");
    let reasons = when.reasons();
    let hours = reasons.iter().find(|reason| reason.code == Code::OUTSIDE_HOURS);
    assert_eq!(hours.and_then(|reason| reason.next_allowed), Some(moment("2026-11-25T08:00:01+08:00")));
    let Ok([GateEvent::PermitRefused(refused)]) = when.result.as_deref() else { panic!("not recorded") };
    assert_eq!(refused.next_allowed, None);
    when.then_refused([
        Code::DAY_CAP,
        Code::SEVEN_DAY_CAP,
        Code::OUTSIDE_HOURS,
        Code::NOT_PLACED,
        Code::PURPOSE_NOT_ALLOWED,
        Code::LINE_NOT_REGISTERED,
    ]);
}

#[test]
fn given_a_link_when_it_comes_again_then_only_a_change_is_recorded() {
    let same = || GateCommand::LinkContact(linked(Role::Debtor, &["Asia/Shanghai"]));
    debtor_in(&["Asia/Shanghai"])
        .when(same(), TEN)
        .then_nothing()
        .when(GateCommand::PlaceContact(placed()), TEN)
        .then_nothing()
        .when(GateCommand::LinkContact(linked(Role::Debtor, &["Asia/Tokyo"])), TEN)
        .then_some(1)
        .when(same(), TEN)
        .then_nothing()
        .when(GateCommand::LinkContact(linked(Role::EmergencyContact, &[])), TEN)
        .then_some(1)
        .and(checked_in("platform"))
        .and(line_registered())
        .when(request(), TEN)
        .then_refused([Code::PURPOSE_NOT_ALLOWED]);
    let many = linked(Role::Debtor, &["Asia/Shanghai"; 17]);
    debtor_in(&[]).when(GateCommand::LinkContact(many), TEN).then_refused([Code::MALFORMED]);
}

/// The two facts come from two logs, and nothing says which is followed faster.
#[test]
fn given_a_placement_before_its_link_when_the_link_comes_then_the_placement_holds() {
    let link = || GateCommand::LinkContact(linked(Role::Debtor, &["Asia/Shanghai"]));
    given([policy(strict())])
        .when(GateCommand::PlaceContact(placed()), TEN)
        .then_some(1)
        .when(GateCommand::PlaceContact(placed()), TEN)
        .then_nothing()
        .when(request(), TEN)
        .then_refused([Code::CONTACT_UNKNOWN])
        .when(link(), TEN)
        .then_some(1)
        .when(request(), TEN)
        .then_permit();
    let closed = GateCommand::CloseContact(ContactClosedV1 { contact: CONTACT, case: CASE });
    given([policy(strict())])
        .when(GateCommand::PlaceContact(placed()), TEN)
        .then_some(1)
        .when(closed, TEN)
        .then_some(1)
        .when(link(), TEN)
        .then_some(1)
        .when(request(), TEN)
        .then_refused([Code::CONTACT_CLOSED]);
}
