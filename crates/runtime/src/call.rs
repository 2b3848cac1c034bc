//! One order on its way to the writer, and the place for its answer: one allocation, and nothing that is copied
//! from one to the other but a pointer.

use std::future::poll_fn;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use events::{Code, Decider, Refusal};

use crate::digest;
use crate::port::{Answered, Order};

/// An order with the digest of its input.
pub(crate) struct Submitted<D: Decider> {
    pub order: Order<D::Command>,
    pub input: u64,
}

impl<D: Decider> Submitted<D> {
    pub(crate) fn of(order: Order<D::Command>) -> Result<Self, Refusal> {
        // The tenant is part of it: another party that gives the same id must not get this one's answer (P8).
        // Commands are plain data; should one not serialise, its digest would not tell it from another.
        let input = digest::of_input(&(order.tenant, &order.command)).ok_or(Code::MALFORMED)?;
        Ok(Self { order, input })
    }
}

/// What both sides hold.
struct Call<D: Decider> {
    reply: Mutex<Reply<D>>,
    submitted: Submitted<D>,
}

enum Reply<D: Decider> {
    Awaited(Option<Waker>),
    Given(Answered<D>),
    Taken,
}

impl<D: Decider> Call<D> {
    fn reply(&self) -> MutexGuard<'_, Reply<D>> {
        // Nothing panics while it is held.
        self.reply.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Puts the answer there; whoever waits for it.
    fn give(&self, answer: Answered<D>) -> Option<Waker> {
        match std::mem::replace(&mut *self.reply(), Reply::Given(answer)) {
            Reply::Awaited(waker) => waker,
            Reply::Given(_) | Reply::Taken => None,
        }
    }

    fn poll(&self, context: &Context<'_>) -> Poll<Answered<D>> {
        let mut reply = self.reply();
        if let Reply::Awaited(waker) = &mut *reply {
            match waker {
                Some(waker) => waker.clone_from(context.waker()),
                none => *none = Some(context.waker().clone()),
            }
            return Poll::Pending;
        }
        match std::mem::replace(&mut *reply, Reply::Taken) {
            Reply::Given(answer) => Poll::Ready(answer),
            Reply::Awaited(_) | Reply::Taken => Poll::Ready(Err(Code::UNAVAILABLE.into())),
        }
    }
}

/// The writer's side. Dropped without an answer, it answers that the partition cannot serve now.
pub(crate) struct Caller<D: Decider> {
    call: Arc<Call<D>>,
    answered: bool,
}

/// The asker's side.
pub(crate) struct Answer<D: Decider>(Arc<Call<D>>);

/// Both sides of a new call.
pub(crate) fn call<D: Decider>(submitted: Submitted<D>) -> (Caller<D>, Answer<D>) {
    let call = Arc::new(Call { submitted, reply: Mutex::new(Reply::Awaited(None)) });
    (Caller { call: Arc::clone(&call), answered: false }, Answer(call))
}

impl<D: Decider> Caller<D> {
    /// What is asked.
    pub(crate) fn submitted(&self) -> &Submitted<D> {
        &self.call.submitted
    }

    pub(crate) fn give(mut self, answer: Answered<D>) {
        let waker = self.call.give(answer);
        self.answered = true;
        // First, so that the asker is the last to hold it and frees what its own thread has allocated.
        drop(self);
        if let Some(waker) = waker {
            waker.wake();
        }
    }
}

impl<D: Decider> Drop for Caller<D> {
    fn drop(&mut self) {
        if !self.answered
            && let Some(waker) = self.call.give(Err(Code::UNAVAILABLE.into()))
        {
            waker.wake();
        }
    }
}

impl<D: Decider> Answer<D> {
    /// Says who is woken by the answer, which at first is whoever polls this.
    pub(crate) async fn listen(&self) {
        poll_fn(|context| {
            if let Reply::Awaited(waker) = &mut *self.0.reply() {
                *waker = Some(context.waker().clone());
            }
            Poll::Ready(())
        })
        .await;
    }

    /// The answer. `listening`: it was given away only after [`Self::listen`], and nothing has been awaited since. It
    /// then need not look whether the answer is there already: what it would look at is with the writer by now.
    pub(crate) async fn wait(self, mut listening: bool) -> Answered<D> {
        poll_fn(|context| match std::mem::take(&mut listening) {
            true => Poll::Pending,
            false => self.0.poll(context),
        })
        .await
    }
}
