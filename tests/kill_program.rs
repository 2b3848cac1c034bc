//! Kill -9 of the whole program under load, on the embedded store: nothing acknowledged is lost, no cap is passed,
//! a retry returns what was stored.
//!
//! `FORBEAR_KILL_ROUNDS=50` kills it that often; 5 times otherwise.

use eventlog::embedded::EmbeddedLog;
use forbear_tests::evidence::{Evidence, assert_clean};
use forbear_tests::load::{Load, eventually, round_time, rounds, spread};
use forbear_tests::site::Site;

const FORBEAR: &str = env!("CARGO_BIN_EXE_forbear-under-test");

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn given_kill_9_under_load_then_everything_acknowledged_is_there_and_no_cap_is_passed() {
    let site = Site::new(FORBEAR, "info");
    let (http, mut program) = (&site.http, site.up());
    let first = http.wait_until_ready(&program);
    let load = Load::prepare(http, rounds());
    let mut restarts = Vec::new();
    for round in 0..rounds() {
        load.during(|| {
            std::thread::sleep(round_time(round));
            // A stop in between leaves snapshots, for the kills after it to begin from.
            if round % 3 == 2 { program.stop() } else { program.kill9() }
        });
        program.start();
        restarts.push(http.wait_until_ready(&program));
        load.retry();
    }
    eventually("the audit to catch up and agree with the gate", || {
        let figures = http.figures();
        figures["gate"]["stops"] == figures["audit"]["stops"]
    });
    let recount = http.recount();
    assert_clean(&recount);
    program.stop();

    let mut log = None;
    eventually("the store to be free", || {
        log = EmbeddedLog::open(&site.path("data")).ok();
        log.is_some()
    });
    let evidence = Evidence::read(&log.expect("it was opened")).await;
    let summary = evidence.judge(&load.finish());
    assert!(summary.permits > 0 && summary.stops > 0 && summary.unanswered > 0, "no load: {summary}");
    println!("kill -9, embedded: {summary}; first start {first:.1?}, restarts to ready {}", spread(restarts));
}
