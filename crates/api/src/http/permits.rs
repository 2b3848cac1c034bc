//! Permits: asked for, redeemed, settled.

use axum::Json;
use axum::extract::State;
use events::Refusal;
use events::gate::{Line, TemplateId};
use model::{CaseId, Channel, CollectorId, ContactPointId, Outcome, Purpose};
use serde::Deserialize;
use serde_json::{Value, json};

use super::asker::{Asker, RetryKey};
use super::input::{Input, parsed, parsed_each, parsed_if_any, whom};
use super::problem::Problem;
use crate::platform::{PermitAsk, PermitGiven, Platform, Redeemed, SettleAsk, Settled};

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
    /// Debts of the same person that it is about too, by their cases.
    #[serde(default, deserialize_with = "parsed_each")]
    also: Vec<CaseId>,
    template: Option<u32>,
}

impl Ask {
    /// As the platform is asked.
    pub(super) fn read(self) -> Result<PermitAsk, Refusal> {
        let target = whom(self.number.as_deref(), self.region.as_deref(), self.contact)?;
        let Self { case, also, collector, channel, purpose, line, template, .. } = self;
        let template = template.map(TemplateId);
        Ok(PermitAsk { target, case, also, collector, channel, purpose, line, template })
    }
}

pub(super) async fn request(
    State(platform): State<Platform>,
    Asker(principal): Asker,
    retry_key: RetryKey,
    Input(ask): Input<Ask>,
) -> Result<Json<PermitGiven>, Problem> {
    Ok(Json(platform.request_permit(&principal, &ask.read()?, retry_key.as_deref()).await?))
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
    /// The debts that it counts toward, by their cases; as asked, if left out.
    #[serde(default, deserialize_with = "parsed_each")]
    toward: Vec<CaseId>,
    /// The debts that were spoken about.
    #[serde(default, deserialize_with = "parsed_each")]
    discussed: Vec<CaseId>,
}

pub(super) async fn settle(
    State(platform): State<Platform>,
    Asker(principal): Asker,
    retry_key: RetryKey,
    Input(settle): Input<Settle>,
) -> Result<Json<Settled>, Problem> {
    let Settle { token, outcome, toward, discussed } = settle;
    let ask = SettleAsk { outcome, toward, discussed };
    Ok(Json(platform.settle(&principal, &token, &ask, retry_key.as_deref()).await?))
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
