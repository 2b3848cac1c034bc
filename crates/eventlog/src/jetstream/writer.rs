//! Appends in flight to one JetStream stream.

use async_nats::HeaderMap;
use async_nats::header::{NATS_EXPECTED_LAST_SEQUENCE, NATS_EXPECTED_STREAM};
use async_nats::jetstream::context::{PublishAckFuture, PublishError, PublishErrorKind};
use async_nats::jetstream::message::PublishMessage;
use async_nats::jetstream::{self, Context, ErrorCode};
use async_trait::async_trait;
use bytes::Bytes;
use events::StreamId;
use events::record::RECORD_MAX;
use tokio::sync::{mpsc, oneshot, watch};

use super::mark::Marker;
use super::{log_subject, stream_name};
use crate::{Append, AppendError, Writer};

pub struct JetStreamWriter {
    context: Context,
    stream: StreamId,
    name: String,
    subject: String,
    next: u64,
    sent: u64,
    spent: bool,
    in_flight: mpsc::UnboundedSender<InFlight>,
    progress: watch::Receiver<Progress>,
}

struct InFlight {
    slot: u64,
    ack: PublishAckFuture,
    done: oneshot::Sender<Result<(), AppendError>>,
}

#[derive(Default, Clone, Copy)]
struct Progress {
    acknowledged: u64,
    failed: bool,
}

impl JetStreamWriter {
    pub fn new(context: Context, stream: StreamId, next: u64) -> Self {
        let (in_flight, acks) = mpsc::unbounded_channel();
        let (progress, seen) = watch::channel(Progress::default());
        let (name, subject) = (stream_name(stream), log_subject(stream));
        let marker = Marker::new(context.client(), stream);
        tokio::spawn(settle(stream, name.clone(), acks, progress, marker));
        Self { context, stream, name, subject, next, sent: 0, spent: false, in_flight, progress: seen }
    }

    async fn publish(&self, record: Bytes) -> Result<PublishAckFuture, AppendError> {
        let mut headers = HeaderMap::new();
        headers.insert(NATS_EXPECTED_STREAM, self.name.as_str());
        headers.insert(NATS_EXPECTED_LAST_SEQUENCE, self.next.to_string());
        let message = PublishMessage::build().payload(record).headers(headers);
        let sent = self.context.send_publish(self.subject.clone(), message).await;
        sent.map_err(|error| classify(self.stream, self.next, &error))
    }
}

#[async_trait]
impl Writer for JetStreamWriter {
    async fn append(&mut self, record: Bytes) -> Append {
        let stream = self.stream;
        let fail = |error: AppendError| -> Append { Box::pin(std::future::ready(Err(error))) };
        if self.sent == 1 {
            // See the contract: nothing follows a writer's first append before that is durable.
            let _settled = self.progress.wait_for(|seen| seen.failed || seen.acknowledged > 0).await.is_ok();
        }
        if self.spent || self.progress.borrow().failed {
            return fail(AppendError::Spent { stream });
        }
        if record.len() > RECORD_MAX {
            self.spent = true;
            return fail(AppendError::TooLarge { max: RECORD_MAX, got: record.len() });
        }
        let ack = match self.publish(record).await {
            Ok(ack) => ack,
            Err(error) => {
                self.spent = true;
                return fail(error);
            }
        };
        let (done, result) = oneshot::channel();
        let ended = move || unknown(stream, "the writer's task has ended");
        if self.in_flight.send(InFlight { slot: self.next, ack, done }).is_err() {
            self.spent = true;
            return fail(ended());
        }
        self.next += 1;
        self.sent += 1;
        Box::pin(async move { result.await.unwrap_or_else(|_| Err(ended())) })
    }
}

/// Waits for the acks in order, so that no append is reported durable before the ones it stands on.
async fn settle(
    stream: StreamId,
    name: String,
    mut acks: mpsc::UnboundedReceiver<InFlight>,
    progress: watch::Sender<Progress>,
    mut marker: Marker,
) {
    let mut failed = false;
    loop {
        let next = match marker.due() {
            None => acks.recv().await,
            Some(due) => match tokio::time::timeout_at(due, acks.recv()).await {
                Ok(next) => next,
                Err(_) => {
                    marker.publish().await;
                    continue;
                }
            },
        };
        let Some(InFlight { slot, ack, done }) = next else {
            return marker.close().await;
        };
        let result = if failed {
            Err(AppendError::Spent { stream })
        } else {
            match ack.await {
                Ok(ack) if ack.stream == name && ack.sequence == slot + 1 => Ok(()),
                Ok(ack) => Err(unknown(
                    stream,
                    &format!("expected {name} {}, got an ack for {} {}", slot + 1, ack.stream, ack.sequence),
                )),
                Err(error) => Err(classify(stream, slot, &error)),
            }
        };
        failed |= result.is_err();
        progress.send_modify(|seen| {
            seen.failed = failed;
            seen.acknowledged += u64::from(!failed);
        });
        let _nobody_waits = done.send(result).is_err();
        if !failed {
            marker.raise(slot + 1).await;
        }
    }
}

/// By the server's numeric code. 10071 says that the slot is taken or not yet reached: a conflict, also when
/// the record that took it is our own. Of 10164 (another message for the same subject is in flight, and which
/// one wins is open) nothing follows, nor of any other failure: read, and look.
fn classify(stream: StreamId, slot: u64, error: &PublishError) -> AppendError {
    let code = std::error::Error::source(error)
        .and_then(|source| source.downcast_ref::<jetstream::Error>())
        .map(jetstream::Error::error_code);
    match (error.kind(), code) {
        (PublishErrorKind::WrongLastSequence, _) | (_, Some(ErrorCode::STREAM_WRONG_LAST_SEQUENCE)) => {
            AppendError::Conflict { stream, expected: slot }
        }
        _ => unknown(stream, &error.to_string()),
    }
}

fn unknown(stream: StreamId, cause: &str) -> AppendError {
    AppendError::Unknown { stream, cause: cause.to_owned() }
}
