//! The reasons of a refusal, in words.

use events::{Code, Reason, Refusal};
use jiff::tz::TimeZone;
use maud::{Markup, html};

use crate::language::{Language, Text, text};
use crate::moment;
use crate::words;

const NEXT: Text = text("最早可于", "Allowed again from");
const NOT_BY_TIME: Text = text("等待不会改变这一结果。", "Waiting will not change this.");

/// Every reason, and when all of them together would next allow it, in each of the zones.
pub(crate) fn list(language: Language, refusal: &Refusal, zones: &[TimeZone]) -> Markup {
    html! {
        ul.reasons { @for reason in &refusal.reasons { li { (one(language, reason)) } } }
        @match refusal.next_allowed {
            Some(at) => p.next {
                (NEXT.of(language)) " "
                @for (index, zone) in zones.iter().enumerate() {
                    @if index > 0 { " · " }
                    (moment::time(language, at, zone)) " " (moment::zone_name(zone))
                }
            },
            None => @if by_the_gate(refusal) { p.next { (NOT_BY_TIME.of(language)) } },
        }
    }
}

fn one(language: Language, reason: &Reason) -> Markup {
    let (happened, to_do) = words::code(language, reason.code);
    html! {
        p.happened { (happened) @if let Some(counts) = counts(language, reason) { " " (counts) } }
        p.to-do { (to_do) }
        p.fine { code { (reason.code) " " (reason.code.word()) } @if let Some(detail) = &reason.detail { " · " (detail) } }
    }
}

fn counts(language: Language, reason: &Reason) -> Option<String> {
    let (counted, limit) = (reason.counted?, reason.limit?);
    Some(match language {
        Language::Chinese => format!("（已 {counted} 次，上限 {limit} 次）"),
        Language::English => format!("({counted} of {limit})"),
    })
}

/// Of a rule of the gate; everything else has its own "what to do".
fn by_the_gate(refusal: &Refusal) -> bool {
    refusal.reasons.iter().any(|reason| (Code::STOPPED.0..Code::PERMIT_UNKNOWN.0).contains(&reason.code.0))
}
