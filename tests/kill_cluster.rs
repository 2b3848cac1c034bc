//! Kill -9 of leading processes of every service, and of the NATS server, under load: another process takes over,
//! nothing acknowledged is lost, no cap is passed, a retry returns what was stored.
//!
//! `FORBEAR_KILL_ROUNDS=50` kills that often; 5 times otherwise.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use eventlog::jetstream::{JetStreamLog, JetStreamOptions};
use forbear_tests::evidence::{Evidence, assert_clean};
use forbear_tests::load::{Ends, Load, eventually, round_time, rounds, spread};
use forbear_tests::nats_server::{NatsServer, client};
use forbear_tests::program::{Heard, Http, PATIENCE, Program};
use forbear_tests::site::Site;
use model::CaseId;
use serde_json::{Value, json};

/// Partitions of the ledger: the program's default.
const LEDGER_PARTITIONS: u16 = 2;

const FORBEAR: &str = env!("CARGO_BIN_EXE_forbear-under-test");

/// The services that have leaders. Two processes each.
const SERVICES: [&str; 3] = ["gate", "ledger", "assignment"];
/// How long a command may take before it is sent again.
const ANSWER: Duration = Duration::from_millis(500);
/// Between two commands of the load on ledger and assignment.
const PAUSE: Duration = Duration::from_millis(20);

/// Payments to the ledger and collectors to the assignment service, each sent under one name until it is answered.
struct Commands {
    http: Http,
    /// For each partition of the ledger, a case.
    cases: Vec<String>,
    payments: AtomicU64,
    collectors: AtomicU64,
    retries: AtomicU64,
}

impl Commands {
    fn new(http: &Http) -> Self {
        let mut cases = vec![None; usize::from(LEDGER_PARTITIONS)];
        for collector in 1..=8 {
            let path = format!("/v1/collectors/collector-{collector}/queue?limit=500");
            let queue = http.get(&path).done("a queue");
            for entry in ["callable", "later"].iter().flat_map(|list| queue[list].as_array().expect("a list"))
            {
                let text = entry["case"].as_str().expect("a case");
                let case: CaseId = text.parse().expect("a case");
                cases[usize::from(events::partition_of(&case.0, LEDGER_PARTITIONS))] = Some(text.to_owned());
            }
        }
        let cases = cases.into_iter().map(|case| case.expect("every partition has cases")).collect();
        let counts = [(); 3].map(|()| AtomicU64::new(0));
        let [payments, collectors, retries] = counts;
        Self { http: http.waiting(ANSWER), cases, payments, collectors, retries }
    }

    /// A payment to this partition of the ledger.
    fn pay(&self, partition: usize) {
        let reference = format!("payment-{}", self.payments.fetch_add(1, Ordering::Relaxed));
        let path = format!("/v1/cases/{}/payments", self.cases[partition]);
        let body = json!({
            "reference": reference, "amount": "0.01", "currency": "CNY", "value_date": "2026-11-24",
        });
        let posted = self.until_answered(&path, &body, &reference);
        assert_eq!(posted["changed"], true, "{reference}: {posted}");
    }

    /// A collector more.
    fn register(&self) {
        let collector = format!("collector-{}", 1_000 + self.collectors.fetch_add(1, Ordering::Relaxed));
        let body = json!({ "collector": collector, "name": "A collector" });
        let registered = self.until_answered("/v1/agencies/agency-1/collectors", &body, &collector);
        assert_eq!(registered["changed"], true, "{collector}: {registered}");
    }

    fn until_answered(&self, path: &str, body: &Value, key: &str) -> Value {
        let began = Instant::now();
        loop {
            match self.http.post(path, body, Some(key)) {
                Heard::Nothing(silence) => assert!(began.elapsed() < PATIENCE, "{key}: {silence}"),
                heard => return heard.done(key),
            }
            self.retries.fetch_add(1, Ordering::Relaxed);
            std::thread::sleep(PAUSE);
        }
    }

    /// Sends one after the other while `meanwhile` runs. All are answered at the end.
    fn during(&self, meanwhile: impl FnOnce()) {
        let over = AtomicBool::new(false);
        let until_over = |send: &dyn Fn(u64)| {
            let mut nth = 0;
            while !over.load(Ordering::Relaxed) {
                send(nth);
                nth += 1;
                std::thread::sleep(PAUSE);
            }
        };
        std::thread::scope(|scope| {
            scope.spawn(|| until_over(&|nth| self.pay(nth as usize % self.cases.len())));
            scope.spawn(|| until_over(&|_| self.register()));
            let _ends = Ends(&over);
            meanwhile();
        });
    }

