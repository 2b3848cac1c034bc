//! What is held about the visitor's own number, and what was done to it.

mod history;
mod texts;

use std::collections::BTreeMap;

use api::{After, ContactView, HolderView, Principal, Target, TimelineEntry};
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Redirect, Response};
use events::gate::{ConsentAnswer, StopSource};
use jiff::tz::TimeZone;
use maud::{Markup, html};
use model::{AgencyId, CaseId, ContactPointId, PhoneNumber, Timestamp};
use serde::{Deserialize, Serialize};

use crate::Pages;
use crate::failure::Failure;
use crate::forms::OwnForm;
use crate::front;
use crate::layout;
use crate::moment;
use crate::slip::Kind;
use crate::visit::Visit;
use crate::words;
use crate::zones;

pub(crate) const PATH: &str = "/my-number";

/// Entries of one question, and questions of one page: enough for years of calls, and a bound.
const ENTRIES: u32 = 1_000;
const QUESTIONS_MAX: usize = 10;

/// Enough of the number to recognise it, for as long as its owner is signed in.
#[derive(Serialize, Deserialize)]
struct Hint(String);

const HINT: Kind = Kind { name: "forbear-number", seconds: 1800 };

/// The `Set-Cookie` value that lets these pages say which number they are about.
pub(crate) fn remember(pages: &Pages, number: &PhoneNumber) -> Result<String, Failure> {
    let contact = pages.platform.contact_point(&Target::Number(number.clone()));
    HINT.put(pages, PATH, &contact.to_string(), &Hint(number.hint()))
}

fn hint(pages: &Pages, headers: &HeaderMap, contact: ContactPointId) -> Option<String> {
    HINT.find(pages, headers, &contact.to_string()).map(|Hint(hint)| hint)
}

/// What a page shows beside the view itself.
struct Known {
    entries: Vec<TimelineEntry>,
    /// When each case first named the number, and when it was last placed.
    since: BTreeMap<CaseId, (Option<Timestamp>, Option<Timestamp>)>,
    agencies: BTreeMap<AgencyId, String>,
    zone: TimeZone,
}

pub(crate) async fn show(
    State(pages): State<Pages>,
    visit: Visit,
    headers: HeaderMap,
) -> Result<Response, Failure> {
    let Principal::CalledPerson(contact) = visit.principal else {
        return Ok(Redirect::to("/").into_response());
    };
    let view = pages.platform.contact(&visit.principal, &Target::Point(contact)).await?;
    let entries = timeline(&pages, &visit.principal, contact).await?;
    let zone = zones::of(&pages, contact).await.into_iter().next().unwrap_or_else(|| pages.options.zone());
    let known = Known { since: since(&entries), agencies: agencies(&view), entries, zone };
    let hint = hint(&pages, &headers, contact);
    let body = html! {
        h1 { (visit.say(texts::TITLE)) @if let Some(hint) = &hint { " " span.number { (hint) } } }
        (state(&visit, &view, &known))
        h2 { (visit.say(texts::HOLDERS)) }
        @if view.holders.is_empty() { p.card { (visit.say(texts::NOBODY)) } }
        div.cards { @for holder in &view.holders { (card(&pages, &visit, &view, holder, &known)) } }
        h2 { (visit.say(texts::HISTORY)) }
        p.fine { (texts::zone(visit.language, &moment::zone_name(&known.zone))) }
        (history::table(&pages, &visit, &known))
        p.fine { (visit.say(texts::PSEUDONYM)) " " code { (contact) } }
    };
    Ok(layout::page(&visit, visit.say(texts::TITLE), body).into_response())
}

