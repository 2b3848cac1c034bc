//! Permits: asked for, redeemed, settled.

use axum::Json;
use axum::extract::State;
use events::gate::Line;
use model::{CaseId, Channel, CollectorId, ContactPointId, Outcome, Purpose};
use serde::Deserialize;
use serde_json::{Value, json};

use super::asker::{Asker, RetryKey};
use super::input::{Input, parsed, parsed_if_any, whom};
use super::problem::Problem;
use crate::platform::{PermitAsk, PermitGiven, Platform, Redeemed, Settled};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Ask {
    number: Option<String>,
    region: Option<String>,
    #[serde(default, deserialize_with = "parsed_if_any")]
    contact: Option<ContactPointId>,
    #[serde(deserialize_with = "parsed")]
    case: CaseId,
    #[serde(default, deserialize_with = "parsed_if_any")]
    collector: Option<CollectorId>,
    #[serde(deserialize_with = "parsed")]
    channel: Channel,
    #[serde(deserialize_with = "parsed")]
    purpose: Purpose,
    #[serde(default, deserialize_with = "parsed_if_any")]
    line: Option<Line>,
}

pub(super) async fn request(
    State(platform): State<Platform>,
    Asker(principal): Asker,
    retry_key: RetryKey,
    Input(ask): Input<Ask>,
) -> Result<Json<PermitGiven>, Problem> {
    let target = whom(ask.number.as_deref(), ask.region.as_deref(), ask.contact)?;
    let Ask { case, collector, channel, purpose, line, .. } = ask;
    let ask = PermitAsk { target, case, collector, channel, purpose, line };
    Ok(Json(platform.request_permit(&principal, &ask, retry_key.as_deref()).await?))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Redeem {
    token: String,
    /// What names the call: SIP Call-ID and From-tag, or a message's id.
    call: String,
}

pub(super) async fn redeem(
    State(platform): State<Platform>,
    Asker(principal): Asker,
    retry_key: RetryKey,
    Input(redeem): Input<Redeem>,
) -> Result<Json<Redeemed>, Problem> {
    Ok(Json(platform.redeem(&principal, &redeem.token, &redeem.call, retry_key.as_deref()).await?))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Settle {
    token: String,
    #[serde(deserialize_with = "parsed")]
    outcome: Outcome,
}

pub(super) async fn settle(
    State(platform): State<Platform>,
    Asker(principal): Asker,
    retry_key: RetryKey,
    Input(settle): Input<Settle>,
) -> Result<Json<Settled>, Problem> {
    Ok(Json(platform.settle(&principal, &settle.token, settle.outcome, retry_key.as_deref()).await?))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Number {
    token: String,
}

/// The only answer with a whole number in it.
pub(super) async fn number(
    State(platform): State<Platform>,
    Asker(principal): Asker,
    Input(number): Input<Number>,
) -> Result<Json<Value>, Problem> {
    let number = platform.number_to_dial(&principal, &number.token).await?;
    Ok(Json(json!({ "number": number.e164() })))
}
