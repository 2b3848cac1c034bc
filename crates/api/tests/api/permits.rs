//! Permits, stops, consent, queues.

use api::{Principal, Target};
use events::Code;
use events::gate::{ConsentAnswer, StopSource};
use model::{Channel, Outcome, Purpose, Timestamp};

use crate::given::{
    AGENCY, COLLECTOR, CONTACT_NUMBER, DEBTOR_NUMBER, Given, LINE, OTHER_AGENCY, OTHER_COLLECTOR, TEN, ask,
    codes, collector, debtor, number,
};

#[tokio::test]
async fn given_a_placed_case_when_a_permit_is_used_then_it_works_once_and_is_settled() {
    let (given, case) = Given::placed_case().await;
    let platform = &given.platform;
    let permit = platform.request_permit(&collector(), &ask(case), Some("one")).await.expect("permit");
    let tightest = permit.tightest.expect("a cap applies");
    assert_eq!((tightest.rule.as_str(), permit.line.as_str()), ("strict/day-cap", LINE));
    assert_eq!((tightest.count.counted, tightest.count.limit), (1, 3));
    let again = platform.request_permit(&collector(), &ask(case), Some("one")).await.expect("the same");
    assert_eq!(again, permit);
    let dialed = platform.number_to_dial(&collector(), &permit.token).await.expect("number");
    assert_eq!(dialed, number(DEBTOR_NUMBER));

    let redeem = |call| platform.redeem(&Principal::Trunk, &permit.token, call, None);
    assert!(redeem("call-1;tag-1").await.expect("redeemed").changed);
    assert!(!redeem("call-1;tag-1").await.expect("the same call").changed);
    assert_eq!(codes(redeem("call-2;tag-1").await), [Code::PERMIT_USED]);
    let own = collector();
    let settle = async |outcome: Outcome| platform.settle(&own, &permit.token, &outcome.into(), None).await;
    assert!(settle(Outcome::NoAnswer).await.expect("settled").changed);
    assert!(!settle(Outcome::NoAnswer).await.expect("the same").changed);
    assert_eq!(codes(settle(Outcome::Conversation).await), [Code::ALREADY_SETTLED]);
}

#[tokio::test]
async fn given_the_cap_reached_when_asked_then_refused_with_the_limit_and_the_recorded_decision() {
    let (given, case) = Given::placed_case().await;
    for call in 0..3 {
        let permit = given.platform.request_permit(&collector(), &ask(case), None).await.expect("permit");
        let call = format!("call-{call}");
        given.platform.redeem(&collector(), &permit.token, &call, None).await.expect("redeemed");
        given
            .platform
            .settle(&collector(), &permit.token, &Outcome::NoAnswer.into(), None)
            .await
            .expect("settled");
    }
    let refusal = given.platform.request_permit(&collector(), &ask(case), None).await.expect_err("cap");
    let reason = &refusal.reasons[0];
    assert_eq!((reason.code, reason.limit, reason.counted), (Code::DAY_CAP, Some(3), Some(3)));
    assert!(refusal.repeats.is_some(), "the recorded decision is named");
    assert!(refusal.next_allowed.is_some_and(|next| next > TEN));
    let repeat = given.platform.request_permit(&collector(), &ask(case), None).await.expect_err("cap");
    assert_eq!(repeat.repeats, refusal.repeats);
}

#[tokio::test]
async fn given_a_permit_that_waits_when_stopped_then_it_is_void_and_none_is_given_any_more() {
    let (given, case) = Given::placed_case().await;
    let platform = &given.platform;
    let permit = platform.request_permit(&collector(), &ask(case), None).await.expect("permit");
    let target = debtor();
    let stop = || platform.stop(&Principal::Anonymous, &target, StopSource::CalledPerson, None);
    let receipt = stop().await.expect("stopped");
    assert_eq!((receipt.voided, receipt.changed, receipt.stop.is_some()), (1, true, true));
    let again = stop().await.expect("stands");
    assert_eq!((again.changed, again.stop), (false, receipt.stop));
    let redeemed = platform.redeem(&Principal::Trunk, &permit.token, "call", None).await;
    assert_eq!(codes(redeemed), [Code::PERMIT_VOIDED]);
    assert!(codes(platform.request_permit(&collector(), &ask(case), None).await).contains(&Code::STOPPED));
    given.caught_up().await;
    let timeline = platform.contact_timeline(&Principal::Operator, &debtor(), 100, None).await;
    let kinds: Vec<String> =
        timeline.expect("timeline").entries.into_iter().map(|entry| entry.kind).collect();
    assert!(kinds.contains(&"StopPlaced".to_owned()), "{kinds:?}");
}

#[tokio::test]
async fn given_somebody_elses_permit_when_used_then_it_does_not_exist() {
    let (given, case) = Given::placed_case().await;
    given.agency(OTHER_AGENCY, OTHER_COLLECTOR, "+862150000004").await;
    let permit = given.platform.request_permit(&collector(), &ask(case), None).await.expect("permit");
    let stranger = Principal::Collector(OTHER_COLLECTOR, OTHER_AGENCY);
    for principal in [stranger, Principal::Agency(OTHER_AGENCY)] {
        let redeemed = given.platform.redeem(&principal, &permit.token, "call", None).await;
        assert_eq!(codes(redeemed), [Code::PERMIT_UNKNOWN]);
        let number = given.platform.number_to_dial(&principal, &permit.token).await;
        assert_eq!(codes(number), [Code::PERMIT_UNKNOWN]);
    }
    let forged = format!("{}x", permit.token);
    assert_eq!(
        codes(given.platform.redeem(&collector(), &forged, "call", None).await),
        [Code::PERMIT_UNKNOWN]
    );
    given.clock.advance_to(permit.expires_at.plus_ms(1));
    assert_eq!(
        codes(given.platform.number_to_dial(&collector(), &permit.token).await),
        [Code::PERMIT_EXPIRED]
    );
    let late = given.platform.redeem(&collector(), &permit.token, "call", None).await;
    assert_eq!(codes(late), [Code::PERMIT_EXPIRED]);
}

