//! `account`, `terms`, `reconcile`.

use std::fs::File;

use serde_json::{Value, json};

use super::{count, print, text};
use crate::cli::{Format, PartyAccount, ProductTerms, Reconcile};
use crate::client::Client;
use crate::failure::Failure;

/// Differences printed; the JSON has all.
const SHOWN: usize = 50;

pub(super) fn account(account: &PartyAccount, format: Format) -> Result<(), Failure> {
    let client = Client::signed_in(&account.server)?;
    let on = account.on.as_ref().map_or_else(String::new, |on| format!("?on={on}"));
    let path = match (account.of.lender, account.of.agency) {
        (Some(lender), _) => format!("/v1/lenders/{lender}/account{on}"),
        (None, Some(agency)) => format!("/v1/agencies/{agency}/account"),
        (None, None) => return Err(Failure::usage("expected --lender or --agency")),
    };
    let answer = client.get(&path)?;
    print(format, &answer, describe);
    Ok(())
}

fn describe(account: &Value) -> String {
    let mut out = String::new();
    for sums in account["sums"].as_array().into_iter().flatten() {
        let agency = sums["agency"].as_str().unwrap_or("no agency");
        let payments = count(&sums["payments"], "payment");
        out.push_str(&format!("{}, {agency}: {payments}\n", text(&sums["lender"])));
        for key in ["collected", "commission", "to_hand_on", "to_refund", "refunded"] {
            let name = key.replace('_', " ");
            out.push_str(&format!("  {name:<16} {:>20}\n", text(&sums[key]["text"])));
        }
    }
    for bucket in account["ages"].as_array().into_iter().flatten() {
        out.push_str(&format!(
            "overdue {:>4} days or more: {:>12}, owed {}\n",
            bucket["days_from"],
            count(&bucket["cases"], "case"),
            text(&bucket["owed"]["text"])
        ));
    }
    if out.is_empty() { "nothing was posted".to_owned() } else { out }
}

pub(super) fn terms(terms: &ProductTerms, format: Format) -> Result<(), Failure> {
    match terms {
        ProductTerms::Show { lender, server } => {
            let answer = Client::signed_in(server)?.get(&format!("/v1/lenders/{lender}/terms"))?;
            print(format, &answer, |answer| {
                serde_json::to_string_pretty(answer).unwrap_or_else(|_| answer.to_string())
            });
        }
        ProductTerms::Set { file, lender, server } => {
            let failed = |error: String| Failure::usage(format!("{}: {error}", file.display()));
            let bytes = std::fs::read(file).map_err(|error| failed(error.to_string()))?;
            let body: Value = serde_json::from_slice(&bytes).map_err(|error| failed(error.to_string()))?;
            let answer = Client::signed_in(server)?.post(&format!("/v1/lenders/{lender}/terms"), &body)?;
            print(format, &answer, |answer| super::told::so(answer, "the terms are set"));
        }
        ProductTerms::Commission { agency, lender, rate_bp, direct, server } => {
            let body = json!({ "agency": agency.to_string(), "rate_bp": rate_bp, "direct": direct });
            let answer =
                Client::signed_in(server)?.post(&format!("/v1/lenders/{lender}/commissions"), &body)?;
            print(format, &answer, |answer| super::told::so(answer, "the commission is agreed"));
        }
    }
    Ok(())
}

pub(super) fn reconcile(reconcile: &Reconcile, format: Format) -> Result<(), Failure> {
    let failed = |error| Failure::usage(format!("{}: {error}", reconcile.file.display()));
    let file = File::open(&reconcile.file).map_err(failed)?;
    let client = Client::signed_in(&reconcile.server)?;
    let answer = client.upload(&format!("/v1/lenders/{}/reconcile", reconcile.lender), &[], file)?;
    print(format, &answer, differences);
    let agrees = |key: &str| answer[key].as_array().is_none_or(Vec::is_empty);
    let agreed = agrees("differing") && agrees("unlisted");
    if agreed { Ok(()) } else { Err(Failure::failed("the books and the list differ")) }
}

fn differences(result: &Value) -> String {
    let mut out = format!("{} agree\n", count(&result["agreed"], "line"));
    for row in result["differing"].as_array().into_iter().flatten().take(SHOWN) {
        out.push_str(&format!(
            "  line {}: {}: listed {} on {}",
            row["line"],
            text(&row["difference"]),
            text(&row["listed"]["amount"]["text"]),
            text(&row["listed"]["value_date"]),
        ));
        if let Some(booked) = row["booked"].as_object() {
            let (amount, day) = (text(&booked["amount"]["text"]), text(&booked["value_date"]));
            out.push_str(&format!(", booked {amount} on {day}"));
        }
        out.push('\n');
    }
    for row in result["unlisted"].as_array().into_iter().flatten().take(SHOWN) {
        let (case, amount) = (text(&row["case"]), text(&row["amount"]["text"]));
        out.push_str(&format!("  not listed: {case} {amount} on {}\n", text(&row["value_date"])));
    }
    out
}
