//! `policy`: rule packs read, checked, compared, adopted; cases judged by them.

use std::path::Path;

use casebook::CaseError;
use policy::Pack;
use policy::pack::Owner;
use serde_json::{Value, json};

use super::{print, text};
use crate::cli::{Format, Language, Policy};
use crate::client::Client;
use crate::failure::Failure;

pub(super) fn run(policy: Policy, format: Format) -> Result<(), Failure> {
    match policy {
        Policy::List => list(format),
        Policy::Show { pack, language } => show(&read(&pack)?, language, format),
        Policy::Check { file, with } => check(&file, &with, format),
        Policy::Diff { old, new } => diff(&read(&old)?, &read(&new)?, format),
        Policy::Case { file } => case(&file, format),
        Policy::Adopt { pack, server } => {
            let body = json!({ "pack": read_text(&pack)? });
            let answer = Client::signed_in(&server)?.post("/v1/policies", &body)?;
            print(format, &answer, |answer| match answer["changed"] == Value::Bool(true) {
                true => format!("{pack} is in force"),
                false => format!("{pack} was in force before"),
            });
            Ok(())
        }
        Policy::Replay { pack, from, until, server } => {
            let body = json!({ "pack": read_text(&pack)?, "from": from, "until": until });
            super::replay::run(&pack, &body, &server, format)
        }
        Policy::Withdraw { id, server } => {
            let answer = Client::signed_in(&server)?.order(&format!("/v1/policies/{id}/withdraw"))?;
            print(format, &answer, |_| format!("{id} is no longer in force"));
            Ok(())
        }
    }
}

/// The text of a pack that comes with the program, or of a file.
fn read_text(name: &str) -> Result<String, Failure> {
    if let Some(text) = policy::text(name) {
        return Ok(text.to_owned());
    }
    let path = Path::new(name);
    if path.extension().is_none() && !path.exists() {
        let ids: Vec<_> = policy::texts().iter().map(|(id, _)| *id).collect();
        return Err(Failure::usage(format!(
            "expected a file, or one of the packs {}; got {name:?}",
            ids.join(", ")
        )));
    }
    std::fs::read_to_string(path).map_err(|error| Failure::usage(format!("{name}: {error}")))
}

fn read(name: &str) -> Result<Pack, Failure> {
    policy::parse(&read_text(name)?).map_err(|error| Failure::usage(format!("{name}:\n{error}")))
}

fn list(format: Format) -> Result<(), Failure> {
    let packs = policy::packs().map_err(Failure::failed)?;
    let listed: Vec<Value> = packs
        .iter()
        .map(|pack| {
            json!({
                "id": pack.id, "version": pack.version, "title": pack.title,
                "effective": pack.effective.to_string(), "rules": pack.rules.len(),
            })
        })
        .collect();
    print(format, &json!({ "packs": listed }), |value| {
        let lines = value["packs"].as_array().into_iter().flatten().map(|pack| {
            let version = format!("{} {}", text(&pack["id"]), text(&pack["version"]));
            format!("{version:<12} {:>3} rules  {}", text(&pack["rules"]), text(&pack["title"]))
        });
        lines.collect::<Vec<_>>().join("\n")
    });
    Ok(())
}

fn show(pack: &Pack, language: Language, format: Format) -> Result<(), Failure> {
    let says = |rule: &policy::pack::Rule| match language {
        Language::En => rule.describe(),
        Language::Zh => rule.describe_zh(),
    };
    let rules: Vec<Value> = pack
        .rules
        .iter()
        .map(|rule| {
            json!({
                "rule": rule.name(pack), "says": says(rule), "effect": rule.effect.word(),
                "read": rule.read.word(), "source": rule.source, "note": rule.note,
            })
        })
        .collect();
    let value = json!({
        "id": pack.id, "version": pack.version, "title": pack.title, "effective": pack.effective.to_string(),
        "until": pack.until.map(|until| until.to_string()), "note": pack.note, "rules": rules,
    });
    print(format, &value, |_| match language {
        Language::En => pack.describe(),
        Language::Zh => pack.describe_zh(),
    });
    Ok(())
}

/// A pack that reads; and if it is a lender's or an agency's, that only tightens those it is added to.
fn check(file: &str, with: &[String], format: Format) -> Result<(), Failure> {
    let pack = read(file)?;
    if pack.owner != Owner::Platform {
        let named: Vec<String> = match with {
            [] => policy::texts().iter().map(|(id, _)| (*id).to_owned()).collect(),
            named => named.to_vec(),
        };
        let base = named.iter().map(|name| read(name)).collect::<Result<Vec<_>, _>>()?;
        policy::check_addition(&pack, &base.iter().collect::<Vec<_>>()).map_err(|loosenings| {
            let lines: Vec<_> = loosenings.iter().map(ToString::to_string).collect();
            Failure::failed(format!("{file} would loosen what is in force:\n{}", lines.join("\n")))
        })?;
    }
    let value = json!({ "id": pack.id, "version": pack.version, "rules": pack.rules.len(), "sound": true });
    print(format, &value, |_| {
        format!("{} version {}: {} rules, sound", pack.id, pack.version, pack.rules.len())
    });
    Ok(())
}

fn diff(old: &Pack, new: &Pack, format: Format) -> Result<(), Failure> {
    let changes = policy::diff(old, new);
    let listed: Vec<Value> = changes
        .iter()
        .map(|change| json!({ "direction": change.direction().to_string(), "change": change.to_string() }))
        .collect();
    print(format, &json!({ "changes": listed }), |_| match changes.is_empty() {
        true => "no difference".to_owned(),
        false => changes.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"),
    });
    Ok(())
}

/// Judges a case; fails if it expected something else.
fn case(file: &Path, format: Format) -> Result<(), Failure> {
    let name = file.display();
    let bytes = std::fs::read(file).map_err(|error| Failure::usage(format!("{name}: {error}")))?;
    let case = String::from_utf8(bytes)
        .map_err(|error| Failure::usage(format!("{name}: expected UTF-8, got another encoding: {error}")))?;
    let report =
        casebook::judge(&case).map_err(|error: CaseError| Failure::usage(format!("{name}:\n{error}")))?;
    let value = serde_json::to_value(&report).map_err(Failure::failed)?;
    print(format, &value, |_| report.to_string());
    let unmet = report.answers.iter().flat_map(|answer| &answer.expectations).filter(|met| !met.met).count();
    match unmet {
        0 => Ok(()),
        1 => Err(Failure::failed(format!("{name}: one expectation is not met"))),
        several => Err(Failure::failed(format!("{name}: {several} expectations are not met"))),
    }
}
