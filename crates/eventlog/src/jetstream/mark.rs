//! `FORBEAR_MARKS`: how many slots of each stream were acknowledged, in a stream of its own.
//!
//! A server that finds a damaged message in a block file may drop everything after it, and then the stream
//! just ends earlier (seen with 2.15.1; `tests/kill_store.rs` does it). The hash chain cannot tell, so the
//! writer notes the acknowledged head beside it, at most every 50 ms and not waited for; opening compares. A
//! mark is never ahead of what is durable, so it can only add a reason to refuse.

use std::time::Duration;

use async_nats::Client;
use async_nats::jetstream::Context;
use async_nats::jetstream::stream::{
    Config, DirectGetErrorKind, DiscardPolicy, RetentionPolicy, StorageType, Stream,
};
use events::StreamId;
use tokio::sync::OnceCell;
use tokio::time::Instant;

use crate::LogError;

const NAME: &str = "FORBEAR_MARKS";
/// How long an acknowledged record may go unmarked.
const DELAY: Duration = Duration::from_millis(50);

/// Reads marks.
#[derive(Default)]
pub struct Marks {
    stream: OnceCell<Stream>,
}

impl Marks {
    /// The mark of a stream; 0 if it has none.
    pub async fn read(&self, context: &Context, replicas: usize, id: StreamId) -> Result<u64, LogError> {
        let refused = |cause: &dyn std::fmt::Display| LogError::Store(format!("{NAME}: {cause}"));
        let open = || async { context.get_or_create_stream(config(replicas)).await };
        let stream = self.stream.get_or_try_init(open).await.map_err(|error| refused(&error))?;
        match stream.direct_get_last_for_subject(subject(id)).await {
            Ok(message) => {
                let text = std::str::from_utf8(&message.payload).unwrap_or_default();
                text.parse().map_err(|_| refused(&format!("{id}: expected a number, got {text:?}")))
            }
            Err(error) if error.kind() == DirectGetErrorKind::NotFound => Ok(0),
            Err(error) => Err(refused(&error)),
        }
    }
}

/// Publishes the marks of one writer.
pub struct Marker {
    client: Client,
    subject: String,
    head: u64,
    due: Option<Instant>,
}

impl Marker {
    /// Marks nothing yet.
    pub fn new(client: Client, id: StreamId) -> Self {
        Self { client, subject: subject(id), head: 0, due: None }
    }

    /// When the next mark must be published, if one waits.
    pub fn due(&self) -> Option<Instant> {
        self.due
    }

    /// Notes an acknowledged head; publishes if a mark has waited long enough.
    pub async fn raise(&mut self, head: u64) {
        self.head = head;
        let now = Instant::now();
        if *self.due.get_or_insert(now + DELAY) <= now {
            self.publish().await;
        }
    }

    /// Publishes the mark that waits, if one does.
    pub async fn publish(&mut self) {
        if self.due.take().is_some()
            && let Err(error) = self.client.publish(self.subject.clone(), self.head.to_string().into()).await
        {
            tracing::warn!("{}: {error}", self.subject);
        }
    }
}

impl Marker {
    /// Publishes what waits and sees it off, so that closing the connection next does not lose it.
    pub async fn close(mut self) {
        self.publish().await;
        if let Err(error) = self.client.flush().await {
            tracing::warn!("{}: {error}", self.subject);
        }
    }
}

fn subject(id: StreamId) -> String {
    format!("forbear.mark.{}.{}", id.service, id.partition)
}

fn config(replicas: usize) -> Config {
    Config {
        name: NAME.to_owned(),
        subjects: vec!["forbear.mark.*.*".to_owned()],
        storage: StorageType::File,
        num_replicas: replicas,
        retention: RetentionPolicy::Limits,
        discard: DiscardPolicy::Old,
        max_messages: -1,
        max_bytes: -1,
        max_messages_per_subject: 1,
        max_consumers: -1,
        allow_direct: true,
        ..Config::default()
    }
}