    /// Waits until every partition of a service answers a command.
    fn wait_until_answered(&self, service: &str, load: &Load) {
        match service {
            "gate" => drop(load.wait_until_permits_are_answered()),
            "ledger" => (0..self.cases.len()).for_each(|partition| self.pay(partition)),
            _ => self.register(),
        }
    }

    /// What was acknowledged is there, once.
    fn assert_kept(&self, http: &Http) {
        let (payments, collectors) =
            (self.payments.load(Ordering::Relaxed), self.collectors.load(Ordering::Relaxed));
        let figures = http.figures();
        assert_eq!(figures["ledger"]["payments"], payments, "{figures}");
        let cents = figures["ledger"]["paid"].to_string();
        assert!(cents.contains(&format!("\"{payments}\"")), "expected {payments} fen paid, got {cents}");
        for (service, figure) in
            [("ledger", "unbalanced"), ("ledger", "misplaced"), ("assignment", "misplaced")]
        {
            assert_eq!(figures[service][figure], 0, "{service} {figure}: {figures}");
        }
        let agencies = http.get("/v1/agencies").done("the agencies");
        assert_eq!(agencies["agencies"][0]["collectors"], 8 + collectors, "{agencies}");
    }
}

/// How long a service was without a leader, by what was done to it.
#[derive(Default)]
struct Outages {
    killed: Vec<Duration>,
    stopped: Vec<Duration>,
    with_server: Vec<Duration>,
}

/// Which of two processes leads: the one that began to do so last.
fn leader(pair: &[Program]) -> usize {
    usize::from(pair[0].last_logged("leading") < pair[1].last_logged("leading"))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn given_kill_9_of_leaders_and_server_under_load_then_another_takes_over_and_nothing_is_lost() {
    let (mut server, site) = (NatsServer::single(), Site::new(FORBEAR, "info"));
    let http = &site.http;
    let roles = ["gate", "gate", "ledger", "ledger", "assignment", "assignment", "audit", "web"];
    let mut pairs = site.serve(&roles, &server.url());
    let mut others = pairs.split_off(2 * SERVICES.len());
    let first = http.wait_until_ready(&others[1]);
    let load = Load::prepare(http, rounds());
    let commands = Commands::new(http);
    let mut outages = SERVICES.map(|_| Outages::default());
    for round in 0..rounds() {
        let nth = round as usize % SERVICES.len();
        let pair = &mut pairs[2 * nth..2 * nth + 2];
        let (with_server, of_leader) = (round % 2 == 1, round % 5 != 4);
        // A stop leaves snapshots, and gives the lease back.
        let stopped = round % 8 == 2;
        let leading = leader(pair);
        let killed = &mut pair[if of_leader { leading } else { 1 - leading }];
        load.during(|| {
            commands.during(|| {
                std::thread::sleep(round_time(round));
                let began = Instant::now();
                if with_server {
                    server.kill9();
                }
                if stopped {
                    killed.stop();
                } else {
                    killed.kill9();
                }
                if with_server {
                    server.restart();
                }
                commands.wait_until_answered(SERVICES[nth], &load);
                let took = began.elapsed();
                match (with_server, of_leader, stopped) {
                    (true, ..) => outages[nth].with_server.push(took),
                    (false, true, true) => outages[nth].stopped.push(took),
                    (false, true, false) => outages[nth].killed.push(took),
                    (false, false, _) => {}
                }
            });
        });
        killed.start();
        http.wait_until_ready(&others[1]);
        load.retry();
    }
    eventually("the audit to catch up and agree with the gate", || {
        let figures = http.figures();
        figures["gate"]["stops"] == figures["audit"]["stops"]
    });
    assert_clean(&http.recount());
    commands.assert_kept(http);
    for program in others.iter_mut().rev().chain(&mut pairs) {
        program.stop();
    }

    let log = JetStreamLog::new(client(&[server.url()]).await, JetStreamOptions::default());
    let summary = Evidence::read(&log).await.judge(&load.finish());
    assert!(summary.permits > 0 && summary.stops > 0 && summary.unanswered > 0, "no load: {summary}");
    println!("kill -9, NATS: {summary}; first start {first:.1?}");
    println!(
        "{} payments and {} collectors acknowledged and kept, {} times sent again",
        commands.payments.into_inner(),
        commands.collectors.into_inner(),
        commands.retries.into_inner()
    );
    for (service, outages) in SERVICES.iter().zip(outages) {
        println!(
            "{service}: leader killed until commands are answered {}; stopped {}; killed with the server {}",
            spread(outages.killed),
            spread(outages.stopped),
            spread(outages.with_server)
        );
    }
}
