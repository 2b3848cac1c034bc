//! `permit`.

use serde_json::{Value, json};

use super::contact::whom;
use super::{print, text};
use crate::cli::{Format, Permit};
use crate::client::Client;
use crate::failure::Failure;

pub(super) fn run(permit: Permit, format: Format) -> Result<(), Failure> {
    match permit {
        Permit::Request { whom: target, case, collector, channel, purpose, line, server } => {
            let mut body = whom(&target)?;
            body["case"] = json!(case.to_string());
            body["collector"] = json!(collector.to_string());
            body["channel"] = json!(channel.word());
            body["purpose"] = json!(purpose.word());
            body["line"] = json!(line);
            let answer = Client::signed_in(&server)?.post("/v1/permits", &body)?;
            print(format, &answer, |answer| {
                format!(
                    "allowed, once, until {} (today {} of {}, seven days {} of {})\n{}\n\
                     redeem it as you dial: forbear permit redeem <that> --call <Call-ID>",
                    text(&answer["expires_at"]),
                    answer["day"]["counted"],
                    answer["day"]["limit"],
                    answer["seven_days"]["counted"],
                    answer["seven_days"]["limit"],
                    text(&answer["token"])
                )
            });
        }
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
