//! Refusals over HTTP: a status, and JSON with every reason.

use axum::Json;
use axum::extract::{Path, Request, State};
use axum::http::header::{CONTENT_TYPE, HeaderValue, RETRY_AFTER, WWW_AUTHENTICATE};
use axum::http::{Method, StatusCode, Uri};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use events::{Code, Reason, Refusal};
use model::Timestamp;

use super::asker::has_credentials;
use crate::platform::Platform;
use crate::shape;

/// A refusal on its way out.
#[derive(Debug)]
pub struct Problem {
    status: StatusCode,
    refusal: Refusal,
}

impl Problem {
    pub(super) fn with(status: StatusCode, refusal: Refusal) -> Self {
        Self { status, refusal }
    }

    /// Somebody is not who they say, or no longer.
    pub(super) fn unauthenticated(refusal: Refusal) -> Self {
        Self { status: StatusCode::UNAUTHORIZED, refusal }
    }

    /// The status.
    pub fn status(&self) -> StatusCode {
        self.status
    }

    /// The refusal.
    pub fn refusal(&self) -> &Refusal {
        &self.refusal
    }
}

impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Self {
        Self { status: status_of(&refusal), refusal }
    }
}

/// For the middleware, which knows the time.
#[derive(Clone, Copy)]
struct NextAllowed(Timestamp);

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let mut response = (self.status, Json(shape::refusal(&self.refusal))).into_response();
        if let Some(at) = self.refusal.next_allowed {
            response.extensions_mut().insert(NextAllowed(at));
        }
        response
    }
}

/// Unavailable before all else, because then nothing was decided; otherwise the first reason decides.
fn status_of(refusal: &Refusal) -> StatusCode {
    let has = |code| refusal.reasons.iter().any(|reason| reason.code == code);
    if has(Code::UNAVAILABLE) {
        return StatusCode::SERVICE_UNAVAILABLE;
    }
    let Some(Reason { code, .. }) = refusal.reasons.first() else {
        return StatusCode::INTERNAL_SERVER_ERROR;
    };
    match *code {
        Code::BUSY => StatusCode::TOO_MANY_REQUESTS,
        Code::FORBIDDEN => StatusCode::FORBIDDEN,
        Code::NOT_FOUND
        | Code::CASE_UNKNOWN
        | Code::AGENCY_UNKNOWN
        | Code::COLLECTOR_UNKNOWN
        | Code::PERMIT_UNKNOWN
        | Code::PAYMENT_UNKNOWN
        | Code::HOLD_UNKNOWN => StatusCode::NOT_FOUND,
        Code::MALFORMED
        | Code::UNBALANCED
        | Code::AMOUNT_INVALID
        | Code::CURRENCY_DIFFERS
        | Code::CEILING_EXCEEDED
        | Code::COMMITMENT_INVALID
        | Code::TERMS_INVALID
        | Code::CONSENT_INVALID
        | Code::POLICY_INVALID => StatusCode::UNPROCESSABLE_ENTITY,
        // The rest is a state that does not allow it now.
        _ => StatusCode::CONFLICT,
    }
}

/// Adds what depends on the time and on the request: when to retry; 401 in place of 403 for somebody unknown.
pub(super) async fn finish(State(platform): State<Platform>, request: Request, next: Next) -> Response {
    let known = has_credentials(request.headers());
    let mut response = next.run(request).await;
    if response.status() == StatusCode::FORBIDDEN && !known {
        *response.status_mut() = StatusCode::UNAUTHORIZED;
    }
    let status = response.status();
    if status == StatusCode::UNAUTHORIZED {
        response.headers_mut().insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
    }
    if matches!(status, StatusCode::SERVICE_UNAVAILABLE | StatusCode::TOO_MANY_REQUESTS) {
        let wait_ms = match response.extensions().get::<NextAllowed>() {
            Some(NextAllowed(at)) => at.ms_since(platform.now()),
            None => 0,
        };
        let seconds = (wait_ms.max(0) as u64).div_ceil(1000).clamp(1, 86_400);
        response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(seconds));
    }
    response
}

/// The catalogue page of a code: `F0302` or `302`.
pub(super) async fn page(Path(code): Path<String>) -> Result<Response, Problem> {
    let number = code.strip_prefix('F').unwrap_or(&code).parse().map(Code);
    match number.ok().and_then(Code::page) {
        Some(page) => Ok(([(CONTENT_TYPE, "text/markdown; charset=utf-8")], page).into_response()),
        None => Err(Refusal::from(Code::NOT_FOUND).into()),
    }
}

pub(super) async fn no_route(method: Method, uri: Uri) -> Problem {
    let detail = format!("there is no {method} {}; see proto/http.md", uri.path());
    Refusal::from(Reason::detail(Code::NOT_FOUND, detail)).into()
}

pub(super) async fn no_method(method: Method) -> Problem {
    let detail = format!("this path does not take {method}; see proto/http.md");
    Problem::with(StatusCode::METHOD_NOT_ALLOWED, Reason::detail(Code::MALFORMED, detail).into())
}
