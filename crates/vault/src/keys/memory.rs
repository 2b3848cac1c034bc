//! Keys in memory, for tests and simulation. Forgets everything when dropped.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use model::PersonId;

use super::{KeyState, KeyStore, KeyStoreError, WrappedKey};

/// A key store that is lost when dropped.
#[derive(Debug, Default)]
pub struct MemoryKeys(Mutex<Contents>);

#[derive(Debug, Default)]
struct Contents {
    keys: HashMap<PersonId, KeyState>,
    check: Option<Vec<u8>>,
}

impl MemoryKeys {
    fn contents(&self) -> MutexGuard<'_, Contents> {
        // Each call changes one entry at a time, so a panic elsewhere leaves nothing half done.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl KeyStore for MemoryKeys {
    async fn get(&self, people: &[PersonId]) -> Result<Vec<KeyState>, KeyStoreError> {
        let contents = self.contents();
        Ok(people
            .iter()
            .map(|person| contents.keys.get(person).cloned().unwrap_or(KeyState::Absent))
            .collect())
    }

    async fn put_new(&self, entries: &[(PersonId, WrappedKey)]) -> Result<Vec<KeyState>, KeyStoreError> {
        let mut contents = self.contents();
        let put = |(person, wrapped): &(PersonId, WrappedKey)| {
            contents.keys.entry(*person).or_insert_with(|| KeyState::Key(wrapped.clone())).clone()
        };
        Ok(entries.iter().map(put).collect())
    }

    async fn erase(&self, person: PersonId) -> Result<(), KeyStoreError> {
        self.contents().keys.insert(person, KeyState::Erased);
        Ok(())
    }

    async fn scrub(&self) -> Result<(), KeyStoreError> {
        Ok(())
    }

    async fn check_value(&self, offered: &[u8]) -> Result<Vec<u8>, KeyStoreError> {
        Ok(self.contents().check.get_or_insert_with(|| offered.to_vec()).clone())
    }
}
