//! `status`, `recount`.

use serde_json::{Value, json};

use super::{print, text};
use crate::cli::{Format, Server};
use crate::client::Client;
use crate::failure::Failure;

pub(super) fn status(server: &Server, format: Format) -> Result<(), Failure> {
    let client = Client::signed_in(server)?;
    let status = client.get("/v1/status")?;
    // While a part does not answer there are no figures; which part, the status says.
    let figures = client.get("/v1/figures");
    let answer = json!({ "status": status, "figures": figures.as_ref().ok() });
    print(format, &answer, |answer| {
        let (status, figures) = (&answer["status"], &answer["figures"]);
        let mut out = format!("at {}\n", text(&status["at"]));
        for partition in status["partitions"].as_array().into_iter().flatten() {
            let state = match &partition["reason"] {
                Value::Null => "answers".to_owned(),
                reason => text(reason),
            };
            out.push_str(&format!("  {}/{} {state}\n", text(&partition["service"]), partition["partition"]));
        }
        for lag in status["lag"].as_array().into_iter().flatten() {
            out.push_str(&format!("  audit of {}: {} records behind\n", text(&lag["stream"]), lag["behind"]));
        }
        if let Some(reason) = status["audit_reason"].as_str() {
            out.push_str(&format!("  audit: {reason}\n"));
        }
        if figures.is_null() {
            return out;
        }
        let gate = &figures["gate"];
        out.push_str(&format!(
            "cases {}, asked {}, allowed {}, refused {}, calls {}, stops {}\n",
            figures["ledger"]["cases"],
            gate["asked"],
            gate["allowed"],
            gate["refused"],
            gate["redeemed"],
            gate["stops"]
        ));
        out
    });
    figures.map(drop)
}

pub(super) fn recount(server: &Server, format: Format) -> Result<(), Failure> {
    let answer = Client::signed_in(server)?.order("/v1/recount")?;
    print(format, &answer, |answer| {
        let mut out = format!(
            "{} events: asked {}, allowed {}, refused {}, calls {}\n",
            answer["events"], answer["asked"], answer["allowed"], answer["refused"], answer["calls"]
        );
        for (what, count) in answer["findings"].as_object().into_iter().flatten() {
            out.push_str(&format!("  {what:<24} {count}\n"));
        }
        let listed = |key: &str| answer[key].as_array().cloned().unwrap_or_default();
        let names: Vec<_> = listed("rules_not_recounted").iter().map(|rule| text(&rule["rule"])).collect();
        out.push_str(&format!("recounted by {} rules", listed("rules").len()));
        if !names.is_empty() {
            out.push_str(&format!("; not recounted: {}", names.join(", ")));
        }
        out
    });
    let clean =
        answer["findings"].as_object().is_some_and(|found| found.values().all(|count| *count == json!(0)));
    if clean { Ok(()) } else { Err(Failure::failed("the recount found what must not be")) }
}
