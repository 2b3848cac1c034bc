//! The bounded queue in front of a partition, and the handle that fills it.
//!
//! The writer takes all that has come in one go, and says how much has to come before it is woken: a client
//! that adds its message to a queue whose writer waits for a disk wakes nobody.

use std::collections::VecDeque;
use std::future::poll_fn;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Poll, Waker};

use async_trait::async_trait;
use events::{Code, Decider, Position, Refusal, StreamId};
use tokio::sync::{Notify, oneshot};

use crate::call::{Answer, Caller, Submitted};
use crate::port::{Answered, Order, PartitionPort};

pub(crate) enum Message<D: Decider> {
    /// Most come alone.
    Order(Caller<D>),
    Orders {
        orders: Vec<Submitted<D>>,
        reply: oneshot::Sender<Vec<Answered<D>>>,
    },
    Query {
        /// Apart, so that a queue of orders is a queue of pointers.
        query: Box<D::Query>,
        reply: oneshot::Sender<Result<D::Reply, Refusal>>,
    },
    Followed {
        source: StreamId,
        reply: oneshot::Sender<Result<Option<Position>, Refusal>>,
    },
}

impl<D: Decider> Message<D> {
    /// How much work it is: its orders, or one.
    pub(crate) fn weight(&self) -> usize {
        match self {
            Self::Orders { orders, .. } => orders.len().max(1),
            Self::Order(_) | Self::Query { .. } | Self::Followed { .. } => 1,
        }
    }

    /// Answers that the partition cannot serve now.
    pub(crate) fn unavailable(self) {
        let refusal = || Refusal::from(Code::UNAVAILABLE);
        // A caller that has gone away needs no answer.
        match self {
            Self::Order(caller) => drop(caller),
            Self::Orders { orders, reply } => {
                drop(reply.send(orders.iter().map(|_| Err(refusal())).collect()));
            }
            Self::Query { reply, .. } => drop(reply.send(Err(refusal()))),
            Self::Followed { reply, .. } => drop(reply.send(Err(refusal()))),
        }
    }
}

struct Shared<D: Decider> {
    queue: Mutex<Queue<D>>,
    capacity: usize,
    /// Senders that found it full.
    blocked: AtomicUsize,
    /// Wakes as many of them as messages were taken, in the order in which they came.
    freed: Notify,
}

struct Queue<D: Decider> {
    messages: VecDeque<Message<D>>,
    /// Of all of them.
    weight: usize,
    /// Who is woken when they weigh as much.
    waker: Option<Waker>,
    wake_at: usize,
    /// Nobody takes them any more.
    closed: bool,
}

impl<D: Decider> Shared<D> {
    fn queue(&self) -> MutexGuard<'_, Queue<D>> {
        // Nothing panics while it is held.
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A mailbox for so many messages, and its other end.
pub(crate) fn bounded<D: Decider>(capacity: usize) -> (Mailbox<D>, Inbox<D>) {
    let queue =
        Queue { messages: VecDeque::new(), weight: 0, waker: None, wake_at: usize::MAX, closed: false };
    let shared = Arc::new(Shared {
        queue: Mutex::new(queue),
        capacity: capacity.max(1),
        blocked: AtomicUsize::new(0),
        freed: Notify::new(),
    });
    (Mailbox { shared: Arc::clone(&shared) }, Inbox { shared })
}

/// The writer's end.
pub(crate) struct Inbox<D: Decider> {
    shared: Arc<Shared<D>>,
}

impl<D: Decider> Inbox<D> {
    /// Takes all that has come; its weight. Nothing if `taken` still holds something.
    pub(crate) fn take(&mut self, taken: &mut VecDeque<Message<D>>) -> usize {
        if !taken.is_empty() {
            return 0;
        }
        let mut queue = self.shared.queue();
        if queue.messages.is_empty() {
            return 0;
        }
        std::mem::swap(&mut queue.messages, taken);
        let weight = std::mem::take(&mut queue.weight);
        drop(queue);
        for _ in 0..taken.len().min(self.shared.blocked.load(Ordering::Acquire)) {
            self.shared.freed.notify_one();
        }
        weight
    }

    /// Returns when what waits weighs `weight`, or fills the queue to half.
    pub(crate) async fn wait(&self, weight: usize) {
        let weight = weight.min(self.shared.capacity / 2).max(1);
        poll_fn(|context| {
            let mut queue = self.shared.queue();
            if queue.weight >= weight {
                return Poll::Ready(());
            }
            queue.wake_at = weight;
            match &mut queue.waker {
                Some(waker) => waker.clone_from(context.waker()),
                none => *none = Some(context.waker().clone()),
            }
            Poll::Pending
        })
        .await;
    }

