//! Leases in a JetStream key-value bucket. A key that is not renewed expires, by the server's clock alone;
//! whoever then creates it holds the lease. Two holders at once would do no harm: the log's slot check
//! lets only one of them write.

use std::time::Duration;

use async_nats::Client;
use async_nats::jetstream::kv;
use async_trait::async_trait;
use bytes::Bytes;
use events::StreamId;
use model::InstanceId;
use tokio::sync::{oneshot, watch};

use super::{NatsError, bucket};
use crate::leadership::{Leadership, Lease};

/// Leases of one cluster, as one instance takes part.
pub struct KvLeases {
    store: kv::Store,
    instance: InstanceId,
    ttl: Duration,
}

impl KvLeases {
    /// Opens the bucket. A lease that is not renewed for `ttl` is free for others.
    pub async fn open(
        client: &Client,
        replicas: usize,
        instance: InstanceId,
        ttl: Duration,
    ) -> Result<Self, NatsError> {
        Ok(Self { store: bucket(client, "forbear_leases", replicas, ttl).await?, instance, ttl })
    }
}

#[async_trait]
impl Leadership for KvLeases {
    async fn acquire(&self, stream: StreamId) -> Lease {
        let key = format!("{}.{}", stream.service, stream.partition);
        let value = Bytes::from(self.instance.to_string());
        let revision = loop {
            match self.store.create(&key, value.clone()).await {
                Ok(revision) => break revision,
                Err(error) if error.kind() == kv::CreateErrorKind::AlreadyExists => {}
                Err(error) => tracing::warn!(%stream, %error, "the lease cannot be asked for"),
            }
            tokio::time::sleep(self.ttl / 8).await;
        };
        let (lost, is_lost) = watch::channel(false);
        let (keeper, dropped) = oneshot::channel::<()>();
        let mut renewal =
            Renewal { store: self.store.clone(), key, value, revision, every: self.ttl / 4, ttl: self.ttl };
        let task = tokio::spawn(async move {
            tokio::select! {
                _ = dropped => renewal.release().await,
                () = renewal.keep() => drop(lost.send_replace(true)),
            }
        });
        Lease::kept(is_lost, Box::new(keeper)).returned_by(task)
    }
}

struct Renewal {
    store: kv::Store,
    key: String,
    value: Bytes,
    revision: u64,
    every: Duration,
    ttl: Duration,
}

impl Renewal {
    /// Renews until somebody else holds the key, or until it must have expired.
    async fn keep(&mut self) {
        let mut renewed = tokio::time::Instant::now();
        loop {
            tokio::time::sleep(self.every).await;
            let asked = tokio::time::Instant::now();
            match self.store.update(&self.key, self.value.clone(), self.revision).await {
                Ok(revision) => {
                    self.revision = revision;
                    renewed = asked;
                }
                Err(error) if error.kind() == kv::UpdateErrorKind::WrongLastRevision => return,
                Err(_) if renewed.elapsed() + self.every >= self.ttl => return,
                Err(_) => {}
            }
        }
    }

    async fn release(&self) {
        // If it fails, the key expires.
        drop(self.store.delete_expect_revision(&self.key, Some(self.revision)).await);
    }
}
