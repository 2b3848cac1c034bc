//! Around every page: who looks, what the browser may do, and what a failure looks like.

use axum::extract::{Request, State};
use axum::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, HeaderName, HeaderValue, REFERRER_POLICY, SET_COOKIE,
    X_CONTENT_TYPE_OPTIONS,
};
use axum::http::request::Parts;
use axum::http::{HeaderMap, Method};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use crate::Pages;
use crate::cookies;
use crate::failure::Failure;
use crate::language::{COOKIE, Language};
use crate::visit::Visit;

/// Nothing but our own style sheet and forms.
const POLICY: &str =
    "default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

const YEAR_S: u32 = 365 * 24 * 3600;

pub(crate) async fn frame(State(pages): State<Pages>, request: Request, next: Next) -> Response {
    let (mut parts, body) = request.into_parts();
    let visit = Visit::of(&pages, &parts);
    let chosen = Language::asked(parts.uri.query());
    let mut response = if foreign(&parts) {
        Failure::foreign_form().into_response()
    } else {
        parts.extensions.insert(visit.clone());
        next.run(Request::from_parts(parts, body)).await
    };
    if let Some(failure) = response.extensions_mut().remove::<Failure>() {
        response = failure.page(&pages, &visit);
    }
    let headers = response.headers_mut();
    if let Some(language) = chosen {
        let cookie = cookies::set(COOKIE, language.word(), "/", YEAR_S, pages.options.secure);
        if let Ok(cookie) = HeaderValue::from_str(&cookie) {
            headers.append(SET_COOKIE, cookie);
        }
    }
    put(headers, CONTENT_SECURITY_POLICY, POLICY);
    put(headers, REFERRER_POLICY, "no-referrer");
    put(headers, X_CONTENT_TYPE_OPTIONS, "nosniff");
    if !headers.contains_key(CACHE_CONTROL) {
        put(headers, CACHE_CONTROL, "no-store");
    }
    response
}

fn put(headers: &mut HeaderMap, name: HeaderName, value: &'static str) {
    headers.insert(name, HeaderValue::from_static(value));
}

/// A browser says where a request comes from: another site's form does nothing here, signed in or not.
fn foreign(parts: &Parts) -> bool {
    let safe = matches!(parts.method, Method::GET | Method::HEAD);
    let site = parts.headers.get("sec-fetch-site").and_then(|site| site.to_str().ok());
    !safe && matches!(site, Some("cross-site" | "same-site"))
}
