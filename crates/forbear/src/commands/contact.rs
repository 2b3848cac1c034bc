//! `stop`, `timeline`.

use std::io::IsTerminal;

use serde_json::{Value, json};

use super::{count, print, text};
use crate::cli::{Format, Stop, Timeline, Whom};
use crate::client::Client;
use crate::failure::Failure;

/// Where national numbers are at home.
const REGION: &str = "CN";

/// Whom a request is about, as its body says it.
pub(super) fn whom(whom: &Whom) -> Result<Value, Failure> {
    match (&whom.number, whom.contact) {
        (Some(number), _) => Ok(json!({ "number": read_number(number)?, "region": REGION })),
        (None, Some(contact)) => Ok(json!({ "contact": contact.to_string() })),
        (None, None) => Err(Failure::usage("expected --number or --contact")),
    }
}

pub(super) fn read_number(number: &str) -> Result<String, Failure> {
    if number != "-" {
        return Ok(number.to_owned());
    }
    if std::io::stdin().is_terminal() {
        eprint!("number: ");
    }
    let mut line = String::new();
    std::io::stdin().read_line(&mut line).map_err(Failure::usage)?;
    Ok(line.trim().to_owned())
}

pub(super) fn stop(stop: &Stop, format: Format) -> Result<(), Failure> {
    let answer = Client::anonymous(&stop.server).post("/v1/stops", &whom(&stop.whom)?)?;
    print(format, &answer, |answer| {
        let (before, void) = if answer["changed"] == Value::Bool(true) {
            let voided = count(&answer["voided"], "permit");
            ("", format!("; {voided} voided"))
        } else {
            (" already", String::new())
        };
        format!(
            "stopped{before}: no lender, agency or channel reaches this number any more\n\
             receipt: {} at position {}{void}",
            text(&answer["contact"]),
            text(&answer["stop"]),
        )
    });
    Ok(())
}

pub(super) fn timeline(timeline: &Timeline, format: Format) -> Result<(), Failure> {
    let client = Client::signed_in(&timeline.server)?;
    let answer = match timeline.case {
        Some(case) => client.get(&format!("/v1/cases/{case}/timeline?limit={}", timeline.limit))?,
        None => {
            let mut body = whom(&Whom { number: timeline.number.clone(), contact: timeline.contact })?;
            body["limit"] = json!(timeline.limit);
            client.post("/v1/contacts/timeline", &body)?
        }
    };
    print(format, &answer, |answer| {
        let mut out = String::new();
        for entry in answer["entries"].as_array().into_iter().flatten() {
            let mut line = format!("{} {:<18}", text(&entry["at"]), text(&entry["kind"]));
            for key in ["lender", "agency", "collector", "channel", "purpose", "outcome", "source", "answer"]
            {
                if let Some(value) = entry[key].as_str() {
                    line.push_str(&format!(" {value}"));
                }
            }
            let reasons: Vec<_> = entry["reasons"]
                .as_array()
                .into_iter()
                .flatten()
                .map(|reason| text(&reason["word"]))
                .collect();
            if !reasons.is_empty() {
                line.push_str(&format!(" ({})", reasons.join(", ")));
            }
            out.push_str(line.trim_end());
            out.push('\n');
        }
        if out.is_empty() { "nothing happened".to_owned() } else { out }
    });
    Ok(())
}
