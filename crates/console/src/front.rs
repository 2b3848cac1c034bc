//! The front door of somebody who is called: make it stop, or ask who it is.

mod texts;

use api::http::ClientAddress;
use api::{Principal, StopReceipt, Target};
use axum::extract::State;
use axum::http::header::SET_COOKIE;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Redirect, Response};
use events::gate::StopSource;
use maud::html;
use model::{ContactPointId, PhoneError, PhoneNumber, Timestamp};
use serde::{Deserialize, Serialize};

use crate::Pages;
use crate::failure::Failure;
use crate::forms::OpenForm;
use crate::language::Language;
use crate::layout;
use crate::moment;
use crate::slip::Kind;
use crate::visit::Visit;

/// A number as somebody typed it.
#[derive(Deserialize)]
pub(crate) struct Number {
    number: String,
}

/// What a receipt says. No more than enough of the number to recognise it.
#[derive(Serialize, Deserialize)]
pub(crate) struct Receipt {
    /// `None`: whoever asked had shown that the number is theirs before, and it is not known here.
    pub hint: Option<String>,
    pub contact: ContactPointId,
    pub at: Timestamp,
    /// Where the stop stands: partition and position.
    pub stop: Option<(u16, u64)>,
}

const RECEIPT: Kind = Kind { name: "forbear-receipt", seconds: 1800 };
const RECEIPT_PATH: &str = "/stop/receipt";

pub(crate) async fn front(visit: Visit) -> Response {
    page(&visit, None).into_response()
}

/// For paths that only take forms.
pub(crate) async fn home() -> Redirect {
    Redirect::to("/")
}

/// The front page again, saying what is wrong with the number.
pub(crate) fn again(visit: &Visit, error: &PhoneError) -> Response {
    (StatusCode::UNPROCESSABLE_ENTITY, page(visit, Some(error))).into_response()
}

fn page(visit: &Visit, error: Option<&PhoneError>) -> maud::Markup {
    let body = html! {
        section.hero {
            h1 { (visit.say(texts::TITLE)) }
            p.lead { (visit.say(texts::LEAD)) }
            form.card method="post" action="/stop" {
                label for="number" { (visit.say(texts::NUMBER)) }
                input.number id="number" name="number" type="tel" inputmode="tel" autocomplete="tel" maxlength="40"
                    required aria-describedby="number-help" aria-invalid[error.is_some()];
                @if let Some(error) = error { p.error role="alert" { (texts::wrong_number(visit.language, error)) } }
                p.fine id="number-help" { (visit.say(texts::NUMBER_HELP)) }
                div.choices {
                    div {
                        button.stop type="submit" { (visit.say(texts::STOP)) }
                        p.fine { (visit.say(texts::STOP_HELP)) }
                    }
                    div {
                        button.primary type="submit" formaction="/who" { (visit.say(texts::WHO)) }
                        p.fine { (visit.say(texts::WHO_HELP)) }
                    }
                }
            }
            ul.promises {
                @for promise in texts::PROMISES { li { (visit.say(promise)) } }
            }
        }
    };
    layout::page(visit, visit.say(texts::TITLE), body)
}

/// Reads a number as it was typed.
pub(crate) fn read(pages: &Pages, number: &Number) -> Result<PhoneNumber, PhoneError> {
    PhoneNumber::parse(&number.number, Some(&pages.options.region))
}

pub(crate) async fn stop(
    State(pages): State<Pages>,
    visit: Visit,
    ClientAddress(address): ClientAddress,
    OpenForm(number): OpenForm<Number>,
) -> Result<Response, Failure> {
    let number = match read(&pages, &number) {
        Ok(number) => number,
        Err(error) => return Ok(again(&visit, &error)),
    };
    pages.platform.admit_anonymous(address)?;
    // Whoever is signed in: on this page they are somebody who wants peace.
    let (asker, source) = (Principal::Anonymous, StopSource::CalledPerson);
    let hint = number.hint();
    let stopped = pages.platform.stop(&asker, &Target::Number(number), source, None).await?;
    hand_out(&pages, &stopped, Some(hint))
}

/// Redirects to the receipt of a stop.
pub(crate) fn hand_out(
    pages: &Pages,
    stopped: &StopReceipt,
    hint: Option<String>,
) -> Result<Response, Failure> {
    let partition = pages.platform.parts().gate.partition_of(&stopped.contact.0);
    let receipt = Receipt {
        hint,
        contact: stopped.contact,
        at: pages.platform.now(),
        stop: stopped.stop.map(|position| (partition, position.0)),
    };
    let slip = RECEIPT.put(pages, RECEIPT_PATH, "", &receipt)?;
    Ok(([(SET_COOKIE, slip)], Redirect::to(RECEIPT_PATH)).into_response())
}

pub(crate) async fn receipt(State(pages): State<Pages>, visit: Visit, headers: HeaderMap) -> Response {
    let receipt: Option<Receipt> = RECEIPT.find(&pages, &headers, "");
    let zone = pages.options.zone();
    let body = html! {
        section.card.narrow {
            @match &receipt {
                Some(receipt) => {
                    p.tick aria-hidden="true" { "✓" }
                    h1 { (visit.say(texts::STOPPED)) }
                    p.lead { (visit.say(texts::HOLDS)) }
                    dl {
                        @if let Some(hint) = &receipt.hint { dt { (visit.say(texts::YOUR_NUMBER)) } dd { (hint) } }
                        dt { (visit.say(texts::ASKED_AT)) }
                        dd { (moment::time(visit.language, receipt.at, &zone)) " " (moment::zone_name(&zone)) }
                        dt { (visit.say(texts::RECEIPT_NUMBER)) }
                        dd { code.big {
                            @match receipt.stop {
                                Some((partition, position)) => { "gate/" (partition) "/" (position) },
                                None => (visit.say(texts::RECEIPT_LATER)),
                            }
                        } }
                        dt { (visit.say(texts::CONTACT_POINT)) } dd { code { (receipt.contact) } }
                    }
                    p { (visit.say(texts::KEEP)) }
                    p.fine { (visit.say(texts::STILL_CALLED)) }
                },
                None => {
                    h1 { (visit.say(texts::NO_RECEIPT)) }
                    p { (visit.say(texts::NO_RECEIPT_WHY)) }
                },
            }
            p.actions.screen { a.button href="/" { (visit.say(texts::BACK)) } }
        }
    };
    let status = if receipt.is_some() { StatusCode::OK } else { StatusCode::NOT_FOUND };
    let title = visit.say(if receipt.is_some() { texts::STOPPED } else { texts::NO_RECEIPT });
    (status, layout::page(&visit, title, body)).into_response()
}

/// Which language a text is in decides its punctuation, too.
pub(crate) const fn comma(language: Language) -> &'static str {
    match language {
        Language::Chinese => "，",
        Language::English => ", ",
    }
}
