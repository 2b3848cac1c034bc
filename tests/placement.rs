//! Placement plans against the real program: made, applied as a whole, carried out to the end although it is killed
//! meanwhile; and what decides where cases may go, at the command line.
//!
//! `FORBEAR_KILL_ROUNDS=50` kills that often; 5 times otherwise.

use std::time::Duration;

use forbear_tests::load::{eventually, portfolio, rounds};
use forbear_tests::program::{Heard, Http, run, text};
use forbear_tests::site::Site;
use serde_json::{Value, json};

const FORBEAR: &str = env!("CARGO_BIN_EXE_forbear-under-test");
const CASES: usize = 3_000;
const AGENCIES: u32 = 3;

/// Three agencies of one collector each.
fn register(http: &Http) {
    for agency in 1..=AGENCIES {
        let line = format!("+8640010001{agency:02}");
        let body = json!({
            "agency": format!("agency-{agency}"), "name": format!("Agency {agency}"),
            "jurisdictions": ["CN"], "capacity": 2 * CASES, "lines": [line],
        });
        http.post("/v1/agencies", &body, None).done("an agency");
        let body = json!({ "collector": format!("collector-{agency}"), "name": "A collector" });
        http.post(&format!("/v1/agencies/agency-{agency}/collectors"), &body, None).done("a collector");
    }
}

fn import(http: &Http, cases: usize) {
    http.upload("/v1/lenders/lender-1/cases", portfolio(cases).into_bytes()).done("the import");
    eventually("the cases to be offered", || http.figures()["assignment"]["offered"] == cases);
}

fn progress(http: &Http) -> Value {
    http.get("/v1/placement/progress").done("the progress")["progress"].clone()
}

/// Whether no queue shows a case while the plan is under way: a queue is read first, then how far the plan is.
fn is_hidden_until_complete(http: &Http, plan: &Value) -> bool {
    let shown: usize = (1..=AGENCIES)
        .map(|collector| {
            let queue =
                http.get(&format!("/v1/collectors/collector-{collector}/queue?limit=1")).done("a queue");
            ["callable", "later"].map(|list| queue[list].as_array().map_or(0, Vec::len)).iter().sum::<usize>()
        })
        .sum();
    let progress = progress(http);
    shown == 0 || progress["plan"] != plan["plan"] || progress["left"] == 0
}

#[test]
fn given_kill_9_while_a_plan_is_applied_then_it_is_applied_as_a_whole_or_not_at_all() {
    let site = Site::new(FORBEAR, "warn");
    let (http, mut program) = (&site.http, site.up());
    http.wait_until_ready(&program);
    register(http);
    import(http, CASES);
    let mut holder = None;
    for round in 0..rounds() {
        let scores = json!({ "lines": [{ "agency": format!("agency-{}", 1 + round % 3), "ppm": 900_000 }] });
        let plan = http.post("/v1/placement/plans", &scores, None).done("a plan");
        assert_eq!((&plan["placed"], &plan["gap"]), (&json!(CASES), &json!("0")));
        std::thread::scope(|scope| {
            let apply = scope.spawn(|| http.post("/v1/placement/plans/apply", &plan, None));
            std::thread::sleep(Duration::from_millis(5 + round * 37 % 120));
            program.kill9();
            drop(apply.join().expect("it was sent"));
        });
        program.start();
        http.wait_until_ready(&program);
        assert!(is_hidden_until_complete(http, &plan));
        if progress(http)["plan"] == plan["plan"] {
            // Adopted: nobody has to ask again.
            eventually("the plan to be complete", || {
                assert!(is_hidden_until_complete(http, &plan));
                progress(http)["left"] == 0
            });
        } else {
            // Not adopted: nothing of it was done, nor of it alone is anything left.
            assert_eq!(http.figures()["assignment"]["placed"], 0);
            eventually(
                "the plan to be taken",
                || matches!(http.post("/v1/placement/plans/apply", &plan, None), Heard::Done(told) if told["left"] == 0),
            );
        }
        assert_eq!((&progress(http)["placed"], &progress(http)["dropped"]), (&json!(CASES), &json!(0)));
        assert_eq!(http.figures()["assignment"]["placed"], CASES);
        // As planned, to the case.
        let agencies = http.get("/v1/agencies").done("the agencies");
        for (planned, is) in plan["agencies"]
            .as_array()
            .expect("a list")
            .iter()
            .zip(agencies["agencies"].as_array().expect("a list"))
        {
            assert_eq!((&planned["agency"], &planned["after"]), (&is["agency"], &is["placed"]));
            if is["placed"] == CASES {
                assert_ne!(holder, Some(is["agency"].clone()), "back to the one that failed");
                holder = Some(is["agency"].clone());
            }
        }
        let again = http.post("/v1/placement/plans/apply", &plan, None).done("the same plan again");
        assert_eq!(again["placed"], CASES);
        for agency in 1..=AGENCIES {
            let body = json!({ "reason": "performance" });
            http.post(&format!("/v1/agencies/agency-{agency}/recall"), &body, None).done("a recall");
        }
        assert_eq!(http.figures()["assignment"]["placed"], 0);
    }
    program.stop();
}

