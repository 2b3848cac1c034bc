//! Caps over several partitions: a person's numbers, and a case's, lie where they lie, and are counted as one.

use events::gate::{
    ConsentCovers, ConsentGivenV1, ContactRecordedV1, Direction, GateAnswer, GateCommand, GateEvent,
    NumberDisprovedV1, RedeemShared, RequestShared, StopSource,
};
use events::{Code, Position};
use gate::{Redeem, Request, SETTLE_AFTER_MS};
use model::{Channel, Outcome, Purpose};

use crate::partitions::{Gates, call, case, contact, person};
use crate::scenario::{AGENCY, asked, linked, moment, pack};

const A: model::ContactPointId = contact(0, 1);
const B: model::ContactPointId = contact(1, 2);
const C: model::ContactPointId = contact(2, 3);
const WHO: model::PersonId = person(2, 9);
const DEBT: model::CaseId = case(1, 8);

const PERSON_CAP: &str = r#"
[[frequency]]
id = "person-day"
limit = 2
window = "1 day"
scope = ["person"]
count = "attempts"
"#;

const CASE_CAP: &str = r#"
[[frequency]]
id = "case-day"
limit = 2
window = "1 day"
scope = ["case"]
count = "attempts"
"#;

const COOL_DOWN: &str = r#"
[[cool-down]]
id = "after-talk"
window = "7 days"
scope = ["person"]
"#;

/// A person with three numbers, each in another of three partitions, named by one case.
fn gates(rules: &str) -> Gates {
    let mut gates = Gates::of(3, &[pack("law", "", rules)]);
    for number in [A, B, C] {
        gates.knows(number, WHO, DEBT);
    }
    gates
}

#[test]
fn given_a_cap_per_person_when_each_number_lies_elsewhere_then_it_holds_over_all() {
    let mut gates = gates(PERSON_CAP);
    gates.made(&call(A, DEBT));
    gates.made(&call(B, DEBT));
    for number in [A, B, C] {
        let denied = gates.request(&call(number, DEBT)).expect_err("the cap");
        let [reason] = &denied.refusal.reasons[..] else { panic!("{denied:?}") };
        assert_eq!((reason.code, reason.limit, reason.counted), (Code::DAY_CAP, Some(2), Some(2)));
        // Where the person is at home.
        assert_eq!(denied.decision.map(|(partition, _)| partition), Some(2));
    }
    gates.now = moment("25 10:00");
    gates.made(&call(C, DEBT));
    gates.replays();
}

#[test]
fn given_a_cap_per_case_when_each_number_lies_elsewhere_then_it_holds_over_all() {
    let mut gates = gates(CASE_CAP);
    gates.made(&call(A, DEBT));
    gates.made(&call(C, DEBT));
    assert_eq!(gates.refused(&call(B, DEBT)), [Code::DAY_CAP]);
    // Another case of the same person.
    gates.knows(A, WHO, case(0, 7));
    gates.made(&call(A, case(0, 7)));
}

#[test]
fn given_permits_that_wait_then_they_count_at_the_homes_until_they_lapse() {
    let mut gates = gates(PERSON_CAP);
    gates.permit(&call(A, DEBT));
    gates.permit(&call(B, DEBT));
    assert_eq!(gates.refused(&call(C, DEBT)), [Code::DAY_CAP]);
    gates.now = moment("24 10:01:00");
    assert_eq!(gates.refused(&call(C, DEBT)), [Code::DAY_CAP]);
    gates.now = gates.now.plus_ms(1);
    gates.permit(&call(C, DEBT));
    gates.tick();
    let expired = gates.log(2).filter(|event| matches!(event, GateEvent::ShareExpired(_))).count();
    assert_eq!(expired, 2, "the evidence is recorded");
}

#[test]
fn given_a_conversation_on_one_number_then_the_others_are_left_alone() {
    let mut gates = gates(COOL_DOWN);
    let permit = gates.made(&call(A, DEBT));
    // While it may become a conversation, too.
    assert_eq!(gates.refused(&call(B, DEBT)), [Code::COOL_DOWN]);
    gates.settle(A, permit, Outcome::Conversation).expect("settled");
    assert_eq!(gates.refused(&call(C, DEBT)), [Code::COOL_DOWN]);
    gates.now = moment("30 10:00");
    assert_eq!(gates.refused(&call(B, DEBT)), [Code::COOL_DOWN]);
    gates.now = moment("2026-12-01T10:00:00+08:00");
    gates.permit(&call(B, DEBT));
}

