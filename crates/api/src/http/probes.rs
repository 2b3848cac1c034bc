//! Whether the process lives, whether it can serve, and what it counted.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use prometheus::TextEncoder;
use serde_json::{Value, json};

use super::asker::Asker;
use super::input::id;
use super::problem::Problem;
use crate::platform::{Platform, PlatformStatus};
use crate::shape;

/// The process is alive: it answers. Which one it is, whoever started it can tell.
pub(super) async fn health() -> Json<Value> {
    Json(json!({ "alive": true, "pid": std::process::id() }))
}

/// Every partition answers.
pub(super) async fn ready(State(platform): State<Platform>) -> Response {
    let status = platform.readiness().await;
    let code = if status.ready() { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    (code, Json(json!({ "ready": status.ready(), "reasons": status.reasons(), "pid": std::process::id() })))
        .into_response()
}

pub(super) async fn status(
    State(platform): State<Platform>,
    Asker(principal): Asker,
) -> Result<Json<PlatformStatus>, Problem> {
    Ok(Json(platform.status(&principal).await?))
}

pub(super) async fn figures(
    State(platform): State<Platform>,
    Asker(principal): Asker,
) -> Result<Json<Value>, Problem> {
    Ok(Json(shape::figures(&platform.figures(&principal).await?)))
}

pub(super) async fn recount(
    State(platform): State<Platform>,
    Asker(principal): Asker,
) -> Result<Json<Value>, Problem> {
    Ok(Json(shape::recount(&platform.recount(&principal).await?)))
}

/// A signed note, as it is signed.
pub(super) async fn checkpoint(
    State(platform): State<Platform>,
    Path((service, partition)): Path<(String, String)>,
) -> Result<Response, Problem> {
    let stream = id(&format!("{service}/{partition}"))?;
    let note = platform.checkpoint(stream).await?;
    Ok(([(CONTENT_TYPE, "text/plain; charset=utf-8")], note).into_response())
}

/// Prometheus text format, version 0.0.4.
pub(super) async fn metrics(State(platform): State<Platform>) -> Response {
    let families = platform.parts().metrics.registry.gather();
    match TextEncoder::new().encode_to_string(&families) {
        Ok(text) => ([(CONTENT_TYPE, "text/plain; version=0.0.4")], text).into_response(),
        Err(error) => {
            tracing::error!(%error, "the metrics do not encode");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}
