//! Stop: from then on nobody, everywhere.

use events::gate::{
    ContactLinkedV2, ContactPlacedV1, GateAnswer, GateCommand, GateEvent, GateQuery, GateReply,
    PermitRequest, PermitVoidedV1, Stop, StopPlacedV1, StopSource,
};
use events::{Code, Now, Position};
use model::{AgencyId, CaseId, Channel, LenderId, Outcome, Role, Timestamp};

use crate::scenario::{
    CONTACT, asked, debtor_in, given, linked, moment, placed, policy, redeem, request, settle, strict,
};

const TEN: &str = "2026-11-24T10:00:00+08:00";

fn stop() -> GateCommand {
    GateCommand::PlaceStop { contact: CONTACT, source: StopSource::CalledPerson }
}

fn placed_stop() -> GateEvent {
    GateEvent::StopPlaced(StopPlacedV1 { contact: CONTACT, source: StopSource::CalledPerson })
}

#[test]
fn given_permits_that_wait_when_stopped_then_all_are_void_in_the_same_batch_and_name_the_stop() {
    let first = debtor_in(&["Asia/Shanghai"]).when(request(), TEN).then_permit();
    let used = first.permit;
    let second = first.when(redeem(used, 1), TEN).then_some(1).when(request(), TEN).then_permit();
    let waits = second.permit;
    let third = second.when(request(), TEN).then_permit();
    let waits_too = third.permit;
    let end = Position(third.end);
    let voided = |permit, stop_before| PermitVoidedV1 { contact: CONTACT, permit, stop_before };
    let when = third.when(stop(), TEN);
    assert_eq!(when.answer(), Some(GateAnswer::Stopped { stop: end, voided: 2 }));
    let stopped = when.then([
        placed_stop(),
        GateEvent::PermitVoided(voided(waits, 1)),
        GateEvent::PermitVoided(voided(waits_too, 2)),
    ]);
    assert_eq!(voided(waits_too, 2).stop(Position(end.0 + 2)), end);
    let given = stopped
        .when(redeem(waits, 2), TEN)
        .then_refused([Code::PERMIT_VOIDED])
        .when(settle(waits_too, Outcome::NoAnswer), TEN)
        .then_refused([Code::PERMIT_VOIDED])
        // The call that was placed before the stop still gets its outcome.
        .when(settle(used, Outcome::Conversation), TEN)
        .then_some(1)
        .when(request(), TEN)
        .then_refused([Code::STOPPED]);
    let at = moment(TEN);
    let status = given.status(TEN);
    assert_eq!(status.stop, Some(Stop { position: end, at, source: StopSource::CalledPerson }));
    assert_eq!((status.counts[0].1.counted, status.pending), (1, 0));
}

#[test]
fn given_a_stop_when_placed_again_then_nothing_changes_and_the_first_stands() {
    let given = debtor_in(&["Asia/Shanghai"]).when(stop(), TEN).then([placed_stop()]);
    let again = GateCommand::PlaceStop { contact: CONTACT, source: StopSource::Regulator };
    let when = given.when(again, "2026-11-25T10:00:00+08:00");
    assert_eq!(when.answer(), Some(GateAnswer::Done { changed: false }));
    let status = when.then_nothing().status(TEN);
    assert_eq!(
        status.stop.map(|stop| (stop.position, stop.source)),
        Some((Position(3), StopSource::CalledPerson))
    );
}

/// DX-13: a stop holds for every lender, agency and channel, also for those who come later.
#[test]
fn given_a_stop_on_a_number_not_known_yet_when_cases_name_it_then_it_holds_for_each() {
    let mut given = given([policy(strict())]).when(stop(), TEN).then([placed_stop()]);
    for number in 1..=3 {
        let (case, agency) = (CaseId([number; 16]), AgencyId(number.into()));
        let lender = LenderId(number.into());
        let link = ContactLinkedV2 { case, lender, ..linked(Role::Debtor, &["Asia/Shanghai"]) };
        given.take(&GateEvent::ContactLinked(link), Timestamp(0));
        let place = ContactPlacedV1 { case, agency: Some(agency), ..placed() };
        given.take(&GateEvent::ContactPlaced(place), Timestamp(0));
        for channel in Channel::ALL {
            let wanted = PermitRequest { case, agency, channel: *channel, ..asked() };
            given = given.when(GateCommand::RequestPermit(wanted), TEN).then_refused([Code::STOPPED]);
        }
    }
    assert_eq!(given.figures().contacts, 1);
}

/// DX-08: nothing that comes later lifts it: no outcome, no new placement, no consent.
#[test]
fn given_a_stop_when_a_later_disposition_comes_then_it_stands() {
    let given = debtor_in(&["Asia/Shanghai"]).called(TEN);
    let permit = given.permit;
    given
        .when(stop(), TEN)
        .then_some(1)
        .when(settle(permit, Outcome::Conversation), TEN)
        .then_some(1)
        .when(GateCommand::LinkContact(linked(Role::CoDebtor, &["Asia/Tokyo"])), TEN)
        .then_some(1)
        .when(request(), TEN)
        .then_refused([Code::STOPPED]);
}

#[test]
fn given_a_clock_that_is_not_sure_when_stopped_then_the_stop_is_taken_and_voids_what_waits() {
    let given = debtor_in(&["Asia/Shanghai"]).when(request(), TEN).then_permit();
    let unsure = Now { at: moment("2026-11-24T10:05:00+08:00"), trusted: false };
    given.when_at(&stop(), unsure).then_some(2);
}

#[test]
fn given_a_stranger_when_asked_about_then_nothing_is_known() {
    let given = debtor_in(&["Asia/Shanghai"]);
    let query = GateQuery::Contact(model::ContactPointId([8; 16]));
    assert_eq!(given.query(&query, TEN), GateReply::Contact(None));
}