    /// Answers everybody that the partition cannot serve now, as long as it is polled.
    pub(crate) async fn refuse(&mut self) {
        let mut taken = VecDeque::new();
        loop {
            self.wait(1).await;
            self.take(&mut taken);
            taken.drain(..).for_each(Message::unavailable);
        }
    }
}

impl<D: Decider> Drop for Inbox<D> {
    fn drop(&mut self) {
        let mut queue = self.shared.queue();
        queue.closed = true;
        let left = std::mem::take(&mut queue.messages);
        drop(queue);
        self.shared.freed.notify_waiters();
        left.into_iter().for_each(Message::unavailable);
    }
}

/// Sends to a partition of this process. When its queue is full, sending waits: back-pressure.
pub struct Mailbox<D: Decider> {
    shared: Arc<Shared<D>>,
}

impl<D: Decider> Clone for Mailbox<D> {
    fn clone(&self) -> Self {
        Self { shared: Arc::clone(&self.shared) }
    }
}

impl<D: Decider> Mailbox<D> {
    /// Messages waiting now.
    pub fn depth(&self) -> usize {
        self.shared.queue().messages.len()
    }

    /// True when a message sent now would have to wait.
    pub fn is_full(&self) -> bool {
        self.depth() >= self.shared.capacity
    }

    /// Puts a message into the queue, when there is room; false if nobody will take it.
    async fn send(&self, message: Message<D>) -> bool {
        match self.put(message) {
            Put::Done => true,
            Put::Closed => false,
            Put::Full(message) => self.send_when_freed(message).await,
        }
    }

    async fn send_when_freed(&self, mut message: Message<D>) -> bool {
        let _blocked = Blocked::count(&self.shared.blocked);
        loop {
            let freed = self.shared.freed.notified();
            tokio::pin!(freed);
            // Before it looks again, else it might miss the moment.
            freed.as_mut().enable();
            message = match self.put(message) {
                Put::Done => return true,
                Put::Closed => return false,
                Put::Full(message) => message,
            };
            freed.await;
        }
    }

    fn put(&self, message: Message<D>) -> Put<D> {
        let mut queue = self.shared.queue();
        if queue.closed {
            return Put::Closed;
        }
        if queue.messages.len() >= self.shared.capacity {
            return Put::Full(message);
        }
        queue.weight += message.weight();
        queue.messages.push_back(message);
        let waker = if queue.weight >= queue.wake_at { queue.waker.take() } else { None };
        drop(queue);
        if let Some(waker) = waker {
            waker.wake();
        }
        Put::Done
    }

    /// Gives one order.
    pub(crate) async fn submit_one(&self, caller: Caller<D>, answer: Answer<D>) -> Answered<D> {
        answer.listen().await;
        let listening = match self.put(Message::Order(caller)) {
            Put::Done => true,
            // Dropped, it has answered itself.
            Put::Closed => false,
            Put::Full(message) => {
                self.send_when_freed(message).await;
                false
            }
        };
        answer.wait(listening).await
    }
}

enum Put<D: Decider> {
    Done,
    Full(Message<D>),
    Closed,
}

/// One of the senders that wait for room.
struct Blocked<'a>(&'a AtomicUsize);

impl<'a> Blocked<'a> {
    fn count(blocked: &'a AtomicUsize) -> Self {
        blocked.fetch_add(1, Ordering::AcqRel);
        Self(blocked)
    }
}

impl Drop for Blocked<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::AcqRel);
    }
}

#[async_trait]
impl<D: Decider> PartitionPort<D> for Mailbox<D> {
    async fn submit(&self, orders: Vec<Order<D::Command>>) -> Vec<Answered<D>> {
        let count = orders.len();
        let all = |code: Code| (0..count).map(|_| Err(code.into())).collect();
        let Ok(orders) = orders.into_iter().map(Submitted::of).collect() else { return all(Code::MALFORMED) };
        let (reply, answers) = oneshot::channel();
        if !self.send(Message::Orders { orders, reply }).await {
            return all(Code::UNAVAILABLE);
        }
        answers.await.unwrap_or_else(|_| all(Code::UNAVAILABLE))
    }

    async fn query(&self, query: D::Query) -> Result<D::Reply, Refusal> {
        let (reply, answer) = oneshot::channel();
        if !self.send(Message::Query { query: Box::new(query), reply }).await {
            return Err(Code::UNAVAILABLE.into());
        }
        answer.await.unwrap_or_else(|_| Err(Code::UNAVAILABLE.into()))
    }

    async fn followed(&self, source: StreamId) -> Result<Option<Position>, Refusal> {
        let (reply, answer) = oneshot::channel();
        if !self.send(Message::Followed { source, reply }).await {
            return Err(Code::UNAVAILABLE.into());
        }
        answer.await.unwrap_or_else(|_| Err(Code::UNAVAILABLE.into()))
    }
}
