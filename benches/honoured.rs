//! How long after an acknowledged dispute or recall the gate honours it: `forbear up`, and five services on NATS, over HTTP.
//!
//! `cargo bench -p forbear-tests --bench honoured`; `FORBEAR_HONOURED_CASES=400` takes so many cases, 200 otherwise. The time runs
//! from the acknowledgement to the answer of the first question that is refused, so it holds one question at least.

use std::time::Duration;

use forbear_tests::honoured::{dispute, placed, recall};
use forbear_tests::nats_server::NatsServer;
use forbear_tests::program::Http;
use forbear_tests::site::Site;

const FORBEAR: &str = env!("CARGO_BIN_EXE_forbear-under-test");

fn main() {
    let cases =
        std::env::var("FORBEAR_HONOURED_CASES").ok().and_then(|cases| cases.parse().ok()).unwrap_or(200);
    let site = Site::new(FORBEAR, "warn");
    let mut up = site.up();
    site.http.wait_until_ready(&up);
    measure("up", &site.http, cases);
    up.stop();

    let nats = NatsServer::single();
    let site = Site::new(FORBEAR, "warn");
    let programs = site.serve(&["web", "gate", "ledger", "assignment", "audit"], &nats.url());
    site.http.wait_until_ready(&programs[0]);
    measure("services", &site.http, cases);
}

fn measure(what: &str, http: &Http, cases: usize) {
    let (mut disputes, mut recalls) = (Vec::new(), Vec::new());
    for (index, case) in placed(http, cases).iter().enumerate() {
        match index % 2 {
            0 => disputes.push(case.honoured(http, "pause", &dispute())),
            _ => recalls.push(case.honoured(http, "close", &recall())),
        }
    }
    for (command, mut times) in [("dispute", disputes), ("recall", recalls)] {
        times.sort();
        let at = |share: usize| times.get((times.len() * share / 100).min(times.len().saturating_sub(1)));
        let [median, p99, worst] = [50, 99, 100].map(|share| at(share).copied().unwrap_or(Duration::ZERO));
        println!("{what}: {command} honoured after median {median:.1?}, p99 {p99:.1?}, worst {worst:.1?}");
    }
}
