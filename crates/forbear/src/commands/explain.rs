//! `explain`, `permit explain`: decisions in words, for whoever reads them.

mod person;

use serde_json::{Value, json};

use super::contact::{read_number, whom};
use super::{print, text};
use crate::cli::{Explain, ExplainRequest, For, Format, Language};
use crate::client::Client;
use crate::failure::Failure;

/// Explains a decision; fails if the log does not give it again.
pub(super) fn decision(explain: &Explain, format: Format) -> Result<(), Failure> {
    let reader = match explain.reader {
        For::Collector => "collector",
        For::Supervisor => "supervisor",
        For::Person => "person",
    };
    let mut body = json!({
        "decision": explain.decision,
        "contact": explain.contact.map(|contact| contact.to_string()),
        "for": reader,
    });
    if let Some(number) = &explain.number {
        body["number"] = json!(read_number(number)?);
    }
    let answer = Client::signed_in(&explain.server)?.question("/v1/decisions/explain", &body)?;
    print(format, &answer, |answer| match explain.reader {
        For::Collector => collector(answer, explain.language),
        For::Supervisor => supervisor(answer, explain.language),
        For::Person => person::person(answer, explain.language),
    });
    if answer["reproduced"] == Value::Bool(false) {
        return Err(Failure::failed(format!(
            "the log does not give the decision again: {}",
            answer["differences"]
        )));
    }
    Ok(())
}

/// Explains a request that was not made.
pub(super) fn request(request: &ExplainRequest, format: Format) -> Result<(), Failure> {
    let mut body = whom(&request.whom)?;
    body["case"] = json!(request.case.to_string());
    body["collector"] = json!(request.collector.to_string());
    body["channel"] = json!(request.channel.word());
    body["purpose"] = json!(request.purpose.word());
    body["line"] = json!(request.line);
    let answer = Client::signed_in(&request.server)?.question("/v1/permits/explain", &body)?;
    print(format, &answer, |answer| supervisor(answer, request.language));
    Ok(())
}

fn rules(answer: &Value) -> impl Iterator<Item = &Value> {
    answer["rules"].as_array().into_iter().flatten()
}

/// What the rule demands, in words; its name where there are none.
fn says(rule: &Value, language: Language) -> String {
    let key = match language {
        Language::En => "says",
        Language::Zh => "says_zh",
    };
    rule[key].as_str().map_or_else(|| text(&rule["rule"]), str::to_owned)
}

/// `: 3 of 3`, where something is counted.
fn counted(rule: &Value) -> String {
    match (rule["counted"].as_u64(), rule["limit"].as_u64()) {
        (Some(counted), Some(limit)) => format!(": {counted} of {limit}"),
        _ => String::new(),
    }
}

fn headline(answer: &Value) -> String {
    let asked = &answer["asked"];
    let word = if answer["allowed"] == Value::Bool(true) { "allowed" } else { "refused" };
    let what =
        answer["decision"].as_str().map_or_else(|| "would be".to_owned(), |decision| format!("{decision}:"));
    format!(
        "{what} {word} at {}: {} to {}, {}, {}",
        text(&answer["at"]),
        text(&asked["channel"]),
        text(&asked["purpose"]),
        text(&asked["case"]),
        text(&asked["agency"])
    )
}

/// What stands in the way, and until when.
fn collector(answer: &Value, language: Language) -> String {
    let mut lines = vec![headline(answer)];
    for rule in rules(answer).filter(|rule| rule["verdict"] == "refuses") {
        let until = rule["next_allowed"]
            .as_str()
            .map_or_else(|| "not by the passing of time".to_owned(), |until| format!("until {until}"));
        lines.push(format!(
            "  {}{} ({until})\n    {}",
            text(&rule["rule"]),
            counted(rule),
            says(rule, language)
        ));
    }
    match answer["next_allowed"].as_str() {
        Some(next) => lines.push(format!("next allowed: {next}")),
        None if answer["allowed"] == Value::Bool(false) => {
            lines.push("no passing of time will allow it; what each code means: forbear code F0…".to_owned());
        }
        None => {
            let left = rules(answer).filter(|rule| rule["limit"].is_u64());
            lines.extend(left.map(|rule| format!("  {}{}", text(&rule["rule"]), counted(rule))));
        }
    }
    lines.join("\n")
}

/// Every rule that was asked.
fn supervisor(answer: &Value, language: Language) -> String {
    let mut lines = vec![headline(answer)];
    if let Some(next) = answer["next_allowed"].as_str() {
        lines.push(format!("next allowed: {next}"));
    }
    match answer["reproduced"].as_bool() {
        Some(true) => lines.push("made again from the log alone: the same".to_owned()),
        Some(false) => {
            lines.push("MADE AGAIN FROM THE LOG ALONE, IT DIFFERS:".to_owned());
            let differences = answer["differences"].as_array().into_iter().flatten();
            lines.extend(differences.map(|difference| format!("  {}", text(difference))));
        }
        None => {}
    }
    for rule in rules(answer) {
        let (verdict, code) = (text(&rule["verdict"]), text(&rule["code"]));
        let refuses = matches!(rule["verdict"].as_str(), Some("refuses" | "flags"));
        let code = if refuses { format!(" {code} {}", text(&rule["word"])) } else { String::new() };
        let mut line = format!("{verdict:<8} {}{}{code}", text(&rule["rule"]), counted(rule));
        for (name, key) in [("until", "next_allowed"), ("because", "detail")] {
            if let Some(value) = rule[key].as_str() {
                line.push_str(&format!("; {name} {value}"));
            }
        }
        line.push_str(&format!("\n         {}", says(rule, language)));
        if let Some(source) = rule["source"].as_str() {
            line.push_str(&format!(
                "\n         source: {source} ({}; version {})",
                text(&rule["read"]),
                text(&rule["version"])
            ));
        }
        let positions: Vec<_> = rule["positions"].as_array().into_iter().flatten().map(text).collect();
        if !positions.is_empty() {
            line.push_str(&format!("\n         counted at: {}", positions.join(", ")));
        }
        lines.push(line);
    }
    lines.join("\n")
}
