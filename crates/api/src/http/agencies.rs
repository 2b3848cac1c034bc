//! Agencies, collectors, placement, queues.

use axum::Json;
use axum::extract::{Path, State};
use model::{AgencyId, CaseId, CollectorId};
use serde::Deserialize;
use serde_json::{Value, json};

use super::asker::{Asker, RetryKey};
use super::input::{Input, Params, id, malformed, parsed, parsed_if_any};
use super::problem::Problem;
use crate::platform::{AgencyRegistration, Platform, Queue};
use crate::shape;

pub(super) async fn list(
    State(platform): State<Platform>,
    Asker(principal): Asker,
) -> Result<Json<Value>, Problem> {
    let agencies = platform.agencies(&principal).await?;
    Ok(Json(json!({ "agencies": agencies.iter().map(shape::agency).collect::<Vec<_>>() })))
}

pub(super) async fn figures(
    State(platform): State<Platform>,
    Asker(principal): Asker,
    Path(agency): Path<String>,
) -> Result<Json<Value>, Problem> {
    let figures = platform.agency_figures(&principal, id(&agency)?).await?;
    Ok(Json(shape::agency_figures(&figures)))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Register {
    #[serde(deserialize_with = "parsed")]
    agency: AgencyId,
    name: String,
    jurisdictions: Vec<String>,
    capacity: u32,
    lines: Vec<String>,
}

pub(super) async fn register(
    State(platform): State<Platform>,
    Asker(principal): Asker,
    retry_key: RetryKey,
    Input(register): Input<Register>,
) -> Result<Json<Value>, Problem> {
    let Register { agency, name, jurisdictions, capacity, lines } = register;
    let registration = AgencyRegistration { agency, name, jurisdictions, capacity, lines };
    let changed = platform.register_agency(&principal, registration, retry_key.as_deref()).await?;
    Ok(Json(json!({ "changed": changed })))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Suspension {
    suspended: bool,
}

pub(super) async fn suspend(
    State(platform): State<Platform>,
    Asker(principal): Asker,
    retry_key: RetryKey,
    Path(agency): Path<String>,
    Input(suspension): Input<Suspension>,
) -> Result<Json<Value>, Problem> {
    let agency: AgencyId = id(&agency)?;
    let withdrawn =
        platform.suspend_agency(&principal, agency, suspension.suspended, retry_key.as_deref()).await?;
    Ok(Json(json!({ "withdrawn": withdrawn })))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RegisterCollector {
    #[serde(deserialize_with = "parsed")]
    collector: CollectorId,
    name: String,
}

pub(super) async fn register_collector(
    State(platform): State<Platform>,
    Asker(principal): Asker,
    retry_key: RetryKey,
    Path(agency): Path<String>,
    Input(RegisterCollector { collector, name }): Input<RegisterCollector>,
) -> Result<Json<Value>, Problem> {
    let agency: AgencyId = id(&agency)?;
    let key = retry_key.as_deref();
    let changed = platform.register_collector(&principal, collector, agency, &name, key).await?;
    Ok(Json(json!({ "changed": changed })))
}

pub(super) async fn end_collector(
    State(platform): State<Platform>,
    Asker(principal): Asker,
    retry_key: RetryKey,
    Path(collector): Path<String>,
) -> Result<Json<Value>, Problem> {
    let withdrawn = platform.end_collector(&principal, id(&collector)?, retry_key.as_deref()).await?;
    Ok(Json(json!({ "withdrawn": withdrawn })))
}

pub(super) async fn place(
    State(platform): State<Platform>,
    Asker(principal): Asker,
    retry_key: RetryKey,
) -> Result<Json<Value>, Problem> {
    let run = platform.place_open_cases(&principal, retry_key.as_deref()).await?;
    Ok(Json(shape::placement_run(&run)))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Page {
    limit: Option<u32>,
    after_minor: Option<i64>,
    #[serde(default, deserialize_with = "parsed_if_any")]
    after_case: Option<CaseId>,
}

pub(super) async fn queue(
    State(platform): State<Platform>,
    Asker(principal): Asker,
    Path(collector): Path<String>,
    Params(page): Params<Page>,
) -> Result<Json<Queue>, Problem> {
    let after = match (page.after_minor, page.after_case) {
        (Some(minor), Some(case)) => Some((minor, case)),
        (None, None) => None,
        _ => return Err(malformed("expected both after_minor and after_case, or neither").into()),
    };
    let limit = page.limit.unwrap_or(50);
    Ok(Json(platform.queue(&principal, id(&collector)?, limit, after).await?))
}
