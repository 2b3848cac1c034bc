//! The leader's side: each partition that is led here is an endpoint of a NATS service, so the usual NATS
//! tools find and count it (`nats micro ls`).

use std::future::Future;
use std::sync::Arc;

use async_nats::Client;
use async_nats::service::ServiceExt;
use async_trait::async_trait;
use bytes::Bytes;
use events::{Code, Decider, Reason, Refusal, StreamId};
use futures::StreamExt;
use model::Timestamp;
use tokio::task::AbortHandle;

use super::call::{Body, Call, Returned};
use super::{NatsError, subject};
use crate::clock::Clock;
use crate::leadership::Announce;
use crate::mailbox::Mailbox;
use crate::port::PartitionPort;

/// Serves led partitions over NATS.
pub struct NatsAnnounce {
    client: Client,
    clock: Clock,
}

impl NatsAnnounce {
    /// Serves through `client`. A simulated clock is moved by the calls that come.
    pub fn new(client: Client, clock: Clock) -> Self {
        Self { client, clock }
    }
}

#[async_trait]
impl<D: Decider> Announce<D> for NatsAnnounce {
    async fn leading(&self, stream: StreamId, mailbox: Mailbox<D>) -> Option<Box<dyn Send + Sync>> {
        let clock = self.clock.clone();
        let handler = move |payload: Bytes| {
            let (mailbox, clock) = (mailbox.clone(), clock.clone());
            async move { call::<D>(&payload, &mailbox, &clock).await }
        };
        let name = format!("forbear-{}", stream.service);
        match answer(&self.client, &name, &subject(stream), handler).await {
            Ok(serving) => Some(Box::new(serving)),
            Err(error) => {
                tracing::error!(%stream, %error, "the partition cannot be reached over NATS");
                None
            }
        }
    }
}

async fn call<D: Decider>(payload: &[u8], mailbox: &Mailbox<D>, clock: &Clock) -> Vec<u8> {
    let returned: Returned<D::Answer, D::Reply> =
        match postcard::from_bytes::<Call<D::Command, D::Query>>(payload) {
            Err(error) => {
                let detail = format!(
                    "expected a call in postcard: {error}; client and service are of different versions"
                );
                Returned::Rejected(Reason::detail(Code::MALFORMED, detail).into())
            }
            Ok(call) => match set_clock(clock, call.simulated) {
                Err(refusal) => Returned::Rejected(refusal),
                Ok(()) if mailbox.is_full() => Returned::Rejected(Code::BUSY.into()),
                Ok(()) => match call.body {
                    Body::Orders(orders) => Returned::Answers(mailbox.submit(orders).await),
                    Body::Query(query) => Returned::Reply(mailbox.query(query).await),
                    Body::Followed(source) => Returned::Followed(mailbox.followed(source).await),
                },
            },
        };
    // Answers are plain data; without one the client times out and retries.
    postcard::to_stdvec(&returned).unwrap_or_default()
}

fn set_clock(clock: &Clock, simulated: Option<Timestamp>) -> Result<(), Refusal> {
    match (clock, simulated) {
        (Clock::Simulated(clock), Some(at)) => {
            clock.advance_to(at);
            Ok(())
        }
        (_, None) => Ok(()),
        (Clock::System(_), Some(_)) => Err(Reason::detail(
            Code::MALFORMED,
            "expected no simulated time: this service runs on the system clock",
        )
        .into()),
    }
}

/// An endpoint that is served until this is dropped.
pub struct Serving(AbortHandle);

impl Drop for Serving {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// Serves one subject as an endpoint of the NATS service `name`, each request in a task of its own.
pub async fn answer<F, A>(
    client: &Client,
    name: &str,
    subject: &str,
    handler: F,
) -> Result<Serving, NatsError>
where
    F: Fn(Bytes) -> A + Send + Sync + 'static,
    A: Future<Output = Vec<u8>> + Send + 'static,
{
    let failed = |error: async_nats::Error| NatsError::new(format!("serving {subject}"), error);
    let service = client
        .service_builder()
        .description("Forbear")
        .start(name, env!("CARGO_PKG_VERSION"))
        .await
        .map_err(failed)?;
    let mut endpoint = service
        .endpoint_builder()
        .queue_group(subject.replace('.', "-"))
        .add(subject)
        .await
        .map_err(failed)?;
    let handler = Arc::new(handler);
    let task = tokio::spawn(async move {
        // Held so that it stays discoverable as long as the endpoint is served.
        let _service = service;
        while let Some(request) = endpoint.next().await {
            let handler = Arc::clone(&handler);
            tokio::spawn(async move {
                let response = handler(request.message.payload.clone()).await;
                if let Err(error) = request.respond(Ok(response.into())).await {
                    tracing::warn!(%error, "an answer could not be sent");
                }
            });
        }
    });
    Ok(Serving(task.abort_handle()))
}
