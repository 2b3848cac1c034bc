//! What is held about a number, and how its owner ends it. Numbers come in bodies, never in paths, which get logged.

use axum::Json;
use axum::extract::State;
use events::gate::StopSource;
use model::CaseId;
use serde::Deserialize;
use serde_json::{Value, json};

use super::asker::{Asker, RetryKey};
use super::client::ClientAddress;
use super::input::{Input, Whom, after, malformed, parsed};
use super::problem::Problem;
use crate::platform::Platform;
use crate::principal::Principal;
use crate::shape;

pub(super) async fn lookup(
    State(platform): State<Platform>,
    Asker(principal): Asker,
    Input(whom): Input<Whom>,
) -> Result<Json<Value>, Problem> {
    let view = platform.contact(&principal, &whom.target()?).await?;
    Ok(Json(shape::contact(&view)))
}

#[derive(Deserialize)]
pub(super) struct TimelineOf {
    #[serde(flatten)]
    whom: Whom,
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
    let page = platform.contact_timeline(&principal, &of.whom.target()?, limit, after).await?;
    Ok(Json(shape::timeline(&page)))
}

#[derive(Deserialize)]
pub(super) struct PlaceStop {
    #[serde(flatten)]
    whom: Whom,
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
    let receipt = platform.stop(&principal, &stop.whom.target()?, source, retry_key.as_deref()).await?;
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
pub(super) struct Consent {
    #[serde(flatten)]
    whom: Whom,
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
    let target = consent.whom.target()?;
    let changed =
        platform.answer_consent(&principal, &target, consent.case, answer, retry_key.as_deref()).await?;
    Ok(Json(json!({ "changed": changed })))
}
