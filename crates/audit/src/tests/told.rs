//! Timelines of holds, consents, recorded contacts and findings.

use events::Position;
use events::gate::{
    ConsentCovers, ConsentGivenV1, ContactRecordedV1, Direction, FindingRaisedV1, GateEvent, HoldKind,
    HoldLiftedV1, HoldPlacedV1, HoldSource, NumberCheck, NumberCheckedV1, RuleName,
};
use model::{AgencyId, Channel, Outcome, PersonId, Place, Purpose};

use super::world::*;
use crate::{AuditQuery, AuditReply, Timeline, TimelineOf};

async fn timeline(running: &Running, of: TimelineOf) -> Timeline {
    match running.ask(AuditQuery::Timeline { of, limit: 100, after: None }).await {
        AuditReply::Timeline(timeline) => timeline,
        other => panic!("{other:?}"),
    }
}

fn hold(person: Option<PersonId>, of_case: Option<u8>) -> GateEvent {
    GateEvent::HoldPlaced(HoldPlacedV1 {
        contact: None,
        person,
        case: of_case.map(case),
        kind: HoldKind::Dispute,
        channels: vec![Channel::Call],
        places: vec![Place::Work],
        times: Vec::new(),
        until: None,
        by: HoldSource::Agency(AgencyId(3)),
    })
}

#[tokio::test]
async fn given_late_facts_holds_and_consents_when_asked_then_timelines_tell_them_in_plain_words_once() {
    let directory = tempfile::tempdir().expect("a directory");
    let mut world = World::new();
    world.gate(MONDAY, policy(3, 7, true)).await;
    world.gate(MONDAY, linked(contact(1), &["Asia/Shanghai"])).await;
    let person = PersonId(contact(1).0);
    let permit = world.call(MONDAY.plus_ms(HOUR), contact(1)).await;
    // What concerns a person or a case is written to every partition.
    let of_person = hold(Some(person), None);
    let placed = world.gate(MONDAY.plus_ms(2 * HOUR), of_person.clone()).await;
    world.write(GATE_1, MONDAY.plus_ms(2 * HOUR), &[of_person]).await;
    world.gate(MONDAY.plus_ms(3 * HOUR), hold(None, Some(1))).await;
    world.gate(MONDAY.plus_ms(3 * HOUR), hold(None, Some(2))).await;
    let lifted = HoldLiftedV1 {
        contact: None,
        person: Some(person),
        case: None,
        hold: placed,
        by: HoldSource::Operator,
    };
    world.gate(MONDAY.plus_ms(4 * HOUR), GateEvent::HoldLifted(lifted)).await;
    let consent = ConsentGivenV1 {
        person,
        agency: AgencyId(3),
        case: None,
        contact: None,
        covers: ConsentCovers::Hours,
        given: MONDAY,
        from: MONDAY,
        until: None,
    };
    world.gate(MONDAY.plus_ms(5 * HOUR), GateEvent::ConsentGiven(consent)).await;
    let recorded = ContactRecordedV1 {
        contact: contact(1),
        case: case(1),
        agency: AgencyId(4),
        channel: Channel::Call,
        purpose: Purpose::Collect,
        direction: Direction::Inbound,
        at: MONDAY,
        outcome: Outcome::Conversation,
        toward: Vec::new(),
        discussed: Vec::new(),
        line: None,
    };
    let running = Running::caught_up(directory.path(), &world.log).await;
    let record = world.gate(MONDAY.plus_ms(6 * HOUR), GateEvent::ContactRecorded(recorded)).await;
    running.audit.caught_up().await.expect("caught up");
    let rule = RuleName::new("us-reg-f/after-conversation").expect("a name");
    for contact_made in [permit, record, Position(9999)] {
        let finding = FindingRaisedV1 { contact: contact(1), contact_made, at: MONDAY.plus_ms(HOUR), rule };
        world.gate(MONDAY.plus_ms(6 * HOUR), GateEvent::FindingRaised(finding)).await;
    }
    let checked = NumberCheckedV1 { contact: contact(1), found: NumberCheck::NotInService, at: MONDAY };
    world.gate(MONDAY.plus_ms(7 * HOUR), GateEvent::NumberChecked(checked)).await;
    running.audit.caught_up().await.expect("caught up");

    let all = timeline(&running, TimelineOf::Contact(contact(1))).await;
    let told: Vec<_> = all.entries.iter().skip(3).map(|entry| (entry.kind.as_str(), entry.agency)).collect();
    let (three, four) = (Some(AgencyId(3)), Some(AgencyId(4)));
    let expected = [
        ("HoldPlaced", None),
        ("HoldPlaced", None),
        ("HoldLifted", None),
        ("ConsentGiven", three),
        ("ContactRecorded", four),
        ("FindingRaised", three),
        ("FindingRaised", four),
        ("FindingRaised", None),
        ("NumberChecked", None),
    ];
    assert_eq!(told, expected);
    let detail = |index: usize| all.entries[index].detail.as_deref().unwrap_or_default();
    assert_eq!(
        detail(3),
        "no contact with this person: the debt is disputed; by call; at work; until it is lifted; so said agency-3"
    );
    assert_eq!((all.entries[5].hold, all.entries[4].case), (Some(HoldKind::Dispute), Some(case(1))));
    assert_eq!(
        detail(6),
        "consented to contact at otherwise closed hours, to agency-3, about every debt, at any contact point, from \
         2026-11-22T16:00:00Z, as long as the law lets it"
    );
    assert!(detail(7).contains("the person began it"), "{}", detail(7));
    let finding = &all.entries[8];
    assert_eq!((finding.rule, finding.permit, finding.case), (Some(rule), Some(permit), Some(case(1))));
    assert!(detail(8).ends_with("would have passed us-reg-f/after-conversation"), "{}", detail(8));
    let of_case = timeline(&running, TimelineOf::Case(case(1))).await;
    // The last finding is about a contact that nobody knows, so about no case.
    let in_case: Vec<_> =
        all.entries.iter().filter(|entry| entry.case.is_some() || entry.rule.is_none()).collect();
    assert_eq!(of_case.entries.iter().collect::<Vec<_>>(), in_case);

    let AuditReply::Figures(figures) = running.ask(AuditQuery::Figures).await else { panic!() };
    let by_agency: Vec<_> = figures.agencies.iter().map(|of| (of.agency.0, of.figures.findings)).collect();
    assert_eq!((figures.totals.findings, by_agency), (3, vec![(3, 1), (4, 1)]));
    let AuditReply::Contact(Some(view)) = running.ask(AuditQuery::Contact(contact(1))).await else {
        panic!()
    };
    assert_eq!(view.figures.findings, 3);
    running.stop().await;
}
