//! The bounded queue in front of a partition, and the handle that fills it.

use async_trait::async_trait;
use events::{Code, Decider, Position, Refusal, StreamId, record};
use tokio::sync::{mpsc, oneshot};

use crate::port::{Answered, Order, PartitionPort};

/// An order with the digest of its input.
pub(crate) struct Submitted<D: Decider> {
    pub order: Order<D::Command>,
    pub input: u64,
}

pub(crate) enum Message<D: Decider> {
    Orders { orders: Vec<Submitted<D>>, reply: oneshot::Sender<Vec<Answered<D>>> },
    Query { query: D::Query, reply: oneshot::Sender<Result<D::Reply, Refusal>> },
    Followed { source: StreamId, reply: oneshot::Sender<Result<Option<Position>, Refusal>> },
}

impl<D: Decider> Message<D> {
    /// Answers that the partition cannot serve now.
    pub(crate) fn unavailable(self) {
        let refusal = || Refusal::from(Code::UNAVAILABLE);
        // A caller that has gone away needs no answer.
        match self {
            Self::Orders { orders, reply } => {
                drop(reply.send(orders.iter().map(|_| Err(refusal())).collect()));
            }
            Self::Query { reply, .. } => drop(reply.send(Err(refusal()))),
            Self::Followed { reply, .. } => drop(reply.send(Err(refusal()))),
        }
    }
}

/// Sends to a partition of this process. When its queue is full, sending waits: back-pressure.
pub struct Mailbox<D: Decider> {
    sender: mpsc::Sender<Message<D>>,
}

impl<D: Decider> Clone for Mailbox<D> {
    fn clone(&self) -> Self {
        Self { sender: self.sender.clone() }
    }
}

impl<D: Decider> Mailbox<D> {
    pub(crate) fn bounded(capacity: usize) -> (Self, mpsc::Receiver<Message<D>>) {
        let (sender, receiver) = mpsc::channel(capacity.max(1));
        (Self { sender }, receiver)
    }

    /// Messages waiting now.
    pub fn depth(&self) -> usize {
        self.sender.max_capacity() - self.sender.capacity()
    }

    /// True when a message sent now would have to wait.
    pub fn is_full(&self) -> bool {
        self.sender.capacity() == 0
    }
}

#[async_trait]
impl<D: Decider> PartitionPort<D> for Mailbox<D> {
    async fn submit(&self, orders: Vec<Order<D::Command>>) -> Vec<Answered<D>> {
        let count = orders.len();
        let unavailable = || (0..count).map(|_| Err(Code::UNAVAILABLE.into())).collect();
        let mut scratch = Vec::new();
        let mut submitted = Vec::with_capacity(count);
        for order in orders {
            scratch.clear();
            // The tenant is part of it: another party that gives the same id must not get this one's answer (P8).
            // Commands are plain data; should one not serialise, its digest would not tell it from another.
            scratch = match postcard::to_extend(&(order.tenant, &order.command), scratch) {
                Ok(bytes) => bytes,
                Err(_) => return (0..count).map(|_| Err(Code::MALFORMED.into())).collect(),
            };
            submitted.push(Submitted { input: record::input_digest(&scratch), order });
        }
        let (reply, answers) = oneshot::channel();
        if self.sender.send(Message::Orders { orders: submitted, reply }).await.is_err() {
            return unavailable();
        }
        answers.await.unwrap_or_else(|_| unavailable())
    }

    async fn query(&self, query: D::Query) -> Result<D::Reply, Refusal> {
        let (reply, answer) = oneshot::channel();
        let sent = self.sender.send(Message::Query { query, reply }).await;
        sent.map_err(|_| Refusal::from(Code::UNAVAILABLE))?;
        answer.await.unwrap_or_else(|_| Err(Code::UNAVAILABLE.into()))
    }

    async fn followed(&self, source: StreamId) -> Result<Option<Position>, Refusal> {
        let (reply, answer) = oneshot::channel();
        let sent = self.sender.send(Message::Followed { source, reply }).await;
        sent.map_err(|_| Refusal::from(Code::UNAVAILABLE))?;
        answer.await.unwrap_or_else(|_| Err(Code::UNAVAILABLE.into()))
    }
}