#[test]
fn given_a_call_that_nobody_answered_then_the_others_may_be_called() {
    let mut gates = gates(COOL_DOWN);
    gates.became(&call(A, DEBT), Outcome::NoAnswer);
    gates.permit(&call(B, DEBT));
}

#[test]
fn given_a_crash_between_a_share_and_the_permit_then_the_share_lapses() {
    let mut gates = gates(PERSON_CAP);
    // The link, and the first share.
    for (number, after) in [(A, 5), (C, 5)] {
        gates.crash_after = Some(after);
        assert!(gates.drive(Request::new(call(number, DEBT), 3)).is_none());
        gates.crash_after = None;
    }
    let waiting = gates.log(1).filter(|event| matches!(event, GateEvent::ShareReserved(_))).count();
    assert_eq!(waiting, 2, "the case's home has given both");
    gates.now = gates.now.plus_ms(60_001);
    gates.made(&call(A, DEBT));
    gates.made(&call(C, DEBT));
    assert_eq!(gates.refused(&call(B, DEBT)), [Code::DAY_CAP]);
}

#[test]
fn given_a_permit_without_its_shares_then_it_is_refused() {
    let mut gates = gates(PERSON_CAP);
    let plain = GateCommand::RequestPermit(call(A, DEBT));
    let codes =
        |refusal: events::Refusal| refusal.reasons.iter().map(|reason| reason.code).collect::<Vec<_>>();
    assert_eq!(codes(gates.route(&plain).expect_err("no shares")), [Code::SHARE_MISSING]);
    let (shares, person) = (Vec::new(), Some(WHO));
    let asked = RequestShared { asked: call(A, DEBT), partitions: 3, person, shares, expires_at: None };
    let shared = |asked: &RequestShared| GateCommand::RequestShared(Box::new(asked.clone()));
    assert_eq!(codes(gates.route(&shared(&asked)).expect_err("no shares")), [Code::SHARE_MISSING]);
    // Somebody who believes that there are fewer.
    let fewer = RequestShared { partitions: 2, ..asked };
    assert_eq!(codes(gates.route(&shared(&fewer)).expect_err("fewer")), [Code::HOME_BEHIND]);
}

#[test]
fn given_a_permit_on_shares_when_they_are_not_redeemed_then_it_is_not_either() {
    let mut gates = gates(PERSON_CAP);
    let permit = gates.permit(&call(A, DEBT)).permit;
    let codes =
        |refusal: events::Refusal| refusal.reasons.iter().map(|reason| reason.code).collect::<Vec<_>>();
    let plain = GateCommand::RedeemPermit { contact: A, permit, call: [1; 16] };
    assert_eq!(codes(gates.route(&plain).expect_err("its shares wait")), [Code::SHARE_MISSING]);
    // A clock that is behind that of the last share.
    let events::gate::GateReply::Shares(stands_on) =
        gates.query(0, &events::gate::GateQuery::Shares(A, permit))
    else {
        panic!("no shares")
    };
    let since = gates.now.plus_ms(1);
    let early = RedeemShared { contact: A, permit, call: [1; 16], shares: stands_on.shares, since };
    assert_eq!(
        codes(gates.route(&GateCommand::RedeemShared(early)).expect_err("early")),
        [Code::UNAVAILABLE]
    );
    assert_eq!(gates.redeem(A, permit, 1), Ok(true));
    assert_eq!(gates.redeem(A, permit, 1), Ok(false));
    assert_eq!(codes(gates.redeem(A, permit, 2).expect_err("another call")), [Code::PERMIT_USED]);
    gates.settle(A, permit, Outcome::NoAnswer).expect("settled");
    assert_eq!(gates.redeem(A, permit, 1), Ok(false), "also after it was settled");
}

