//! How long after an acknowledged command the gate honours it: a dispute raised, a case recalled.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::load::{eventually, portfolio, register};
use crate::program::{Heard, Http, PATIENCE};

/// A case that a collector may work, as the operator asks for it.
pub struct Placed {
    /// The case.
    pub case: String,
    ask: Value,
}

/// Brings the platform to where so many cases may be called about.
pub fn placed(http: &Http, cases: usize) -> Vec<Placed> {
    register(http);
    let report = http.upload("/v1/lenders/lender-1/cases", portfolio(cases).into_bytes()).done("the import");
    assert_eq!(report["taken"], cases, "{report}");
    eventually("the cases to be offered", || http.figures()["assignment"]["offered"] == cases);
    http.post("/v1/placement", &json!({}), None).done("the placement");
    let mut found = Vec::new();
    eventually("the gate to know the placements", || {
        found.clear();
        for number in 1..=8 {
            let collector = format!("collector-{number}");
            let queue = http.get(&format!("/v1/collectors/{collector}/queue?limit=500")).done("a queue");
            for entry in queue["callable"].as_array().expect("a list") {
                let case = entry["case"].as_str().expect("a case").to_owned();
                let ask = json!({
                    "contact": entry["contacts"][0]["contact"], "case": case, "channel": "call",
                    "purpose": "collect", "collector": collector,
                });
                found.push(Placed { case, ask });
            }
        }
        found.len() == cases
    });
    found
}

impl Placed {
    /// Gives a command about the case and asks, from the acknowledgement on, until the gate refuses for a hold.
    pub fn honoured(&self, http: &Http, route: &str, body: &Value) -> Duration {
        let told = http.post(&format!("/v1/cases/{}/{route}", self.case), body, None).done(route);
        assert_eq!(told["changed"], true, "{told}");
        let acknowledged = Instant::now();
        loop {
            let explained = http.post("/v1/permits/explain", &self.ask, None).done("an explanation");
            let held = |rule: &Value| rule["code"] == "F0316" && rule["verdict"] == "refuses";
            if explained["rules"].as_array().expect("a list").iter().any(held) {
                return acknowledged.elapsed();
            }
            assert!(acknowledged.elapsed() < PATIENCE, "{route} was not honoured: {explained}");
        }
    }

    /// What a request for a permit is answered with.
    pub fn asked(&self, http: &Http) -> Heard {
        http.post("/v1/permits", &self.ask, None)
    }
}

/// A dispute, until long after the test.
pub fn dispute() -> Value {
    json!({ "kind": "dispute", "until": until() })
}

/// When it ends.
pub fn until() -> String {
    let days = crate::load::now_ms() / 86_400_000 + 30;
    // Thirty days from now, at the beginning of a day.
    api::json::rfc3339(model::Timestamp(days * 86_400_000))
}

/// A recall.
pub fn recall() -> Value {
    json!({ "reason": "recalled" })
}
