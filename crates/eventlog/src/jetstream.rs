//! The JetStream store: one stream per partition.
//!
//! `FORBEAR_gate_0` keeps the subject `forbear.log.gate.0`; the record in slot n is the message with sequence
//! n + 1. Each append is published with `Nats-Expected-Last-Sequence: n` before the one before it is
//! acknowledged, so the server itself is the fence.
//!
//! **Durability** is the server's: see `deploy/nats` for the settings without which an acknowledged record
//! may be lost in a power cut.
//!
//! **Damage.** The chain shows a changed record; the server's own count and [`mark`] show a missing one. What
//! was acknowledged in the last 50 ms before a server died and its disk was damaged may be missing unseen on
//! a single server.
//!
//! **No retries here.** A retry whose first try was stored is answered 10071 (wrong last sequence), as if
//! another writer had taken the slot: from server 2.12 the sequence is checked before the duplicate window.
//! So a lost ack is [`AppendError::Unknown`], and the caller reads and looks for its own record.

mod mark;
mod read;
mod tail;
mod writer;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_nats::jetstream::stream::{Config, DiscardPolicy, Republish, RetentionPolicy, StorageType, Stream};
use async_nats::jetstream::{Context, context::ContextBuilder};
use async_trait::async_trait;
use events::StreamId;

use self::mark::Marks;
use self::tail::Tail;
use self::writer::JetStreamWriter;
use crate::chain::IN_FLIGHT_MAX;
use crate::{Log, LogError, Stored, Writer};

/// The largest message, record and headers together: the server's default `max_payload`.
const MESSAGE_MAX: i32 = 1024 * 1024;
/// The shortest duplicate window the server takes; no message of ours has an id.
const DUPLICATE_WINDOW: Duration = Duration::from_millis(100);
/// After this without a hint, [`Log::wait`] asks for the head.
const WAIT_MAX: Duration = Duration::from_secs(1);

/// How often, and how long apart, a cluster is asked again for a head that is too low.
const CUT_TRIES: u32 = 10;
const CUT_DELAY: Duration = Duration::from_millis(200);

/// What an operator chooses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct JetStreamOptions {
    /// Copies of each stream: 1 on a single server, 3 in a cluster.
    pub replicas: usize,
    /// How long an ack may take before the append counts as unknown.
    pub ack_timeout: Duration,
}

impl Default for JetStreamOptions {
    fn default() -> Self {
        Self { replicas: 1, ack_timeout: Duration::from_secs(5) }
    }
}

/// A stream that was opened.
struct Known {
    stream: Stream,
    /// The highest head that was seen.
    head: u64,
}

/// A log kept by NATS servers.
pub struct JetStreamLog {
    context: Context,
    options: JetStreamOptions,
    streams: Mutex<HashMap<StreamId, Known>>,
    marks: Marks,
    tails: Mutex<HashMap<StreamId, Arc<Tail>>>,
}

impl JetStreamLog {
    /// A log over this connection. Streams are created when they are first named.
    pub fn new(client: async_nats::Client, options: JetStreamOptions) -> Self {
        let context =
            ContextBuilder::new().ack_timeout(options.ack_timeout).timeout(options.ack_timeout).build(client);
        Self { context, options, streams: Mutex::default(), marks: Marks::default(), tails: Mutex::default() }
    }

    /// The stream's handle; creates the stream if there is none, and refuses one that would lose records or
    /// has lost some.
    async fn stream(&self, id: StreamId) -> Result<Stream, LogError> {
        let known = self.known().get(&id).map(|known| known.stream.clone());
        if let Some(stream) = known {
            return Ok(stream);
        }
        let client = self.context.client();
        if !client.is_server_compatible(2, 11, 0) {
            let version = client.server_info().version;
            // Older ones ignore the batch in a direct get, and every read would end in a timeout.
            return Err(LogError::Store(format!("expected nats-server 2.11 or later, got {version}")));
        }
        let wanted = config(id, self.options.replicas);
        let stream = self
            .context
            .get_or_create_stream(wanted.clone())
            .await
            .map_err(|error| LogError::Store(format!("{}: {error}", wanted.name)))?;
        check_config(&wanted, &stream.cached_info().config)?;
        let acknowledged = self.marks.read(&self.context, self.options.replicas, id).await?;
        // A leader that has just lost its place may still answer with an old head.
        let mut head = ask_head(&stream, id).await?;
        for _ in 0..self.cut_tries() {
            if head >= acknowledged {
                break;
            }
            tokio::time::sleep(CUT_DELAY).await;
            head = ask_head(&stream, id).await?;
        }
        if head < acknowledged {
            return Err(LogError::Cut { stream: id, acknowledged, head });
        }
        self.known().insert(id, Known { stream: stream.clone(), head });
        Ok(stream)
    }

    /// A single server has no second opinion.
    fn cut_tries(&self) -> u32 {
        if self.options.replicas > 1 { CUT_TRIES } else { 0 }
    }

    fn known(&self) -> MutexGuard<'_, HashMap<StreamId, Known>> {
        self.streams.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn tail(&self, id: StreamId) -> Arc<Tail> {
        let mut tails = self.tails.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(
            tails.entry(id).or_insert_with(|| Arc::new(Tail::new(self.context.client(), head_subject(id)))),
        )
    }
}

