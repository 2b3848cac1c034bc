//! Kill -9 while a portfolio is imported, and while its cases travel from service to service: after the same file
//! has been imported again, each case is open, offered, known to the gate and placed exactly once.
//!
//! `FORBEAR_KILL_ROUNDS=50` kills that often; 5 times otherwise.

use std::collections::HashMap;
use std::hash::Hash;
use std::time::Duration;

use eventlog::Log;
use eventlog::embedded::EmbeddedLog;
use eventlog::jetstream::{JetStreamLog, JetStreamOptions};
use events::assignment::AssignmentEvent;
use events::gate::GateEvent;
use events::ledger::LedgerEvent;
use events::{Service, partition_of};
use forbear_tests::evidence::events;
use forbear_tests::load::{PARTITIONS, eventually, portfolio, register, round_time, rounds};
use forbear_tests::nats_server::{NatsServer, client};
use forbear_tests::program::{Heard, Http};
use forbear_tests::site::Site;
use model::ContactPointId;
use serde_json::json;

const FORBEAR: &str = env!("CARGO_BIN_EXE_forbear-under-test");
const CASES: u64 = 1_000;
/// Partitions of the ledger: the program's default.
const LEDGER_PARTITIONS: u16 = 2;

/// Runs `kill` while the file is imported, from another thread; then imports what is missing and places it all.
fn import_and_kill(http: &Http, mut kill: impl FnMut(u64)) {
    let file = portfolio(CASES as usize).into_bytes();
    register(http);
    for round in 0..rounds() {
        std::thread::scope(|scope| {
            let import = scope.spawn(|| http.upload("/v1/lenders/lender-1/cases", file.clone()));
            // Some rounds are killed after the import, while its cases are offered, linked and placed.
            if round % 3 == 2 {
                drop(import.join().expect("it was sent"));
                drop(http.post("/v1/placement", &json!({}), None));
                std::thread::sleep(Duration::from_millis(round * 13 % 40));
            } else {
                std::thread::sleep(round_time(round));
            }
            kill(round);
        });
    }
    eventually("the whole file to be taken", || {
        let heard = http.upload("/v1/lenders/lender-1/cases", file.clone());
        let Heard::Done(report) = heard else { panic!("the import: {heard:?}") };
        report["unchanged"] == CASES
    });
    eventually("all cases to be offered and placed", || {
        http.post("/v1/placement", &json!({}), None).done("the placement");
        let figures = http.figures();
        figures["assignment"]["offered"] == CASES && figures["assignment"]["placed"] == CASES
    });
    // The gate is told last; who may not be asked for is refused, and has no time from which they may be.
    eventually("the gate to know all placements", || {
        let known = |collector: u32| {
            let queue = http.get(&format!("/v1/collectors/collector-{collector}/queue?limit=500"));
            let queue = queue.done("a queue");
            let entries = ["callable", "later"].map(|list| queue[list].as_array().expect("a list").clone());
            entries.iter().flatten().filter(|entry| entry["contacts"][0]["callable_at"].is_string()).count()
        };
        (1..=8).map(known).sum::<usize>() as u64 == CASES
    });
    let figures = http.figures();
    for (service, figure) in [("ledger", "unbalanced"), ("ledger", "misplaced"), ("assignment", "misplaced")]
    {
        assert_eq!(figures[service][figure], 0, "{service} {figure}: {figures}");
    }
}

/// Every case went through every service once.
async fn assert_each_once(log: &dyn Log) {
    let ledger: Vec<(u16, LedgerEvent)> = events(log, Service::Ledger, LEDGER_PARTITIONS).await;
    let assignment: Vec<(u16, AssignmentEvent)> = events(log, Service::Assignment, 1).await;
    let gate: Vec<(u16, GateEvent)> = events(log, Service::Gate, PARTITIONS).await;
    let opened = ledger.iter().filter_map(|(_, event)| match event {
        LedgerEvent::CaseOpened(opened) => Some(opened.case),
        _ => None,
    });
    let offered = assignment.iter().filter_map(|(_, event)| match event {
        AssignmentEvent::CaseOffered(offered) => Some(offered.case),
        _ => None,
    });
    let placed = assignment.iter().filter_map(|(_, event)| match event {
        AssignmentEvent::CasePlaced(placed) => Some(placed.case),
        _ => None,
    });
    // The homes of its person and its case are told, too.
    let own = |contact: &ContactPointId, partition: u16| partition_of(&contact.0, PARTITIONS) == partition;
    let linked = gate.iter().filter_map(|(partition, event)| match event {
        GateEvent::ContactLinked(linked) if own(&linked.contact, *partition) => {
            Some((linked.contact, linked.case))
        }
        _ => None,
    });
    let known = gate.iter().filter_map(|(_, event)| match event {
        GateEvent::ContactPlaced(placed) => Some((placed.contact, placed.case, placed.agency)),
        _ => None,
    });
    once("opened", opened);
    once("offered", offered);
    once("placed", placed);
    once("linked at the gate", linked);
    once("placed at the gate", known);
}

fn once<K: Eq + Hash>(what: &str, keys: impl Iterator<Item = K>) {
    let mut times: HashMap<K, u32> = HashMap::new();
    keys.for_each(|key| *times.entry(key).or_default() += 1);
    let more = times.values().filter(|times| **times > 1).count();
    assert_eq!((times.len() as u64, more), (CASES, 0), "cases {what}, and such as were so more than once");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn given_kill_9_of_the_program_during_imports_then_each_case_is_everywhere_once() {
    let site = Site::new(FORBEAR, "info");
    let (http, mut up) = (&site.http, site.up());
    http.wait_until_ready(&up);
    import_and_kill(http, |round| {
        // A stop must not wait for the end of an import.
        if round % 4 == 1 {
            up.stop();
        } else {
            up.kill9();
        }
        up.start();
        http.wait_until_ready(&up);
    });
    up.stop();
    let mut log = None;
    eventually("the store to be free", || {
        log = EmbeddedLog::open(&site.path("data")).ok();
        log.is_some()
    });
    assert_each_once(&log.expect("it was opened")).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn given_kill_9_of_one_service_after_the_other_during_imports_then_each_case_is_everywhere_once() {
    let (server, site) = (NatsServer::single(), Site::new(FORBEAR, "info"));
    let http = &site.http;
    let mut services = site.serve(&["ledger", "assignment", "gate", "web", "audit"], &server.url());
    http.wait_until_ready(&services[3]);
    import_and_kill(http, |round| {
        // All but the audit, which takes no part in it.
        let killed = round as usize % 4;
        services[killed].kill9();
        services[killed].start();
        http.wait_until_ready(&services[3]);
    });
    for service in services.iter_mut().rev() {
        service.stop();
    }
    let log = JetStreamLog::new(client(&[server.url()]).await, JetStreamOptions::default());
    assert_each_once(&log).await;
}
