//! `agency`, `place`, `queue`.

use serde_json::{Value, json};

use super::{count, print, text};
use crate::cli::{Agency, Format, Queue, Server};
use crate::client::Client;
use crate::failure::Failure;

pub(super) fn run(agency: Agency, format: Format) -> Result<(), Failure> {
    match agency {
        Agency::Add { agency, name, jurisdictions, capacity, lines, server } => {
            let body = json!({
                "agency": agency.to_string(), "name": name, "jurisdictions": jurisdictions,
                "capacity": capacity, "lines": lines,
            });
            let answer = Client::signed_in(&server)?.post("/v1/agencies", &body)?;
            print(format, &answer, |answer| registered(answer, &agency.to_string()));
        }
        Agency::Suspend { agency, lift, server } => {
            let path = format!("/v1/agencies/{agency}/suspension");
            let answer = Client::signed_in(&server)?.post(&path, &json!({ "suspended": !lift }))?;
            print(format, &answer, |answer| {
                if lift {
                    format!("{agency} may work again; place cases with it by `forbear place`")
                } else {
                    format!("{agency} is suspended; {} taken back", count(&answer["withdrawn"], "case"))
                }
            });
        }
        Agency::Collector { collector, agency, name, server } => {
            let body = json!({ "collector": collector.to_string(), "name": name });
            let path = format!("/v1/agencies/{agency}/collectors");
            let answer = Client::signed_in(&server)?.post(&path, &body)?;
            print(format, &answer, |answer| registered(answer, &collector.to_string()));
        }
        Agency::Terms(terms) => super::placement::terms(&terms, format)?,
        Agency::Certify(certify) => super::placement::certify(&certify, format)?,
        Agency::Standing(standing) => super::registry::standing(&standing, format)?,
        Agency::Line(line) => super::registry::line(&line, format)?,
        Agency::Template(template) => super::registry::template(&template, format)?,
        Agency::List(server) => {
            let answer = Client::signed_in(&server)?.get("/v1/agencies")?;
            print(format, &answer, agencies);
        }
    }
    Ok(())
}

fn registered(answer: &Value, what: &str) -> String {
    if answer["changed"] == Value::Bool(true) {
        format!("{what} is registered")
    } else {
        format!("{what} was registered so before")
    }
}

fn agencies(answer: &Value) -> String {
    let mut out =
        format!("{:<12} {:<24} {:>9} {:>9} {:>10}\n", "agency", "name", "placed", "capacity", "collectors");
    for agency in answer["agencies"].as_array().into_iter().flatten() {
        let suspended = if agency["suspended"] == Value::Bool(true) { "  suspended" } else { "" };
        out.push_str(&format!(
            "{:<12} {:<24} {:>9} {:>9} {:>10}{suspended}\n",
            text(&agency["agency"]),
            text(&agency["name"]),
            // As text: a JSON number knows no width.
            text(&agency["placed"]),
            text(&agency["capacity"]),
            text(&agency["collectors"])
        ));
    }
    out
}

pub(super) fn place(server: &Server, format: Format) -> Result<(), Failure> {
    let client = Client::signed_in(server)?;
    let (mut placed, mut before) = (0, u64::MAX);
    let mut answer = loop {
        let answer = client.order("/v1/placement")?;
        placed += answer["placed"].as_u64().unwrap_or_default();
        let on_the_way = answer["on_the_way"].as_u64().unwrap_or_default();
        // As long as it becomes fewer: a large import takes its time.
        if on_the_way == 0 || on_the_way >= before {
            break answer;
        }
        before = on_the_way;
    };
    answer["placed"] = json!(placed);
    print(format, &answer, |answer| {
        let mut out =
            format!("{} placed, {} waiting\n", count(&answer["placed"], "case"), answer["remaining"]);
        if answer["on_the_way"].as_u64().is_some_and(|cases| cases > 0) {
            out.push_str(&format!(
                "  {} more are on their way from the ledger: place again in a moment\n",
                answer["on_the_way"]
            ));
        }
        for (reason, cases) in answer["not_placeable"].as_object().into_iter().flatten() {
            out.push_str(&format!("  {cases} of them: {reason}\n"));
        }
        out
    });
    Ok(())
}

pub(super) fn queue(queue: &Queue, format: Format) -> Result<(), Failure> {
    let path = format!("/v1/collectors/{}/queue?limit={}", queue.collector, queue.limit);
    let answer = Client::signed_in(&queue.server)?.get(&path)?;
    print(format, &answer, |answer| {
        let mut out = String::new();
        for (heading, key) in [("may be called now", "callable"), ("later", "later")] {
            let entries: Vec<&Value> = answer[key].as_array().into_iter().flatten().collect();
            out.push_str(&format!("{heading}: {}\n", count(&json!(entries.len()), "case")));
            for entry in entries {
                out.push_str(&format!("  {} {}\n", text(&entry["case"]), text(&entry["worth"]["text"])));
                for contact in entry["contacts"].as_array().into_iter().flatten() {
                    let when = match (&contact["callable_now"], &contact["callable_at"]) {
                        (Value::Bool(true), _) => "now".to_owned(),
                        (_, Value::Null) => "not by the passing of time".to_owned(),
                        (_, at) => format!("from {}", text(at)),
                    };
                    out.push_str(&format!(
                        "    {} {:<18} {:<15} {when}\n",
                        text(&contact["contact"]),
                        text(&contact["role"]),
                        text(&contact["purpose"])
                    ));
                }
            }
        }
        out
    });
    Ok(())
}
