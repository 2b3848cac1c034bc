//! Who looks at a page, in which language, and what proves that a form is theirs.

use api::Principal;
use api::http::COOKIE;
use axum::extract::FromRequestParts;
use axum::http::Method;
use axum::http::request::Parts;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::Pages;
use crate::cookies;
use crate::failure::Failure;
use crate::language::{Language, Text};

/// Parameters that a link to the same page in the other language keeps.
const KEPT: [&str; 3] = ["collector", "after", "pause"];

/// One request for a page.
#[derive(Clone)]
pub(crate) struct Visit {
    pub language: Language,
    /// Who is signed in.
    pub principal: Principal,
    /// What a form of this session must carry; `None`: nobody is signed in.
    pub form_token: Option<String>,
    /// This page in the other language.
    pub translation: String,
}

impl Visit {
    pub(crate) fn of(pages: &Pages, parts: &Parts) -> Self {
        let asked = Language::asked(parts.uri.query());
        let language = asked.unwrap_or_else(|| Language::preferred(&parts.headers));
        // A browser keeps an expired cookie: whoever holds it is signed out, no more.
        let session = cookies::find(&parts.headers, COOKIE)
            .and_then(|token| pages.platform.authenticate(token).ok().map(|principal| (principal, token)));
        Self {
            language,
            principal: session.map_or(Principal::Anonymous, |(principal, _)| principal),
            form_token: session.map(|(_, token)| form_token(pages, token)),
            translation: translation(parts, language),
        }
    }

    /// A text in the language of this visit.
    pub(crate) fn say(&self, text: Text) -> &'static str {
        text.of(self.language)
    }

    /// A collector, an agency, a supervisor: somebody with a page of their own.
    pub(crate) fn home(&self) -> &'static str {
        home(&self.principal)
    }
}

/// Where somebody who has signed in begins.
pub(crate) fn home(principal: &Principal) -> &'static str {
    match principal {
        Principal::Operator | Principal::Supervisor(_) | Principal::Agency(_) => "/figures",
        Principal::Collector(..) => "/queue",
        Principal::CalledPerson(_) => "/my-number",
        Principal::Lender(_) | Principal::Trunk => "/sign-in",
        Principal::Anonymous => "/",
    }
}

/// A MAC of the sign-in token: other sites cannot know it, and it ends with the session.
fn form_token(pages: &Pages, token: &str) -> String {
    let mac = pages.platform.parts().vault.tokens().mac("console/form/v1", token.as_bytes());
    URL_SAFE_NO_PAD.encode(&mac[..16])
}

fn translation(parts: &Parts, language: Language) -> String {
    let (other, _) = language.other();
    let (path, query) = match parts.method {
        Method::GET => (parts.uri.path(), parts.uri.query().unwrap_or_default()),
        // What was posted cannot be asked for again.
        _ => ("/", ""),
    };
    let mut link = format!("{path}?lang={}", other.word());
    for pair in query.split('&') {
        if pair.split_once('=').is_some_and(|(name, _)| KEPT.contains(&name)) {
            link.push('&');
            link.push_str(pair);
        }
    }
    link
}

impl<S: Send + Sync> FromRequestParts<S> for Visit {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Failure> {
        // The frame puts it there for each request.
        parts.extensions.get::<Self>().cloned().ok_or_else(Failure::unavailable)
    }
}
