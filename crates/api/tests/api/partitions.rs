//! A gate of three partitions: a person's numbers lie in different ones.

use std::collections::BTreeSet;
use std::sync::Arc;

use api::{Decision, PermitAsk, Platform, Principal, ReplayAsk, StopReceipt, Target};
use audit::Findings;
use events::gate::{ContactLinkedV2, ContactPlacedV1, GateCommand, GateEvent, PermitRequest, StopSource};
use events::{Code, Position};
use gate::{Course, Gate, Request, Step, Told};
use model::{CaseId, Channel, CollectorId, ContactPointId, Outcome, PersonId, Place, Purpose, Role};

use crate::given::{AGENCY, COLLECTOR, Given, LENDER, LINE, TEN, ask, codes, collector, number};

const PERSON: PersonId = PersonId([0xbb; 16]);

/// A number for each partition, all of one person, named by one case.
async fn three_numbers() -> (Given, CaseId, [Target; 3]) {
    let given = Given::of_partitions(3).await;
    given.agency(AGENCY, COLLECTOR, LINE).await;
    let case = given.case_id(LENDER, "L-1");
    let numbers = [0, 1, 2].map(|partition| number_in(&given.platform, partition));
    for target in &numbers {
        name(&given, target, case).await;
    }
    (given, case, numbers)
}

fn number_in(platform: &Platform, partition: u16) -> Target {
    let targets = (0..).map(|last| Target::from(number(&format!("138{last:08}"))));
    let lies_there =
        |target: &Target| platform.parts().gate.partition_of(&platform.contact_point(target).0) == partition;
    targets.into_iter().find(lies_there).expect("a number")
}

/// The case names the number for the person, is placed, and the homes know it.
async fn name(given: &Given, target: &Target, case: CaseId) {
    let contact = given.platform.contact_point(target);
    let linked = ContactLinkedV2 {
        contact,
        case,
        lender: LENDER,
        person: PERSON,
        role: Role::Debtor,
        zones: vec!["Asia/Shanghai".parse().expect("zone")],
        regions: Vec::new(),
        place: Place::Unknown,
    };
    let placed = ContactPlacedV1 { contact, case, agency: Some(AGENCY) };
    let gate = &given.platform.parts().gate;
    let mut commands = vec![GateCommand::LinkContact(linked.clone()), GateCommand::PlaceContact(placed)];
    let (own, partitions) = (gate.partition_of(&contact.0), gate.partitions());
    commands.extend(Gate::homes_of(&GateEvent::ContactLinked(linked), own, partitions));
    for command in commands {
        gate.submit(given.order(command)).await.expect("known");
    }
}

fn of(target: &Target, case: CaseId) -> PermitAsk {
    PermitAsk { target: target.clone(), ..ask(case) }
}

async fn called(given: &Given, target: &Target, case: CaseId, outcome: Outcome) -> Position {
    let platform = &given.platform;
    let permit = platform.request_permit(&collector(), &of(target, case), None).await.expect("permit");
    let call = format!("call of {}", permit.permit);
    assert!(platform.redeem(&Principal::Trunk, &permit.token, &call, None).await.expect("redeemed").changed);
    assert!(!platform.redeem(&Principal::Trunk, &permit.token, &call, None).await.expect("again").changed);
    platform.settle(&collector(), &permit.token, &outcome.into(), None).await.expect("settled");
    Position(permit.permit)
}

