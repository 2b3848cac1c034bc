//! Who asks, and what they call their command: from the headers.

use axum::extract::FromRequestParts;
use axum::http::header::{AUTHORIZATION, COOKIE as COOKIE_HEADER};
use axum::http::request::Parts;
use axum::http::{HeaderMap, Method};
use events::{Code, Reason, Refusal};

use super::problem::Problem;
use crate::platform::Platform;
use crate::principal::Principal;

/// The name of the sign-in cookie.
pub const COOKIE: &str = "forbear";

/// Longest `Idempotency-Key`.
const RETRY_KEY_MAX: usize = 200;

/// Whoever a request comes from: `Authorization: Bearer <token>`, or the cookie; neither is
/// [`Principal::Anonymous`].
#[derive(Debug, Clone, Copy)]
pub struct Asker(pub Principal);

impl FromRequestParts<Platform> for Asker {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, platform: &Platform) -> Result<Self, Problem> {
        let signed_in = |token| platform.authenticate(token).map_err(Problem::unauthenticated);
        if let Some(header) = parts.headers.get(AUTHORIZATION) {
            let token = header.to_str().ok().and_then(|header| header.strip_prefix("Bearer "));
            let token = token.ok_or_else(|| {
                let detail = "Authorization: expected `Bearer <token>`, got something else";
                Problem::unauthenticated(Reason::detail(Code::FORBIDDEN, detail).into())
            })?;
            return signed_in(token.trim()).map(Self);
        }
        match cookie(&parts.headers) {
            None => Ok(Self(Principal::Anonymous)),
            Some(_) if foreign(parts) => {
                let detail = "expected a request from our own pages, got one that another site sent";
                Err(Refusal::from(Reason::detail(Code::FORBIDDEN, detail)).into())
            }
            // A browser keeps an expired cookie; to be asked to sign in is no error, to act with it is one.
            Some(token) => match platform.authenticate(token) {
                Ok(principal) => Ok(Self(principal)),
                Err(_) if parts.method == Method::GET => Ok(Self(Principal::Anonymous)),
                Err(refusal) => Err(Problem::unauthenticated(refusal)),
            },
        }
    }
}

/// A browser says where a request comes from. One that changes something must not ride on the cookie from elsewhere.
fn foreign(parts: &Parts) -> bool {
    let safe = matches!(parts.method, Method::GET | Method::HEAD);
    let site = parts.headers.get("sec-fetch-site").and_then(|site| site.to_str().ok());
    !safe && matches!(site, Some("cross-site" | "same-site"))
}

fn cookie(headers: &HeaderMap) -> Option<&str> {
    let lines = headers.get_all(COOKIE_HEADER).iter().filter_map(|line| line.to_str().ok());
    let mut pairs = lines.flat_map(|line| line.split(';')).filter_map(|pair| pair.trim().split_once('='));
    pairs.find(|(name, _)| *name == COOKIE).map(|(_, token)| token).filter(|token| !token.is_empty())
}

/// True when a request carries credentials of any kind.
pub(super) fn has_credentials(headers: &HeaderMap) -> bool {
    headers.contains_key(AUTHORIZATION) || cookie(headers).is_some()
}

/// The `Set-Cookie` value that signs a browser in for `seconds`. Scripts cannot read it, other sites cannot use it.
/// `secure` where the pages are served over HTTPS.
pub fn sign_in_cookie(token: &str, seconds: u32, secure: bool) -> String {
    let secure = if secure { "; Secure" } else { "" };
    format!("{COOKIE}={token}; Path=/; HttpOnly; SameSite=Strict; Max-Age={seconds}{secure}")
}

/// The `Set-Cookie` value that signs a browser out.
pub fn clear_cookie() -> String {
    format!("{COOKIE}=; Path=/; HttpOnly; SameSite=Strict; Max-Age=0")
}

/// The `Idempotency-Key`, if there is one.
#[derive(Debug, Clone, Default)]
pub struct RetryKey(pub Option<String>);

impl RetryKey {
    /// As the platform takes it.
    pub fn as_deref(&self) -> Option<&str> {
        self.0.as_deref()
    }
}

impl<S: Send + Sync> FromRequestParts<S> for RetryKey {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Problem> {
        let Some(header) = parts.headers.get("idempotency-key") else { return Ok(Self(None)) };
        match header.to_str() {
            Ok(key) if (1..=RETRY_KEY_MAX).contains(&key.len()) => Ok(Self(Some(key.to_owned()))),
            _ => {
                let detail =
                    format!("Idempotency-Key: expected 1 to {RETRY_KEY_MAX} printable ASCII characters");
                Err(Refusal::from(Reason::detail(Code::MALFORMED, detail)).into())
            }
        }
    }
}
