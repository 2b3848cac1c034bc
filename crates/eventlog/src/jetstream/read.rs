//! Reading many records with one request: the batched direct get of server 2.11 and later.

use std::time::Duration;

use async_nats::Message;
use async_nats::jetstream::Context;
use events::StreamId;
use futures::StreamExt;

use super::stream_name;
use crate::{LogError, Stored};

/// The most records of one request.
const BATCH_MAX: u32 = 16 * 1024;

const END_OF_BATCH: u16 = 204;
const NOTHING_FROM_HERE_ON: u16 = 404;
const NO_RESPONDERS: u16 = 503;

/// Records from `from` on, at least one if the replica that answers has one. Every slot is checked.
pub async fn batch(
    context: &Context,
    stream: StreamId,
    from: u64,
    max_bytes: usize,
    timeout: Duration,
) -> Result<Vec<Stored>, LogError> {
    let name = stream_name(stream);
    let refused =
        |cause: &dyn std::fmt::Display| LogError::Store(format!("{name}: reading slot {from}: {cause}"));
    let client = context.client();
    let inbox = client.new_inbox();
    let mut replies = client.subscribe(inbox.clone()).await.map_err(|error| refused(&error))?;
    let sequence = from + 1;
    let request = format!(r#"{{"seq":{sequence},"batch":{BATCH_MAX},"max_bytes":{max_bytes}}}"#);
    client
        .publish_with_reply(format!("$JS.API.DIRECT.GET.{name}"), inbox, request.into())
        .await
        .map_err(|error| refused(&error))?;
    let mut records = Vec::new();
    loop {
        let reply = match tokio::time::timeout(timeout, replies.next()).await {
            Ok(Some(reply)) => reply,
            Ok(None) => return Err(refused(&"the connection was closed")),
            // What came so far is whole and in order; the next read asks for the rest.
            Err(_) if !records.is_empty() => return Ok(records),
            Err(_) => return Err(refused(&format!("no answer within {} s", timeout.as_secs_f64()))),
        };
        match reply.status.map(|status| status.as_u16()) {
            None => {}
            Some(END_OF_BATCH | NOTHING_FROM_HERE_ON) => return Ok(records),
            Some(NO_RESPONDERS) => return Err(refused(&"no server has this stream")),
            Some(status) => {
                let description = reply.description.unwrap_or_default();
                return Err(refused(&format!("the server says {status} {description}")));
            }
        }
        let expected = from + records.len() as u64;
        let got =
            sequence_of(&reply).ok_or_else(|| refused(&"expected a Nats-Sequence header, got none"))? - 1;
        if got != expected {
            return Err(LogError::Gap { stream, expected, got });
        }
        records.push(Stored { slot: got, bytes: reply.payload });
    }
}

/// The sequence that the server put on a message, from 1.
pub fn sequence_of(message: &Message) -> Option<u64> {
    let value = message.headers.as_ref()?.get(async_nats::header::NATS_SEQUENCE)?;
    value.as_str().parse().ok().filter(|sequence| *sequence > 0)
}
