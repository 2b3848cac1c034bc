//! `consent`, `contacts`, `number`: what the gate is told.

use serde_json::{Value, json};

use super::contact::whom;
use super::lines_file::LinesFile;
use super::{print, text};
use crate::cli::{Consent, Contacts, Format, Number};
use crate::client::Client;
use crate::failure::Failure;

/// Refused lines printed; the JSON has all.
const SHOWN: usize = 20;

pub(super) fn consent(consent: &Consent, format: Format) -> Result<(), Failure> {
    match consent {
        Consent::Give {
            whom: of,
            case,
            agency,
            covers,
            every_debt,
            every_contact,
            given,
            from,
            until,
            server,
        } => {
            let mut body = whom(of)?;
            body["case"] = json!(case.to_string());
            body["agency"] = json!(agency.map(|agency| agency.to_string()));
            body["covers"] = json!(covers);
            body["every_debt"] = json!(every_debt);
            body["every_contact"] = json!(every_contact);
            body["given"] = json!(given);
            body["from"] = json!(from);
            body["until"] = json!(until);
            let answer = Client::signed_in(server)?.post("/v1/consents/give", &body)?;
            print(format, &answer, |answer| so(answer, "the consent is taken down"));
        }
        Consent::Revoke { whom: of, case, server } => {
            let mut body = whom(of)?;
            body["case"] = json!(case.to_string());
            let answer = Client::signed_in(server)?.post("/v1/consents/revoke", &body)?;
            print(format, &answer, |answer| so(answer, "no consent holds any more"));
        }
        Consent::Answer { whom: of, case, answer, server } => {
            let mut body = whom(of)?;
            body["case"] = json!(case.to_string());
            body["answer"] = json!(answer);
            let answer = Client::signed_in(server)?.post("/v1/consents", &body)?;
            print(format, &answer, |answer| so(answer, "the answer is taken down"));
        }
    }
    Ok(())
}

pub(super) fn number(number: &Number, format: Format) -> Result<(), Failure> {
    match number {
        Number::Disprove { whom: of, case, belongs_to, server } => {
            let mut body = whom(of)?;
            body["case"] = json!(case.to_string());
            body["belongs_to"] = json!(belongs_to.map(|person| person.to_string()));
            let answer = Client::signed_in(server)?.post("/v1/numbers/disprove", &body)?;
            print(format, &answer, |answer| so(answer, "the number is somebody else's"));
        }
        Number::Check { found, whom: of, at, server } => {
            let mut body = whom(of)?;
            body["found"] = json!(found);
            body["at"] = json!(at);
            let answer = Client::signed_in(server)?.post("/v1/numbers/check", &body)?;
            print(format, &answer, |answer| so(answer, &format!("the check is taken down: {found}")));
        }
    }
    Ok(())
}

/// What is so, and whether it was before.
pub(super) fn so(answer: &Value, what: &str) -> String {
    let before = if answer["changed"] == Value::Bool(true) { "" } else { "; it was so before" };
    format!("{what}{before}")
}

pub(super) fn contacts(contacts: &Contacts, format: Format) -> Result<(), Failure> {
    let Contacts::Record { file, server } = contacts;
    let client = Client::signed_in(server)?;
    let (mut recorded, mut refused) = (0_u64, Vec::new());
    LinesFile::open(file)?.send(&client, "/v1/contacts/record/batch", None, |line, answer| {
        match answer.get("refusal") {
            None => recorded += 1,
            Some(refusal) => refused.push(json!({ "line": line, "reasons": refusal["reasons"] })),
        }
    })?;
    let any = !refused.is_empty();
    let answer = json!({ "recorded": recorded, "refused": refused.len(), "errors": refused });
    print(format, &answer, |answer| {
        let mut out = format!("{recorded} recorded, {} refused", answer["refused"]);
        for error in answer["errors"].as_array().into_iter().flatten().take(SHOWN) {
            out.push_str(&format!("\n  line {}: {}", error["line"], reasons(error)));
        }
        out
    });
    if any { Err(Failure::failed("some lines were not recorded")) } else { Ok(()) }
}

/// Every reason, in a line.
pub(super) fn reasons(refusal: &Value) -> String {
    let each = refusal["reasons"].as_array().into_iter().flatten().map(|reason| {
        let detail = reason["detail"].as_str().map_or_else(String::new, |detail| format!(" ({detail})"));
        format!("{} {}{detail}", text(&reason["code"]), text(&reason["word"]))
    });
    each.collect::<Vec<_>>().join(", ")
}
