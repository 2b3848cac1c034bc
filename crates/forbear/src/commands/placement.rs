//! `placement`, `agency terms`, `agency certify`.

use std::path::Path;

use clap::ValueEnum;
use serde_json::{Value, json};

use super::{count, print, text};
use crate::cli::{Certify, Format, LenderTerms, Placement, Terms};
use crate::client::Client;
use crate::failure::Failure;

pub(super) fn run(asked: Placement, format: Format) -> Result<(), Failure> {
    match asked {
        Placement::Plan { out, scores, server } => {
            let scores = scores.map_or(Ok(json!({})), |file| read(&file))?;
            let plan = Client::signed_in(&server)?.question("/v1/placement/plans", &scores)?;
            std::fs::write(&out, plan.to_string())
                .map_err(|error| Failure::failed(format!("{}: {error}", out.display())))?;
            print(format, &plan, |plan| summary(plan) + &format!("written to {}\n", out.display()));
        }
        Placement::Show { file } => print(format, &read(&file)?, |plan| summary(plan) + &segments(plan)),
        Placement::Diff { file, server } => {
            let plan = read(&file)?;
            let now = Client::signed_in(&server)?.get("/v1/agencies")?;
            let changes = changes(&plan, &now);
            print(format, &json!({ "plan": plan["plan"], "agencies": changes }), |diff| {
                agencies(&diff["agencies"])
            });
        }
        Placement::Apply { file, server } => {
            let plan = read(&file)?;
            let client = Client::signed_in(&server)?;
            let mut progress = client.question("/v1/placement/plans/apply", &plan)?;
            while progress["left"].as_u64().is_some_and(|left| left > 0) {
                progress = client.question("/v1/placement/plans/apply", &plan)?;
            }
            print(format, &progress, told);
        }
        Placement::Status(server) => {
            let answer = Client::signed_in(&server)?.get("/v1/placement/progress")?;
            print(format, &answer, |answer| match &answer["progress"] {
                Value::Null => "no plan was applied yet".to_owned(),
                progress => told(progress),
            });
        }
        Placement::Recall { agency, reason, lender, server } => {
            let word = reason.to_possible_value().map(|value| value.get_name().to_owned());
            let body = json!({ "reason": word, "lender": lender.map(|lender| lender.to_string()) });
            let answer = Client::signed_in(&server)?.post(&format!("/v1/agencies/{agency}/recall"), &body)?;
            print(format, &answer, |answer| format!("{} taken back", count(&answer["withdrawn"], "case")));
        }
        Placement::Scorecards(server) => {
            let answer = Client::signed_in(&server)?.get("/v1/placement/scorecards")?;
            print(format, &answer, scorecards);
        }
        Placement::Lender(terms) => lender(&terms, format)?,
    }
    Ok(())
}

fn lender(terms: &LenderTerms, format: Format) -> Result<(), Failure> {
    let path = format!("/v1/lenders/{}/agencies", terms.lender);
    let answer = Client::signed_in(&terms.server)?.post(&path, &read(&terms.file)?)?;
    print(format, &answer, set);
    Ok(())
}

pub(super) fn terms(terms: &Terms, format: Format) -> Result<(), Failure> {
    let path = format!("/v1/agencies/{}/terms", terms.agency);
    let answer = Client::signed_in(&terms.server)?.post(&path, &read(&terms.file)?)?;
    print(format, &answer, set);
    Ok(())
}

pub(super) fn certify(certify: &Certify, format: Format) -> Result<(), Failure> {
    let path = format!("/v1/collectors/{}/certificates", certify.collector);
    let answer = Client::signed_in(&certify.server)?.post(&path, &read(&certify.file)?)?;
    print(format, &answer, set);
    Ok(())
}

fn set(answer: &Value) -> String {
    if answer["changed"] == Value::Bool(true) { "recorded".to_owned() } else { "was so before".to_owned() }
}

fn read(file: &Path) -> Result<Value, Failure> {
    let failed = |error: &dyn std::fmt::Display| Failure::failed(format!("{}: {error}", file.display()));
    let bytes = std::fs::read(file).map_err(|error| failed(&error))?;
    serde_json::from_slice(&bytes).map_err(|error| failed(&error))
}

fn told(progress: &Value) -> String {
    format!(
        "plan {}: {} placed, {} dropped, {} left",
        short(progress),
        count(&progress["placed"], "case"),
        progress["dropped"],
        progress["left"]
    )
}

fn short(of: &Value) -> String {
    text(&of["plan"]).chars().take(12).collect()
}

