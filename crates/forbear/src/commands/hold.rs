//! `hold`.

use serde_json::{Value, json};

use super::contact::read_number;
use super::{print, text};
use crate::cli::{Format, Hold, HoldOn};
use crate::client::Client;
use crate::failure::Failure;

pub(super) fn run(hold: Hold, format: Format) -> Result<(), Failure> {
    match hold {
        Hold::Place { kind, on: target, channels, places, times, until, source, server } => {
            let mut body = on(&target)?;
            body["kind"] = json!(kind.word());
            body["channels"] = channels.iter().map(|channel| channel.word()).collect();
            body["places"] = places.iter().map(|place| place.word()).collect();
            body["times"] = json!(times);
            body["until"] = json!(until);
            body["source"] = json!(source);
            let answer = Client::signed_in(&server)?.post("/v1/holds", &body)?;
            print(format, &answer, |answer| match answer["changed"] == Value::Bool(true) {
                true => format!("{} stands: {kind}", text(&answer["hold"])),
                false => format!("{} stood before: {kind}", text(&answer["hold"])),
            });
        }
        Hold::Lift { hold, on: target, source, server } => {
            let mut body = on(&target)?;
            body["hold"] = json!(hold.to_string());
            body["source"] = json!(source);
            let answer = Client::signed_in(&server)?.post("/v1/holds/lift", &body)?;
            print(format, &answer, |_| format!("{hold} is lifted"));
        }
        Hold::List { on: target, server } => {
            let answer = Client::signed_in(&server)?.post("/v1/holds/list", &on(&target)?)?;
            print(format, &answer, |answer| {
                let lines: Vec<_> = answer["holds"].as_array().into_iter().flatten().map(line).collect();
                if lines.is_empty() { "no hold stands".to_owned() } else { lines.join("\n") }
            });
        }
    }
    Ok(())
}

fn on(on: &HoldOn) -> Result<Value, Failure> {
    let mut body = json!({
        "person": on.person.map(|person| person.to_string()),
        "case": on.case.map(|case| case.to_string()),
        "contact": on.contact.map(|contact| contact.to_string()),
    });
    if let Some(number) = &on.number {
        body["number"] = json!(read_number(number)?);
    }
    Ok(body)
}

fn line(hold: &Value) -> String {
    let mut line = format!(
        "{} {} since {} by {}",
        text(&hold["hold"]),
        text(&hold["kind"]),
        text(&hold["at"]),
        text(&hold["by"])
    );
    for key in ["contact", "person", "case", "until"] {
        if let Some(value) = hold[key].as_str() {
            line.push_str(&format!("; {key} {value}"));
        }
    }
    for key in ["channels", "places", "times"] {
        let words: Vec<_> = hold[key].as_array().into_iter().flatten().map(text).collect();
        if !words.is_empty() {
            line.push_str(&format!("; {key} {}", words.join(", ")));
        }
    }
    line
}
