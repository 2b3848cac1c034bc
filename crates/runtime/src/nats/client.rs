//! The client's side: a partition that runs somewhere else.

use std::time::Duration;

use async_nats::Client;
use async_trait::async_trait;
use events::{Code, Decider, Position, Reason, Refusal, StreamId};
use model::Timestamp;
use serde::de::DeserializeOwned;

use super::call::{Body, Call, PAYLOAD_MAX, Returned};
use super::subject;
use crate::clock::Clock;
use crate::port::{Answered, Order, PartitionPort, Port};

/// How long to wait for the leader of a partition.
const ANSWER_WITHIN: Duration = Duration::from_secs(10);

/// A partition reached over NATS.
pub struct RemotePartition {
    client: Client,
    subject: String,
    clock: Clock,
}

type CallOf<D> = Call<<D as Decider>::Command, <D as Decider>::Query>;
type ReturnedOf<D> = Returned<<D as Decider>::Answer, <D as Decider>::Reply>;

/// A service reached over NATS. With a simulated clock its time travels with every call.
pub fn remote_port<D: Decider>(client: &Client, partitions: u16, clock: &Clock) -> Port<D> {
    let remote = |partition| {
        let subject = subject(StreamId { service: D::SERVICE, partition });
        Box::new(RemotePartition { client: client.clone(), subject, clock: clock.clone() })
            as Box<dyn PartitionPort<D>>
    };
    Port::new((0..partitions).map(remote).collect())
}

impl RemotePartition {
    fn simulated(&self) -> Option<Timestamp> {
        match &self.clock {
            Clock::Simulated(clock) => Some(clock.at()),
            Clock::System(_) => None,
        }
    }

    async fn call<D: Decider>(&self, payload: Vec<u8>) -> Result<ReturnedOf<D>, Refusal> {
        ask(&self.client, &self.subject, payload, ANSWER_WITHIN).await
    }

    fn encode<D: Decider>(&self, body: Body<D::Command, D::Query>) -> Result<Vec<u8>, Refusal> {
        let call: CallOf<D> = Call { simulated: self.simulated(), body };
        super::encode(&call)
    }

    /// Orders whose encoding is too large for one message go in two halves, the first half first.
    async fn orders<D: Decider>(&self, orders: Vec<Order<D::Command>>) -> Vec<Answered<D>> {
        let count = orders.len();
        let all = |refusal: Refusal| (0..count).map(|_| Err(refusal.clone())).collect();
        let body = Body::Orders(orders);
        let payload = match self.encode::<D>(body) {
            Ok(payload) => payload,
            Err(refusal) => return all(refusal),
        };
        if payload.len() > PAYLOAD_MAX && count > 1 {
            let Ok(Call { body: Body::Orders(mut first), .. }) = postcard::from_bytes::<CallOf<D>>(&payload)
            else {
                return all(Code::MALFORMED.into());
            };
            let second = first.split_off(count / 2);
            let left = second.len();
            let mut answers = Box::pin(self.orders::<D>(first)).await;
            // Orders are decided in order or not at all: what comes after an order that was not decided would
            // be taken for a sign that the log was followed past it.
            let decided = |answer: &Answered<D>| !matches!(answer, Err(refusal) if refusal.is_transient());
            if answers.iter().all(decided) {
                answers.extend(Box::pin(self.orders::<D>(second)).await);
            } else {
                answers.extend((0..left).map(|_| Err(Code::UNAVAILABLE.into())));
            }
            return answers;
        }
        match self.call::<D>(payload).await {
            Ok(Returned::Answers(answers)) if answers.len() == count => answers,
            Ok(Returned::Rejected(refusal)) | Err(refusal) => all(refusal),
            Ok(_) => all(Code::UNAVAILABLE.into()),
        }
    }
}

#[async_trait]
impl<D: Decider> PartitionPort<D> for RemotePartition {
    async fn submit(&self, orders: Vec<Order<D::Command>>) -> Vec<Answered<D>> {
        self.orders::<D>(orders).await
    }

    async fn query(&self, query: D::Query) -> Result<D::Reply, Refusal> {
        match self.call::<D>(self.encode::<D>(Body::Query(query))?).await? {
            Returned::Reply(reply) => reply,
            Returned::Rejected(refusal) => Err(refusal),
            _ => Err(Code::UNAVAILABLE.into()),
        }
    }

    async fn followed(&self, source: StreamId) -> Result<Option<Position>, Refusal> {
        match self.call::<D>(self.encode::<D>(Body::Followed(source))?).await? {
            Returned::Followed(position) => position,
            Returned::Rejected(refusal) => Err(refusal),
            _ => Err(Code::UNAVAILABLE.into()),
        }
    }
}

/// Sends a payload and reads the answer. Nobody there, no answer in time, or one that does not read:
/// unavailable; what was asked may or may not have been done.
pub async fn ask<R: DeserializeOwned>(
    client: &Client,
    subject: &str,
    payload: Vec<u8>,
    within: Duration,
) -> Result<R, Refusal> {
    let unavailable = |why: String| Refusal::from(Reason::detail(Code::UNAVAILABLE, why));
    let request = async_nats::Request::new().payload(payload.into()).timeout(Some(within));
    let message = match client.send_request(subject.to_owned(), request).await {
        Ok(message) => message,
        Err(error) => return Err(unavailable(error.to_string())),
    };
    postcard::from_bytes(&message.payload).map_err(|_| unavailable("the answer does not read".to_owned()))
}
