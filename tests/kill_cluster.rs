//! Kill -9 of gate processes and of the NATS server under load: the other gate process takes over, nothing
//! acknowledged is lost, no cap is passed, a retry returns what was stored.
//!
//! `FORBEAR_KILL_ROUNDS=50` kills that often; 5 times otherwise.

use std::time::Instant;

use eventlog::jetstream::{JetStreamLog, JetStreamOptions};
use forbear_tests::evidence::{Evidence, assert_clean};
use forbear_tests::load::{Load, eventually, round_time, rounds, spread};
use forbear_tests::nats_server::{NatsServer, client};
use forbear_tests::site::Site;

const FORBEAR: &str = env!("CARGO_BIN_EXE_forbear-under-test");

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn given_kill_9_of_gates_and_server_under_load_then_another_takes_over_and_nothing_is_lost() {
    let (mut server, site) = (NatsServer::single(), Site::new(FORBEAR, "info"));
    let http = &site.http;
    let mut gates = site.serve(&["ledger", "assignment", "audit", "web", "gate", "gate"], &server.url());
    let mut others: Vec<_> = gates.drain(..4).collect();
    let first = http.wait_until_ready(&others[3]);
    let load = Load::prepare(http, rounds());
    let (mut takeovers, mut handovers, mut outages) = (Vec::new(), Vec::new(), Vec::new());
    for round in 0..rounds() {
        let leader = usize::from(gates[0].last_logged("leading") < gates[1].last_logged("leading"));
        let (with_server, of_leader) = (round % 2 == 1, round % 5 != 4);
        let stopped = round % 4 == 2;
        let killed = if of_leader { leader } else { 1 - leader };
        load.during(|| {
            std::thread::sleep(round_time(round));
            let began = Instant::now();
            if with_server {
                server.kill9();
            }
            // A stop leaves snapshots, and gives the lease back.
            if stopped {
                gates[killed].stop()
            } else {
                gates[killed].kill9()
            }
            if with_server {
                server.restart();
            }
            load.wait_until_permits_are_answered();
            match (with_server, of_leader, stopped) {
                (true, ..) => outages.push(began.elapsed()),
                (false, true, true) => handovers.push(began.elapsed()),
                (false, true, false) => takeovers.push(began.elapsed()),
                (false, false, _) => {}
            }
        });
        gates[killed].start();
        http.wait_until_ready(&others[3]);
        load.retry();
    }
    eventually("the audit to catch up and agree with the gate", || {
        let figures = http.figures();
        figures["gate"]["stops"] == figures["audit"]["stops"]
    });
    let recount = http.recount();
    assert_clean(&recount);
    for program in others.iter_mut().rev().chain(&mut gates) {
        program.stop();
    }

    let log = JetStreamLog::new(client(&[server.url()]).await, JetStreamOptions::default());
    let summary = Evidence::read(&log).await.judge(&load.finish());
    assert!(summary.permits > 0 && summary.stops > 0 && summary.unanswered > 0, "no load: {summary}");
    println!(
        "kill -9, NATS: {summary}; first start {first:.1?}, leading gate killed until permits \
         are answered {}, stopped {}, a gate and the server killed {}",
        spread(takeovers),
        spread(handovers),
        spread(outages)
    );
}