#[test]
fn given_a_stop_while_shares_wait_then_the_permit_is_void_and_the_shares_are_given_back() {
    let mut gates = gates(PERSON_CAP);
    let permit = gates.permit(&call(A, DEBT)).permit;
    gates.route(&GateCommand::PlaceStop { contact: A, source: StopSource::CalledPerson }).expect("stopped");
    let refusal = gates.redeem(A, permit, 1).expect_err("stopped");
    assert!(refusal.reasons.iter().any(|reason| reason.code == Code::PERMIT_VOIDED), "{refusal:?}");
    gates.follow();
    gates.made(&call(B, DEBT));
    gates.made(&call(C, DEBT));
    assert_eq!(gates.refused(&call(B, DEBT)), [Code::DAY_CAP]);
}

#[test]
fn given_a_refusal_after_a_share_was_redeemed_then_the_permit_is_void_before_any_share_is_given_up() {
    for settled_by_driver in [true, false] {
        let mut gates = gates(PERSON_CAP);
        let permit = gates.permit(&call(A, DEBT)).permit;
        // The case is closed meanwhile: only its contact point's partition knows.
        let closed = events::gate::ContactClosedV1 { contact: A, case: DEBT };
        gates.route(&GateCommand::CloseContact(closed)).expect("closed");
        // The question, two shares, the permit, its end; then whoever drives it is gone.
        gates.crash_after = (!settled_by_driver).then_some(5);
        let end = gates.drive(Redeem::new(A, permit, [1; 16], 3));
        gates.crash_after = None;
        assert_eq!(end.is_some(), settled_by_driver);
        assert!(gates.log(0).any(|event| matches!(event, GateEvent::PermitVoided(_))));
        if !settled_by_driver {
            // Nobody was told: it counts.
            gates.permit(&call(B, DEBT));
            assert_eq!(gates.refused(&call(C, DEBT)), [Code::DAY_CAP]);
            gates.follow();
            gates.now = gates.now.plus_ms(60_001);
        }
        for home in [1, 2] {
            let settled = gates.settled_shares(home);
            assert!(!settled.is_empty() && settled.iter().all(|settled| settled.outcome.is_none()));
        }
        gates.made(&call(B, DEBT));
        gates.made(&call(C, DEBT));
    }
}

#[test]
fn given_a_crash_while_redeeming_then_the_share_counts_until_its_permit_is_known_to_be_dead() {
    let mut gates = gates(PERSON_CAP);
    let permit = gates.permit(&call(A, DEBT)).permit;
    gates.crash_after = Some(3);
    assert!(gates.drive(Redeem::new(A, permit, [1; 16], 3)).is_none());
    gates.crash_after = None;
    gates.now = gates.now.plus_ms(120_000);
    gates.made(&call(B, DEBT));
    assert_eq!(gates.refused(&call(C, DEBT)), [Code::DAY_CAP], "it may have been made");
    // The permit expires: it never was.
    gates.tick();
    gates.follow();
    gates.made(&call(C, DEBT));
    assert_eq!(gates.refused(&call(C, DEBT)), [Code::DAY_CAP]);
}

#[test]
fn given_a_crash_while_redeeming_when_the_same_call_comes_again_then_it_goes_on() {
    let mut gates = gates(PERSON_CAP);
    let permit = gates.permit(&call(A, DEBT)).permit;
    for after in 1..4 {
        gates.crash_after = Some(after);
        assert!(gates.drive(Redeem::new(A, permit, [1; 16], 3)).is_none());
    }
    gates.crash_after = None;
    assert_eq!(gates.redeem(A, permit, 1), Ok(true));
}

#[test]
fn given_a_share_that_nobody_settles_then_it_is_unknown_and_what_is_told_later_corrects_it() {
    let mut gates = gates(&format!("{PERSON_CAP}{COOL_DOWN}"));
    let permit = gates.made(&call(A, DEBT));
    gates.now = gates.now.plus_ms(SETTLE_AFTER_MS - 1000);
    // The permit's partition hears of it in time; the homes do not.
    let settle = GateCommand::SettlePermit {
        contact: A,
        permit,
        outcome: Outcome::Busy,
        toward: Vec::new(),
        discussed: Vec::new(),
    };
    gates.route(&settle).expect("settled");
    gates.now = gates.now.plus_ms(2000);
    gates.tick();
    assert_eq!(gates.settled_shares(2)[0].outcome, Some(Outcome::Unknown));
    assert_eq!(gates.refused(&call(B, DEBT)), [Code::COOL_DOWN]);
    gates.follow();
    assert_eq!(gates.settled_shares(2)[1].outcome, Some(Outcome::Busy));
    gates.permit(&call(B, DEBT));
    gates.replays();
}

