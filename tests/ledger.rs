//! The ledger through the whole program: what a clerk posts and agrees at the command line, and what the gate honours of it.

use forbear_tests::honoured::{Placed, dispute, placed, recall, until};
use forbear_tests::load::spread;
use forbear_tests::nats_server::NatsServer;
use forbear_tests::program::{Heard, Http, run, run_to_failure, text};
use forbear_tests::site::Site;
use serde_json::Value;

const FORBEAR: &str = env!("CARGO_BIN_EXE_forbear-under-test");

/// Disputes and recalls each: a refusal is asserted, the times are printed (`benches/honoured.rs` has more of them).
const CASES: usize = 6;

fn assert_honoured(http: &Http, cases: &[Placed]) {
    let (mut disputes, mut recalls) = (Vec::new(), Vec::new());
    for (index, case) in cases.iter().enumerate() {
        match index % 2 {
            0 => disputes.push(case.honoured(http, "pause", &dispute())),
            _ => recalls.push(case.honoured(http, "close", &recall())),
        }
        match case.asked(http) {
            Heard::Refused(_, refusal) => {
                let reasons = refusal["reasons"].as_array().expect("a list");
                let held = reasons.iter().find(|reason| reason["code"] == "F0316").expect("a hold");
                if index % 2 == 0 {
                    // It says until when.
                    let next = held["next_allowed"].as_str().expect("an end");
                    assert!(next.starts_with(&until()[..10]), "{held}");
                }
            }
            other => panic!("expected a refusal, got {other:?}"),
        }
    }
    println!("disputes honoured after {}; recalls after {}", spread(disputes), spread(recalls));
}

#[test]
fn given_a_dispute_or_a_recall_when_acknowledged_then_up_refuses_and_says_until_when() {
    let site = Site::new(FORBEAR, "info");
    let mut program = site.up();
    site.http.wait_until_ready(&program);
    let cases = placed(&site.http, 2 * CASES);
    assert_honoured(&site.http, &cases);
    program.stop();
}

#[test]
fn given_a_dispute_or_a_recall_when_acknowledged_then_the_services_refuse() {
    let nats = NatsServer::single();
    let site = Site::new(FORBEAR, "info");
    let programs = site.serve(&["web", "gate", "ledger", "assignment", "audit"], &nats.url());
    site.http.wait_until_ready(&programs[0]);
    let cases = placed(&site.http, 2 * CASES);
    assert_honoured(&site.http, &cases);
}

#[test]
fn given_a_clerk_when_a_case_is_worked_at_the_command_line_then_the_books_say_it_at_every_step() {
    let site = Site::new(FORBEAR, "info");
    let mut program = site.up();
    site.http.wait_until_ready(&program);
    let cases = placed(&site.http, 1);
    let case = cases[0].case.as_str();
    let (server, key) = (site.server(), site.key());
    let reached = ["--server", &server, "--vault-key", text(&key)];
    let say = |arguments: &[&str]| {
        let (out, _) = run(FORBEAR, &[arguments, &reached].concat(), "warn");
        let out = String::from_utf8(out).expect("text");
        assert!(!out.contains("null"), "{arguments:?} prints what is not there: {out}");
        out
    };
    let refused = |arguments: &[&str]| {
        let arguments = [arguments, &["--format", "json"], &reached].concat();
        let (_, _, errors) = run_to_failure(FORBEAR, &arguments, &[]);
        let last: Value = serde_json::from_str(errors.lines().last().expect("a line")).expect("JSON");
        last["code"].as_str().unwrap_or_default().to_owned()
    };
    // 1,000.00 are owed.
    assert!(say(&["case", "show", case]).contains("in-collection; owed 1000.00 CNY"));
    let agency_pays =
        ["case", "pay", case, "100.00", "--reference", "P1", "--date", "2026-11-20", "--at-agency"];
    say(&["terms", "commission", "1", "--lender", "1", "--rate-bp", "1500"]);
    assert!(say(&agency_pays).contains("owed: 900.00 CNY"));
    assert!(say(&agency_pays).contains("it was so before"));
    let account = say(&["account", "--agency", "1"]);
    assert!(account.contains("15.00 CNY") && account.contains("100.00 CNY"), "{account}");
    say(&[
        "case",
        "book",
        case,
        "cost",
        "35.00",
        "--reference",
        "C1",
        "--basis",
        "statute",
        "--date",
        "2026-11-21",
    ]);
    let no_basis = [
        "case",
        "book",
        case,
        "fee",
        "5.00",
        "--reference",
        "F1",
        "--basis",
        "goodwill",
        "--date",
        "2026-11-21",
    ];
    assert_eq!(refused(&no_basis), "F0113");
    let reverse = ["case", "reverse", case, "--reference", "P1", "--date", "2026-11-22", "--charge-back"];
    assert!(say(&reverse).contains("owed: 1035.00 CNY"));
    let statement = say(&["case", "statement", case, "--on", "2026-11-21"]);
    assert!(statement.contains("charge-back") && statement.contains("commission-reversal"), "{statement}");
    // By value date the payment counted until the bank took it back.
    let last = statement.lines().last().expect("a line").to_owned();
    assert!(last.starts_with("owed 2026-11-21: "), "{last}");
    say(&[
        "case",
        "plan",
        case,
        "--part",
        "2099-01-01=500.00",
        "--part",
        "2099-02-01=535.00",
        "--grace",
        "3",
    ]);
    assert_eq!(refused(&["case", "promise", case, "--part", "2099-01-01=1.00"]), "F0115");
    assert!(say(&["case", "show", case]).contains("plan; owed 1035.00 CNY"));
    say(&["case", "cancel", case]);
    say(&["case", "pause", case, "hardship", "--until", &until()]);
    assert!(say(&["case", "show", case]).contains("hardship; owed"));
    say(&["case", "resume", case, "hardship"]);
    say(&["case", "offer", case, "--part", "2099-01-01=700.00", "--expires", "2098-12-01"]);
    say(&["case", "accept", case]);
    let settle = ["case", "pay", case, "700.00", "--reference", "P2", "--date", "2026-11-23"];
    say(&settle);
    assert!(say(&["case", "show", case]).contains("settled; owed 0.00 CNY"));
    assert_eq!(refused(&["case", "promise", case, "--part", "2099-01-01=1.00"]), "F0103");
    say(&["case", "reopen", case]);
    assert!(say(&["case", "show", case]).contains("owed 335.00 CNY"));
    // A list that has one payment right, one with another amount, one that the books do not have.
    let list = site.path("payments.csv");
    let rows = "case,reference,amount,currency,value_date\n\
                R0,P2,700.00,CNY,2026-11-23\nR0,P1,100.00,CNY,2026-11-20\nR0,P9,1.00,CNY,2026-11-24\n";
    std::fs::write(&list, rows).expect("a list");
    let arguments = ["reconcile", text(&list), "--lender", "1", "--format", "json"];
    let (code, out, _) = run_to_failure(FORBEAR, &[&arguments[..], &reached].concat(), &[]);
    let result: Value = serde_json::from_str(&out).expect("JSON");
    assert_eq!((code, &result["agreed"]), (Some(1), &Value::from(1)), "{result}");
    let differing = result["differing"].as_array().expect("a list");
    let said: Vec<_> =
        differing.iter().map(|row| (row["line"].as_u64(), row["difference"].as_str())).collect();
    assert_eq!(said, [(Some(3), Some("taken-back")), (Some(4), Some("missing"))], "{result}");
    program.stop();
}
