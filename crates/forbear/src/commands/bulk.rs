//! `permit check`, `permit batch`: many requests, a JSON line each.

use std::path::Path;

use serde_json::{Value, json};

use super::lines_file::{LinesFile, Part};
use super::told::reasons;
use super::{print, text};
use crate::cli::{Format, Server};
use crate::client::{self, Client};
use crate::failure::Failure;

/// Looks a list through, and reserves nothing.
pub(super) fn check(file: &Path, server: &Server, format: Format) -> Result<(), Failure> {
    let client = Client::signed_in(server)?;
    let (mut file, mut answers, mut at) = (LinesFile::open(file)?, Vec::new(), Value::Null);
    while let Some(Part { numbers, body }) = file.part()? {
        let mut answer = client.question_lines("/v1/permits/check", body)?;
        at = answer["at"].take();
        let part = answer["answers"].as_array_mut().map(std::mem::take).unwrap_or_default();
        answers.extend(numbers.into_iter().zip(part).map(|(line, mut answer)| {
            answer["line"] = json!(line);
            answer
        }));
    }
    let answer = json!({ "at": at, "answers": answers });
    print(format, &answer, |answer| {
        let lines = answer["answers"].as_array().into_iter().flatten().map(|answer| {
            let said = match (answer.get("refusal"), answer["next_allowed"].as_str()) {
                (Some(refusal), _) => reasons(refusal),
                (None, Some(_)) if answer["callable_now"] == Value::Bool(true) => "now".to_owned(),
                (None, Some(next)) => format!("from {next}"),
                (None, None) => "not by the passing of time".to_owned(),
            };
            format!("line {}: {said}", answer["line"])
        });
        lines.collect::<Vec<_>>().join("\n")
    });
    Ok(())
}

/// Asks for many permits.
pub(super) fn batch(
    file: &Path,
    retry_key: Option<String>,
    server: &Server,
    format: Format,
) -> Result<(), Failure> {
    let client = Client::signed_in(server)?;
    let retry_key = retry_key.map_or_else(client::retry_key, Ok)?;
    let mut answers = Vec::new();
    let taken = |line, mut answer: Value| {
        answer["line"] = json!(line);
        answers.push(answer);
    };
    LinesFile::open(file)?.send(&client, "/v1/permits/batch", Some(&retry_key), taken).map_err(
        |failure| {
            let again = format!("to ask for the same permits, and not for others: --retry-key {retry_key}");
            if failure.is_unanswered() { failure.hint(&again) } else { failure }
        },
    )?;
    print(format, &json!({ "answers": answers }), |answer| {
        let lines = answer["answers"].as_array().into_iter().flatten().map(|answer| {
            let said = match answer.get("refusal") {
                Some(refusal) => format!("refused: {}", reasons(refusal)),
                None => text(&answer["permit"]["token"]),
            };
            format!("line {}: {said}", answer["line"])
        });
        lines.collect::<Vec<_>>().join("\n")
    });
    Ok(())
}
