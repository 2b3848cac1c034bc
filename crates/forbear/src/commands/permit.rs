//! `permit`.

use serde_json::{Value, json};

use super::contact::whom;
use super::{print, text};
use crate::cli::{Format, Permit};
use crate::client::{self, Client};
use crate::failure::Failure;

pub(super) fn run(permit: Permit, format: Format) -> Result<(), Failure> {
    match permit {
        Permit::Request { whom: target, case, collector, channel, purpose, line, retry_key, server } => {
            let mut body = whom(&target)?;
            body["case"] = json!(case.to_string());
            body["collector"] = json!(collector.to_string());
            body["channel"] = json!(channel.word());
            body["purpose"] = json!(purpose.word());
            body["line"] = json!(line);
            let client = Client::signed_in(&server)?;
            // Named here, so that whoever hears no answer can be told the name.
            let retry_key = retry_key.map_or_else(client::retry_key, Ok)?;
            let answer = client.post_as("/v1/permits", &body, &retry_key).map_err(|failure| {
                let again =
                    format!("to ask for the same permit, and not for another: --retry-key {retry_key}");
                if failure.is_unanswered() { failure.hint(&again) } else { failure }
            })?;
            print(format, &answer, |answer| {
                format!(
                    "allowed: one {}, placed by {}{}\n{}\n\
                     as you place it: forbear permit redeem <the line above> --call <Call-ID>",
                    channel.word(),
                    text(&answer["expires_at"]),
                    tightest(&answer["tightest"]),
                    text(&answer["token"])
                )
            });
        }
        Permit::Check { file, server } => super::bulk::check(&file, &server, format)?,
        Permit::Batch { file, retry_key, server } => super::bulk::batch(&file, retry_key, &server, format)?,
        Permit::Explain(request) => super::explain::request(&request, format)?,
        Permit::Redeem { permit, call, server } => {
            let body = json!({ "token": permit, "call": call });
            let answer = Client::signed_in(&server)?.post("/v1/permits/redeem", &body)?;
            print(format, &answer, |answer| {
                let again = if answer["changed"] == Value::Bool(true) { "" } else { ", by this call before" };
                format!("permit {} redeemed{again}", answer["permit"])
            });
        }
        Permit::Settle { permit, outcome, server } => {
            let body = json!({ "token": permit, "outcome": outcome.word() });
            let answer = Client::signed_in(&server)?.post("/v1/permits/settle", &body)?;
            print(format, &answer, |answer| {
                let counts =
                    if answer["given_back"] == Value::Bool(true) { "no longer counts" } else { "counts" };
                format!("permit {} settled: {outcome}; the call {counts}", answer["permit"])
            });
        }
    }
    Ok(())
}

/// The cap that leaves least.
fn tightest(tightest: &Value) -> String {
    match tightest["rule"].as_str() {
        Some(rule) => {
            let count = &tightest["count"];
            format!(" ({} of {} by {rule}, this one counted)", count["counted"], count["limit"])
        }
        None => String::new(),
    }
}
