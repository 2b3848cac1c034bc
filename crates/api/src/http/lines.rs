//! Answers that come line by line, a JSON object each, while the work goes on.

use axum::body::{Body, Bytes};
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use events::Refusal;
use futures::stream;
use serde_json::{Value, json};
use tokio::sync::mpsc;

use super::json_lines::LINES_MAX;
use crate::shape;

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

/// Lines with how far a long piece of work is, and at the end one with its result, or with its refusal. `work` is handed
/// what takes note of the progress.
pub(super) fn with_progress<F>(partitions: u16, work: impl FnOnce(Progress) -> F + Send + 'static) -> Response
where
    F: Future<Output = Result<Value, Refusal>> + Send,
{
    let (sender, response) = lines();
    tokio::spawn(async move {
        let progress = Progress { sender: sender.clone(), partitions };
        let last = tokio::select! {
            result = work(progress) => match result {
                Ok(result) => json!({ "result": result }),
                Err(refusal) => json!({ "refusal": shape::refusal(&refusal) }),
            },
            // Nobody is there any more.
            () = sender.closed() => return,
        };
        // An error means that nobody is there any more.
        drop(sender.send(last).await);
    });
    response
}

/// Tells how far it is.
pub(super) struct Progress {
    sender: mpsc::Sender<Value>,
    partitions: u16,
}

impl Progress {
    /// So many records of so many are read, of this partition.
    pub(super) fn told(&self, partition: u16, read: u64, records: u64) {
        let partitions = self.partitions;
        let progress =
            json!({ "partition": partition, "partitions": partitions, "read": read, "records": records });
        // Progress that nobody reads in time is left out.
        drop(self.sender.try_send(json!({ "progress": progress })));
    }
}