#[tokio::test]
async fn given_a_collector_who_is_not_the_agencys_or_not_active_when_asking_then_refused() {
    let (given, case) = Given::placed_case().await;
    given.agency(OTHER_AGENCY, OTHER_COLLECTOR, "+862150000004").await;
    let platform = &given.platform;
    let named = |collector| api::PermitAsk { collector: Some(collector), ..ask(case) };
    let request = |principal, ask| async move { platform.request_permit(&principal, &ask, None).await };
    let unknown = [Code::COLLECTOR_UNKNOWN];
    assert_eq!(codes(request(Principal::Agency(AGENCY), named(OTHER_COLLECTOR)).await), unknown);
    assert_eq!(codes(request(collector(), named(OTHER_COLLECTOR)).await), unknown);
    assert_eq!(codes(request(Principal::Collector(OTHER_COLLECTOR, AGENCY), ask(case)).await), unknown);
    assert_eq!(codes(request(Principal::Agency(AGENCY), ask(case)).await), [Code::MALFORMED]);
    assert_eq!(codes(request(Principal::Anonymous, ask(case)).await), [Code::FORBIDDEN]);
    let foreign_line = api::PermitAsk { line: "+862150000004".parse().ok(), ..ask(case) };
    assert_eq!(codes(request(collector(), foreign_line).await), [Code::FORBIDDEN]);
    assert!(request(Principal::Agency(AGENCY), named(COLLECTOR)).await.is_ok());

    let withdrawn =
        platform.suspend_agency(&Principal::Operator, AGENCY, true, None).await.expect("suspended");
    assert_eq!(withdrawn, 1);
    assert_eq!(codes(request(collector(), ask(case)).await), [Code::AGENCY_SUSPENDED]);
    platform.suspend_agency(&Principal::Operator, AGENCY, false, None).await.expect("lifted");
    platform.end_collector(&Principal::Agency(AGENCY), COLLECTOR, None).await.expect("ended");
    assert_eq!(codes(request(collector(), ask(case)).await), unknown);
}

#[tokio::test]
async fn given_a_queue_when_the_hours_end_then_the_case_is_later_and_says_when() {
    let (given, case) = Given::placed_case().await;
    let queue = given.platform.queue(&collector(), COLLECTOR, 50, None).await.expect("queue");
    assert_eq!((queue.callable.len(), queue.later.len()), (1, 0), "{queue:?}");
    let entry = &queue.callable[0];
    assert_eq!((entry.case, entry.worth.minor), (case, 106_000));
    let debtor = entry.contacts.iter().find(|contact| contact.role.owes()).expect("debtor");
    assert!(debtor.callable_now && debtor.purpose == Purpose::Collect && debtor.channel == Channel::Call);
    let locate = entry.contacts.iter().find(|contact| contact.purpose == Purpose::Locate).expect("locate");
    assert!(!locate.callable_now && locate.callable_at.is_none(), "consent is not a matter of time");

    given.clock.advance_to(TEN.plus_ms(12 * 3_600_000 + 60_000));
    let queue = given.platform.queue(&collector(), COLLECTOR, 50, None).await.expect("queue");
    assert_eq!((queue.callable.len(), queue.later.len()), (0, 1));
    let next = queue.later[0].callable_at.expect("tomorrow");
    let eight = Timestamp(TEN.0 - 2 * 3_600_000 + 24 * 3_600_000);
    assert!((0..60_000).contains(&next.ms_since(eight)), "{next:?}");
}

#[tokio::test]
async fn given_an_emergency_contact_when_they_answer_then_only_their_own_word_counts() {
    let (given, case) = Given::placed_case().await;
    let target = Target::from(number(CONTACT_NUMBER));
    let contact = given.platform.contact_point(&target);
    let themselves = Principal::CalledPerson(contact);
    let answer = |principal, answer| {
        let target = target.clone();
        let platform = given.platform.clone();
        async move { platform.answer_consent(&principal, &target, case, answer, None).await }
    };
    assert_eq!(codes(answer(collector(), ConsentAnswer::Confirmed).await), [Code::FORBIDDEN]);
    assert_eq!(codes(answer(Principal::Anonymous, ConsentAnswer::Refused).await), [Code::FORBIDDEN]);
    let debtor = Principal::CalledPerson(given.platform.contact_point(&debtor()));
    assert_eq!(codes(answer(debtor, ConsentAnswer::Confirmed).await), [Code::NOT_FOUND]);
    assert!(answer(themselves, ConsentAnswer::Confirmed).await.expect("recorded"));
    assert!(answer(collector(), ConsentAnswer::Refused).await.expect("recorded"));
    let view = given.platform.contact(&themselves, &target).await.expect("own number");
    assert!(view.stop.is_some(), "a no is a stop");
    assert_eq!(view.holders[0].consent, Some(ConsentAnswer::Refused));
}
