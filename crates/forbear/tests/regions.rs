//! Which law a row of a lender's file leads to, through the running program: import, ledger, process managers, gate.

use std::collections::BTreeSet;
use std::io::Cursor;
use std::sync::Arc;
use std::time::Duration;

use api::{AgencyRegistration, DisplayOnly, PermitAsk, PermitGiven, Platform, Principal};
use events::Refusal;
use forbear::config::Config;
use forbear::node::{Node, Place, Role, Start};
use model::{AgencyId, Channel, CollectorId, LenderId, Outcome, PhoneNumber, Purpose, Timestamp};
use runtime::{Clock, SimulatedClock};
use vault::MasterKey;

/// Tuesday 24 November 2026, 10:00 in New York.
const TEN: Timestamp = Timestamp(1_795_478_400_000 + 15 * 3_600_000);
const DAY_MS: i64 = 86_400_000;
const LENDER: LenderId = LenderId(7);
const AGENCY: AgencyId = AgencyId(3);
const COLLECTOR: CollectorId = CollectorId(301);
const PATIENCE: Duration = Duration::from_secs(60);

const IN_MASSACHUSETTS: (&str, &str) = ("MA", "+16175550123");
const IN_NO_STATE: (&str, &str) = ("US", "+12015550123");
const WITH_HONG_KONG_NUMBER: (&str, &str) = ("HK", "+85251234567");

const FILE: &str = "reference,principal,currency,overdue_since,jurisdiction,debtor_name,debtor_phone,debtor_zone,debtor_region
MA,1000,USD,2026-08-01,US,Ann,+16175550123,America/New_York,US-MA
US,1000,USD,2026-08-01,US,Bob,+12015550123,America/New_York,
HK,1000,CNY,2026-08-01,CN,陈,+85251234567,,
";

/// Asks again until there is an answer.
async fn until<T>(what: &str, ask: impl AsyncFn() -> Option<T>) -> T {
    let found = async {
        loop {
            match ask().await {
                Some(found) => return found,
                None => tokio::time::sleep(Duration::from_millis(20)).await,
            }
        }
    };
    tokio::time::timeout(PATIENCE, found).await.unwrap_or_else(|_| panic!("waited for {what} in vain"))
}

/// The program with every rule pack that comes with it; the file imported, each case placed and known to the gate.
async fn given_the_file(directory: &std::path::Path, clock: &SimulatedClock) -> Node {
    let config = Config { data: directory.to_owned(), ..Config::default() };
    let node = Node::start(Start {
        config: &config,
        roles: &[Role::Ledger, Role::Assignment, Role::Gate, Role::Audit],
        place: Place::Embedded,
        clock: Clock::Simulated(clock.clone()),
        master: MasterKey::generate().expect("a key"),
        codes: Some(Arc::new(DisplayOnly)),
    })
    .await
    .expect("it starts");
    let platform = &node.platform;
    until("every service", async || platform.readiness().await.ready().then_some(())).await;
    let operator = Principal::Operator;
    let agency = AgencyRegistration {
        agency: AGENCY,
        name: "An agency".to_owned(),
        jurisdictions: vec!["CN".to_owned(), "US".to_owned()],
        capacity: 10,
        lines: vec!["+12025550100".to_owned()],
    };
    platform.register_agency(&operator, agency, None).await.expect("an agency");
    platform.register_collector(&operator, COLLECTOR, AGENCY, "Carol", None).await.expect("a collector");
    for (taken, unchanged) in [(3, 0), (0, 3)] {
        let file = Cursor::new(FILE.as_bytes());
        let defaults = api::portfolio::Defaults::default();
        let report = platform.import_portfolio(&operator, LENDER, file, defaults, None, |_| {}).await;
        let report = report.expect("imported");
        assert_eq!(
            (report.taken, report.unchanged, report.refused.total),
            (taken, unchanged, 0),
            "{report:?}"
        );
    }
    until("the cases to be offered", async || {
        let figures = platform.figures(&operator).await.ok()?;
        (figures.assignment.offered == 3).then_some(())
    })
    .await;
    let run = platform.place_open_cases(&operator, None).await.expect("placed");
    assert_eq!((run.placed, run.remaining), (3, 0));
    for debtor in [IN_MASSACHUSETTS, IN_NO_STATE, WITH_HONG_KONG_NUMBER] {
        until("the gate to know the case and the agency", async || {
            let explained = platform.explain_request(&collector(), &ask(platform, debtor)).await.ok()?;
            let own =
                explained.explanation.rules.iter().filter(|rule| rule.rule.to_string().starts_with("gate/"));
            own.into_iter().all(|rule| rule.verdict != events::gate::RuleVerdict::Refuses).then_some(())
        })
        .await;
    }
    node
}

