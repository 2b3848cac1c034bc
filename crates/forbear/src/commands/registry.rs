//! `agency standing`, `agency line`, `agency template`.

use serde_json::json;

use super::print;
use super::told::so;
use crate::cli::{Format, RegisterLine, Standing, Template};
use crate::client::Client;
use crate::failure::Failure;

pub(super) fn standing(standing: &Standing, format: Format) -> Result<(), Failure> {
    let Standing { agency, collector, suspended, server } = standing;
    let body = json!({ "collector": collector.map(|collector| collector.to_string()), "active": !suspended });
    let answer = Client::signed_in(server)?.post(&format!("/v1/agencies/{agency}/standing"), &body)?;
    print(format, &answer, |answer| {
        let who = collector.map_or_else(|| agency.to_string(), |collector| collector.to_string());
        let may = if *suspended { "may not" } else { "may" };
        so(answer, &format!("{who} {may} collect"))
    });
    Ok(())
}

pub(super) fn line(line: &RegisterLine, format: Format) -> Result<(), Failure> {
    let RegisterLine { agency, line, taken_back, server } = line;
    let body = json!({ "line": line, "registered": !taken_back });
    let answer = Client::signed_in(server)?.post(&format!("/v1/agencies/{agency}/lines"), &body)?;
    print(format, &answer, |answer| {
        let is = if *taken_back { "is not" } else { "is" };
        so(answer, &format!("{line} {is} a number of {agency}"))
    });
    Ok(())
}

pub(super) fn template(template: &Template, format: Format) -> Result<(), Failure> {
    let Template { agency, template, file, channels, roles, withdraw, server } = template;
    let path = format!("/v1/agencies/{agency}/templates");
    let client = Client::signed_in(server)?;
    let answer = match file {
        Some(file) if !withdraw => {
            let text = std::fs::read_to_string(file)
                .map_err(|error| Failure::usage(format!("{}: {error}", file.display())))?;
            let body = json!({
                "template": template,
                "channels": channels.iter().map(|channel| channel.word()).collect::<Vec<_>>(),
                "roles": roles.iter().map(|role| role.word()).collect::<Vec<_>>(),
                "text": text.trim_end(),
            });
            client.post(&path, &body)?
        }
        _ => client.post(&format!("{path}/{template}/withdraw"), &json!({}))?,
    };
    print(format, &answer, |answer| {
        let is = if *withdraw { "may no longer be sent" } else { "is approved" };
        so(answer, &format!("template {template} of {agency} {is}"))
    });
    Ok(())
}
