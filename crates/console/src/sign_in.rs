//! Signing in with a token, and out.

mod texts;

use api::http::{OverHttps, clear_cookie, sign_in_cookie};
use api::{Principal, SignIn};
use axum::extract::State;
use axum::http::header::SET_COOKIE;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{AppendHeaders, IntoResponse, Redirect, Response};
use maud::{Markup, html};
use serde::Deserialize;

use crate::Pages;
use crate::forms::{OpenForm, OwnForm, Params};
use crate::layout;
use crate::visit::{Visit, home};
use crate::words;

#[derive(Deserialize)]
pub(crate) struct Given {
    token: Option<String>,
}

#[derive(Deserialize)]
pub(crate) struct Pasted {
    token: String,
}

/// The link that `forbear token` prints. The token leaves the address bar with the redirect.
pub(crate) async fn enter(
    State(pages): State<Pages>,
    visit: Visit,
    OverHttps(https): OverHttps,
    headers: HeaderMap,
    Params(given): Params<Given>,
) -> Response {
    let Some(token) = given.token else { return page(&visit, false).into_response() };
    // A browser that was led here by another site does not send our cookie along with the redirect.
    let led = headers.get("sec-fetch-site").is_some_and(|site| site.as_bytes() == b"cross-site");
    sign_in(&pages, &visit, token.trim(), https, led)
}

pub(crate) async fn paste(
    State(pages): State<Pages>,
    visit: Visit,
    OverHttps(https): OverHttps,
    OpenForm(pasted): OpenForm<Pasted>,
) -> Response {
    sign_in(&pages, &visit, pasted.token.trim(), https, false)
}

fn sign_in(pages: &Pages, visit: &Visit, token: &str, https: bool, led: bool) -> Response {
    let now = pages.platform.now();
    let Ok(claims) = SignIn::read(pages.platform.parts().vault.tokens(), token, now) else {
        return (StatusCode::UNAUTHORIZED, page(visit, true)).into_response();
    };
    let seconds = u32::try_from(claims.expires_at.ms_since(now) / 1000).unwrap_or(u32::MAX);
    let cookie = [(SET_COOKIE, sign_in_cookie(token, seconds, https || pages.options.secure))];
    let to = home(&claims.principal);
    if !led {
        return (cookie, Redirect::to(to)).into_response();
    }
    let head = html! { meta http-equiv="refresh" content={ "0;url=" (to) }; };
    let body = html! {
        section.card.narrow {
            h1 { (visit.say(texts::SIGNED_IN)) }
            p.actions { a.button.primary href=(to) { (visit.say(texts::GO_ON)) } }
        }
    };
    (cookie, layout::page_with(visit, visit.say(texts::SIGNED_IN), head, body)).into_response()
}

fn page(visit: &Visit, wrong: bool) -> Markup {
    let body = html! {
        section.card.narrow {
            h1 { (visit.say(texts::TITLE)) }
            @if let Some(role) = words::principal(&visit.principal) {
                p.notice {
                    (visit.say(texts::SIGNED_IN)) " · " strong { (visit.say(role)) }
                    @if home(&visit.principal) == "/sign-in" { " · " (visit.say(texts::NO_PAGE_YET)) }
                }
            }
            p { (visit.say(texts::HOW)) " " code { "forbear token" } }
            form method="post" action="/sign-in" {
                label for="token" { (visit.say(texts::TOKEN)) }
                input id="token" name="token" type="password" autocomplete="off" required maxlength="1024"
                    aria-invalid[wrong];
                @if wrong { p.error role="alert" { (visit.say(texts::WRONG)) } }
                p.actions { button.primary type="submit" { (visit.say(texts::ENTER)) } }
            }
        }
    };
    layout::page(visit, visit.say(texts::TITLE), body)
}

#[derive(Deserialize)]
pub(crate) struct Nothing {}

pub(crate) async fn leave(visit: Visit, OwnForm(Nothing {}): OwnForm<Nothing>) -> Response {
    let to = match visit.principal {
        Principal::CalledPerson(_) | Principal::Anonymous => "/",
        _ => "/sign-in",
    };
    (AppendHeaders([(SET_COOKIE, clear_cookie())]), Redirect::to(to)).into_response()
}