fn collector() -> Principal {
    Principal::Collector(COLLECTOR, AGENCY)
}

fn ask(platform: &Platform, (reference, number): (&str, &str)) -> PermitAsk {
    PermitAsk {
        target: PhoneNumber::parse(number, None).expect("a number").into(),
        case: platform.parts().vault.pseudonyms().case(LENDER, reference),
        also: Vec::new(),
        collector: None,
        channel: Channel::Call,
        purpose: Purpose::Collect,
        line: None,
        template: None,
    }
}

async fn request(platform: &Platform, debtor: (&str, &str)) -> Result<PermitGiven, Refusal> {
    platform.request_permit(&collector(), &ask(platform, debtor), None).await
}

/// A call that nobody answers.
async fn call(platform: &Platform, debtor: (&str, &str), name: &str) {
    let permit = request(platform, debtor).await.unwrap_or_else(|refusal| panic!("{name}: {refusal}"));
    platform.redeem(&Principal::Trunk, &permit.token, name, None).await.expect("redeemed");
    let outcome = Outcome::NoAnswer.into();
    platform.settle(&collector(), &permit.token, &outcome, None).await.expect("settled");
}

/// The packs of which a rule speaks of a call.
async fn packs(platform: &Platform, debtor: (&str, &str)) -> BTreeSet<String> {
    let explained = platform.explain_request(&collector(), &ask(platform, debtor)).await.expect("explained");
    let rules = explained.explanation.rules.into_iter();
    rules.filter_map(|rule| Some(rule.rule.to_string().split_once('/')?.0.to_owned())).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn given_a_debtor_in_massachusetts_when_called_a_third_time_in_a_week_then_refused_by_its_rules_alone()
{
    let directory = tempfile::tempdir().expect("a directory");
    let clock = SimulatedClock::starting(TEN);
    let node = given_the_file(directory.path(), &clock).await;
    let platform = &node.platform;

    let expected = |packs: &[&str]| packs.iter().map(|pack| (*pack).to_owned()).collect::<BTreeSet<_>>();
    let here = packs(platform, IN_MASSACHUSETTS).await;
    assert_eq!(here, expected(&["gate", "platform", "us-ma", "us-reg-f"]));
    assert_eq!(packs(platform, IN_NO_STATE).await, expected(&["gate", "platform", "us-reg-f"]));
    // The lender's law and that of the number.
    assert_eq!(packs(platform, WITH_HONG_KONG_NUMBER).await, expected(&["cn", "gate", "hk", "platform"]));

    for day in 0..2 {
        clock.advance_to(TEN.plus_ms(day * DAY_MS));
        call(platform, IN_MASSACHUSETTS, &format!("ma-{day}")).await;
        call(platform, IN_NO_STATE, &format!("us-{day}")).await;
    }
    clock.advance_to(TEN.plus_ms(2 * DAY_MS));
    let refusal = request(platform, IN_MASSACHUSETTS).await.expect_err("the third in seven days");
    let [reason] = &refusal.reasons[..] else { panic!("{refusal:?}") };
    assert_eq!(reason.rule.as_ref().map(ToString::to_string).as_deref(), Some("us-ma/two-in-seven"));
    assert_eq!((reason.limit, reason.counted), (Some(2), Some(2)));
    call(platform, IN_NO_STATE, "us-2").await;

    clock.advance_to(TEN.plus_ms(7 * DAY_MS));
    call(platform, IN_MASSACHUSETTS, "ma-7").await;
    node.stop().await.expect("it stops");
}
