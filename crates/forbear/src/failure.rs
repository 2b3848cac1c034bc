//! How a command fails: a sentence, an exit code, and for programs one JSON object.

use std::fmt;
use std::process::ExitCode;

use serde_json::{Value, json};

use crate::cli::Format;

/// The kinds of failure. Their exit codes are in the help.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// The platform decided, and said no.
    Refused,
    /// It was tried and did not work.
    Failed,
    /// The command line, the configuration or a file is wrong.
    Usage,
    /// Nobody answers, or nothing was decided.
    Unavailable,
}

impl Kind {
    const fn word(self) -> &'static str {
        match self {
            Self::Refused => "refused",
            Self::Failed => "failed",
            Self::Usage => "usage",
            Self::Unavailable => "unavailable",
        }
    }

    const fn exit_code(self) -> u8 {
        match self {
            Self::Refused | Self::Failed => 1,
            Self::Usage => 2,
            Self::Unavailable => 3,
        }
    }
}

/// Why a command failed.
#[derive(Debug)]
pub struct Failure {
    kind: Kind,
    message: String,
    /// What the platform said, as `proto/http.md` has it.
    refusal: Option<Value>,
}

impl Failure {
    /// It was tried and did not work.
    pub fn failed(message: impl fmt::Display) -> Self {
        Self { kind: Kind::Failed, message: message.to_string(), refusal: None }
    }

    /// The command line, the configuration or a file is wrong.
    pub fn usage(message: impl fmt::Display) -> Self {
        Self { kind: Kind::Usage, message: message.to_string(), refusal: None }
    }

    /// Nobody answers; the same command may succeed later.
    pub fn unavailable(message: impl fmt::Display) -> Self {
        Self { kind: Kind::Unavailable, message: message.to_string(), refusal: None }
    }

    /// The platform decided, and refused: `refusal` is its answer.
    pub fn refused(refusal: Value) -> Self {
        Self { kind: Kind::Refused, message: sentence("refused", &refusal), refusal: Some(refusal) }
    }

    /// The platform answered that it could not decide: `refusal` is its answer.
    pub fn undecided(refusal: Value) -> Self {
        let message = sentence("not decided, try again", &refusal);
        Self { kind: Kind::Unavailable, message, refusal: Some(refusal) }
    }

    /// With another sentence after it, about what to do.
    pub fn hint(self, hint: &str) -> Self {
        Self { message: format!("{}\n{hint}", self.message), ..self }
    }

    /// Whether what was asked may have been done all the same.
    pub fn is_unanswered(&self) -> bool {
        self.kind == Kind::Unavailable
    }

    /// As an exit code.
    pub fn exit_code(&self) -> ExitCode {
        ExitCode::from(self.kind.exit_code())
    }

    /// Says it on standard error: to people, or to programs as one line with one JSON object.
    pub fn print(&self, format: Format) {
        match format {
            Format::Text => eprintln!("forbear: {self}"),
            Format::Json => eprintln!("{}", self.json()),
        }
    }

    /// `{"error", "exit_code", "message", "code", "reasons", "next_allowed", "decision"}`: every key, always.
    fn json(&self) -> Value {
        let said = |key: &str| self.refusal.as_ref().map_or(Value::Null, |refusal| refusal[key].clone());
        let reasons = match said("reasons") {
            Value::Array(reasons) => reasons,
            _ => Vec::new(),
        };
        json!({
            "error": self.kind.word(),
            "exit_code": self.kind.exit_code(),
            "message": self.message,
            "code": reasons.first().map_or(Value::Null, |reason| reason["code"].clone()),
            "reasons": reasons,
            "next_allowed": said("next_allowed"),
            "decision": said("decision"),
        })
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

/// Every reason of a refusal, a line each.
fn sentence(what: &str, refusal: &Value) -> String {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let mut lines = vec![format!("{what}:")];
    for reason in refusal["reasons"].as_array().into_iter().flatten() {
        let mut line = format!("  {} {}", text(&reason["code"]), text(&reason["word"]));
        if let (Some(counted), Some(limit)) = (reason["counted"].as_u64(), reason["limit"].as_u64()) {
            line.push_str(&format!(" ({counted} of {limit})"));
        }
        if let Some(detail) = reason["detail"].as_str() {
            line.push_str(&format!(": {detail}"));
        }
        lines.push(line);
    }
    match refusal["next_allowed"].as_str() {
        Some(next) => lines.push(format!("  next allowed: {next}")),
        None if lines.len() == 1 => lines.push(format!("  {refusal}")),
        None => {}
    }
    if let Some(code) = refusal["reasons"][0]["code"].as_str() {
        lines.push(format!("  what it means: forbear code {code}"));
    }
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn given_a_refusal_then_programs_get_its_code_and_every_reason() {
        let refusal = json!({
            "reasons": [{ "code": "F0302", "word": "day-cap", "detail": null, "limit": 3, "counted": 3 }],
            "next_allowed": "2026-11-25T00:00:01Z", "decision": 17,
        });
        let failure = Failure::refused(refusal.clone());
        let said = failure.json();
        assert_eq!(
            (&said["error"], &said["exit_code"], &said["code"]),
            (&json!("refused"), &json!(1), &json!("F0302"))
        );
        for key in ["reasons", "next_allowed", "decision"] {
            assert_eq!(said[key], refusal[key], "{key}");
        }
        assert_eq!(
            failure.to_string(),
            "refused:\n  F0302 day-cap (3 of 3)\n  next allowed: 2026-11-25T00:00:01Z\n  \
             what it means: forbear code F0302"
        );
    }

    #[test]
    fn given_another_failure_then_the_keys_are_the_same() {
        let said = Failure::usage("expected a file").json();
        assert_eq!(
            (&said["error"], &said["exit_code"], &said["code"]),
            (&json!("usage"), &json!(2), &Value::Null)
        );
        assert_eq!((&said["reasons"], &said["message"]), (&json!([]), &json!("expected a file")));
    }
}
