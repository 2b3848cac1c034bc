//! A decision in plain words, for the person whose number it is.

use serde_json::Value;

use super::{rules, says};
use crate::cli::Language;
use crate::commands::text;

pub(super) fn person(answer: &Value, language: Language) -> String {
    match language {
        Language::En => english(answer),
        Language::Zh => chinese(answer),
    }
}

fn english(answer: &Value) -> String {
    let asked = &answer["asked"];
    let how = match asked["channel"].as_str() {
        Some("call") => "call you",
        Some("sms") => "send you a text message",
        Some("email") => "send you an email",
        Some("letter") => "write you a letter",
        Some("visit") => "visit you",
        _ => "send you a message",
    };
    let mut lines = vec![format!(
        "On {} (UTC), {} asked whether it may {how}.",
        text(&answer["at"]),
        text(&asked["agency"])
    )];
    if answer["allowed"] == Value::Bool(true) {
        lines.push("It was allowed. These rules count such contacts:".to_owned());
        for rule in rules(answer) {
            let counted =
                count(rule).map(|(counted, limit)| format!(" Before it, {counted} of {limit} were counted."));
            lines.push(format!("- {}{}", says(rule, Language::En), counted.unwrap_or_default()));
            lines.extend(source(rule).map(|source| format!("  This is written in: {source}")));
        }
    } else {
        lines.push("It was not allowed, because:".to_owned());
        for rule in rules(answer).filter(|rule| rule["verdict"] == "refuses") {
            let counted =
                count(rule).map(|(counted, limit)| format!(" {counted} of {limit} had been counted."));
            lines.push(format!("- {}{}", says(rule, Language::En), counted.unwrap_or_default()));
            lines.extend(source(rule).map(|source| format!("  This is written in: {source}")));
        }
        if let Some(next) = answer["next_allowed"].as_str() {
            lines.push(format!("If nothing else happens, it could be allowed from {next} (UTC) on."));
        }
    }
    lines.push(match answer["reproduced"].as_bool() {
        Some(true) => "We made this decision again from our records alone, and it came out the same.".to_owned(),
        _ => "Made again from our records alone, this decision comes out differently. That must not be; please complain."
            .to_owned(),
    });
    lines.push("To be left alone by everybody, at once: forbear stop --number -".to_owned());
    lines.join("\n")
}

fn chinese(answer: &Value) -> String {
    let asked = &answer["asked"];
    let how = match asked["channel"].as_str() {
        Some("call") => "给您打电话",
        Some("sms") => "给您发短信",
        Some("email") => "给您发电子邮件",
        Some("letter") => "给您寄信",
        Some("visit") => "上门找您",
        _ => "给您发消息",
    };
    let mut lines =
        vec![format!("{}(协调世界时),{} 请求{how}。", text(&answer["at"]), text(&asked["agency"]))];
    if answer["allowed"] == Value::Bool(true) {
        lines.push("该请求获得准许。以下规则对此类联系计数:".to_owned());
        for rule in rules(answer) {
            let counted =
                count(rule).map(|(counted, limit)| format!(" 此前已计 {counted} 次,上限 {limit} 次。"));
            lines.push(format!("- {}{}", says(rule, Language::Zh), counted.unwrap_or_default()));
            lines.extend(source(rule).map(|source| format!("  依据:{source}")));
        }
    } else {
        lines.push("该请求未获准许,原因如下:".to_owned());
        for rule in rules(answer).filter(|rule| rule["verdict"] == "refuses") {
            let counted = count(rule).map(|(counted, limit)| format!(" 已计 {counted} 次,上限 {limit} 次。"));
            lines.push(format!("- {}{}", says(rule, Language::Zh), counted.unwrap_or_default()));
            lines.extend(source(rule).map(|source| format!("  依据:{source}")));
        }
        if let Some(next) = answer["next_allowed"].as_str() {
            lines.push(format!("如无其他情况,最早可于 {next}(协调世界时)获准。"));
        }
    }
    lines.push(match answer["reproduced"].as_bool() {
        Some(true) => "我们仅凭记录重新作出了这一决定,结果相同。".to_owned(),
        _ => "仅凭记录重新作出这一决定,结果不同。这是不应发生的,请投诉。".to_owned(),
    });
    lines.push("如希望任何人都不再联系您:forbear stop --number -".to_owned());
    lines.join("\n")
}

fn count(rule: &Value) -> Option<(u64, u64)> {
    Some((rule["counted"].as_u64()?, rule["limit"].as_u64()?))
}

fn source(rule: &Value) -> Option<&str> {
    rule["source"].as_str().filter(|source| !source.is_empty())
}
