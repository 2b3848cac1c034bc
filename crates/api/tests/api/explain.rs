//! Decisions made again from the log alone; drafts tried on the past.

use api::{Decision, Principal, ReplayAsk};
use events::gate::{RuleVerdict, StopSource};
use events::{Code, Position};
use model::{Outcome, Timestamp};

use crate::given::{
    AGENCY, CONTACT_NUMBER, Given, LENDER, OTHER_AGENCY, OTHER_COLLECTOR, OTHER_LENDER, TEN, ask, codes,
    collector, debtor, number,
};

/// Three permits, which is what the strictest rules allow on a day, and the refusal of a fourth.
async fn decided() -> (Given, Vec<Position>, Position) {
    // Of one partition, so that one log has all that was counted.
    let (given, case) = Given::placed_case_of(1).await;
    let mut permits = Vec::new();
    loop {
        match given.platform.request_permit(&collector(), &ask(case), None).await {
            Ok(permit) => {
                let call = format!("call-{}", permits.len());
                given.platform.redeem(&Principal::Trunk, &permit.token, &call, None).await.expect("redeemed");
                let outcome = Outcome::NoAnswer.into();
                given
                    .platform
                    .settle(&Principal::Trunk, &permit.token, &outcome, None)
                    .await
                    .expect("settled");
                permits.push(Position(permit.permit));
            }
            Err(refusal) => {
                let decision = refusal.repeats.expect("a recorded refusal").first;
                return (given, permits, decision);
            }
        }
        assert!(permits.len() < 20, "no cap");
        given.clock.advance_to(given.clock.at().plus_ms(60_000 * 61));
    }
}

#[tokio::test]
async fn given_decisions_when_explained_then_the_log_alone_gives_them_again_with_what_was_counted() {
    let (given, permits, refused) = decided().await;
    let explain = |position| {
        let platform = given.platform.clone();
        async move { platform.explain_decision(&Principal::Operator, &Decision::Of(debtor(), position)).await }
    };
    for position in &permits {
        let explained = explain(*position).await.expect("explained");
        let recorded = explained.recorded.expect("a decision");
        assert!(recorded.differences.is_empty(), "{:?}", recorded.differences);
        assert!(explained.explanation.allowed && recorded.expires_at.is_some());
    }
    let explained = explain(refused).await.expect("explained");
    let recorded = explained.recorded.as_ref().expect("a decision");
    assert!(recorded.differences.is_empty(), "{:?}", recorded.differences);
    let refuses: Vec<_> =
        explained.explanation.rules.iter().filter(|rule| rule.verdict == RuleVerdict::Refuses).collect();
    assert!(!explained.explanation.allowed && !refuses.is_empty());
    for rule in &refuses {
        let text = &explained.rules[rule.rule.as_str()];
        assert!(
            !text.english.is_empty() && !text.chinese.is_empty() && !text.source.is_empty(),
            "{}",
            rule.rule
        );
    }
    assert!(refuses.iter().any(|rule| rule.positions == permits), "{permits:?} {refuses:?}");
    assert_eq!(explained.lender, Some(LENDER));
    let every = given.platform.reproduce(&Principal::Operator, |_, _, _| ()).await.expect("reproduced");
    assert_eq!((every.decisions, every.differing), (permits.len() as u64 + 1, 0), "{every:?}");
    assert_eq!(
        codes(given.platform.reproduce(&Principal::Agency(AGENCY), |_, _, _| ()).await),
        [Code::FORBIDDEN]
    );
    // A stop after it changes nothing about what was decided before.
    let source = StopSource::CalledPerson;
    given.platform.stop(&Principal::Anonymous, &debtor(), source, None).await.expect("stopped");
    assert_eq!(explain(refused).await.expect("explained"), explained);
}

