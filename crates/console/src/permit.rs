//! One permit, step by step: asked for, given or refused, used, settled. Each step is a plain form.
//!
//! What the steps share is in a cookie for the path of this permit alone, so that several can be open side by side.

mod texts;

use api::{CasePerson, PermitAsk, PermitGiven, Principal, Target};
use axum::extract::{Path, State};
use axum::http::HeaderMap;
use axum::http::header::SET_COOKIE;
use axum::response::{IntoResponse, Redirect, Response};
use events::gate::{StopSource, Tightest};
use events::{Code, Reason, Refusal};
use maud::{Markup, html};
use model::{CaseId, Channel, ContactPointId, Outcome, Purpose, Role, Timestamp};
use serde::{Deserialize, Serialize};

use crate::Pages;
use crate::failure::Failure;
use crate::forms::OwnForm;
use crate::language::Text;
use crate::layout;
use crate::moment;
use crate::my_number::read_answer;
use crate::queue::found;
use crate::reasons;
use crate::slip::Kind;
use crate::visit::Visit;
use crate::words;
use crate::zones;

const STORY: Kind = Kind { name: "forbear-permit", seconds: 1800 };

/// A permit's life so far.
#[derive(Serialize, Deserialize)]
struct Story {
    case: CaseId,
    contact: ContactPointId,
    channel: Channel,
    purpose: Purpose,
    step: Step,
}

#[derive(Serialize, Deserialize)]
enum Step {
    Refused { reasons: Vec<Reason>, next_allowed: Option<Timestamp>, decision: Option<u64> },
    Given(Permit),
    Placed(Permit),
    Settled { permit: u64, outcome: Outcome, given_back: bool },
}

#[derive(Clone, Serialize, Deserialize)]
struct Permit {
    token: String,
    permit: u64,
    expires_at: Timestamp,
    tightest: Option<Tightest>,
    line: String,
}

impl From<PermitGiven> for Permit {
    fn from(given: PermitGiven) -> Self {
        let PermitGiven { token, permit, expires_at, tightest, line, .. } = given;
        Self { token, permit, expires_at, tightest, line: line.to_string() }
    }
}

#[derive(Deserialize)]
pub(crate) struct Ask {
    key: String,
    case: String,
    contact: String,
    channel: String,
    purpose: String,
}

pub(crate) async fn request(
    State(pages): State<Pages>,
    visit: Visit,
    OwnForm(form): OwnForm<Ask>,
) -> Result<Response, Failure> {
    let wrong =
        |_| Failure::malformed("expected case, contact, channel and purpose as the queue's page gives them");
    let case: CaseId = form.case.parse().map_err(wrong)?;
    let contact: ContactPointId = form.contact.parse().map_err(wrong)?;
    let channel: Channel = form.channel.parse().map_err(wrong)?;
    let purpose: Purpose = form.purpose.parse().map_err(wrong)?;
    let ask = PermitAsk {
        target: Target::Point(contact),
        case,
        also: Vec::new(),
        collector: None,
        channel,
        purpose,
        line: None,
        template: None,
    };
    let key = format!("console/{}/{case}/{contact}/{purpose}/{channel}", form.key);
    let step = match pages.platform.request_permit(&visit.principal, &ask, Some(&key)).await {
        Ok(given) => Step::Given(given.into()),
        Err(Refusal { reasons, next_allowed, repeats: Some(repeats) }) => {
            Step::Refused { reasons, next_allowed, decision: Some(repeats.first.0) }
        }
        Err(refusal) => return Err(refusal.into()),
    };
    // Any name will do that is another for another permit.
    let mac = pages.platform.parts().vault.tokens().mac("console/permit-page/v1", key.as_bytes());
    let id: String = mac.iter().take(8).map(|byte| format!("{byte:02x}")).collect();
    Story { case, contact, channel, purpose, step }.turn(&pages, &visit, &id)
}

impl Story {
    fn find(pages: &Pages, visit: &Visit, headers: &HeaderMap, id: &str) -> Result<Self, Failure> {
        STORY.find(pages, headers, &owner(visit, id)).ok_or_else(Failure::nothing)
    }

    /// Keeps the story and shows it.
    fn turn(&self, pages: &Pages, visit: &Visit, id: &str) -> Result<Response, Failure> {
        let path = format!("/permits/{id}");
        let slip = STORY.put(pages, &path, &owner(visit, id), self)?;
        Ok(([(SET_COOKIE, slip)], Redirect::to(&path)).into_response())
    }

    fn permit(&self) -> Result<&Permit, Failure> {
        match &self.step {
            Step::Given(permit) | Step::Placed(permit) => Ok(permit),
            Step::Refused { .. } | Step::Settled { .. } => Err(Refusal::from(Code::PERMIT_UNKNOWN).into()),
        }
    }
}