#[test]
fn given_terms_when_planned_at_the_command_line_then_shown_compared_applied_and_stale_after_a_change() {
    let site = Site::new(FORBEAR, "warn");
    let (http, mut program) = (&site.http, site.up());
    http.wait_until_ready(&program);
    register(http);
    import(http, 100);
    let key = site.key();
    let server = site.server();
    let file = |name: &str, content: &Value| {
        let path = site.path(name);
        std::fs::write(&path, content.to_string()).expect("written");
        text(&path).to_owned()
    };
    let forbear = |arguments: &[&str]| {
        let reached = ["--server", &server, "--vault-key", text(&key)];
        let (out, _) = run(FORBEAR, &[arguments, &reached].concat(), "warn");
        String::from_utf8(out).expect("text")
    };
    let shares = json!({ "agencies": [
        { "agency": "agency-1" },
        { "agency": "agency-2", "challenger": true, "samples_min": 12, "share_max": 200 },
    ], "days_max": [90] });
    let shares = file("shares.json", &shares);
    assert!(forbear(&["placement", "lender", "lender-1", &shares]).contains("recorded"));
    assert!(forbear(&["placement", "lender", "lender-1", &shares]).contains("was so before"));
    let terms = json!({
        "licences": [{ "number": "CN-1", "jurisdiction": "CN", "from": "2020-01-01" }],
        "capacity": 500, "commission": [2_000], "certificates_required": true,
    });
    let terms = file("terms.json", &terms);
    assert!(forbear(&["agency", "terms", "agency-1", &terms]).contains("recorded"));
    let certificate = json!({
        "identity_verified": "2024-01-01", "capacity": 400, "certificates": [{ "until": "2999-12-31" }],
    });
    let certificate = file("certificate.json", &certificate);
    assert!(forbear(&["agency", "certify", "collector-1", &certificate]).contains("recorded"));

    let plan = site.path("plan.json");
    let plan = text(&plan);
    let made = forbear(&["placement", "plan", "--out", plan]);
    assert!(made.contains("100 cases placed, 0 waiting") && made.contains("proven best to 0"), "{made}");
    let (shown, _) = run(FORBEAR, &["placement", "show", plan], "warn");
    let shown = String::from_utf8(shown).expect("text");
    assert!(shown.contains("next best agency-1") && shown.contains("next best agency-2"), "{shown}");
    let compared = forbear(&["placement", "diff", plan]);
    assert!(compared.contains("agency-1") && !compared.contains("agency-3"), "{compared}");

    // Something changes: the plan is stale, and nothing of it is done.
    http.post("/v1/agencies/agency-3/suspension", &json!({ "suspended": true }), None).done("a suspension");
    let document: Value = serde_json::from_slice(&std::fs::read(plan).expect("read")).expect("a plan");
    match http.post("/v1/placement/plans/apply", &document, None) {
        Heard::Refused(_, refused) => assert!(refused.to_string().contains("plan-stale"), "{refused}"),
        other => panic!("{other:?}"),
    }
    assert_eq!(http.figures()["assignment"]["placed"], 0);

    forbear(&["placement", "plan", "--out", plan]);
    let applied = forbear(&["placement", "apply", plan]);
    assert!(applied.contains("100 cases placed, 0 dropped, 0 left"), "{applied}");
    assert_eq!(forbear(&["placement", "status"]), applied);
    // The challenger keeps all of its commission less, so it would get everything; its share is its limit.
    let placed =
        |agency: usize| http.get("/v1/agencies").done("the agencies")["agencies"][agency]["placed"].clone();
    assert_eq!((placed(0), placed(1)), (json!(80), json!(20)));

    // What comes in is counted for whoever has the case.
    let queue = http.get("/v1/collectors/collector-2/queue?limit=1").done("a queue");
    let case = ["callable", "later"].iter().find_map(|list| queue[list][0]["case"].as_str()).expect("a case");
    let payment =
        json!({ "reference": "P1", "amount": "500.00", "currency": "CNY", "value_date": "2026-11-20" });
    http.post(&format!("/v1/cases/{case}/payments"), &payment, None).done("a payment");
    eventually("the payment to be counted", || {
        let cards = http.get("/v1/placement/scorecards").done("the scorecards");
        cards["agencies"][1]["payers"] == 1
    });
    let cards = forbear(&["placement", "scorecards"]);
    assert!(
        cards.contains("agency-2") && cards.contains("50000") && cards.contains("too-few-cases"),
        "{cards}"
    );

    assert!(forbear(&["placement", "recall", "agency-2", "--reason", "complaints"]).contains("20 cases"));
    assert!(forbear(&["placement", "recall", "agency-1", "--reason", "overheld"]).contains("0 cases"));

    // Without credentials: whoever is called can look up by whom.
    let public = http.get("/v1/lenders/lender-1/agencies").done("the public list");
    assert_eq!(public["agencies"].as_array().expect("a list").len(), 2);
    program.stop();
}