#[tokio::test]
async fn given_a_decision_then_those_whom_it_concerns_see_it_and_nobody_else() {
    let (given, _, refused) = decided().await;
    let platform = &given.platform;
    let decision = Decision::Of(debtor(), refused);
    let person = Principal::CalledPerson(platform.contact_point(&debtor()));
    let concerned = [
        Principal::Operator,
        Principal::Supervisor(None),
        Principal::Lender(LENDER),
        Principal::Agency(AGENCY),
        Principal::Supervisor(Some(AGENCY)),
        collector(),
        person,
    ];
    for principal in concerned {
        assert!(platform.explain_decision(&principal, &decision).await.is_ok(), "{principal:?}");
    }
    let strangers = [
        Principal::Lender(OTHER_LENDER),
        Principal::Agency(OTHER_AGENCY),
        Principal::Collector(OTHER_COLLECTOR, AGENCY),
        Principal::CalledPerson(platform.contact_point(&number(CONTACT_NUMBER).into())),
    ];
    for principal in strangers {
        let absent = platform.explain_decision(&principal, &Decision::Of(debtor(), Position(u64::MAX))).await;
        let refusal = platform.explain_decision(&principal, &decision).await;
        assert_eq!(refusal, absent, "{principal:?}");
        assert_eq!(codes(refusal), [Code::NOT_FOUND], "{principal:?}");
    }
    assert_eq!(codes(platform.explain_decision(&Principal::Trunk, &decision).await), [Code::FORBIDDEN]);
}

#[tokio::test]
async fn given_a_request_that_is_not_made_when_explained_then_nothing_is_recorded() {
    let (given, case) = Given::placed_case().await;
    let platform = &given.platform;
    let explained = platform.explain_request(&collector(), &ask(case)).await.expect("explained");
    assert!(explained.explanation.allowed && explained.recorded.is_none());
    let figures = platform.figures(&Principal::Operator).await.expect("figures");
    assert_eq!(figures.gate.asked, 0);
    let other = Principal::Agency(OTHER_AGENCY);
    assert!(platform.explain_request(&other, &ask(case)).await.is_err());
}

const DRAFT: &str = r#"schema = 1
id = "draft"
version = 1
title = "One attempt a day"
effective = 2030-01-01
applies = "everywhere"
owner = "platform"

[[frequency]]
id = "one-a-day"
source = "nobody"
read = "derived"
count = "attempts"
scope = ["contact-point"]
limit = 1
window = "1 day"
"#;

#[tokio::test]
async fn given_a_stricter_draft_when_a_past_day_is_replayed_then_what_it_would_have_refused_is_counted_and_nothing_touched()
 {
    let (given, permits, _) = decided().await;
    let platform = &given.platform;
    let ask =
        |from: Timestamp, until: Timestamp, pack: &str| ReplayAsk { pack: pack.to_owned(), from, until };
    let day = |pack| ask(TEN.plus_ms(-86_400_000), TEN.plus_ms(86_400_000), pack);
    let mut told = 0;
    let replay =
        platform.replay_policy(&Principal::Operator, &day(DRAFT), |_, _, _| told += 1).await.expect("replay");
    let allowed = permits.len() as u64;
    assert_eq!((replay.allowed, replay.refused), (allowed, 1));
    assert_eq!((replay.refused_instead, replay.allowed_instead), (allowed - 1, 0), "{replay:?}");
    let change = &replay.rules[&(AGENCY, "draft/one-a-day".to_owned())];
    assert_eq!(change.examples[0].1, permits[1]);
    assert!(told > 0);
    // The pack in force as the draft changes nothing.
    let same = policy::text("strict").expect("a pack");
    let replay =
        platform.replay_policy(&Principal::Operator, &day(same), |_, _, _| ()).await.expect("replay");
    assert_eq!(
        (replay.decisions, replay.refused_instead, replay.allowed_instead),
        (allowed + 1, 0, 0),
        "{replay:?}"
    );
    let before = ask(Timestamp(0), Timestamp(1), DRAFT);
    let replay = platform.replay_policy(&Principal::Operator, &before, |_, _, _| ()).await.expect("replay");
    assert_eq!(replay.decisions, 0);
    let (_, packs) = platform.policies().await.expect("policies");
    assert!(packs.iter().all(|pack| !pack.contains("one-a-day")), "the draft is in force");
    let refused = platform.replay_policy(&Principal::Agency(AGENCY), &day(DRAFT), |_, _, _| ()).await;
    assert_eq!(codes(refused), [Code::FORBIDDEN]);
    let refused = platform.replay_policy(&Principal::Operator, &day("id = 1"), |_, _, _| ()).await;
    assert_eq!(codes(refused), [Code::POLICY_INVALID]);
}
