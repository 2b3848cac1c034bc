//! Reading what a request brings: JSON bodies, query strings, ids in paths. What was given is never repeated: it
//! may be somebody's number.

use std::fmt::Display;
use std::str::FromStr;

use axum::body::Bytes;
use axum::extract::{FromRequest, Query, Request};
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::http::request::Parts;
use events::{Code, Reason, Refusal};
use model::{ContactPointId, Currency, Money, PhoneNumber, Timestamp};
use serde::de::{DeserializeOwned, Error};
use serde::{Deserialize, Deserializer};

use super::problem::Problem;
use crate::json::parse_day;
use crate::platform::After;
use crate::shape;
use crate::target::Target;

/// A JSON body.
pub(super) struct Input<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Input<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        let content_type = request.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
        // Also what keeps the forms of other sites out: they cannot send this type.
        if !content_type.is_some_and(|value| value.starts_with("application/json")) {
            let refusal = malformed("expected Content-Type: application/json");
            return Err(Problem::with(StatusCode::UNSUPPORTED_MEDIA_TYPE, refusal));
        }
        let body = Bytes::from_request(request, state).await.map_err(|rejection| {
            let status = rejection.status();
            Problem::with(status, malformed(format!("the body could not be read: {}", status.as_str())))
        })?;
        serde_json::from_slice(&body).map(Self).map_err(|error| malformed(without_input(&error)).into())
    }
}

/// The parameters after the question mark.
pub(super) struct Params<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> axum::extract::FromRequestParts<S> for Params<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Problem> {
        match Query::try_from_uri(&parts.uri) {
            Ok(Query(params)) => Ok(Self(params)),
            Err(rejection) => Err(malformed(cut(&rejection.body_text())).into()),
        }
    }
}

/// An id in the path.
pub(super) fn id<T: FromStr>(text: &str) -> Result<T, Refusal>
where
    T::Err: Display,
{
    text.parse().map_err(|error: T::Err| malformed(cut(&error.to_string())))
}

pub(super) fn malformed(detail: impl Into<String>) -> Refusal {
    Reason::detail(Code::MALFORMED, detail).into()
}

/// Says where JSON does not fit and what was expected there.
pub(super) fn without_input(error: &serde_json::Error) -> String {
    let (line, column) = (error.line(), error.column());
    // Ends in "at line 1 column 2", which is said first here.
    let message = error.to_string();
    let message = message.rsplit_once(" at line ").map_or(message.as_str(), |(message, _)| message);
    format!("line {line}, column {column}: {}", cut(message))
}

/// A message without what came: "invalid type: integer `1`, expected a string" and "expected x, got y".
fn cut(message: &str) -> String {
    if let Some((_, expected)) = message.split_once(", expected ") {
        return format!("expected {expected}");
    }
    let head = message.split_once(", got").map_or(message, |(head, _)| head);
    head.to_owned()
}

/// A value that is text in JSON.
pub(super) fn parsed<'de, T: FromStr, D: Deserializer<'de>>(from: D) -> Result<T, D::Error>
where
    T::Err: Display,
{
    String::deserialize(from)?.parse().map_err(D::Error::custom)
}

/// The same, where it may be left out; use with `#[serde(default)]`.
pub(super) fn parsed_if_any<'de, T: FromStr, D: Deserializer<'de>>(from: D) -> Result<Option<T>, D::Error>
where
    T::Err: Display,
{
    let text = Option::<String>::deserialize(from)?;
    text.map(|text| text.parse().map_err(D::Error::custom)).transpose()
}

/// A list of words.
pub(super) fn parsed_each<'de, T: FromStr, D: Deserializer<'de>>(from: D) -> Result<Vec<T>, D::Error>
where
    T::Err: Display,
{
    let texts = Vec::<String>::deserialize(from)?;
    texts.iter().map(|text| text.parse().map_err(D::Error::custom)).collect()
}

/// Whom a body is about: exactly one of number and contact. The bodies name the fields themselves, because serde cannot
/// refuse unknown fields in a body that is flattened together.
pub(super) fn whom(
    number: Option<&str>,
    region: Option<&str>,
    contact: Option<ContactPointId>,
) -> Result<Target, Refusal> {
    match (number, contact) {
        (Some(number), None) => phone(number, region).map(Target::Number),
        (None, Some(contact)) => Ok(Target::Point(contact)),
        _ => Err(malformed("expected either `number` or `contact`")),
    }
}

/// Where a page of a timeline begins.
pub(super) fn after(text: Option<&str>) -> Result<Option<After>, Refusal> {
    let read =
        |text| shape::after(text).ok_or_else(|| malformed("after: expected the `next` of the page before"));
    text.map(read).transpose()
}

/// A moment of RFC 3339.
pub(super) fn moment(name: &str, text: &str) -> Result<Timestamp, Refusal> {
    let at = text.parse::<jiff::Timestamp>().map(|at| Timestamp(at.as_millisecond()));
    at.map_err(|_| malformed(format!("{name}: expected a time such as 2026-11-24T02:00:00Z")))
}

/// The same, where it may be left out.
pub(super) fn moment_if_any(name: &str, text: Option<&str>) -> Result<Option<Timestamp>, Refusal> {
    text.map(|text| moment(name, text)).transpose()
}

/// A day such as `2026-11-24`.
pub(super) fn a_day(name: &str, text: &str) -> Result<i32, Refusal> {
    parse_day(text).ok_or_else(|| malformed(format!("{name}: expected a day such as 2026-11-24")))
}

/// An amount such as `1234.56`.
pub(super) fn an_amount(text: &str, currency: Currency) -> Result<Money, Refusal> {
    // What came is not repeated.
    Money::parse(text, currency).map_err(|_| malformed("amount: expected a decimal text such as 1234.56"))
}

/// A reference of the asker's own.
pub(super) fn a_reference(text: &str) -> Result<&str, Refusal> {
    match text.len() {
        1..=200 => Ok(text),
        _ => Err(malformed("reference: expected 1 to 200 bytes")),
    }
}

/// A phone number; a national one is Chinese unless `region` says otherwise.
pub(super) fn phone(text: &str, region: Option<&str>) -> Result<PhoneNumber, Refusal> {
    PhoneNumber::parse(text, Some(region.unwrap_or("CN")))
        .map_err(|error| malformed(format!("number: {error}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, Deserialize)]
    struct Sample {
        #[serde(rename = "number")]
        _number: String,
    }

    #[test]
    fn what_was_given_is_not_repeated() {
        let error = serde_json::from_str::<Sample>(r#"{"number": 13812345678}"#).expect_err("no text");
        let message = without_input(&error);
        assert!(message.contains("expected a string"), "{message}");
        assert!(!message.contains("138"), "{message}");
        let refusal = id::<model::AgencyId>("13812345678x").expect_err("no id");
        assert!(!refusal.to_string().contains("138"), "{refusal}");
    }
}
