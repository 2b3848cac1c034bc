//! A supervisor's live figures.

mod texts;

use api::{AgencyFigures, AuditFigures, PlatformFigures, Principal, StreamLag};
use axum::extract::State;
use events::Code;
use jiff::tz::TimeZone;
use maud::{Markup, html};
use model::{AgencyId, Outcome};
use serde::Deserialize;

use crate::Pages;
use crate::failure::Failure;
use crate::forms::Params;
use crate::language::Text;
use crate::layout;
use crate::moment;
use crate::visit::Visit;
use crate::words;

/// Seconds between two looks.
const REFRESH_S: u32 = 5;

/// Records behind at which the lag is marked.
const BEHIND: u64 = 10_000;

#[derive(Deserialize)]
pub(crate) struct How {
    pause: Option<String>,
}

pub(crate) async fn show(
    State(pages): State<Pages>,
    visit: Visit,
    Params(how): Params<How>,
) -> Result<Markup, Failure> {
    let zone = pages.options.zone();
    let content = match visit.principal {
        Principal::Anonymous => return Err(Failure::signed_out()),
        Principal::Agency(agency) | Principal::Supervisor(Some(agency)) => {
            own(&pages, &visit, agency).await?
        }
        _ => all(&pages, &visit, &zone).await?,
    };
    let paused = how.pause.is_some();
    let head = html! { @if !paused { meta http-equiv="refresh" content=(REFRESH_S); } };
    let body = html! {
        header.title {
            h1 { (visit.say(texts::TITLE)) }
            p.fine {
                (moment::exact(visit.language, pages.platform.now(), &zone)) " " (moment::zone_name(&zone)) " · "
                @if paused { a href="/figures" { (visit.say(texts::RESUME)) } }
                @else { (visit.say(texts::LIVE)) " " a href="/figures?pause=1" { (visit.say(texts::PAUSE)) } }
            }
        }
        (content)
    };
    Ok(layout::page_with(&visit, visit.say(texts::TITLE), head, body))
}

/// One agency's own.
async fn own(pages: &Pages, visit: &Visit, agency: AgencyId) -> Result<Markup, Failure> {
    let AgencyFigures { name, figures, .. } = pages.platform.agency_figures(&visit.principal, agency).await?;
    Ok(html! {
        p.lead { (name.unwrap_or_else(|| agency.to_string())) }
        div.tiles {
            (tile(visit, texts::ASKED, figures.asked))
            (tile(visit, texts::ALLOWED, figures.allowed))
            (tile(visit, texts::REFUSED, figures.refused))
            (tile(visit, texts::PLACED, figures.redeemed))
            (tile(visit, texts::EXPIRED, figures.expired))
            (tile(visit, texts::VOIDED, figures.voided))
        }
        div.columns {
            (rules(visit, &figures.refused_by, figures.refused))
            (outcomes(visit, &figures.settled))
        }
    })
}

async fn all(pages: &Pages, visit: &Visit, zone: &TimeZone) -> Result<Markup, Failure> {
    let (figures, status) = futures::future::join(
        pages.platform.figures(&visit.principal),
        pages.platform.status(&visit.principal),
    )
    .await;
    let (figures, status) = (figures?, status?);
    let PlatformFigures { gate, audit, ledger, assignment, .. } = &figures;
    Ok(html! {
        @for reason in status.reasons() { p.notice.bad { (reason) } }
        div.tiles {
            (tile(visit, texts::ASKED, gate.asked))
            (tile(visit, texts::ALLOWED, gate.allowed))
            (tile(visit, texts::REFUSED, gate.refused))
            (tile(visit, texts::PLACED, gate.redeemed))
            (tile(visit, texts::STOPS, gate.stops))
            (tile(visit, texts::VOIDED, gate.voided))
            (tile(visit, texts::OPEN_CASES, ledger.open))
            (tile(visit, texts::PLACED_CASES, assignment.placed))
        }
        @if !gate.policies.is_empty() {
            p.fine {
                (visit.say(texts::POLICY))
                @for (nth, (id, version)) in gate.policies.iter().enumerate() {
                    (if nth == 0 { " " } else { " · " }) (id) " " (version)
                }
            }
        } @else { p.notice.bad { (visit.say(texts::NO_POLICY)) } }
        div.columns {
            (rules(visit, &gate.refused_by, gate.refused))
            (outcomes(visit, &gate.settled))
        }
        (agencies(visit, &audit.agencies))
        div.columns {
            (most_called(visit, audit))
            (last_stops(visit, audit, zone))
        }
        (lag(visit, &status.lag))
    })
}

fn tile(visit: &Visit, name: Text, value: u64) -> Markup {
    html! { div.tile { span.value { (grouped(value)) } span.name { (visit.say(name)) } } }
}

