//! What a debtor agrees to, and why collection pauses.

use axum::Json;
use axum::extract::{Path, State};
use events::Refusal;
use events::ledger::{CommitmentKind, InstalmentV1, PauseKind};
use model::Currency;
use serde::Deserialize;
use serde_json::Value;

use super::asker::{Asker, RetryKey};
use super::input::{Input, a_day, an_amount, id, malformed, moment, parsed};
use super::problem::Problem;
use crate::platform::{Instalments, Platform};
use crate::shape;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Part {
    due_on: String,
    amount: String,
}

fn instalments(parts: &[Part], currency: Currency) -> Result<Instalments, Refusal> {
    let part = |part: &Part| {
        let (due_on, amount) = (a_day("due_on", &part.due_on)?, an_amount(&part.amount, currency)?);
        Ok(InstalmentV1 { due_on, minor: amount.minor })
    };
    Ok(Instalments { parts: parts.iter().map(part).collect::<Result<_, Refusal>>()?, currency })
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Commit {
    kind: String,
    instalments: Vec<Part>,
    #[serde(deserialize_with = "parsed")]
    currency: Currency,
    #[serde(default)]
    grace_days: u16,
}

pub(super) async fn commit(
    State(platform): State<Platform>,
    Asker(principal): Asker,
    retry_key: RetryKey,
    Path(case): Path<String>,
    Input(asked): Input<Commit>,
) -> Result<Json<Value>, Problem> {
    let kind = CommitmentKind::of(&asked.kind).ok_or_else(|| malformed("kind: expected promise or plan"))?;
    let parts = instalments(&asked.instalments, asked.currency)?;
    let (made, key) = ((kind, asked.grace_days), retry_key.as_deref());
    let booked = platform.commit(&principal, id(&case)?, made, parts, key).await?;
    Ok(Json(shape::booked(booked, None)))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Offer {
    instalments: Vec<Part>,
    #[serde(deserialize_with = "parsed")]
    currency: Currency,
    expires_on: String,
}

pub(super) async fn offer(
    State(platform): State<Platform>,
    Asker(principal): Asker,
    retry_key: RetryKey,
    Path(case): Path<String>,
    Input(asked): Input<Offer>,
) -> Result<Json<Value>, Problem> {
    let parts = instalments(&asked.instalments, asked.currency)?;
    let (expires_on, key) = (a_day("expires_on", &asked.expires_on)?, retry_key.as_deref());
    let booked = platform.offer_settlement(&principal, id(&case)?, parts, expires_on, key).await?;
    Ok(Json(shape::booked(booked, None)))
}

pub(super) async fn accept(
    State(platform): State<Platform>,
    Asker(principal): Asker,
    retry_key: RetryKey,
    Path(case): Path<String>,
) -> Result<Json<Value>, Problem> {
    let booked = platform.accept_settlement(&principal, id(&case)?, retry_key.as_deref()).await?;
    Ok(Json(shape::booked(booked, None)))
}

pub(super) async fn cancel(
    State(platform): State<Platform>,
    Asker(principal): Asker,
    retry_key: RetryKey,
    Path(case): Path<String>,
) -> Result<Json<Value>, Problem> {
    let booked = platform.cancel_commitment(&principal, id(&case)?, retry_key.as_deref()).await?;
    Ok(Json(shape::booked(booked, None)))
}

fn pause_kind(word: &str) -> Result<PauseKind, Refusal> {
    PauseKind::of(word).ok_or_else(|| malformed("kind: expected dispute or hardship"))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Pause {
    kind: String,
    until: String,
}

pub(super) async fn pause(
    State(platform): State<Platform>,
    Asker(principal): Asker,
    retry_key: RetryKey,
    Path(case): Path<String>,
    Input(asked): Input<Pause>,
) -> Result<Json<Value>, Problem> {
    let pause = (pause_kind(&asked.kind)?, moment("until", &asked.until)?);
    let booked = platform.pause_collection(&principal, id(&case)?, pause, retry_key.as_deref()).await?;
    Ok(Json(shape::booked(booked, None)))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Resume {
    kind: String,
}

pub(super) async fn resume(
    State(platform): State<Platform>,
    Asker(principal): Asker,
    retry_key: RetryKey,
    Path(case): Path<String>,
    Input(asked): Input<Resume>,
) -> Result<Json<Value>, Problem> {
    let kind = pause_kind(&asked.kind)?;
    let booked = platform.resume_collection(&principal, id(&case)?, kind, retry_key.as_deref()).await?;
    Ok(Json(shape::booked(booked, None)))
}