#[test]
fn given_several_rules_then_a_refusal_names_those_of_every_partition_and_the_latest_time() {
    let rules = r#"
[[frequency]]
id = "point-day"
limit = 1
window = "1 day"
scope = ["contact-point"]
count = "attempts"

[[frequency]]
id = "person-week"
limit = 1
window = "7 days"
scope = ["person"]
count = "attempts"
"#;
    let mut gates = gates(&format!("{rules}{CASE_CAP}"));
    gates.made(&call(A, DEBT));
    let denied = gates.request(&call(A, DEBT)).expect_err("refused");
    let named: Vec<_> =
        denied.refusal.reasons.iter().filter_map(|reason| Some(reason.rule?.to_string())).collect();
    assert_eq!(named, ["law/point-day", "law/person-week"]);
    assert_eq!(denied.refusal.next_allowed, Some(moment("2026-12-01T00:00:00+08:00")));
    // The share that the case's home had given is given up.
    assert_eq!(gates.settled_shares(1).len(), 1);
    gates.now = moment("2026-12-01T10:00:00+08:00");
    gates.permit(&call(A, DEBT));
}

#[test]
fn given_a_contact_that_was_recorded_then_it_counts_at_the_homes_and_shows_what_was_done() {
    let mut gates = gates(&format!("{PERSON_CAP}{COOL_DOWN}"));
    gates.now = moment("24 12:00");
    gates.became(&call(B, DEBT), Outcome::NoAnswer);
    let spoke = ContactRecordedV1 {
        contact: A,
        case: DEBT,
        agency: AGENCY,
        channel: Channel::Call,
        purpose: Purpose::Collect,
        direction: Direction::Inbound,
        at: moment("24 11:00"),
        outcome: Outcome::Conversation,
        toward: Vec::new(),
        discussed: Vec::new(),
        line: None,
    };
    assert_eq!(gates.recorded(spoke), Ok(true));
    assert_eq!(gates.refused(&call(C, DEBT)), [Code::COOL_DOWN]);
    let findings =
        |partition| gates.log(partition).filter(|event| matches!(event, GateEvent::FindingRaised(_))).count();
    assert_eq!((findings(0), findings(1), findings(2)), (0, 0, 1), "found once, where it is counted");
}

#[test]
fn given_a_number_that_is_somebody_elses_then_what_was_counted_for_the_one_is_counted_for_the_other() {
    let mut gates = gates(PERSON_CAP);
    let other = person(1, 5);
    let theirs = contact(2, 6);
    gates.knows(theirs, other, case(0, 4));
    gates.became(&call(A, DEBT), Outcome::Conversation);
    gates.became(&call(A, DEBT), Outcome::Voicemail);
    assert_eq!(gates.refused(&call(B, DEBT)), [Code::DAY_CAP]);
    let wrong = NumberDisprovedV1 { contact: A, person: WHO, belongs_to: other };
    assert_eq!(gates.disproved(wrong), Ok(true));
    assert_eq!(gates.disproved(wrong), Ok(false));
    gates.permit(&call(B, DEBT));
    assert_eq!(gates.refused(&call(theirs, case(0, 4))), [Code::DAY_CAP]);
    gates.replays();
}

#[test]
fn given_a_call_that_is_being_made_when_a_consent_begins_after_it_then_it_counts() {
    let rules = format!("{PERSON_CAP}except = [\"consented\"]\n").replace("limit = 2", "limit = 1");
    let mut gates = gates(&rules);
    gates.made(&call(A, DEBT));
    // Before the latest moment at which it may have been made, and over before the next is asked for.
    let from = gates.now.plus_ms(30_000);
    let consent = ConsentGivenV1 {
        person: WHO,
        agency: AGENCY,
        case: None,
        contact: None,
        covers: ConsentCovers::Frequency,
        given: from,
        from,
        until: Some(from.plus_ms(60_000)),
    };
    gates.now = from;
    for partition in 0..gates.count() {
        gates.give(partition, &GateCommand::GiveConsent(consent)).expect("given");
    }
    gates.now = from.plus_ms(90_000);
    assert_eq!(gates.refused(&call(B, DEBT)), [Code::DAY_CAP]);
}

