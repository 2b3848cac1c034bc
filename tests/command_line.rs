//! A day at the command line: every command, as its help describes it, against one running platform.

use forbear_tests::load::eventually;
use forbear_tests::program::{run, text};
use forbear_tests::site::Site;
use serde_json::Value;

const FORBEAR: &str = env!("CARGO_BIN_EXE_forbear-under-test");

/// Three cases that are taken, and a row that is not.
const PORTFOLIO: &str = "reference,principal,overdue_since,debtor_name,debtor_phone\n\
    A1,3000.00,2026-01-15,First,13800000001\n\
    A2,2000.00,2026-01-15,Second,13800000002\n\
    A3,much,2026-01-15,Third,13800000003\n\
    A4,1000.00,2026-01-15,Fourth,13800000004\n";

/// The platform as the command line reaches it.
struct CommandLine {
    server: String,
    key: String,
}

impl CommandLine {
    /// What a command prints for people. Nothing of it is missing.
    fn text(&self, arguments: &[&str]) -> String {
        let (out, _) = run(FORBEAR, &self.signed_in(arguments), "warn");
        let out = String::from_utf8(out).expect("text");
        assert!(!out.contains("null"), "{arguments:?} prints what is not there: {out}");
        out
    }

    /// What a command prints for programs.
    fn json(&self, arguments: &[&str]) -> Value {
        let arguments = [arguments, &["--format", "json"]].concat();
        let (out, _) = run(FORBEAR, &self.signed_in(&arguments), "warn");
        serde_json::from_slice(&out).expect("one JSON object")
    }

    fn signed_in<'a>(&'a self, arguments: &[&'a str]) -> Vec<&'a str> {
        let server = ["--server", &self.server];
        // Anybody may say stop; the command takes no key.
        let key: &[&str] = if arguments[0] == "stop" { &[] } else { &["--vault-key", &self.key] };
        [arguments, &server, key].concat()
    }
}

#[test]
fn given_a_platform_when_each_command_is_used_then_it_says_what_it_did() {
    let site = Site::new(FORBEAR, "info");
    let file = site.path("portfolio.csv");
    std::fs::write(&file, PORTFOLIO).expect("the lender's file");
    let mut program = site.up();
    site.http.wait_until_ready(&program);
    // Also the audit, which opens its store meanwhile.
    site.http.figures();
    let line = CommandLine { server: site.server(), key: text(&site.key()).to_owned() };

    let agency = ["agency", "add", "agency-1", "--name", "Anxin", "--jurisdictions", "CN", "--capacity", "9"];
    let agency = [&agency[..], &["--lines", "+86400100001"]].concat();
    assert_eq!(line.text(&agency).trim(), "agency-1 is registered");
    assert_eq!(line.text(&agency).trim(), "agency-1 was registered so before");
    line.text(&["agency", "collector", "collector-1", "--agency", "agency-1", "--name", "Li"]);
    let report = line.text(&["import", text(&file), "--lender", "lender-1"]);
    assert!(report.starts_with("3 cases taken, 0 unchanged, 1 rows refused"), "{report}");
    assert!(report.contains("line 4, principal: expected"), "the bad row is not named: {report}");
    let again = line.text(&["import", text(&file), "--lender", "lender-1"]);
    assert!(again.starts_with("0 cases taken, 3 unchanged, 1 rows refused"), "{again}");
    let mut placed = 0;
    eventually("all cases to be placed", || {
        placed += line.json(&["place"])["placed"].as_u64().expect("a count");
        placed == 3
    });
    assert!(line.text(&["agency", "list"]).contains("Anxin"));

    let mut queue = Value::Null;
    eventually("the gate to know whom the cases were placed with", || {
        queue = line.json(&["queue", "collector-1"]);
        ["callable", "later"]
            .iter()
            .flat_map(|list| queue[list].as_array().expect("a list"))
            .filter(|entry| entry["contacts"][0]["callable_at"].is_string())
            .count()
            == 3
    });
    assert!(line.text(&["queue", "collector-1"]).contains("debtor"));
    let entries = ["callable", "later"].map(|list| queue[list].as_array().expect("a list"));
    let first = entries.into_iter().flatten().next().expect("a case");
    let (case, contact) = (&first["case"], &first["contacts"][0]["contact"]);
    let (case, contact) = (case.as_str().expect("a case"), contact.as_str().expect("a contact point"));
    let ask = ["permit", "request", "--contact", contact, "--case", case, "--collector", "collector-1"];
    let permit = line.json(&ask);
    let token = permit["token"].as_str().expect("a token");
    line.text(&["permit", "redeem", token, "--call", "call-1@pbx"]);
    line.text(&["permit", "settle", token, "--outcome", "no-answer"]);
    line.text(&ask);
    let stopped = line.text(&["stop", "--contact", contact]);
    assert!(stopped.contains("receipt") && stopped.contains("1 permits that waited are void"), "{stopped}");
    assert!(line.text(&["stop", "--contact", contact]).contains("already"));
    let mut timeline = String::new();
    eventually("the audit to know the stop", || {
        timeline = line.text(&["timeline", "--contact", contact]);
        timeline.contains("StopPlaced")
    });
    assert!(timeline.contains("PermitRedeemed") && timeline.contains("PermitSettled"), "{timeline}");
    assert!(line.text(&["timeline", "--case", case]).contains("CaseOpened"));
    let status = line.text(&["status"]);
    assert!(status.contains("cases 3, asked 2, allowed 2, refused 0, calls 1, stops 1"), "{status}");
    assert!(line.text(&["recount"]).contains("asked 2, allowed 2, refused 0, calls 1"));
    assert!(line.text(&["agency", "suspend", "agency-1"]).contains("3 cases taken back"));
    assert!(line.text(&["agency", "suspend", "agency-1", "--lift"]).contains("may work again"));
    program.stop();
}
