//! `policy replay`, `reproduce`: the log read again.

use std::io::{Cursor, IsTerminal, stderr};

use indicatif::{ProgressBar, ProgressStyle};
use serde_json::{Value, json};

use super::{count, print, text};
use crate::cli::{Format, Server};
use crate::client::Client;
use crate::failure::Failure;

pub(super) fn run(pack: &str, body: &Value, server: &Server, format: Format) -> Result<(), Failure> {
    let result = watched("/v1/policies/replay", body, server)?;
    print(format, &result, |result| said(pack, result));
    Ok(())
}

/// Every decision made again; fails if one differs.
pub(super) fn reproduce(server: &Server, format: Format) -> Result<(), Failure> {
    let result = watched("/v1/decisions/reproduce", &json!({}), server)?;
    print(format, &result, |result| {
        let mut lines = vec![format!(
            "{} made again from the log alone: {} came out otherwise",
            count(&result["decisions"], "decision"),
            text(&result["differing"])
        )];
        for named in result["named"].as_array().into_iter().flatten() {
            let differences: Vec<_> =
                named["differences"].as_array().into_iter().flatten().map(text).collect();
            lines.push(format!("  {}: {}", text(&named["decision"]), differences.join("; ")));
        }
        lines.join("\n")
    });
    if result["differing"].as_u64() == Some(0) {
        return Ok(());
    }
    Err(Failure::failed("the log does not give every decision again"))
}

/// The result of work that tells how far it is.
fn watched(path: &str, body: &Value, server: &Server) -> Result<Value, Failure> {
    let client = Client::signed_in(server)?;
    let progress = if stderr().is_terminal() { ProgressBar::new(0) } else { ProgressBar::hidden() };
    if let Ok(style) = ProgressStyle::with_template("{msg} {bar:40} {pos} of {len} records, {elapsed}") {
        progress.set_style(style);
    }
    let mut last = Value::Null;
    client.lines(path, "application/json", None, Cursor::new(body.to_string()), |line| {
        let Some(at) = line.get("progress") else {
            last = line;
            return;
        };
        progress.set_length(at["records"].as_u64().unwrap_or_default());
        progress.set_position(at["read"].as_u64().unwrap_or_default());
        let partition = at["partition"].as_u64().unwrap_or_default() + 1;
        progress.set_message(format!("partition {partition} of {}", at["partitions"]));
    })?;
    progress.finish_and_clear();
    if let Some(refusal) = last.get("refusal") {
        return Err(Failure::refused(refusal.clone()));
    }
    match last.get_mut("result") {
        Some(result) => Ok(result.take()),
        None => Err(Failure::unavailable("the platform broke off; try again")),
    }
}

fn said(pack: &str, result: &Value) -> String {
    let mut lines = vec![format!(
        "{} judged again by {pack}: {} would have been refused, {} allowed instead",
        count(&result["decisions"], "request"),
        text(&result["refused_instead"]),
        text(&result["allowed_instead"])
    )];
    for agency in result["agencies"].as_array().into_iter().flatten() {
        lines.push(format!(
            "{}: of {}, {} refused instead, {} allowed instead",
            text(&agency["agency"]),
            text(&agency["decisions"]),
            text(&agency["refused_instead"]),
            text(&agency["allowed_instead"])
        ));
        let own = |rule: &&Value| rule["agency"] == agency["agency"];
        for rule in result["rules"].as_array().into_iter().flatten().filter(own) {
            let examples: Vec<_> = rule["examples"].as_array().into_iter().flatten().map(text).collect();
            lines.push(format!(
                "  {}: {} refused, {} no longer refused; such as {}",
                text(&rule["rule"]),
                text(&rule["refused_instead"]),
                text(&rule["allowed_instead"]),
                examples.join(", ")
            ));
        }
    }
    lines.push("nothing was touched; why a decision was made: forbear explain <decision>".to_owned());
    lines.join("\n")
}
