//! Where people's wrapped keys are kept.
//!
//! Stored form of one entry, the same in every store:
//!
//! | bytes | meaning |
//! |---|---|
//! | `01`, ciphertext (32), tag (16) | the person's key under the wrapping key, sealed as in `seal.rs` with the associated data `wrap/v1`, person (16) |
//! | `00` | tombstone: erased, and never to be made again |

mod embedded;
mod memory;

use std::error::Error;
use std::fmt;

use async_trait::async_trait;
use model::PersonId;
use zeroize::{Zeroize, Zeroizing};

use crate::seal::{Cipher, DataKey, SEALED_OVERHEAD, SealError, decrypt, encrypt};

pub use embedded::EmbeddedKeys;
pub use memory::MemoryKeys;

const TOMBSTONE: [u8; 1] = [0];

/// A person's data key sealed under the wrapping key: useless without the master key.
#[derive(Clone, PartialEq, Eq)]
pub struct WrappedKey([u8; Self::LEN]);

/// What a store has for one person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KeyState {
    /// Nothing yet.
    Absent,
    /// A key.
    Key(WrappedKey),
    /// The key was destroyed. There will not be another.
    Erased,
}

/// Stored bytes that are neither a wrapped key nor a tombstone.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "expected a wrapped key (49 bytes, format 1) or a tombstone (1 byte, 0), got {len} bytes; restore the key store from its backup"
)]
pub struct StoredFormError {
    /// How many bytes there were.
    pub len: usize,
}

/// Why a key store did not answer. On any error of a writing call the outcome is unknown: ask again.
#[derive(Debug, thiserror::Error)]
pub enum KeyStoreError {
    /// The store failed or cannot be reached.
    #[error(
        "expected the key store {store} to {action}, got: {source}; retry, and if it stays check the store"
    )]
    Unavailable {
        /// Which store.
        store: String,
        /// What was asked of it.
        action: &'static str,
        /// Its own words.
        source: Box<dyn Error + Send + Sync>,
    },
    /// An entry that no version of this program wrote.
    #[error("key of {person}: {source}")]
    Corrupt {
        /// Whose entry.
        person: PersonId,
        /// What is wrong with it.
        source: StoredFormError,
    },
}

/// A store of wrapped keys. Answers come in the order of the questions. What a call acknowledged is on disk.
#[async_trait]
pub trait KeyStore: Send + Sync {
    /// What there is for each person.
    async fn get(&self, people: &[PersonId]) -> Result<Vec<KeyState>, KeyStoreError>;

    /// Stores each key unless there is one or a tombstone, and answers with what is there afterwards: the given
    /// key, the one that came before it, or `Erased`. Never `Absent`.
    async fn put_new(&self, entries: &[(PersonId, WrappedKey)]) -> Result<Vec<KeyState>, KeyStoreError>;

    /// Replaces the person's key, or nothing, by a tombstone. Erasing twice is erasing once. The old bytes are
    /// out of reach of every call from now on; [`KeyStore::scrub`] takes them off the disk.
    async fn erase(&self, person: PersonId) -> Result<(), KeyStoreError>;

    /// Takes erased keys off the disk as well. May take time in proportion to the whole store.
    async fn scrub(&self) -> Result<(), KeyStoreError>;

    /// Keeps `offered` if this is the first call on a new store, and answers with what the first call kept. A
    /// vault recognises its master key by it.
    async fn check_value(&self, offered: &[u8]) -> Result<Vec<u8>, KeyStoreError>;
}

impl WrappedKey {
    /// Length of the stored form in bytes.
    pub const LEN: usize = 32 + SEALED_OVERHEAD;

    pub(crate) fn wrap(wrapping: &Cipher, person: PersonId, key: &DataKey) -> Result<Self, SealError> {
        let sealed = encrypt(wrapping, &associated_data(person), key.bytes())?;
        let len = sealed.len();
        sealed.try_into().map(Self).map_err(|_| SealError::TooLong { len })
    }

