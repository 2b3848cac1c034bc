//! Placement plans and recalls.

use axum::Json;
use axum::extract::{Path, State};
use events::assignment::WithdrawalReason;
use model::{AgencyId, LenderId};
use serde::Deserialize;
use serde_json::{Value, json};

use super::asker::{Asker, RetryKey};
use super::input::{Input, id, malformed, parsed_if_any};
use super::problem::Problem;
use crate::plan_document::{PlanDocument, PlanProgress, Scores};
use crate::platform::{Platform, Scorecards};

/// Largest plan that is taken: some ten thousands of segments.
pub(super) const PLAN_MAX: usize = 64 * 1024 * 1024;

pub(super) async fn plan(
    State(platform): State<Platform>,
    Asker(principal): Asker,
    Input(scores): Input<Scores>,
) -> Result<Json<PlanDocument>, Problem> {
    Ok(Json(platform.plan_placement(&principal, scores).await?))
}

pub(super) async fn apply(
    State(platform): State<Platform>,
    Asker(principal): Asker,
    retry_key: RetryKey,
    Input(document): Input<PlanDocument>,
) -> Result<Json<PlanProgress>, Problem> {
    Ok(Json(platform.apply_placement(&principal, &document, retry_key.as_deref()).await?))
}

pub(super) async fn progress(
    State(platform): State<Platform>,
    Asker(principal): Asker,
) -> Result<Json<Value>, Problem> {
    Ok(Json(json!({ "progress": platform.plan_progress(&principal).await? })))
}

pub(super) async fn scorecards(
    State(platform): State<Platform>,
    Asker(principal): Asker,
) -> Result<Json<Scorecards>, Problem> {
    Ok(Json(platform.scorecards(&principal).await?))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Recall {
    reason: String,
    #[serde(default, deserialize_with = "parsed_if_any")]
    lender: Option<LenderId>,
}

pub(super) async fn recall(
    State(platform): State<Platform>,
    Asker(principal): Asker,
    retry_key: RetryKey,
    Path(agency): Path<String>,
    Input(Recall { reason, lender }): Input<Recall>,
) -> Result<Json<Value>, Problem> {
    let reason = match reason.as_str() {
        "overheld" => WithdrawalReason::Overheld,
        "performance" => WithdrawalReason::Performance,
        "complaints" => WithdrawalReason::Complaints,
        _ => return Err(malformed("reason: expected overheld, performance or complaints").into()),
    };
    let agency: AgencyId = id(&agency)?;
    let recalled = platform.recall_cases(&principal, agency, lender, reason, retry_key.as_deref()).await?;
    Ok(Json(json!({ "withdrawn": recalled })))
}
