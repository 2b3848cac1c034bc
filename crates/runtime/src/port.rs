//! How a service is reached: in this process, or over NATS. Callers cannot tell which.

use std::sync::Arc;

use async_trait::async_trait;
use events::{Actor, Cause, Code, Decider, Position, Refusal, StreamId, Tenant, partition_of};
use model::CommandId;
use serde::{Deserialize, Serialize};

use crate::call::{Answer, Caller, Submitted, call};
use crate::mailbox::Mailbox;

/// A command on its way: what is asked, and by whom.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Order<C> {
    /// The client's name for it; the same again on a retry.
    pub id: CommandId,
    /// Who gives it.
    pub actor: Actor,
    /// Whose data it concerns.
    pub tenant: Tenant,
    /// The event of another log that caused it.
    pub cause: Option<Cause>,
    /// What is asked.
    pub command: C,
}

/// What an order is answered with.
pub type Answered<D> = Result<<D as Decider>::Answer, Refusal>;

/// One partition of a service, wherever it runs.
#[async_trait]
pub trait PartitionPort<D: Decider>: Send + Sync {
    /// Gives orders, in order; one answer each. An answer is given only when what it says is durable.
    async fn submit(&self, orders: Vec<Order<D::Command>>) -> Vec<Answered<D>>;
    /// Asks.
    async fn query(&self, query: D::Query) -> Result<D::Reply, Refusal>;
    /// The last position of another log that caused a command here.
    async fn followed(&self, source: StreamId) -> Result<Option<Position>, Refusal>;
}

/// All partitions of a service.
pub struct Port<D: Decider> {
    partitions: Arc<[Reach<D>]>,
}

/// Where a partition is. The one in this process is spared what the general way costs: two boxed futures and
/// three vectors an order.
enum Reach<D: Decider> {
    Here(Mailbox<D>),
    Elsewhere(Box<dyn PartitionPort<D>>),
}

impl<D: Decider> Reach<D> {
    fn general(&self) -> &dyn PartitionPort<D> {
        match self {
            Self::Here(mailbox) => mailbox,
            Self::Elsewhere(port) => &**port,
        }
    }
}

impl<D: Decider> Clone for Port<D> {
    fn clone(&self) -> Self {
        Self { partitions: Arc::clone(&self.partitions) }
    }
}

impl<D: Decider> Port<D> {
    /// From its partitions, in order.
    pub fn new(partitions: Vec<Box<dyn PartitionPort<D>>>) -> Self {
        Self { partitions: partitions.into_iter().map(Reach::Elsewhere).collect() }
    }

    /// Of partitions of this process.
    pub(crate) fn here(mailboxes: &[Mailbox<D>]) -> Self {
        Self { partitions: mailboxes.iter().cloned().map(Reach::Here).collect() }
    }

    /// How many there are.
    pub fn partitions(&self) -> u16 {
        self.partitions.len() as u16
    }

    /// The partition of a key.
    pub fn partition_of(&self, key: &[u8; 16]) -> u16 {
        partition_of(key, self.partitions())
    }

    /// The partition of a command; 0 for one without a key.
    pub fn route(&self, command: &D::Command) -> u16 {
        D::key(command).map_or(0, |key| self.partition_of(&key))
    }

    /// Gives one order to the partition that its key names.
    pub fn submit(&self, order: Order<D::Command>) -> impl Future<Output = Answered<D>> + Send {
        enum Way<'a, D: Decider> {
            Here(&'a Mailbox<D>, Result<(Caller<D>, Answer<D>), Refusal>),
            Elsewhere(u16, Box<Order<D::Command>>),
        }
        let partition = self.route(&order.command);
        // Before the future is made: an order that stood in it would be copied wherever the future is.
        let way = match self.partitions.get(usize::from(partition)) {
            Some(Reach::Here(mailbox)) => Way::Here(mailbox, Submitted::of(order).map(call)),
            _ => Way::Elsewhere(partition, Box::new(order)),
        };
        async move {
            match way {
                Way::Here(mailbox, called) => {
                    let (caller, answer) = called?;
                    mailbox.submit_one(caller, answer).await
                }
                Way::Elsewhere(partition, order) => {
                    let mut answers = self.submit_to(partition, vec![*order]).await;
                    answers.pop().unwrap_or_else(|| Err(Code::UNAVAILABLE.into()))
                }
            }
        }
    }

    /// Gives orders to one partition.
    pub async fn submit_to(&self, partition: u16, orders: Vec<Order<D::Command>>) -> Vec<Answered<D>> {
        match self.partitions.get(usize::from(partition)) {
            Some(reach) => reach.general().submit(orders).await,
            None => orders.iter().map(|_| Err(Code::NOT_FOUND.into())).collect(),
        }
    }

    /// Gives many orders, each to its partition, one without a key to every one, in this order; the answers come in the
    /// order of the orders. An order to every partition is refused if one of them refuses it; give it again until none
    /// does.
    pub async fn submit_all(&self, orders: Vec<Order<D::Command>>) -> Vec<Answered<D>> {
        let total = orders.len();
        let mut parts = Vec::new();
        parts.resize_with(self.partitions.len(), || (Vec::new(), Vec::new()));
        for (index, order) in orders.into_iter().enumerate() {
            let own = D::key(&order.command).map(|key| self.partition_of(&key));
            let mut give = |partition: u16, order| {
                if let Some((indexes, part)) = parts.get_mut(usize::from(partition)) {
                    indexes.push(index);
                    part.push(order);
                }
            };
            match own {
                Some(partition) => give(partition, order),
                None => (0..self.partitions()).for_each(|partition| give(partition, order.clone())),
            }
        }
        let submissions =
            parts.into_iter().enumerate().filter(|(_, (indexes, _))| !indexes.is_empty()).map(
                |(partition, (indexes, part))| async move {
                    (indexes, self.submit_to(partition as u16, part).await)
                },
            );
        let mut answers: Vec<Option<Answered<D>>> = Vec::new();
        answers.resize_with(total, || None);
        for (indexes, part) in futures::future::join_all(submissions).await {
            for (index, answer) in indexes.into_iter().zip(part) {
                // Whoever refuses is heard.
                if !matches!(answers[index], Some(Err(_))) {
                    answers[index] = Some(answer);
                }
            }
        }
        answers.into_iter().map(|answer| answer.unwrap_or_else(|| Err(Code::UNAVAILABLE.into()))).collect()
    }

    /// Asks one partition.
    pub async fn query(&self, partition: u16, query: D::Query) -> Result<D::Reply, Refusal> {
        match self.partitions.get(usize::from(partition)) {
            Some(reach) => reach.general().query(query).await,
            None => Err(Code::NOT_FOUND.into()),
        }
    }

    /// The last position of `source` that caused a command in `partition`.
    pub async fn followed(&self, partition: u16, source: StreamId) -> Result<Option<Position>, Refusal> {
        match self.partitions.get(usize::from(partition)) {
            Some(reach) => reach.general().followed(source).await,
            None => Err(Code::NOT_FOUND.into()),
        }
    }
}
