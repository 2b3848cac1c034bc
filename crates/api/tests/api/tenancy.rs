//! P8: each party sees its own. What is another's is answered as if it did not exist.

use api::{Principal, Target};
use events::Code;
use events::gate::StopSource;
use events::ledger::CloseReason;

use crate::given::{
    AGENCY, COLLECTOR, CONTACT_NUMBER, Given, HEADER, LENDER, OTHER_AGENCY, OTHER_COLLECTOR, OTHER_LENDER,
    ROW, ask, codes, collector, debtor, number,
};

fn strangers() -> Vec<Principal> {
    vec![
        Principal::Lender(OTHER_LENDER),
        Principal::Agency(OTHER_AGENCY),
        Principal::Supervisor(Some(OTHER_AGENCY)),
        Principal::Collector(OTHER_COLLECTOR, OTHER_AGENCY),
        Principal::Collector(OTHER_COLLECTOR, AGENCY),
        Principal::Trunk,
        Principal::Anonymous,
    ]
}

#[tokio::test]
async fn a_case_is_seen_by_its_lender_its_agency_its_collector_and_nobody_else() {
    let (given, case) = Given::placed_case().await;
    let allowed = [
        Principal::Operator,
        Principal::Supervisor(None),
        Principal::Lender(LENDER),
        Principal::Agency(AGENCY),
        Principal::Supervisor(Some(AGENCY)),
        collector(),
    ];
    for principal in allowed {
        assert!(given.platform.case(&principal, case).await.is_ok(), "{principal:?}");
        assert!(given.platform.people(&principal, case).await.is_ok(), "{principal:?}");
        assert!(given.platform.case_timeline(&principal, case, 10, None).await.is_ok(), "{principal:?}");
    }
    for principal in strangers() {
        assert_eq!(codes(given.platform.case(&principal, case).await), [Code::NOT_FOUND], "{principal:?}");
        assert_eq!(codes(given.platform.people(&principal, case).await), [Code::NOT_FOUND]);
        let timeline = given.platform.case_timeline(&principal, case, 10, None).await;
        assert_eq!(codes(timeline), [Code::NOT_FOUND]);
    }
    // The same answer as for what is not there.
    let absent = given.case_id(LENDER, "absent");
    let of_absent = given.platform.case(&Principal::Lender(OTHER_LENDER), absent).await;
    assert_eq!(of_absent, given.platform.case(&Principal::Lender(OTHER_LENDER), case).await);
}

#[tokio::test]
async fn only_the_lender_and_the_operator_change_a_case() {
    let (given, case) = Given::placed_case().await;
    let close = |principal| {
        let platform = given.platform.clone();
        async move { platform.close_case(&principal, case, CloseReason::Recalled, None).await }
    };
    assert_eq!(codes(close(Principal::Lender(OTHER_LENDER)).await), [Code::NOT_FOUND]);
    for principal in
        [collector(), Principal::Agency(AGENCY), Principal::Supervisor(None), Principal::Anonymous]
    {
        assert_eq!(codes(close(principal).await), [Code::FORBIDDEN], "{principal:?}");
    }
    assert!(close(Principal::Operator).await.expect("closed"));
}

#[tokio::test]
async fn a_lender_imports_only_its_own() {
    let given = Given::nothing().await;
    let import = |principal: Principal| {
        let platform = given.platform.clone();
        let reader = std::io::Cursor::new(format!("{HEADER}\n{ROW}\n").into_bytes());
        let defaults = api::portfolio::Defaults::default();
        async move { platform.import_portfolio(&principal, LENDER, reader, defaults, None, |_| {}).await }
    };
    assert_eq!(codes(import(Principal::Lender(OTHER_LENDER)).await), [Code::NOT_FOUND]);
    assert_eq!(codes(import(Principal::Agency(AGENCY)).await), [Code::FORBIDDEN]);
    assert!(import(Principal::Operator).await.is_ok());
}

#[tokio::test]
async fn a_contact_point_is_shown_to_its_owner_and_to_those_whose_case_holds_it() {
    let (given, case) = Given::placed_case().await;
    let target = debtor();
    let owner = Principal::CalledPerson(given.platform.contact_point(&target));
    let view = given.platform.contact(&owner, &target).await.expect("own number");
    let holder = &view.holders[0];
    assert_eq!((holder.case, holder.lender, holder.agency), (case, LENDER, Some(AGENCY)));
    assert_eq!(holder.agency_name.as_deref(), Some("催收公司 3"));
    for principal in [Principal::Lender(LENDER), Principal::Agency(AGENCY), collector(), Principal::Operator]
    {
        assert_eq!(given.platform.contact(&principal, &target).await.expect("seen").holders.len(), 1);
    }
    let somebody = Principal::CalledPerson(given.platform.contact_point(&number(CONTACT_NUMBER).into()));
    assert_eq!(codes(given.platform.contact(&somebody, &target).await), [Code::NOT_FOUND]);
    for principal in strangers() {
        let refused = codes(given.platform.contact(&principal, &target).await);
        let unknown = matches!(principal, Principal::Trunk | Principal::Anonymous);
        assert_eq!(refused, [if unknown { Code::FORBIDDEN } else { Code::NOT_FOUND }], "{principal:?}");
    }
}

