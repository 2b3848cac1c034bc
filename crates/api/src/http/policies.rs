//! Rule packs: in force, adopted, withdrawn, tried on the past.

use axum::Json;
use axum::extract::{Path, State};
use axum::response::Response;
use serde::Deserialize;
use serde_json::{Value, json};

use super::asker::{Asker, RetryKey};
use super::input::{Input, malformed};
use super::lines::with_progress;
use super::problem::Problem;
use crate::json::parse_moment;
use crate::platform::{Platform, ReplayAsk};
use crate::shape;

pub(super) async fn adopt(
    State(platform): State<Platform>,
    Asker(principal): Asker,
    retry_key: RetryKey,
    Input(wanted): Input<Adopt>,
) -> Result<Json<Value>, Problem> {
    let changed = platform.adopt_policy(&principal, wanted.pack, retry_key.as_deref()).await?;
    Ok(Json(json!({ "changed": changed })))
}

/// A rule pack, as its text.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Adopt {
    pack: String,
}

pub(super) async fn withdraw(
    State(platform): State<Platform>,
    Asker(principal): Asker,
    retry_key: RetryKey,
    Path(id): Path<String>,
) -> Result<Json<Value>, Problem> {
    let changed = platform.withdraw_policy(&principal, id, retry_key.as_deref()).await?;
    Ok(Json(json!({ "changed": changed })))
}

/// The law in force: public.
pub(super) async fn in_force(State(platform): State<Platform>) -> Result<Json<Value>, Problem> {
    let (position, packs) = platform.policies().await?;
    Ok(Json(json!({ "position": position.map(|position| position.0), "packs": packs })))
}

/// A draft and a period: days in UTC, or moments.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Replay {
    pack: String,
    from: String,
    until: String,
}

/// Lines with how far it is, and at the end one with the result, or with the refusal.
pub(super) async fn replay(
    State(platform): State<Platform>,
    Asker(principal): Asker,
    Input(replay): Input<Replay>,
) -> Result<Response, Problem> {
    let moment = |name: &str, text: &str, end| {
        parse_moment(text, end).ok_or_else(|| malformed(format!("{name}: expected a day such as 2026-11-24")))
    };
    let (from, until) = (moment("from", &replay.from, false)?, moment("until", &replay.until, true)?);
    let ask = ReplayAsk { pack: replay.pack, from, until };
    Platform::check_replay(&principal, &ask)?;
    let partitions = platform.parts().gate.partitions();
    Ok(with_progress(partitions, move |progress| async move {
        let told = |partition, read, records| progress.told(partition, read, records);
        Ok(shape::policy_replay(&platform.replay_policy(&principal, &ask, told).await?))
    }))
}