/// Another session cannot read the story of this one.
fn owner(visit: &Visit, id: &str) -> String {
    format!("{id}/{}", visit.form_token.as_deref().unwrap_or_default())
}

pub(crate) async fn show(
    State(pages): State<Pages>,
    visit: Visit,
    headers: HeaderMap,
    Path(id): Path<String>,
) -> Result<Markup, Failure> {
    if visit.principal == Principal::Anonymous {
        return Err(Failure::signed_out());
    }
    let story = Story::find(&pages, &visit, &headers, &id)?;
    let people = pages.platform.people(&visit.principal, story.case).await.unwrap_or_default();
    let role = people.iter().find_map(|person| {
        person.contacts.iter().any(|known| known.contact == story.contact).then_some(person.role)
    });
    let title = visit.say(match story.step {
        Step::Refused { .. } => texts::REFUSED,
        Step::Given(_) => texts::GIVEN,
        Step::Placed(_) => texts::PLACED,
        Step::Settled { .. } => texts::SETTLED,
    });
    let body = html! {
        section.card.narrow.permit {
            h1 { (title) }
            (whom(&visit, &story, &people, role))
            (step(&pages, &visit, &story, &id).await)
        }
        @if !matches!(story.step, Step::Refused { .. }) { (told(&visit, &id, role)) }
        p.actions.narrow { a.button href=(visit.home()) { (visit.say(texts::BACK)) } }
    };
    Ok(layout::page(&visit, title, body))
}

fn whom(visit: &Visit, story: &Story, people: &[CasePerson], role: Option<Role>) -> Markup {
    let (name, hint) = found(people, story.contact);
    html! {
        p {
            @if let Some(name) = name { strong { (name) } " " }
            @if let Some(hint) = hint { span.number { (hint) } " " }
            @if let Some(role) = role {
                "· " (visit.say(words::role(role))) " "
                @if !role.owes() { span.badge.good { (visit.say(words::OWES_NOTHING)) } }
            }
            br;
            span.fine { (visit.say(words::channel(story.channel))) " · " (visit.say(words::purpose(story.purpose))) }
        }
        @if role.is_some_and(|role| !role.owes()) { p.notice { (visit.say(texts::NEVER_THE_DEBT)) } }
    }
}

async fn step(pages: &Pages, visit: &Visit, story: &Story, id: &str) -> Markup {
    match &story.step {
        Step::Refused { reasons, next_allowed, decision } => {
            let zones = zones::of(pages, story.contact).await;
            let refusal = Refusal { reasons: reasons.clone(), next_allowed: *next_allowed, repeats: None };
            html! {
                (reasons::list(visit.language, &refusal, &zones))
                @if let Some(decision) = decision {
                    p.fine { (visit.say(texts::RECORDED)) " " code { (gate(pages, story.contact)) "/" (decision) } }
                }
            }
        }
        Step::Given(permit) => html! {
            (dial(pages, visit, permit).await)
            (counts(visit, permit))
            form method="post" action={ "/permits/" (id) "/redeem" } {
                (layout::token(visit))
                p.actions { button.primary type="submit" {
                    (visit.say(if story.channel == Channel::Call { texts::CALL_PLACED } else { texts::MESSAGE_SENT }))
                } }
            }
            p.fine { (visit.say(texts::REDEEM_FIRST)) }
        },
        Step::Placed(permit) => html! {
            p { (visit.say(texts::WHAT_BECAME)) }
            form.outcomes method="post" action={ "/permits/" (id) "/settle" } {
                (layout::token(visit))
                @for outcome in Outcome::ALL {
                    button type="submit" name="outcome" value=(outcome) { (visit.say(words::outcome(*outcome))) }
                }
            }
            p.fine { (visit.say(texts::PERMIT)) " " code { (gate(pages, story.contact)) "/" (permit.permit) } }
        },
        Step::Settled { permit, outcome, given_back } => html! {
            p.lead { (visit.say(words::outcome(*outcome))) }
            @if *given_back { p { (visit.say(texts::GIVEN_BACK)) } }
            p.fine { (visit.say(texts::PERMIT)) " " code { (gate(pages, story.contact)) "/" (permit) } }
        },
    }
}

/// The number, which is shown only with a permit that holds.
async fn dial(pages: &Pages, visit: &Visit, permit: &Permit) -> Markup {
    let zone = pages.options.zone();
    let left_s = permit.expires_at.ms_since(pages.platform.now()).div_euclid(1000);
    match pages.platform.number_to_dial(&visit.principal, &permit.token).await {
        Ok(number) => html! {
            p.dial { (number.e164()) }
            dl {
                dt { (visit.say(texts::VALID_UNTIL)) }
                dd {
                    strong { (moment::clock(permit.expires_at, &zone)) } " " (moment::zone_name(&zone)) " · "
                    (texts::seconds_left(visit.language, left_s))
                }
                dt { (visit.say(texts::CALL_FROM)) } dd { (permit.line) }
            }
        },
        Err(refusal) => reasons::list(visit.language, &refusal, &[zone]),
    }
}

