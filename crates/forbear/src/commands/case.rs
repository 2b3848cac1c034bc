//! `case`.

use model::CaseId;
use serde_json::{Value, json};

use super::{print, text};
use crate::cli::{Agreed, Case, Format, One, Server};
use crate::client::Client;
use crate::failure::Failure;

pub(super) fn run(case: Case, format: Format) -> Result<(), Failure> {
    match case {
        Case::Show(One { case, server }) => {
            let answer = Client::signed_in(&server)?.get(&format!("/v1/cases/{case}"))?;
            print(format, &answer, describe);
        }
        Case::Statement { case, on, booked_by, server } => {
            let on = on.map(|on| format!("on={on}"));
            // A zone's sign in a query is a space unless it is escaped.
            let booked_by = booked_by.map(|at| format!("booked_by={}", at.replace('+', "%2B")));
            let query: Vec<_> = on.into_iter().chain(booked_by).collect();
            let path = format!("/v1/cases/{case}/statement?{}", query.join("&"));
            let answer = Client::signed_in(&server)?.get(&path)?;
            print(format, &answer, statement);
        }
        Case::Pay { money, reference, date, at_agency, server } => {
            let body = json!({
                "reference": reference,
                "amount": money.amount,
                "currency": money.currency.to_string(),
                "value_date": date,
                "received_by": if at_agency { "agency" } else { "lender" },
            });
            change(&server, money.case, "payments", &body, format, "the payment is posted")?;
        }
        Case::Reverse { case, reference, date, charge_back, server } => {
            let body = json!({ "reference": reference, "value_date": date, "charge_back": charge_back });
            change(&server, case, "payments/take-back", &body, format, "the payment is taken out")?;
        }
        Case::Book { entry, reference, basis, account, date, server } => {
            let body = json!({
                "kind": entry.kind,
                "reference": reference,
                "account": account,
                "amount": entry.amount,
                "currency": entry.currency.to_string(),
                "basis": basis,
                "value_date": date,
            });
            change(&server, entry.case, "entries", &body, format, "the entry is booked")?;
        }
        Case::Interest { case, until, server } => {
            change(&server, case, "interest", &json!({ "until": until }), format, "interest is charged")?;
        }
        Case::Promise(agreed) => commit(&agreed, "promise", format)?,
        Case::Plan(agreed) => commit(&agreed, "plan", format)?,
        Case::Offer { agreed, expires } => {
            let mut body = instalments(&agreed)?;
            body["expires_on"] = json!(expires);
            change(&agreed.server, agreed.case, "settlement", &body, format, "the settlement is offered")?;
        }
        Case::Accept(One { case, server }) => {
            change(&server, case, "settlement/accept", &json!({}), format, "the settlement is agreed")?;
        }
        Case::Cancel(One { case, server }) => {
            change(&server, case, "commitment/cancel", &json!({}), format, "nothing is agreed any more")?;
        }
        Case::Pause { case, kind, until, server } => {
            let body = json!({ "kind": kind, "until": until });
            let what = format!("nobody is contacted about the case until {until}");
            change(&server, case, "pause", &body, format, &what)?;
        }
        Case::Resume { case, kind, server } => {
            change(&server, case, "resume", &json!({ "kind": kind }), format, "collection goes on")?;
        }
        Case::Limit { case, on, basis, server } => {
            let body = json!({ "on": on, "basis": basis });
            change(&server, case, "limitation", &body, format, "the limitation date is set")?;
        }
        Case::Close { case, reason, server } => {
            let body = json!({ "reason": reason });
            change(&server, case, "close", &body, format, &format!("the case is closed: {reason}"))?;
        }
        Case::Reopen(One { case, server }) => {
            change(&server, case, "reopen", &json!({}), format, "the case is open again")?;
        }
    }
    Ok(())
}

fn commit(agreed: &Agreed, kind: &str, format: Format) -> Result<(), Failure> {
    let mut body = instalments(agreed)?;
    body["kind"] = json!(kind);
    body["grace_days"] = json!(agreed.grace);
    change(&agreed.server, agreed.case, "commitment", &body, format, &format!("the {kind} is taken down"))
}

fn instalments(agreed: &Agreed) -> Result<Value, Failure> {
    let part = |part: &String| {
        let (due_on, amount) = part.split_once('=').ok_or_else(|| {
            Failure::usage("--part: expected a day and an amount, such as 2026-12-01=400.00")
        })?;
        Ok(json!({ "due_on": due_on, "amount": amount }))
    };
    let parts = agreed.parts.iter().map(part).collect::<Result<Vec<_>, Failure>>()?;
    Ok(json!({ "instalments": parts, "currency": agreed.currency.to_string() }))
}

/// Changes something about a case, and says what is so now.
fn change(
    server: &Server,
    case: CaseId,
    route: &str,
    body: &Value,
    format: Format,
    what: &str,
) -> Result<(), Failure> {
    let answer = Client::signed_in(server)?.post(&format!("/v1/cases/{case}/{route}"), body)?;
    print(format, &answer, |answer| {
        let so = super::told::so(answer, what);
        match answer["balance"]["text"].as_str() {
            Some(balance) => format!("{so}; owed: {balance}"),
            None => so,
        }
    });
    Ok(())
}

fn describe(case: &Value) -> String {
    let mut out = format!(
        "{} of {}: {}; owed {}\n",
        text(&case["case"]),
        text(&case["lender"]),
        text(&case["stage"]),
        text(&case["balance"]["text"]),
    );
    for (account, amount) in case["accounts"].as_object().into_iter().flatten() {
        out.push_str(&format!("  {account:<16} {:>20}\n", text(&amount["text"])));
    }
    for pause in case["pauses"].as_array().into_iter().flatten() {
        out.push_str(&format!("paused for a {} until {}\n", text(&pause["kind"]), text(&pause["until"])));
    }
    if let Some(commitment) = case["commitment"].as_object() {
        let state = match commitment["offered_until"].as_str() {
            Some(until) => format!("offered until {until}"),
            None => format!("paid {}", text(&commitment["paid"]["text"])),
        };
        out.push_str(&format!("{}, {state}:\n", text(&commitment["kind"])));
        for part in commitment["instalments"].as_array().into_iter().flatten() {
            out.push_str(&format!("  {} {:>20}\n", text(&part["due_on"]), text(&part["amount"]["text"])));
        }
    }
    if let Some(on) = case["limitation"].as_str() {
        out.push_str(&format!("not called for from {on} on\n"));
    }
    out
}

fn statement(statement: &Value) -> String {
    let mut out = String::new();
    for entry in statement["entries"].as_array().into_iter().flatten() {
        out.push_str(&format!(
            "{} {:<20} {:>20}\n",
            text(&entry["value_date"]),
            text(&entry["kind"]),
            text(&entry["balance"]["text"])
        ));
        for (account, amount) in entry["postings"].as_object().into_iter().flatten() {
            out.push_str(&format!("    {account:<16} {:>20}\n", text(&amount["text"])));
        }
    }
    let as_of = ["on", "booked_by"].map(|key| statement[key].as_str().map(|at| format!(" {at}")));
    out.push_str(&format!(
        "owed{}: {}\n",
        as_of.into_iter().flatten().collect::<String>(),
        text(&statement["balance"]["text"])
    ));
    out
}