#[test]
fn given_a_zone_that_only_another_case_knows_then_the_homes_count_in_it_too() {
    let mut gates = gates(PERSON_CAP);
    let link = linked(model::Role::Debtor, &["America/New_York"]);
    let more = events::gate::ContactLinkedV2 { contact: C, case: case(0, 1), person: person(0, 1), ..link };
    gates.knows_link(more);
    // Midnight in Shanghai has passed, in New York it is the same day.
    gates.now = moment("24 23:00");
    gates.made(&call(A, DEBT));
    gates.made(&call(B, DEBT));
    gates.now = moment("25 01:00");
    assert_eq!(gates.refused(&call(C, DEBT)), [Code::DAY_CAP]);
    gates.permit(&call(A, DEBT));
}

#[test]
fn given_everything_in_one_partition_then_there_is_one_step_and_no_share() {
    let mut gates = Gates::of(3, &[pack("law", "", PERSON_CAP)]);
    let (number, who, debt) = (contact(1, 1), person(1, 2), case(1, 3));
    gates.knows(number, who, debt);
    gates.made(&call(number, debt));
    let shares = (0..3).flat_map(|partition| gates.log(partition)).filter(|event| {
        matches!(
            event,
            GateEvent::ShareReserved(_) | GateEvent::PermitShared(_) | GateEvent::ShareRedeemed(_)
        )
    });
    assert_eq!(shares.count(), 0);
}

#[test]
fn given_a_partition_when_it_is_told_another_number_then_it_refuses() {
    let mut gates = gates(PERSON_CAP);
    for (partitions, own) in [(4, 1), (3, 2), (1, 0), (0, 0), (3, 3)] {
        let set = events::gate::PartitionsSetV1 { partitions, own };
        let refusal = gates.give(1, &GateCommand::SetPartitions(set)).expect_err("another");
        assert_eq!(refusal.reasons[0].code, Code::MALFORMED, "{set:?}");
    }
    let same = events::gate::PartitionsSetV1 { partitions: 3, own: 1 };
    let answer = gates.give(1, &GateCommand::SetPartitions(same));
    assert_eq!(answer, Ok(GateAnswer::Done { changed: false }));
}

#[test]
fn given_a_contact_point_that_no_case_names_then_its_own_partition_refuses_and_records_it() {
    let mut gates = gates(PERSON_CAP);
    let unknown = events::gate::PermitRequest { contact: contact(1, 77), case: DEBT, ..asked() };
    let denied = gates.request(&unknown).expect_err("unknown");
    assert_eq!(denied.refusal.reasons[0].code, Code::CONTACT_UNKNOWN);
    assert!(matches!(denied.decision, Some((1, Position(_)))));
}

/// Whether the debtor is out of contact is known where the case is at home; that they were reached for another case is told
/// it.
#[test]
fn given_a_debtor_who_was_reached_for_another_case_then_nobody_else_is_asked_for_them() {
    let rules = r#"
[[purpose]]
id = "locate"
roles = ["emergency-contact"]
allowed = ["locate"]
debtor-out-of-contact = { purposes = ["locate"], days = 2, tries = 1 }
"#;
    for reached in [false, true] {
        let mut gates = gates(rules);
        let (friend, who) = (contact(2, 4), person(0, 6));
        let role = model::Role::EmergencyContact;
        let link = linked(role, &["Asia/Shanghai"]);
        gates.knows_link(events::gate::ContactLinkedV2 { contact: friend, case: DEBT, person: who, ..link });
        gates.knows(A, WHO, case(0, 7));
        gates.follow();
        let locate = events::gate::PermitRequest { purpose: Purpose::Locate, ..call(friend, DEBT) };
        assert_eq!(gates.refused(&locate), [Code::DEBTOR_REACHABLE], "nobody tried");
        for day in ["24 10:00", "25 10:00"] {
            gates.now = moment(day);
            for number in [A, B, C] {
                gates.became(&call(number, DEBT), Outcome::NoAnswer);
            }
        }
        gates.now = moment("25 12:00");
        let spoken = if reached { Outcome::Conversation } else { Outcome::NoAnswer };
        gates.became(&call(A, case(0, 7)), spoken);
        gates.now = moment("25 14:00");
        if reached {
            assert_eq!(gates.refused(&locate), [Code::DEBTOR_REACHABLE], "reached for another case");
        } else {
            gates.made(&locate);
        }
        gates.replays();
    }
}