fn counts(visit: &Visit, permit: &Permit) -> Markup {
    html! {
        p.fine {
            @if let Some(Tightest { rule, count }) = permit.tightest {
                (visit.say(texts::COUNTED)) " " (count.counted) "/" (count.limit) " (" (rule) ")"
            }
        }
    }
}

/// What the person said on the call that ends it.
fn told(visit: &Visit, id: &str, role: Option<Role>) -> Markup {
    html! {
        section.card.narrow {
            h2 { (visit.say(texts::TOLD)) }
            form method="post" action={ "/permits/" (id) "/stop" } {
                (layout::token(visit))
                button.stop type="submit" { (visit.say(texts::WANTS_STOP)) }
            }
            @if role.is_some_and(|role| !role.owes()) {
                form.actions method="post" action={ "/permits/" (id) "/answer" } {
                    (layout::token(visit))
                    button type="submit" name="answer" value="refused" { (visit.say(texts::DOES_NOT_AGREE)) }
                    button type="submit" name="answer" value="unknown-debtor" { (visit.say(texts::UNKNOWN)) }
                }
            }
            p.fine { (visit.say(texts::TOLD_HELP)) }
        }
    }
}

fn gate(pages: &Pages, contact: ContactPointId) -> String {
    format!("gate/{}", pages.platform.parts().gate.partition_of(&contact.0))
}

#[derive(Deserialize)]
pub(crate) struct Nothing {}

pub(crate) async fn redeem(
    State(pages): State<Pages>,
    visit: Visit,
    headers: HeaderMap,
    Path(id): Path<String>,
    OwnForm(Nothing {}): OwnForm<Nothing>,
) -> Result<Response, Failure> {
    let mut story = Story::find(&pages, &visit, &headers, &id)?;
    let permit = story.permit()?.clone();
    // Clicking twice is one call.
    let call = format!("console/{}/{}", story.contact, permit.permit);
    pages.platform.redeem(&visit.principal, &permit.token, &call, None).await?;
    story.step = Step::Placed(permit);
    story.turn(&pages, &visit, &id)
}

#[derive(Deserialize)]
pub(crate) struct Ended {
    outcome: String,
}

pub(crate) async fn settle(
    State(pages): State<Pages>,
    visit: Visit,
    headers: HeaderMap,
    Path(id): Path<String>,
    OwnForm(ended): OwnForm<Ended>,
) -> Result<Response, Failure> {
    let mut story = Story::find(&pages, &visit, &headers, &id)?;
    let outcome: Outcome =
        ended.outcome.parse().map_err(|_| Failure::malformed("outcome: expected one of the buttons"))?;
    let settled =
        pages.platform.settle(&visit.principal, &story.permit()?.token, &outcome.into(), None).await?;
    story.step = Step::Settled { permit: settled.permit, outcome, given_back: settled.given_back };
    story.turn(&pages, &visit, &id)
}

pub(crate) async fn stop(
    State(pages): State<Pages>,
    visit: Visit,
    headers: HeaderMap,
    Path(id): Path<String>,
    OwnForm(Nothing {}): OwnForm<Nothing>,
) -> Result<Response, Failure> {
    let story = Story::find(&pages, &visit, &headers, &id)?;
    let target = Target::Point(story.contact);
    pages.platform.stop(&visit.principal, &target, StopSource::Collector, None).await?;
    Ok(done(&visit, texts::STOP_STANDS))
}

#[derive(Deserialize)]
pub(crate) struct Answer {
    answer: String,
}

pub(crate) async fn answer(
    State(pages): State<Pages>,
    visit: Visit,
    headers: HeaderMap,
    Path(id): Path<String>,
    OwnForm(form): OwnForm<Answer>,
) -> Result<Response, Failure> {
    let story = Story::find(&pages, &visit, &headers, &id)?;
    let answer = read_answer(&form.answer)?;
    let target = Target::Point(story.contact);
    pages.platform.answer_consent(&visit.principal, &target, story.case, answer, None).await?;
    Ok(done(&visit, texts::ANSWER_STANDS))
}

/// Said at once, without a redirect: sending it again changes nothing.
fn done(visit: &Visit, what: Text) -> Response {
    let body = html! {
        section.card.narrow {
            p.tick aria-hidden="true" { "✓" }
            h1 { (visit.say(what)) }
            p { (visit.say(texts::THANKS)) }
            p.actions { a.button.primary href=(visit.home()) { (visit.say(texts::BACK)) } }
        }
    };
    layout::page(visit, visit.say(what), body).into_response()
}
