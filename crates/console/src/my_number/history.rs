//! The history of a number: one line for each contact and each refused attempt, the latest first.

use std::collections::HashMap;

use api::TimelineEntry;
use events::{Position, StreamId};
use maud::{Markup, html};

use super::{Known, texts};
use crate::Pages;
use crate::language::Text;
use crate::moment;
use crate::visit::Visit;
use crate::words;

/// What became of a permit.
#[derive(Default)]
struct Fate<'a> {
    redeemed: Option<&'a TimelineEntry>,
    settled: Option<&'a TimelineEntry>,
    ended: Option<Text>,
}

type Permit = (StreamId, Position);

pub(super) fn table(pages: &Pages, visit: &Visit, known: &Known) -> Markup {
    let fates = fates(&known.entries);
    let lines: Vec<Markup> =
        known.entries.iter().rev().filter_map(|entry| line(pages, visit, known, entry, &fates)).collect();
    html! {
        @if lines.is_empty() {
            p.card { (visit.say(texts::NO_HISTORY)) }
        } @else {
            table.stacked {
                thead { tr {
                    @for head in [texts::WHEN, texts::WHAT, texts::WHO, texts::FOR, texts::FROM] {
                        th scope="col" { (visit.say(head)) }
                    }
                } }
                tbody { @for line in lines { (line) } }
            }
        }
    }
}

fn fates(entries: &[TimelineEntry]) -> HashMap<Permit, Fate<'_>> {
    let mut fates: HashMap<Permit, Fate<'_>> = HashMap::new();
    for entry in entries {
        let Some(permit) = entry.permit else { continue };
        let fate = fates.entry((entry.stream, permit)).or_default();
        match entry.kind.as_str() {
            "PermitRedeemed" => fate.redeemed = Some(entry),
            "PermitSettled" => fate.settled = Some(entry),
            "PermitExpired" => fate.ended = Some(texts::EXPIRED),
            "PermitVoided" => fate.ended = Some(texts::VOIDED),
            _ => {}
        }
    }
    fates
}

fn line(
    pages: &Pages,
    visit: &Visit,
    known: &Known,
    entry: &TimelineEntry,
    fates: &HashMap<Permit, Fate<'_>>,
) -> Option<Markup> {
    let say = |text: Text| visit.say(text);
    let mut at = entry.at;
    let (mark, what) = match entry.kind.as_str() {
        "PermitReserved" => {
            let fate = entry.permit.and_then(|permit| fates.get(&(entry.stream, permit)));
            match fate {
                Some(Fate { redeemed: Some(redeemed), settled, .. }) => {
                    at = redeemed.at;
                    ("called", contacted(visit, entry, *settled))
                }
                Some(Fate { ended: Some(ended), .. }) => ("quiet", html! { (say(*ended)) }),
                _ => ("quiet", html! { (say(texts::RESERVED)) }),
            }
        }
        "PermitRefused" | "RefusalsRepeated" => ("refused", refused(visit, entry)),
        "ContactLinked" => (
            "quiet",
            html! {
                (say(texts::LINKED)) @if let Some(role) = entry.role { " · " (say(words::role(role))) }
            },
        ),
        "ContactPlaced" => {
            ("quiet", html! { (say(if entry.agency.is_some() { texts::PLACED } else { texts::TAKEN_BACK })) })
        }
        "ContactClosed" => ("quiet", html! { (say(texts::CASE_CLOSED)) }),
        "StopPlaced" => (
            "stop",
            html! {
                strong { (say(texts::STOP_PLACED)) }
                @if let Some(source) = entry.stop { " · " (say(words::stop_source(source))) }
            },
        ),
        "ConsentAnswered" => ("quiet", html! { (say(texts::ANSWERED)) }),
        // The rest of a permit's life is on the line of its beginning.
        _ => return None,
    };
    let agency =
        entry.agency.map(|agency| known.agencies.get(&agency).cloned().unwrap_or_else(|| agency.to_string()));
    Some(html! {
        tr.(mark) {
            td data-label=(say(texts::WHEN)) { (moment::time(visit.language, at, &known.zone)) }
            td data-label=(say(texts::WHAT)) { (what) }
            td data-label=(say(texts::WHO)) {
                @if let Some(agency) = agency { (agency) }
                @if let Some(collector) = entry.collector { br; span.fine { (collector) } }
            }
            td data-label=(say(texts::FOR)) {
                @if let Some(lender) = entry.lender { (pages.options.lender(lender)) }
            }
            td data-label=(say(texts::FROM)) { @if let Some(line) = entry.line { (line) } }
        }
    })
}

fn contacted(visit: &Visit, entry: &TimelineEntry, settled: Option<&TimelineEntry>) -> Markup {
    let outcome = settled.and_then(|settled| settled.outcome);
    html! {
        strong { (visit.say(texts::CALLED)) }
        @if let Some(channel) = entry.channel { " · " (visit.say(words::channel(channel))) }
        " · "
        @match outcome {
            Some(outcome) => (visit.say(words::outcome(outcome))),
            None => (visit.say(texts::OUTCOME_OPEN)),
        }
        @if let Some(purpose) = entry.purpose { br; span.fine { (visit.say(words::purpose(purpose))) } }
        @if settled.is_some_and(|settled| settled.given_back) {
            br; span.fine { (visit.say(texts::GIVEN_BACK)) }
        }
    }
}

fn refused(visit: &Visit, entry: &TimelineEntry) -> Markup {
    html! {
        strong { (visit.say(texts::REFUSED)) }
        @if let Some(channel) = entry.channel { " · " (visit.say(words::channel(channel))) }
        @if let Some(times) = entry.repeated { " · " (texts::repeated(visit.language, times)) }
        br;
        span.fine {
            @for (index, reason) in entry.reasons.iter().enumerate() {
                @if index > 0 { (crate::front::comma(visit.language)) }
                (visit.say(words::short(reason.code)))
                @if let (Some(counted), Some(limit)) = (reason.counted, reason.limit) { " " (counted) "/" (limit) }
            }
        }
    }
}
