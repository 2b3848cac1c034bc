//! Why: of a decision, and of a request that was not made.

use std::str::FromStr;

use axum::Json;
use axum::extract::State;
use axum::response::Response;
use events::{Position, Service, StreamId};
use model::ContactPointId;
use serde::Deserialize;
use serde_json::Value;

use super::asker::Asker;
use super::input::{Input, malformed, parsed, parsed_if_any, whom};
use super::lines::with_progress;
use super::permits::Ask;
use super::problem::Problem;
use crate::platform::{Decision, Platform};
use crate::principal::Principal;
use crate::shape::{self, Reader};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Which {
    /// `gate/0/17`, or `17` with whom it was about.
    #[serde(deserialize_with = "parsed")]
    decision: Name,
    number: Option<String>,
    region: Option<String>,
    #[serde(default, deserialize_with = "parsed_if_any")]
    contact: Option<ContactPointId>,
    /// collector, supervisor, person.
    #[serde(default, rename = "for", deserialize_with = "parsed_if_any")]
    reader: Option<Reader>,
}

/// Where a decision stands, as it is written.
pub(super) struct Name(Option<u16>, Position);

impl FromStr for Name {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, &'static str> {
        const EXPECTED: &str = "expected a decision such as gate/0/17, or 17 with whom it was about";
        let (stream, position) = match text.rsplit_once('/') {
            Some((stream, position)) => (Some(stream), position),
            None => (None, text),
        };
        let stream: Option<StreamId> = stream.map(str::parse).transpose().map_err(|_| EXPECTED)?;
        let gates = stream.is_none_or(|stream| stream.service == Service::Gate);
        let position = position.parse().map_err(|_| EXPECTED)?;
        if gates {
            Ok(Self(stream.map(|stream| stream.partition), Position(position)))
        } else {
            Err(EXPECTED)
        }
    }
}

pub(super) async fn decision(
    State(platform): State<Platform>,
    Asker(principal): Asker,
    Input(which): Input<Which>,
) -> Result<Json<Value>, Problem> {
    let reader = reader(&principal, which.reader)?;
    let Name(partition, position) = which.decision;
    let own = match principal {
        Principal::CalledPerson(own) if which.number.is_none() => which.contact.or(Some(own)),
        _ => which.contact,
    };
    let decision = match partition {
        Some(partition) => Decision::At(partition, position),
        None if own.is_none() && which.number.is_none() && platform.parts().gate.partitions() == 1 => {
            Decision::At(0, position)
        }
        None => Decision::Of(whom(which.number.as_deref(), which.region.as_deref(), own)?, position),
    };
    Ok(Json(shape::explained(&platform.explain_decision(&principal, &decision).await?, reader)))
}

/// Every decision made again; lines with how far it is, and at the end one with the result, or with the refusal.
pub(super) async fn every(
    State(platform): State<Platform>,
    Asker(principal): Asker,
) -> Result<Response, Problem> {
    Platform::check_reproduce(&principal)?;
    let partitions = platform.parts().gate.partitions();
    Ok(with_progress(partitions, move |progress| async move {
        let told = |partition, read, records| progress.told(partition, read, records);
        Ok(shape::reproduction(&platform.reproduce(&principal, told).await?))
    }))
}

pub(super) async fn request(
    State(platform): State<Platform>,
    Asker(principal): Asker,
    Input(ask): Input<Ask>,
) -> Result<Json<Value>, Problem> {
    let reader = reader(&principal, None)?;
    let explained = platform.explain_request(&principal, &ask.read()?).await?;
    Ok(Json(shape::explained(&explained, reader)))
}

fn reader(principal: &Principal, wanted: Option<Reader>) -> Result<Reader, Problem> {
    Reader::of(principal, wanted)
        .ok_or_else(|| malformed("for: expected a reader that one is: person, or collector").into())
}
