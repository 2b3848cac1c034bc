//! The vault's key store for a cluster: a JetStream key-value bucket of wrapped keys.

use std::time::Duration;

use async_nats::Client;
use async_nats::jetstream::kv;
use async_trait::async_trait;
use bytes::Bytes;
use futures::stream::{self, StreamExt, TryStreamExt};
use model::PersonId;
use vault::{KeyState, KeyStore, KeyStoreError, WrappedKey};

use super::patience::patiently;
use super::{NatsError, bucket};

/// Requests in flight at once.
const CONCURRENT: usize = 64;

/// Wrapped keys in the bucket `forbear_vault`; one key a person, no history.
pub struct JetStreamKeys {
    store: kv::Store,
}

impl JetStreamKeys {
    /// Opens the bucket.
    pub async fn open(client: &Client, replicas: usize) -> Result<Self, NatsError> {
        Ok(Self { store: bucket(client, "forbear_vault", replicas, Duration::ZERO).await? })
    }

    async fn state(&self, person: PersonId) -> Result<KeyState, KeyStoreError> {
        let bytes =
            self.store.get(person.to_string()).await.map_err(|error| unavailable("read a key", error))?;
        KeyState::from_stored(bytes.as_deref()).map_err(|source| KeyStoreError::Corrupt { person, source })
    }

    async fn create(&self, person: PersonId, key: WrappedKey) -> Result<KeyState, KeyStoreError> {
        let state = KeyState::Key(key);
        let bytes = Bytes::copy_from_slice(state.stored().unwrap_or_default());
        match self.store.create(person.to_string(), bytes).await {
            Ok(_) => Ok(state),
            Err(error) if error.kind() == kv::CreateErrorKind::AlreadyExists => self.state(person).await,
            Err(error) => Err(unavailable("create a key", error)),
        }
    }
}

fn unavailable(action: &'static str, error: impl std::error::Error + Send + Sync + 'static) -> KeyStoreError {
    KeyStoreError::Unavailable {
        store: "forbear_vault (JetStream)".to_owned(),
        action,
        source: Box::new(error),
    }
}

#[async_trait]
impl KeyStore for JetStreamKeys {
    async fn get(&self, people: &[PersonId]) -> Result<Vec<KeyState>, KeyStoreError> {
        let states = stream::iter(people.to_vec()).map(|person| self.state(person));
        states.buffered(CONCURRENT).try_collect().await
    }

    async fn put_new(&self, entries: &[(PersonId, WrappedKey)]) -> Result<Vec<KeyState>, KeyStoreError> {
        let created = stream::iter(entries.to_vec()).map(|(person, key)| self.create(person, key));
        created.buffered(CONCURRENT).try_collect().await
    }

    async fn erase(&self, person: PersonId) -> Result<(), KeyStoreError> {
        let tombstone = Bytes::copy_from_slice(KeyState::Erased.stored().unwrap_or_default());
        let erased = self.store.put(person.to_string(), tombstone).await;
        erased.map(drop).map_err(|error| unavailable("erase a key", error))
    }

    /// JetStream keeps one message a key and compacts its blocks by itself; there is nothing to ask for.
    async fn scrub(&self) -> Result<(), KeyStoreError> {
        Ok(())
    }

    async fn check_value(&self, offered: &[u8]) -> Result<Vec<u8>, KeyStoreError> {
        // Asked once, when the process starts.
        patiently(|| self.check_value_now(offered)).await
    }
}

impl JetStreamKeys {
    async fn check_value_now(&self, offered: &[u8]) -> Result<Vec<u8>, KeyStoreError> {
        const KEY: &str = "check";
        match self.store.create(KEY, Bytes::copy_from_slice(offered)).await {
            Ok(_) => Ok(offered.to_vec()),
            Err(error) if error.kind() == kv::CreateErrorKind::AlreadyExists => {
                let kept =
                    self.store.get(KEY).await.map_err(|error| unavailable("read the check value", error))?;
                Ok(kept.unwrap_or_default().to_vec())
            }
            Err(error) => Err(unavailable("keep the check value", error)),
        }
    }
}
