use events::Code;
use events::assignment::{AssignmentEvent, CasePlacedV1};
use events::gate::{ContactPlacedV1, GateEvent};
use events::ledger::LedgerEvent;
use model::{AgencyId, CollectorId, LenderId, Outcome, Role};

use super::world::*;
use crate::{
    After, AuditFigures, AuditPort, AuditQuery, AuditReply, MostCalled, StartError, Timeline, TimelineOf,
    recount,
};

async fn timeline(running: &Running, of: TimelineOf, limit: u32, after: Option<After>) -> Timeline {
    match running.ask(AuditQuery::Timeline { of, limit, after }).await {
        AuditReply::Timeline(timeline) => timeline,
        other => panic!("{other:?}"),
    }
}

async fn figures(running: &Running) -> AuditFigures {
    match running.ask(AuditQuery::Figures).await {
        AuditReply::Figures(figures) => *figures,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn given_a_contact_points_history_when_asked_then_its_timeline_tells_all_of_it() {
    let directory = tempfile::tempdir().expect("a directory");
    let mut world = World::new();
    world.gate(MONDAY, policy(3, 7, true)).await;
    world.gate(MONDAY, linked(contact(1), &["Asia/Shanghai"])).await;
    let placed = ContactPlacedV1 { contact: contact(1), case: case(1), agency: Some(AgencyId(3)) };
    world.gate(MONDAY, GateEvent::ContactPlaced(placed)).await;
    let permit = world.call(MONDAY.plus_ms(HOUR), contact(1)).await;
    let running = Running::caught_up(directory.path(), &world.log).await;
    // In another batch, so that the permit has to be found in the store.
    world.gate(MONDAY.plus_ms(2 * HOUR), settled(contact(1), permit, Outcome::Busy, true)).await;
    let no = world.gate(MONDAY.plus_ms(3 * HOUR), refused(contact(1), 4, &[Code::NOT_PLACED])).await;
    running.audit.caught_up().await.expect("caught up");
    world.gate(MONDAY.plus_ms(4 * HOUR), repeated(contact(1), no, 9, &[])).await;
    world.gate(MONDAY.plus_ms(5 * HOUR), stop(contact(1))).await;
    running.audit.caught_up().await.expect("caught up");

    let all = timeline(&running, TimelineOf::Contact(contact(1)), 100, None).await;
    let kinds: Vec<_> = all.entries.iter().map(|entry| entry.kind.as_str()).collect();
    let expected = [
        "ContactLinked",
        "ContactPlaced",
        "PermitReserved",
        "PermitRedeemed",
        "PermitSettled",
        "PermitRefused",
        "RefusalsRepeated",
        "StopPlaced",
    ];
    assert_eq!(kinds, expected);
    let settled = &all.entries[4];
    assert_eq!(
        (settled.agency, settled.lender, settled.role),
        (Some(AgencyId(3)), Some(LenderId(7)), Some(Role::Debtor))
    );
    assert_eq!(
        (settled.permit, settled.outcome, settled.given_back),
        (Some(permit), Some(Outcome::Busy), true)
    );
    let repeats = &all.entries[6];
    assert_eq!((repeats.agency, repeats.repeated), (Some(AgencyId(4)), Some(9)));
    assert_eq!(repeats.reasons.iter().map(|reason| reason.code.word()).collect::<Vec<_>>(), ["not-placed"]);

    let mut paged = Vec::new();
    let mut after = None;
    loop {
        let page = timeline(&running, TimelineOf::Case(case(1)), 3, after).await;
        after = page.entries.last().map(|last| After {
            at: last.at,
            stream: last.stream,
            position: last.position,
        });
        paged.extend(page.entries);
        if !page.more {
            break;
        }
    }
    assert_eq!(paged, all.entries, "the case has the same history, page by page");

    let AuditReply::Contact(Some(view)) = running.ask(AuditQuery::Contact(contact(1))).await else {
        panic!()
    };
    assert_eq!(view.stop.map(|stop| stop.at), Some(MONDAY.plus_ms(5 * HOUR)));
    assert_eq!(view.holders.len(), 1);
    assert_eq!((view.holders[0].agency, view.holders[0].since), (Some(AgencyId(3)), MONDAY));
    assert_eq!((view.figures.asked, view.figures.refused, view.figures.redeemed), (11, 10, 1));
    running.stop().await;
}

#[tokio::test]
async fn given_a_history_when_projected_then_its_figures_equal_the_recount() {
    let directory = tempfile::tempdir().expect("a directory");
    let mut generated = Generated::new().await;
    let running = Running::start(directory.path(), &generated.world.log).expect("started");
    generated.records(200).await;
    running.audit.caught_up().await.expect("caught up");
    let figures = figures(&running).await;
    let counted = recount(&generated.world.log, &STREAMS).await.expect("counted");
    let totals = &figures.totals;
    assert_eq!(
        (totals.asked, totals.allowed, totals.refused),
        (counted.asked, counted.allowed, counted.refused)
    );
    assert_eq!(totals.refused_by, counted.refused_by_code);
    assert_eq!(
        (totals.repeated, totals.redeemed, totals.expired),
        (counted.repeated, counted.calls, counted.expired)
    );
    assert_eq!(totals.settled, counted.settled);
    assert!(totals.repeated > 0 && totals.redeemed > 0 && totals.expired > 0, "{totals:?}");
    assert_eq!(figures.agencies.iter().map(|agency| agency.figures.asked).sum::<u64>(), counted.asked);
    let samples = events::ledger::samples().len() + events::assignment::samples().len();
    assert_eq!(figures.events, samples as u64 + counted.events);
    assert_eq!(figures.not_read, 0);
    assert_eq!(figures.agencies[2].name.as_deref(), Some("和信催收有限公司"));
    assert_eq!(figures.policies, [("test".to_owned(), 3071)]);
    assert_eq!(figures.most_called.len(), 10);
    let mut most = 0;
    for number in 0..100 {
        let AuditReply::Contact(view) = running.ask(AuditQuery::Contact(contact(number))).await else {
            panic!()
        };
        most = most.max(view.map_or(0, |view| view.figures.redeemed));
    }
    assert!(matches!(figures.most_called[0], MostCalled { calls, .. } if u64::from(calls) == most));
    let AuditReply::Recount(asked) = running.ask(AuditQuery::Recount).await else { panic!() };
    assert_eq!(*asked, counted);
    let AuditReply::Lag(lag) = running.ask(AuditQuery::Lag).await else { panic!() };
    assert!(lag.len() == 4 && lag.iter().all(|lag| lag.behind() == 0));
    running.stop().await;
}

#[tokio::test]
async fn given_a_case_when_asked_then_it_shows_parties_sealed_and_where_it_is() {
    let directory = tempfile::tempdir().expect("a directory");
    let mut world = World::new();
    let samples = events::ledger::samples();
    world.write(LEDGER, MONDAY, &samples[..2]).await;
    let LedgerEvent::CaseOpened(opened) = &samples[0] else { panic!() };
    let placed = AssignmentEvent::CasePlaced(CasePlacedV1 {
        case: opened.case,
        agency: AgencyId(3),
        collector: CollectorId(301),
        contacts: Vec::new(),
        reason: events::assignment::PlacementReason::OnlyAgency,
    });
    world.write(ASSIGNMENT, MONDAY.plus_ms(5), &[placed]).await;
    let running = Running::caught_up(directory.path(), &world.log).await;
    let AuditReply::Case(Some(view)) = running.ask(AuditQuery::Case(opened.case)).await else { panic!() };
    assert_eq!((view.balance, view.closed), (993_800, None));
    assert_eq!(
        view.placed.map(|placed| (placed.agency, placed.since)),
        Some((AgencyId(3), MONDAY.plus_ms(5)))
    );
    let sealed: Vec<_> =
        view.parties.iter().map(|party| (&party.sealed, &party.contacts[0].sealed)).collect();
    assert_eq!(sealed, [(&vec![4, 5], &vec![1, 2, 3]), (&vec![7], &vec![6])]);
    let timeline = timeline(&running, TimelineOf::Case(opened.case), 10, None).await;
    let kinds: Vec<_> = timeline.entries.iter().map(|entry| (entry.kind.as_str(), entry.minor)).collect();
    assert_eq!(
        kinds,
        [("CaseOpened", Some(1_053_800)), ("PaymentPosted", Some(60_000)), ("CasePlaced", None)]
    );
    assert!(timeline.entries.iter().all(|entry| entry.lender == Some(LenderId(7))));
    running.stop().await;
}

#[tokio::test]
async fn given_a_stop_between_when_started_again_then_it_goes_on_where_it_was() {
    let (directory, fresh) =
        (tempfile::tempdir().expect("a directory"), tempfile::tempdir().expect("a directory"));
    let mut generated = Generated::new().await;
    for _ in 0..3 {
        generated.records(40).await;
        let running = Running::caught_up(directory.path(), &generated.world.log).await;
        generated.records(3).await;
        running.audit.caught_up().await.expect("caught up");
        assert_eq!(running.rebuilt(), 0.0);
        running.stop().await;
    }
    let resumed = Running::caught_up(directory.path(), &generated.world.log).await;
    let built_at_once = Running::caught_up(fresh.path(), &generated.world.log).await;
    assert!(resumed.everything().await == built_at_once.everything().await);
    assert_eq!(resumed.rebuilt(), 0.0);
    resumed.stop().await;
    built_at_once.stop().await;
}

#[tokio::test]
async fn given_a_directory_in_use_when_started_then_the_error_says_so() {
    let directory = tempfile::tempdir().expect("a directory");
    let world = World::new();
    let running = Running::caught_up(directory.path(), &world.log).await;
    let Err(StartError::Open(error)) = Running::start(directory.path(), &world.log) else {
        panic!("started twice")
    };
    assert!(error.to_string().contains("another process holds its lock"), "{error}");
    running.stop().await;
    Running::caught_up(directory.path(), &world.log).await.stop().await;
}

#[tokio::test]
async fn given_an_unknown_stream_when_a_checkpoint_is_asked_for_then_it_is_not_found() {
    let directory = tempfile::tempdir().expect("a directory");
    let running = Running::caught_up(directory.path(), &World::new().log).await;
    let unknown = events::StreamId { partition: 9, ..GATE };
    let refusal = running.audit.ask(AuditQuery::Checkpoint(unknown)).await.expect_err("refused");
    assert_eq!(refusal.reasons[0].code, Code::NOT_FOUND);
    running.stop().await;
}