async fn timeline(
    pages: &Pages,
    principal: &Principal,
    contact: ContactPointId,
) -> Result<Vec<TimelineEntry>, Failure> {
    let mut entries = Vec::new();
    let mut after: Option<After> = None;
    for _ in 0..QUESTIONS_MAX {
        let target = Target::Point(contact);
        let page = pages.platform.contact_timeline(principal, &target, ENTRIES, after).await?;
        entries.extend(page.entries);
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    Ok(entries)
}

fn since(entries: &[TimelineEntry]) -> BTreeMap<CaseId, (Option<Timestamp>, Option<Timestamp>)> {
    let mut since: BTreeMap<CaseId, (Option<Timestamp>, Option<Timestamp>)> = BTreeMap::new();
    for entry in entries {
        let Some(case) = entry.case else { continue };
        match entry.kind.as_str() {
            "ContactLinked" => {
                since.entry(case).or_default().0.get_or_insert(entry.at);
            }
            "ContactPlaced" => since.entry(case).or_default().1 = entry.agency.map(|_| entry.at),
            _ => {}
        }
    }
    since
}

fn agencies(view: &ContactView) -> BTreeMap<AgencyId, String> {
    let named = |holder: &HolderView| Some((holder.agency?, holder.agency_name.clone()?));
    view.holders.iter().filter_map(named).collect()
}

fn state(visit: &Visit, view: &ContactView, known: &Known) -> Markup {
    html! {
        @match &view.stop {
            Some(stop) => section.card.stopped {
                h2 { (visit.say(texts::STOPPED)) }
                p {
                    (moment::time(visit.language, stop.at, &known.zone)) " · "
                    (visit.say(texts::STOPPED_BY)) " " (visit.say(words::stop_source(stop.source)))
                }
                p { (visit.say(texts::STOP_HOLDS)) }
            },
            None => form.card method="post" action="/my-number/stop" {
                (layout::token(visit))
                p { (visit.say(texts::STOP_WHAT)) }
                button.stop type="submit" { (visit.say(texts::STOP)) }
            },
        }
    }
}

fn card(pages: &Pages, visit: &Visit, view: &ContactView, holder: &HolderView, known: &Known) -> Markup {
    let (named, placed) = known.since.get(&holder.case).copied().unwrap_or_default();
    let shown = |at: Option<Timestamp>| {
        html! {
            @if let Some(at) = at { (moment::time(visit.language, at, &known.zone)) } @else { "—" }
        }
    };
    let asks = !holder.role.owes() && holder.consent.is_none() && !holder.closed && view.stop.is_none();
    html! {
        section.card {
            h3 { (pages.options.lender(holder.lender)) }
            p {
                (visit.say(texts::NAMES_YOU)) " " strong { (visit.say(words::role(holder.role))) }
                @if !holder.role.owes() { " " span.badge.good { (visit.say(texts::YOU_OWE_NOTHING)) } }
                @if holder.closed { " " span.badge { (visit.say(texts::CLOSED)) } }
            }
            dl {
                dt { (visit.say(texts::SINCE)) } dd { (shown(named)) }
                dt { (visit.say(texts::AGENCY)) }
                dd {
                    @match (&holder.agency_name, holder.agency) {
                        (Some(name), _) => (name),
                        (None, Some(agency)) => (agency),
                        (None, None) => (visit.say(texts::NO_AGENCY)),
                    }
                    @if placed.is_some() { br; (shown(placed)) }
                }
                @if let Some(answer) = holder.consent {
                    dt { (visit.say(texts::YOUR_ANSWER)) } dd { (visit.say(words::answer(answer))) }
                }
            }
            @if asks {
                form.ask method="post" action="/my-number/answer" {
                    (layout::token(visit))
                    input type="hidden" name="case" value=(holder.case);
                    p { (visit.say(texts::QUESTION)) }
                    p.actions {
                        button type="submit" name="answer" value="confirmed" { (visit.say(texts::AGREE)) }
                        button type="submit" name="answer" value="refused" { (visit.say(texts::REFUSE)) }
                        button type="submit" name="answer" value="unknown-debtor" { (visit.say(texts::UNKNOWN)) }
                    }
                    p.fine { (visit.say(texts::SILENCE)) }
                }
            }
        }
    }
}

#[derive(Deserialize)]
pub(crate) struct Nothing {}

pub(crate) async fn stop(
    State(pages): State<Pages>,
    visit: Visit,
    headers: HeaderMap,
    OwnForm(Nothing {}): OwnForm<Nothing>,
) -> Result<Response, Failure> {
    let Principal::CalledPerson(contact) = visit.principal else { return Err(Failure::signed_out()) };
    let target = Target::Point(contact);
    let stopped = pages.platform.stop(&visit.principal, &target, StopSource::CalledPerson, None).await?;
    front::hand_out(&pages, &stopped, hint(&pages, &headers, contact))
}

#[derive(Deserialize)]
pub(crate) struct Answer {
    case: String,
    answer: String,
}

/// An answer of a form.
pub(crate) fn read_answer(word: &str) -> Result<ConsentAnswer, Failure> {
    let expected = "answer: expected one of confirmed, refused, unknown-debtor";
    api::shape::consent_answer(word).ok_or_else(|| Failure::malformed(expected))
}

pub(crate) async fn answer(
    State(pages): State<Pages>,
    visit: Visit,
    OwnForm(form): OwnForm<Answer>,
) -> Result<Response, Failure> {
    let Principal::CalledPerson(contact) = visit.principal else { return Err(Failure::signed_out()) };
    let case: CaseId = form.case.parse().map_err(|_| Failure::malformed("case: expected a case id"))?;
    let answer = read_answer(&form.answer)?;
    pages.platform.answer_consent(&visit.principal, &Target::Point(contact), case, answer, None).await?;
    Ok(Redirect::to(PATH).into_response())
}
