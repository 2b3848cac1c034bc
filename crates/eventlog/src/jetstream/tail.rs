//! Wakes those who wait for a record. The server republishes the headers of each stored record; a missed
//! one costs [`wait`](Tail::wait) its timeout and no more, because its caller then asks for the head.

use std::time::Duration;

use async_nats::Client;
use futures::StreamExt;
use tokio::sync::{OnceCell, watch};
use tokio::task::JoinHandle;

use super::read::sequence_of;
use crate::LogError;

/// The head of one stream as far as this process has heard.
pub struct Tail {
    client: Client,
    subject: String,
    head: watch::Sender<u64>,
    listener: OnceCell<JoinHandle<()>>,
}

impl Tail {
    /// Listens from the first wait on.
    pub fn new(client: Client, subject: String) -> Self {
        Self { client, subject, head: watch::Sender::new(0), listener: OnceCell::new() }
    }

    /// The head once it is above `slot`; `None` if nothing was heard, in which case ask.
    pub async fn wait(&self, slot: u64, timeout: Duration) -> Result<Option<u64>, LogError> {
        if !self.listener.initialized() {
            self.listener.get_or_try_init(|| self.listen()).await?;
            // Records stored before the subscription stood are not announced again: ask at once.
            return Ok(None);
        }
        let mut head = self.head.subscribe();
        let heard = tokio::time::timeout(timeout, head.wait_for(|head| *head > slot)).await;
        Ok(heard.ok().and_then(Result::ok).map(|head| *head))
    }

    /// Notes a head that was asked for.
    pub fn raise(&self, head: u64) {
        raise(&self.head, head);
    }

    async fn listen(&self) -> Result<JoinHandle<()>, LogError> {
        let refused = |cause: &dyn std::fmt::Display| LogError::Store(format!("{}: {cause}", self.subject));
        let mut hints = self.client.subscribe(self.subject.clone()).await.map_err(|error| refused(&error))?;
        self.client.flush().await.map_err(|error| refused(&error))?;
        let head = self.head.clone();
        Ok(tokio::spawn(async move {
            while let Some(hint) = hints.next().await {
                if let Some(sequence) = sequence_of(&hint) {
                    raise(&head, sequence);
                }
            }
        }))
    }
}

fn raise(heard: &watch::Sender<u64>, head: u64) {
    heard.send_if_modified(|known| {
        let higher = head > *known;
        *known = head.max(*known);
        higher
    });
}

impl Drop for Tail {
    fn drop(&mut self) {
        if let Some(listener) = self.listener.get() {
            listener.abort();
        }
    }
}
