//! Answers that come line by line, a JSON object each, while the work goes on.

use axum::body::{Body, Bytes};
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use futures::stream;
use serde_json::Value;
use tokio::sync::mpsc;

use super::json_lines::LINES_MAX;

/// What such an answer calls itself.
pub(super) const JSON_LINES: &str = "application/x-ndjson";

/// A new answer: what gives it lines, and what is sent. As many lines may wait as one request has: a client may send all
/// of it before it reads.
pub(super) fn lines() -> (mpsc::Sender<Value>, Response) {
    let (sender, receiver) = mpsc::channel::<Value>(LINES_MAX);
    let next = |mut receiver: mpsc::Receiver<Value>| async move {
        let line = receiver.recv().await?;
        Some((Ok::<_, std::convert::Infallible>(Bytes::from(format!("{line}\n"))), receiver))
    };
    let body = Body::from_stream(stream::unfold(receiver, next));
    (sender, ([(CONTENT_TYPE, JSON_LINES)], body).into_response())
}