/// Nothing in the logs breaks a rule, and every decision is made again alike.
async fn sound(given: &Given) {
    let recount = given.platform.recount(&Principal::Supervisor(None)).await.expect("recounted");
    assert_eq!(recount.findings, Findings::default(), "{recount:?}");
    let found = given.platform.reproduce(&Principal::Operator, |_, _, _| ()).await.expect("made again");
    assert_eq!(found.differing, 0, "{found:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn given_many_who_ask_at_once_when_a_persons_numbers_lie_in_three_partitions_then_the_cap_holds() {
    let (given, case, numbers) = three_numbers().await;
    let given = Arc::new(given);
    let mut calls = 0;
    let mut refused = BTreeSet::new();
    // Whoever is refused because others wait gives up what it held, so that not every round fills the cap.
    for _ in 0..20 {
        let tasks = (0..24).map(|task| {
            let (given, target) = (Arc::clone(&given), numbers[task % 3].clone());
            tokio::spawn(async move {
                let platform = &given.platform;
                let asked = platform.request_permit(&collector(), &of(&target, case), None).await;
                let permit = asked.map_err(|refusal| codes(Err::<(), _>(refusal)))?;
                let call = format!("call of {target:?} {}", permit.permit);
                let used = platform.redeem(&Principal::Trunk, &permit.token, &call, None).await;
                used.map(|used| used.changed).map_err(|refusal| codes(Err::<(), _>(refusal)))
            })
        });
        for task in tasks.collect::<Vec<_>>() {
            match task.await.expect("ended") {
                Ok(changed) => calls += usize::from(changed),
                Err(codes) => refused.extend(codes),
            }
        }
        assert!(calls <= 3, "the strict pack lets a person be called three times a day, not {calls}");
    }
    assert_eq!(calls, 3);
    assert_eq!(refused, BTreeSet::from([Code::DAY_CAP]));
    sound(&given).await;
}

#[tokio::test]
async fn given_a_conversation_on_one_number_then_the_others_are_refused_and_the_decision_is_explained() {
    let (given, case, numbers) = three_numbers().await;
    let pack = r#"schema = 1
id = "law"
version = 1
title = "Quiet after a conversation"
effective = 2020-01-01
applies = "everywhere"
owner = "platform"

[[cool-down]]
id = "quiet"
source = "a test"
read = "derived"
channels = ["call"]
scope = ["person"]
window = "7 days"
"#;
    let platform = &given.platform;
    platform.adopt_policy(&Principal::Operator, pack.to_owned(), None).await.expect("adopted");
    called(&given, &numbers[0], case, Outcome::NoAnswer).await;
    called(&given, &numbers[1], case, Outcome::Conversation).await;
    for target in &numbers {
        let refusal =
            platform.request_permit(&collector(), &of(target, case), None).await.expect_err("spoken to");
        let rules: Vec<_> =
            refusal.reasons.iter().filter_map(|reason| Some(reason.rule?.to_string())).collect();
        assert_eq!(rules, ["law/quiet"]);
        let explained = platform.explain_request(&collector(), &of(target, case)).await.expect("explained");
        let rule = |name: &str| {
            let found = explained.explanation.rules.iter().find(|rule| rule.rule.as_str() == name);
            found.map(|rule| (rule.verdict, rule.counted)).expect("asked")
        };
        assert_eq!(rule("law/quiet").0, events::gate::RuleVerdict::Refuses);
        assert_eq!(rule("strict/day-cap-person").1, Some(2), "counted at home");
        assert!(!explained.explanation.allowed);
        given.caught_up().await;
        let (first, mut found) = (refusal.repeats.expect("recorded").first, 0);
        for partition in 0..3 {
            // Each counts from 0: elsewhere the same number may name something else, or nothing.
            let decision = Decision::At(partition, first);
            let Ok(explained) = platform.explain_decision(&collector(), &decision).await else { continue };
            let recorded = explained.recorded.expect("a decision");
            assert!(recorded.differences.is_empty());
            let about = explained.asked.contact == platform.contact_point(target);
            found += usize::from(about && recorded.reasons.len() == 1);
        }
        assert_eq!(found, 1, "the refusal stands in one log");
    }
    let asked = numbers.iter().map(|target| of(target, case)).collect();
    let (_, checked) = platform.check_permits(&collector(), asked).await.expect("checked");
    let next: Vec<_> = checked.into_iter().map(|next| next.expect("checked")).collect();
    assert!(next.iter().all(|next| next.is_some_and(|next| next > TEN.plus_ms(86_400_000))), "{next:?}");
    sound(&given).await;
}

#[tokio::test]
async fn given_a_cap_per_case_when_its_numbers_lie_in_three_partitions_then_it_holds() {
    let (given, case, numbers) = three_numbers().await;
    let pack = r#"schema = 1
id = "law"
version = 1
title = "Twice a day for one case"
effective = 2020-01-01
applies = "everywhere"
owner = "platform"

[[frequency]]
id = "case-day"
source = "a test"
read = "derived"
count = "attempts"
scope = ["case"]
limit = 2
window = "1 day"
"#;
    let platform = &given.platform;
    platform.adopt_policy(&Principal::Operator, pack.to_owned(), None).await.expect("adopted");
    called(&given, &numbers[0], case, Outcome::NoAnswer).await;
    called(&given, &numbers[1], case, Outcome::Voicemail).await;
    let refused = platform.request_permit(&collector(), &of(&numbers[2], case), None).await;
    assert_eq!(codes(refused), [Code::DAY_CAP]);
    let other = given.case_id(LENDER, "L-2");
    name(&given, &numbers[2], other).await;
    called(&given, &numbers[2], other, Outcome::NoAnswer).await;
    sound(&given).await;

    // What a draft for the person would have refused, each call once, though its shares lie elsewhere.
    let draft =
        pack.replace("\"law\"", "\"draft\"").replace("[\"case\"]", "[\"person\"]").replace("= 2", "= 1");
    let replayed = ReplayAsk { pack: draft, from: TEN.plus_ms(-86_400_000), until: TEN.plus_ms(86_400_000) };
    let replay = platform.replay_policy(&Principal::Operator, &replayed, |_, _, _| ()).await.expect("replay");
    assert_eq!((replay.decisions, replay.allowed, replay.refused), (4, 3, 1));
    assert_eq!(replay.refused_instead, 2, "{replay:?}");
}

/// Asks for a share, and is gone.
async fn crashed(given: &Given, contact: ContactPointId, case: CaseId) -> usize {
    let asked = PermitRequest {
        contact,
        case,
        also: Vec::new(),
        agency: AGENCY,
        collector: CollectorId(301),
        channel: Channel::Call,
        purpose: Purpose::Collect,
        line: LINE.parse().expect("a line"),
        template: None,
    };
    let gate = &given.platform.parts().gate;
    let mut course = Request::new(asked, gate.partitions());
    let (mut told, mut shares) = (Told::Start, 0);
    loop {
        told = match course.next(told) {
            Step::Ask { partition, query } => Told::Reply(gate.query(partition, query).await),
            Step::Give { command, .. } if matches!(*command, GateCommand::RequestShared(_)) => return shares,
            Step::Give { partition, command, .. } => {
                shares += usize::from(matches!(*command, GateCommand::ReserveShare(_)));
                let orders = vec![given.order(*command)];
                Told::Answer(gate.submit_to(partition, orders).await.remove(0))
            }
            Step::Done(end) => panic!("{end:?}"),
        };
    }
}

#[tokio::test]
async fn given_a_crash_between_the_shares_and_the_permit_then_they_lapse() {
    let (given, case, numbers) = three_numbers().await;
    let platform = &given.platform;
    for target in &numbers {
        // The person's and the case's home may be the number's own.
        crashed(&given, platform.contact_point(target), case).await;
    }
    given.clock.advance_to(TEN.plus_ms(60_001));
    for target in &numbers {
        called(&given, target, case, Outcome::NoAnswer).await;
    }
    let refused = platform.request_permit(&collector(), &of(&numbers[0], case), None).await;
    assert_eq!(codes(refused), [Code::DAY_CAP]);
    sound(&given).await;
}

#[tokio::test]
async fn given_a_permit_on_shares_when_stopped_then_it_is_void_and_nothing_is_held_at_the_homes() {
    let (given, case, numbers) = three_numbers().await;
    let platform = &given.platform;
    for target in &numbers {
        let permit = platform.request_permit(&collector(), &of(target, case), None).await.expect("permit");
        let StopReceipt { voided, .. } = platform
            .stop(&Principal::Anonymous, target, StopSource::CalledPerson, None)
            .await
            .expect("stopped");
        assert_eq!(voided, 1);
        let redeemed = platform.redeem(&Principal::Trunk, &permit.token, "call", None).await;
        assert_eq!(codes(redeemed), [Code::PERMIT_VOIDED]);
    }
    given.clock.advance_to(TEN.plus_ms(60_001));
    let other = number("13900000000").into();
    name(&given, &other, case).await;
    for _ in 0..3 {
        called(&given, &other, case, Outcome::NoAnswer).await;
    }
    sound(&given).await;
}

#[tokio::test]
async fn given_a_permit_asked_for_again_with_the_same_key_then_it_is_the_same_permit() {
    let (given, case, numbers) = three_numbers().await;
    let platform = &given.platform;
    for (target, key) in numbers.iter().zip(["one", "two", "three"]) {
        let asked = async || platform.request_permit(&collector(), &of(target, case), Some(key)).await;
        let first = asked().await.expect("permit");
        assert_eq!(asked().await.expect("the same"), first);
    }
    let refused = platform.request_permit(&collector(), &of(&numbers[0], case), None).await;
    assert_eq!(codes(refused), [Code::DAY_CAP], "three permits, each once");
}
