//! What is held about a number, and how its owner ends it. Numbers come in bodies, never in paths, which get logged.

use axum::Json;
use axum::extract::State;
use events::gate::StopSource;
use model::{CaseId, ContactPointId};
use serde::Deserialize;
use serde_json::{Value, json};

use super::asker::{Asker, RetryKey};
use super::client::ClientAddress;
use super::input::{Input, after, malformed, parsed, parsed_if_any, whom};
use super::problem::Problem;
use crate::platform::Platform;
use crate::principal::Principal;
use crate::shape;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Lookup {
    number: Option<String>,
    region: Option<String>,
    #[serde(default, deserialize_with = "parsed_if_any")]
    contact: Option<ContactPointId>,
}

pub(super) async fn lookup(
    State(platform): State<Platform>,
    Asker(principal): Asker,
    Input(of): Input<Lookup>,
) -> Result<Json<Value>, Problem> {
    let view =
        platform.contact(&principal, &whom(of.number.as_deref(), of.region.as_deref(), of.contact)?).await?;
    Ok(Json(shape::contact(&view)))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct TimelineOf {
    number: Option<String>,
    region: Option<String>,
    #[serde(default, deserialize_with = "parsed_if_any")]
    contact: Option<ContactPointId>,
    limit: Option<u32>,
    after: Option<String>,
}

pub(super) async fn timeline(
    State(platform): State<Platform>,
    Asker(principal): Asker,
    Input(of): Input<TimelineOf>,
) -> Result<Json<Value>, Problem> {
    let after = after(of.after.as_deref())?;
    let limit = of.limit.unwrap_or(100);
    let page = platform
        .contact_timeline(
            &principal,
            &whom(of.number.as_deref(), of.region.as_deref(), of.contact)?,
            limit,
            after,
        )
        .await?;
    Ok(Json(shape::timeline(&page)))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct PlaceStop {
    number: Option<String>,
    region: Option<String>,
    #[serde(default, deserialize_with = "parsed_if_any")]
    contact: Option<ContactPointId>,
    source: Option<String>,
}

pub(super) async fn stop(
    State(platform): State<Platform>,
    Asker(principal): Asker,
    ClientAddress(address): ClientAddress,
    retry_key: RetryKey,
    Input(stop): Input<PlaceStop>,
) -> Result<Json<Value>, Problem> {
    if principal == Principal::Anonymous {
        platform.admit_anonymous(address)?;
    }
    let source = match &stop.source {
        Some(word) => shape::stop_source(word).ok_or_else(|| {
            malformed("source: expected one of called-person, collector, operator, regulator")
        })?,
        None => own_source(&principal),
    };
    let receipt = platform
        .stop(
            &principal,
            &whom(stop.number.as_deref(), stop.region.as_deref(), stop.contact)?,
            source,
            retry_key.as_deref(),
        )
        .await?;
    Ok(Json(shape::stop_receipt(&receipt)))
}

fn own_source(principal: &Principal) -> StopSource {
    match principal {
        Principal::Operator => StopSource::Operator,
        Principal::Collector(..) | Principal::Agency(_) => StopSource::Collector,
        _ => StopSource::CalledPerson,
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Consent {
    number: Option<String>,
    region: Option<String>,
    #[serde(default, deserialize_with = "parsed_if_any")]
    contact: Option<ContactPointId>,
    #[serde(deserialize_with = "parsed")]
    case: CaseId,
    answer: String,
}

pub(super) async fn consent(
    State(platform): State<Platform>,
    Asker(principal): Asker,
    retry_key: RetryKey,
    Input(consent): Input<Consent>,
) -> Result<Json<Value>, Problem> {
    let answer = shape::consent_answer(&consent.answer)
        .ok_or_else(|| malformed("answer: expected one of confirmed, refused, unknown-debtor"))?;
    let target = whom(consent.number.as_deref(), consent.region.as_deref(), consent.contact)?;
    let changed =
        platform.answer_consent(&principal, &target, consent.case, answer, retry_key.as_deref()).await?;
    Ok(Json(json!({ "changed": changed })))
}
