//! "Who calls me?": a code to the number shows that it is theirs. Known or not, the answer is the same.

mod texts;

use api::Delivery;
use api::http::{ClientAddress, OverHttps, sign_in_cookie};
use axum::extract::State;
use axum::http::header::SET_COOKIE;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{AppendHeaders, IntoResponse, Redirect, Response};
use events::Code;
use maud::{Markup, html};
use model::PhoneNumber;
use serde::{Deserialize, Serialize};

use crate::Pages;
use crate::failure::Failure;
use crate::forms::OpenForm;
use crate::front::{self, Number};
use crate::layout;
use crate::my_number;
use crate::slip::Kind;
use crate::visit::Visit;

/// A code is on its way to a number. The number is the visitor's own word and stays in their browser.
#[derive(Serialize, Deserialize)]
struct Asked {
    number: String,
    /// The message, where none was sent because this is a demonstration.
    shown: Option<String>,
}

const ASKED: Kind = Kind { name: "forbear-asked", seconds: 900 };
const PATH: &str = "/who";
const CODE_PATH: &str = "/who/code";

/// How long a called person stays signed in: as long as their token holds.
const SIGNED_IN_S: u32 = 1800;

pub(crate) async fn send(
    State(pages): State<Pages>,
    visit: Visit,
    ClientAddress(address): ClientAddress,
    OpenForm(number): OpenForm<Number>,
) -> Result<Response, Failure> {
    let number = match front::read(&pages, &number) {
        Ok(number) => number,
        Err(error) => return Ok(front::again(&visit, &error)),
    };
    pages.platform.admit_anonymous(address)?;
    let shown = match pages.platform.send_code(&number).await? {
        Delivery::Sent => None,
        Delivery::Shown(text) => Some(text),
    };
    let asked = Asked { number: number.e164().to_owned(), shown };
    let slip = ASKED.put(&pages, PATH, "", &asked)?;
    Ok(([(SET_COOKIE, slip)], Redirect::to(CODE_PATH)).into_response())
}

pub(crate) async fn code(State(pages): State<Pages>, visit: Visit, headers: HeaderMap) -> Response {
    match found(&pages, &headers) {
        Some((asked, number)) => page(&visit, &asked, &number, false).into_response(),
        None => Redirect::to("/").into_response(),
    }
}

fn found(pages: &Pages, headers: &HeaderMap) -> Option<(Asked, PhoneNumber)> {
    let asked: Asked = ASKED.find(pages, headers, "")?;
    let number = PhoneNumber::parse(&asked.number, None).ok()?;
    Some((asked, number))
}

fn page(visit: &Visit, asked: &Asked, number: &PhoneNumber, wrong: bool) -> Markup {
    let body = html! {
        section.card.narrow {
            h1 { (visit.say(texts::TITLE)) }
            @match &asked.shown {
                None => p { (texts::sent(visit.language, &number.hint())) },
                Some(text) => aside.demonstration {
                    strong { (visit.say(texts::DEMONSTRATION)) }
                    blockquote { (text) }
                },
            }
            form method="post" action=(CODE_PATH) {
                label for="code" { (visit.say(texts::CODE)) }
                input.code id="code" name="code" inputmode="numeric" autocomplete="one-time-code" pattern="[0-9 ]*"
                    maxlength="8" required autofocus aria-invalid[wrong];
                @if wrong { p.error role="alert" { (visit.say(texts::WRONG)) } }
                p.actions {
                    button.primary type="submit" { (visit.say(texts::SHOW)) }
                    a.button href="/" { (visit.say(texts::START_AGAIN)) }
                }
            }
            p.fine { (visit.say(texts::WHY)) }
        }
    };
    layout::page(visit, visit.say(texts::TITLE), body)
}

#[derive(Deserialize)]
pub(crate) struct Entered {
    code: String,
}

pub(crate) async fn verify(
    State(pages): State<Pages>,
    visit: Visit,
    ClientAddress(address): ClientAddress,
    OverHttps(https): OverHttps,
    headers: HeaderMap,
    OpenForm(entered): OpenForm<Entered>,
) -> Result<Response, Failure> {
    let Some((asked, number)) = found(&pages, &headers) else { return Ok(Redirect::to("/").into_response()) };
    pages.platform.admit_anonymous(address)?;
    let code: String = entered.code.chars().filter(|c| !c.is_whitespace()).collect();
    let (_, token) = match pages.platform.verify_code(&number, &code) {
        Ok(verified) => verified,
        Err(refusal) if refusal.reasons.iter().any(|reason| reason.code == Code::FORBIDDEN) => {
            let page = page(&visit, &asked, &number, true);
            return Ok((StatusCode::UNPROCESSABLE_ENTITY, page).into_response());
        }
        Err(refusal) => return Err(refusal.into()),
    };
    let cookies = AppendHeaders([
        (SET_COOKIE, sign_in_cookie(&token, SIGNED_IN_S, https || pages.options.secure)),
        (SET_COOKIE, my_number::remember(&pages, &number)?),
        (SET_COOKIE, ASKED.clear(&pages, PATH)),
    ]);
    Ok((cookies, Redirect::to(my_number::PATH)).into_response())
}