fn rules(visit: &Visit, refused_by: &[(Code, u64)], refused: u64) -> Markup {
    let mut sorted = refused_by.to_vec();
    sorted.sort_by_key(|(code, count)| (std::cmp::Reverse(*count), *code));
    html! {
        section.card {
            h2 { (visit.say(texts::BY_RULE)) }
            @if sorted.is_empty() { p { (visit.say(texts::NONE)) } } @else {
                table.bars { tbody { @for (code, count) in sorted { tr {
                    th scope="row" { (visit.say(words::short(code))) " " span.fine { (code) } }
                    td { (bar(count, refused)) }
                    td.figure { (grouped(count)) }
                } } } }
                p.fine { (visit.say(texts::BY_RULE_NOTE)) }
            }
        }
    }
}

fn outcomes(visit: &Visit, settled: &[(Outcome, u64)]) -> Markup {
    let total: u64 = settled.iter().map(|(_, count)| count).sum();
    html! {
        section.card {
            h2 { (visit.say(texts::BY_OUTCOME)) }
            @if settled.is_empty() { p { (visit.say(texts::NONE)) } } @else {
                table.bars { tbody { @for (outcome, count) in settled { tr {
                    th scope="row" { (visit.say(words::outcome(*outcome))) }
                    td { (bar(*count, total)) }
                    td.figure { (grouped(*count)) }
                } } } }
            }
        }
    }
}

/// A bar without a style of its own: browsers draw a meter by themselves.
fn bar(count: u64, of: u64) -> Markup {
    let of = of.max(count).max(1);
    html! { meter min="0" max=(of) value=(count) { (count) "/" (of) } }
}

fn agencies(visit: &Visit, agencies: &[AgencyFigures]) -> Markup {
    let heads = [texts::ASKED, texts::ALLOWED, texts::REFUSED, texts::PLACED, texts::EXPIRED, texts::VOIDED];
    html! {
        section.card {
            h2 { (visit.say(texts::BY_AGENCY)) }
            @if agencies.is_empty() { p { (visit.say(texts::NONE)) } } @else {
                div.wide { table {
                    thead { tr {
                        th scope="col" { (visit.say(texts::AGENCY)) }
                        @for head in heads { th.figure scope="col" { (visit.say(head)) } }
                        th scope="col" { (visit.say(texts::SHARE_REFUSED)) }
                    } }
                    tbody { @for AgencyFigures { agency, name, figures } in agencies { tr {
                        th scope="row" {
                            @if let Some(name) = name { (name) " " }
                            span.fine { (agency) }
                        }
                        @for value in [
                            figures.asked, figures.allowed, figures.refused,
                            figures.redeemed, figures.expired, figures.voided,
                        ] { td.figure { (grouped(value)) } }
                        td { (bar(figures.refused, figures.asked)) }
                    } } }
                } }
            }
        }
    }
}

fn most_called(visit: &Visit, audit: &AuditFigures) -> Markup {
    let most = audit.most_called.first().map_or(0, |called| u64::from(called.calls));
    html! {
        section.card {
            h2 { (visit.say(texts::MOST_CALLED)) }
            @if audit.most_called.is_empty() { p { (visit.say(texts::NONE)) } } @else {
                table.bars { tbody { @for called in &audit.most_called { tr {
                    th scope="row" { code { (brief(&called.contact.to_string())) } }
                    td { (bar(u64::from(called.calls), most)) }
                    td.figure { (called.calls) }
                } } } }
                p.fine { (visit.say(texts::PSEUDONYMS)) }
            }
        }
    }
}

fn last_stops(visit: &Visit, audit: &AuditFigures, zone: &TimeZone) -> Markup {
    html! {
        section.card {
            h2 { (visit.say(texts::LAST_STOPS)) }
            @if audit.last_stops.is_empty() { p { (visit.say(texts::NONE)) } } @else {
                table { tbody { @for stop in audit.last_stops.iter().take(10) { tr {
                    td { (moment::time(visit.language, stop.at, zone)) }
                    td { code { (brief(&stop.contact.to_string())) } br; span.fine { (visit.say(words::stop_source(stop.source))) } }
                    td.figure { code { (stop.stream) "/" (stop.position) } }
                } } } }
            }
        }
    }
}

fn lag(visit: &Visit, lag: &[StreamLag]) -> Markup {
    html! {
        section.card {
            h2 { (visit.say(texts::LAG)) }
            @if lag.is_empty() { p { (visit.say(texts::NO_LAG)) } } @else {
                table.bars { tbody { @for of in lag { tr {
                    th scope="row" { code { (of.stream) } }
                    td { meter min="0" max=(of.head.max(1)) value=(of.taken) { (of.taken) "/" (of.head) } }
                    td.figure.bad[of.behind() > BEHIND] { (grouped(of.behind())) }
                } } } }
                p.fine { (visit.say(texts::LAG_NOTE)) }
            }
        }
    }
}

/// Enough of a pseudonym to tell it from others.
fn brief(pseudonym: &str) -> String {
    pseudonym.chars().take(16).collect()
}

/// 1234567 as 1,234,567.
fn grouped(value: u64) -> String {
    let digits = value.to_string();
    let mut grouped = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_are_grouped_by_thousands() {
        let shown: Vec<String> = [0, 999, 1_000, 1_234_567].map(grouped).to_vec();
        assert_eq!(shown, ["0", "999", "1,000", "1,234,567"]);
    }
}
