//! The demonstration, run as its users run it: it keeps its promises, and the same seed gives the same figures,
//! in one process and as services.

use std::net::TcpListener;

use forbear_tests::program::{run, run_to_failure};
use serde_json::Value;

const FORBEAR: &str = env!("CARGO_BIN_EXE_forbear-under-test");

/// What depends on the machine and on how the services run. How many events there are does too: which refusals
/// are recorded and which counted follows the real clock's ticks.
const NOT_COMPARED: [&str; 8] = [
    "services",
    "wall_s",
    "dialing_s",
    "events",
    "events_per_s",
    "bytes_per_event",
    "import_cases_per_s",
    "stop_ack_ms",
];

/// Runs a short demonstration.
fn demo(seed: &str, more: &[&str]) -> Value {
    let arguments = ["demo", "--exit", "--format", "json", "--cases", "500", "--days", "1", "--seed", seed];
    let (out, _) = run(FORBEAR, &[&arguments, more].concat(), "warn");
    let report: Value = serde_json::from_slice(&out).expect("one JSON object");
    for key in [
        "asked",
        "allowed",
        "refused_by_rule",
        "over_cap",
        "permits_after_stop",
        "recount_matches",
        "events",
        "wall_s",
    ] {
        assert!(!report[key].is_null(), "expected {key} in {report}");
    }
    report
}

/// The figures that must not depend on anything but the seed.
fn figures(mut report: Value) -> Value {
    let retain = |fields: &mut Value| {
        fields.as_object_mut().expect("an object").retain(|key, _| !NOT_COMPARED.contains(&key.as_str()));
    };
    retain(&mut report);
    retain(&mut report["seen"]);
    report
}

fn assert_promises(report: &Value) {
    for zero in ["over_cap", "permits_after_stop", "other_findings"] {
        assert_eq!(report[zero], 0, "{zero}: {report}");
    }
    assert_eq!(report["recount_matches"], true, "{report}");
    assert_eq!(report["rows_refused"], report["rows_spoiled"], "{report}");
    let count = |value: &Value| value.as_u64().expect("a count");
    assert!(count(&report["allowed"]) > 0 && count(&report["refused_by_rule"]["day-cap"]) > 0, "{report}");
    assert_eq!(count(&report["asked"]), count(&report["allowed"]) + count(&report["refused"]), "{report}");
    let seen = &report["seen"];
    assert!(count(&seen["stop_voided"]) > 0, "the stop voided nothing: {report}");
    assert_eq!(seen["stop_cut_off"], seen["stop_voided"], "{report}");
    assert_eq!(seen["stranger_allowed"], 1, "{report}");
}

#[test]
fn given_a_port_that_is_taken_when_run_as_services_then_it_says_so_before_the_simulated_days() {
    let held = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = held.local_addr().expect("its address").to_string();
    let (code, out, errors) = run_to_failure(FORBEAR, &["demo", "--nats", "--listen", &address], &[]);
    assert_eq!((code, out.as_str()), (Some(1), ""), "{errors}");
    assert!(errors.contains("cannot listen on"), "{errors}");
}

#[test]
fn given_a_seed_when_run_twice_and_as_services_then_the_figures_are_the_same_and_the_promises_kept() {
    // Two at a time: the tests have two cores.
    let (embedded, other, services, again) = std::thread::scope(|scope| {
        let services = scope.spawn(|| (demo("7", &["--nats", "--listen", "127.0.0.1:0"]), demo("7", &[])));
        let (embedded, other) = (demo("7", &[]), demo("8", &[]));
        let (services, again) = services.join().expect("they ran");
        (embedded, other, services, again)
    });
    for report in [&embedded, &other, &services, &again] {
        assert_promises(report);
    }
    println!("one process {} s, services {} s", embedded["wall_s"], services["wall_s"]);
    let (embedded, other) = (figures(embedded), figures(other));
    assert_eq!(embedded, figures(again), "one process, twice");
    assert_eq!(embedded, figures(services), "one process, then services on NATS");
    for key in ["asked", "allowed", "refused_by_rule", "agencies"] {
        assert_ne!(embedded[key], other[key], "seeds 7 and 8 have the same {key}");
    }
}

/// A person's numbers, and a case's, lie in different partitions: they are counted as one.
#[test]
fn given_a_gate_of_three_partitions_when_demonstrated_then_every_promise_is_kept() {
    assert_promises(&demo("3", &["--gate-partitions", "3"]));
}