    pub(crate) fn unwrap(&self, wrapping: &Cipher, person: PersonId) -> Result<DataKey, SealError> {
        let mut clear = decrypt(wrapping, &associated_data(person), &self.0)?;
        let bytes = <[u8; 32]>::try_from(clear.as_slice());
        clear.zeroize();
        bytes.map(|bytes| DataKey::new(Zeroizing::new(bytes))).map_err(|_| SealError::Damaged)
    }
}

fn associated_data(person: PersonId) -> [u8; 23] {
    let mut data = *b"wrap/v1................";
    data[7..].copy_from_slice(&person.0);
    data
}

impl fmt::Debug for WrappedKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("WrappedKey(hidden)")
    }
}

impl KeyState {
    /// The stored form; `None` for `Absent`.
    pub fn stored(&self) -> Option<&[u8]> {
        match self {
            Self::Absent => None,
            Self::Key(wrapped) => Some(&wrapped.0),
            Self::Erased => Some(&TOMBSTONE),
        }
    }

    /// Reads the stored form; `None` is `Absent`.
    pub fn from_stored(bytes: Option<&[u8]>) -> Result<Self, StoredFormError> {
        let Some(bytes) = bytes else { return Ok(Self::Absent) };
        if bytes == TOMBSTONE {
            return Ok(Self::Erased);
        }
        match <[u8; WrappedKey::LEN]>::try_from(bytes) {
            Ok(wrapped @ [1, ..]) => Ok(Self::Key(WrappedKey(wrapped))),
            _ => Err(StoredFormError { len: bytes.len() }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::seal::cipher;

    #[test]
    fn a_wrapped_key_opens_only_for_its_person_and_under_its_wrapping_key() {
        let (ours, theirs) = (cipher(&[1; 32]), cipher(&[2; 32]));
        let key = DataKey::new(Zeroizing::new([7; 32]));
        let wrapped = WrappedKey::wrap(&ours, PersonId([1; 16]), &key).expect("wrapped");
        assert_eq!(wrapped.unwrap(&ours, PersonId([1; 16])).expect("unwrapped").bytes(), key.bytes());
        assert_eq!(wrapped.unwrap(&ours, PersonId([2; 16])).expect_err("other"), SealError::Damaged);
        assert_eq!(wrapped.unwrap(&theirs, PersonId([1; 16])).expect_err("other"), SealError::Damaged);
    }

    // Computed with Python's cryptography (OpenSSL's AES-256-GCM-SIV) and hashlib, not with this code.
    #[test]
    fn given_a_known_wrapping_key_then_the_wrapped_key_is_the_golden_one() {
        let key = DataKey::new(Zeroizing::new([7; 32]));
        let wrapped = WrappedKey::wrap(&cipher(&[1; 32]), PersonId([1; 16]), &key).expect("wrapped");
        let hex: String = wrapped.0.iter().map(|byte| format!("{byte:02x}")).collect();
        let golden = "014752859dba0f29fb02f1a935392ac1fb34ff0cf19dcf5b148bb078aa4ec1d5\
                      a3ee3bfa77f0a23ab096cc90f6b5a4792d";
        assert_eq!(hex, golden);
    }

    #[test]
    fn the_stored_form_reads_back_and_anything_else_is_refused() {
        let key = DataKey::new(Zeroizing::new([7; 32]));
        let wrapped = WrappedKey::wrap(&cipher(&[1; 32]), PersonId([1; 16]), &key).expect("wrapped");
        for state in [KeyState::Absent, KeyState::Key(wrapped), KeyState::Erased] {
            assert_eq!(KeyState::from_stored(state.stored()), Ok(state.clone()));
        }
        for bytes in [&[][..], &[1], &[0; WrappedKey::LEN], &[1; WrappedKey::LEN + 1]] {
            let error = KeyState::from_stored(Some(bytes)).expect_err("neither");
            assert_eq!(error.len, bytes.len());
        }
    }
}