fn summary(plan: &Value) -> String {
    let mut out = format!(
        "plan {} for {}: {} placed, {} waiting; expected net recovery {} (minor units), proven best to {}\n",
        short(plan),
        text(&plan["basis"]["day"]),
        count(&plan["placed"], "case"),
        plan["waiting"],
        text(&plan["worth"]),
        text(&plan["gap"])
    );
    if plan["missing"].as_u64().is_some_and(|missing| missing > 0) {
        out.push_str(&format!(
            "{} short of lenders' least shares and samples\n",
            count(&plan["missing"], "case")
        ));
    }
    out + &agencies(&plan["agencies"])
}

fn agencies(list: &Value) -> String {
    let mut out =
        format!("{:<12} {:<24} {:>9} {:>9} {:>9}\n", "agency", "name", "before", "after", "capacity");
    for agency in list.as_array().into_iter().flatten() {
        out.push_str(&format!(
            "{:<12} {:<24} {:>9} {:>9} {:>9}\n",
            text(&agency["agency"]),
            text(&agency["name"]),
            text(&agency["before"]),
            text(&agency["after"]),
            text(&agency["capacity"])
        ));
    }
    out
}

/// What agencies hold now, and would hold after the plan: it only adds to what they hold.
fn changes(plan: &Value, now: &Value) -> Value {
    let number = |value: &Value| value.as_u64().unwrap_or_default();
    let held = |agency: &Value| {
        let mut agencies = now["agencies"].as_array().into_iter().flatten();
        agencies.find(|other| other["agency"] == agency["agency"]).map_or(0, |found| number(&found["placed"]))
    };
    let changed = plan["agencies"].as_array().into_iter().flatten().filter_map(|agency| {
        let gains = number(&agency["after"]) - number(&agency["before"]).min(number(&agency["after"]));
        let before = held(agency);
        (gains > 0).then(|| {
            json!({
                "agency": agency["agency"], "name": agency["name"], "capacity": agency["capacity"],
                "before": before, "after": before + gains, "planned_before": agency["before"],
            })
        })
    });
    changed.collect()
}

fn segments(plan: &Value) -> String {
    let mut out = String::new();
    for segment in plan["segments"].as_array().into_iter().flatten() {
        let product = text(&segment["product"]);
        out.push_str(&format!(
            "{} {} {} {} age {} amount {} stage {}: {}\n",
            text(&segment["lender"]),
            if product.is_empty() { "-" } else { &product },
            text(&segment["jurisdiction"]),
            text(&segment["currency"]),
            segment["age"],
            segment["amount"],
            segment["stage"],
            count(&segment["cases"], "case"),
        ));
        for share in segment["shares"].as_array().into_iter().flatten() {
            let next = match &share["next"] {
                Value::Null => "nobody else may take them".to_owned(),
                next => {
                    format!("next best {} at {} less {}", text(&next["agency"]), next["worth"], next["price"])
                }
            };
            out.push_str(&format!(
                "  {} to {}: worth {} each, less {} for a scarce place; {next}\n",
                share["cases"],
                text(&share["agency"]),
                share["worth"],
                share["price"]
            ));
        }
        if segment["waiting"].as_u64().is_some_and(|waiting| waiting > 0) {
            let barred = segment["barred"].as_object().into_iter().flatten();
            let barred: Vec<String> = barred.map(|(why, agencies)| format!("{agencies} {why}")).collect();
            let why = if barred.is_empty() { "no room left".to_owned() } else { barred.join(", ") };
            out.push_str(&format!("  {} wait (agencies barred: {why})\n", segment["waiting"]));
        }
    }
    out
}

fn scorecards(answer: &Value) -> String {
    let mut out = format!(
        "{:<16} {:>9} {:>14} {:>14} {:>8} {:>18}\n",
        "who", "cases", "recovered", "expected", "paid", "95 % of chance"
    );
    let percent =
        |share: &Value| share.as_f64().map_or("-".to_owned(), |share| format!("{:.1} %", 100.0 * share));
    let cards = ["agencies", "collectors"].map(|list| answer[list].as_array().into_iter().flatten());
    for card in cards.into_iter().flatten() {
        let range = format!("{} to {}", percent(&card["paid_low"]), percent(&card["paid_high"]));
        out.push_str(&format!(
            "{:<16} {:>9} {:>14} {:>14} {:>8} {range:>18}\n",
            text(&card["who"]),
            text(&card["cases"]),
            text(&card["recovered"]),
            text(&card["expected"]),
            percent(&card["paid"])
        ));
    }
    for challenge in answer["challenges"].as_array().into_iter().flatten() {
        out.push_str(&format!(
            "{}: {} beside the champions: {}\n",
            text(&challenge["lender"]),
            text(&challenge["challenger"]),
            text(&challenge["verdict"])
        ));
    }
    out
}