#[tokio::test]
async fn an_agency_sees_only_its_own_part_of_a_shared_number() {
    let (given, first) = Given::placed_case().await;
    // The same number is in a case of another lender, placed with another agency: the first is suspended meanwhile.
    given.agency(OTHER_AGENCY, OTHER_COLLECTOR, "+862150000004").await;
    let report = given.import(OTHER_LENDER, &format!("{HEADER}\n{ROW}\n")).await;
    assert_eq!(report.taken, 1);
    let second = given.case_id(OTHER_LENDER, "L-1");
    given.make_known(second).await;
    given.place().await;
    assert_ne!(first, second);
    let placed =
        given.platform.case(&Principal::Operator, second).await.expect("case").placed.expect("placed");
    assert_eq!(placed, (OTHER_AGENCY, OTHER_COLLECTOR), "the least loaded agency");
    given.platform.request_permit(&collector(), &ask(first), None).await.expect("permit");
    given.caught_up().await;
    let target = debtor();
    let holders =
        |view: api::ContactView| view.holders.into_iter().map(|holder| holder.case).collect::<Vec<_>>();
    let seen = |principal| {
        let platform = given.platform.clone();
        let target: Target = target.clone();
        async move { platform.contact(&principal, &target).await.expect("seen") }
    };
    assert_eq!(holders(seen(Principal::Agency(AGENCY)).await), [first]);
    assert_eq!(holders(seen(Principal::Lender(OTHER_LENDER)).await), [second]);
    let both = seen(Principal::CalledPerson(given.platform.contact_point(&target))).await;
    assert_eq!(both.holders.len(), 2);
    let timeline = |principal| {
        let platform = given.platform.clone();
        let target: Target = target.clone();
        async move { platform.contact_timeline(&principal, &target, 100, None).await.expect("timeline").entries }
    };
    let reserved =
        |entries: &[api::TimelineEntry]| entries.iter().any(|entry| entry.kind == "PermitReserved");
    assert!(reserved(&timeline(Principal::Agency(AGENCY)).await));
    assert!(!reserved(&timeline(Principal::Agency(OTHER_AGENCY)).await));
}

#[tokio::test]
async fn queues_agencies_and_figures_are_shown_to_those_they_belong_to() {
    let (given, _) = Given::placed_case().await;
    given.agency(OTHER_AGENCY, OTHER_COLLECTOR, "+862150000004").await;
    given.caught_up().await;
    let platform = &given.platform;
    let queue = |principal| async move { platform.queue(&principal, COLLECTOR, 10, None).await };
    for principal in
        [collector(), Principal::Agency(AGENCY), Principal::Supervisor(None), Principal::Operator]
    {
        assert!(queue(principal).await.is_ok(), "{principal:?}");
    }
    for principal in strangers() {
        assert!(queue(principal).await.is_err(), "{principal:?}");
    }
    let own = platform.agencies(&Principal::Agency(AGENCY)).await.expect("own");
    assert_eq!(own.iter().map(|view| view.agency).collect::<Vec<_>>(), [AGENCY]);
    assert_eq!(platform.agencies(&Principal::Operator).await.expect("all").len(), 2);
    assert_eq!(codes(platform.agencies(&Principal::Lender(LENDER)).await), [Code::FORBIDDEN]);
    let figures = platform.figures(&Principal::Supervisor(None)).await.expect("figures");
    assert_eq!((figures.ledger.cases, figures.assignment.placed), (1, 1));
    assert_eq!(codes(platform.figures(&Principal::Agency(AGENCY)).await), [Code::FORBIDDEN]);
    assert!(platform.agency_figures(&Principal::Agency(AGENCY), AGENCY).await.is_ok());
    let other = platform.agency_figures(&Principal::Agency(AGENCY), OTHER_AGENCY).await;
    assert_eq!(codes(other), [Code::NOT_FOUND]);
}

#[tokio::test]
async fn a_stop_is_placed_by_anybody_but_in_nobody_elses_name() {
    let given = Given::nothing().await;
    let stop = |principal, source| {
        let platform = given.platform.clone();
        async move { platform.stop(&principal, &debtor(), source, None).await }
    };
    assert_eq!(codes(stop(Principal::Anonymous, StopSource::Regulator).await), [Code::FORBIDDEN]);
    assert_eq!(codes(stop(collector(), StopSource::CalledPerson).await), [Code::FORBIDDEN]);
    assert!(stop(collector(), StopSource::Collector).await.expect("stopped").changed);
    assert!(!stop(Principal::Operator, StopSource::Regulator).await.expect("stands").changed);
}

#[tokio::test]
async fn the_operator_alone_registers_agencies_places_and_adopts_policies() {
    let given = Given::nothing().await;
    for principal in [Principal::Agency(AGENCY), Principal::Supervisor(None), Principal::Anonymous] {
        let refused = given.platform.place_open_cases(&principal, None).await;
        assert_eq!(codes(refused), [Code::FORBIDDEN], "{principal:?}");
        let refused = given
            .platform
            .adopt_policy(&principal, policy::text("strict").expect("a pack").to_owned(), None)
            .await;
        assert_eq!(codes(refused), [Code::FORBIDDEN]);
        let refused = given.platform.suspend_agency(&principal, AGENCY, true, None).await;
        assert_eq!(codes(refused), [Code::FORBIDDEN]);
    }
    given.agency(AGENCY, COLLECTOR, "+862150000003").await;
    let register = |principal, collector| {
        let platform = given.platform.clone();
        async move { platform.register_collector(&principal, collector, AGENCY, "李四", None).await }
    };
    let new = model::CollectorId(302);
    assert_eq!(codes(register(Principal::Agency(OTHER_AGENCY), new).await), [Code::FORBIDDEN]);
    assert!(register(Principal::Agency(AGENCY), new).await.expect("registered"));
    assert!(!register(Principal::Agency(AGENCY), new).await.expect("the same"));
}