#[async_trait]
impl Log for JetStreamLog {
    async fn head(&self, id: StreamId) -> Result<u64, LogError> {
        let stream = self.stream(id).await?;
        let mut head = ask_head(&stream, id).await?;
        for _ in 0..self.cut_tries() {
            let seen = self.known().get(&id).map_or(0, |known| known.head);
            if head >= seen {
                break;
            }
            tokio::time::sleep(CUT_DELAY).await;
            head = ask_head(&stream, id).await?;
        }
        let mut known = self.known();
        let seen = known.get_mut(&id).map_or(head, |known| {
            known.head = known.head.max(head);
            known.head
        });
        if head < seen { Err(LogError::Cut { stream: id, acknowledged: seen, head }) } else { Ok(head) }
    }

    async fn read(&self, id: StreamId, from: u64, max_bytes: usize) -> Result<Vec<Stored>, LogError> {
        self.stream(id).await?;
        let mut tries = 0;
        loop {
            let records = read::batch(&self.context, id, from, max_bytes, self.options.ack_timeout).await?;
            // A replica answers; it may lag behind what the leader has.
            if !records.is_empty() || tries == 10 || self.head(id).await? <= from {
                return Ok(records);
            }
            tries += 1;
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    async fn wait(&self, id: StreamId, slot: u64) -> Result<u64, LogError> {
        let tail = self.tail(id);
        if let Some(head) = tail.wait(slot, WAIT_MAX).await? {
            return Ok(head);
        }
        let head = self.head(id).await?;
        tail.raise(head);
        Ok(head)
    }

    async fn writer(&self, id: StreamId, next: u64) -> Result<Box<dyn Writer>, LogError> {
        self.stream(id).await?;
        Ok(Box::new(JetStreamWriter::new(self.context.clone(), id, next)))
    }

    fn in_flight_max(&self) -> usize {
        IN_FLIGHT_MAX
    }

    /// While the server syncs one record, the next is on its way.
    fn in_flight_good(&self) -> usize {
        2
    }
}

/// Asks the stream's leader for the head.
async fn ask_head(stream: &Stream, id: StreamId) -> Result<u64, LogError> {
    let info =
        stream.get_info().await.map_err(|error| LogError::Store(format!("{}: {error}", stream_name(id))))?;
    let (head, count) = (info.state.last_sequence, info.state.messages);
    // The server skips what it cannot read.
    if head == count { Ok(head) } else { Err(LogError::Incomplete { stream: id, head, count }) }
}

/// `FORBEAR_gate_0`.
pub fn stream_name(id: StreamId) -> String {
    format!("FORBEAR_{}_{}", id.service, id.partition)
}

/// `forbear.log.gate.0`.
pub fn log_subject(id: StreamId) -> String {
    format!("forbear.log.{}.{}", id.service, id.partition)
}

/// `forbear.head.gate.0`: the server announces each stored record here, headers only.
fn head_subject(id: StreamId) -> String {
    format!("forbear.head.{}.{}", id.service, id.partition)
}

fn config(id: StreamId, replicas: usize) -> Config {
    Config {
        name: stream_name(id),
        subjects: vec![log_subject(id)],
        storage: StorageType::File,
        num_replicas: replicas,
        retention: RetentionPolicy::Limits,
        discard: DiscardPolicy::New,
        max_messages: -1,
        max_bytes: -1,
        max_messages_per_subject: -1,
        max_consumers: -1,
        max_message_size: MESSAGE_MAX,
        duplicate_window: DUPLICATE_WINDOW,
        deny_delete: true,
        deny_purge: true,
        allow_direct: true,
        republish: Some(Republish {
            source: log_subject(id),
            destination: head_subject(id),
            headers_only: true,
        }),
        ..Config::default()
    }
}

/// Compares what keeps records safe; the rest is the operator's business.
fn check_config(wanted: &Config, got: &Config) -> Result<(), LogError> {
    let rules = [
        ("storage", format!("{:?}", wanted.storage), format!("{:?}", got.storage)),
        ("subjects", format!("{:?}", wanted.subjects), format!("{:?}", got.subjects)),
        ("discard", format!("{:?}", wanted.discard), format!("{:?}", got.discard)),
        ("retention", format!("{:?}", wanted.retention), format!("{:?}", got.retention)),
        ("max_msgs", wanted.max_messages.to_string(), got.max_messages.to_string()),
        ("max_age", format!("{:?}", wanted.max_age), format!("{:?}", got.max_age)),
        ("deny_delete", wanted.deny_delete.to_string(), got.deny_delete.to_string()),
        ("deny_purge", wanted.deny_purge.to_string(), got.deny_purge.to_string()),
        ("allow_direct", wanted.allow_direct.to_string(), got.allow_direct.to_string()),
        ("num_replicas", wanted.num_replicas.to_string(), got.num_replicas.to_string()),
    ];
    for (key, expected, found) in rules {
        if expected != found {
            let name = &wanted.name;
            return Err(LogError::Store(format!(
                "stream {name}: expected {key} {expected}, got {found}; change it with `nats stream edit {name}`, \
                 or make Forbear's setting agree with it"
            )));
        }
    }
    Ok(())
}
