//! Keys: pseudonyms, field encryption, erasure.
//!
//! ```text
//! vault.key ── HKDF ─┬─ pseudonym key ── HMAC ──► contact points, people, cases
//!  (master)          ├─ wrapping key ─── seals ──► one random key a person ── seals ──► their fields
//!                    ├─ token key ────── HMAC ──► permits, sign-in, one-time codes
//!                    └─ checkpoint seed ────────► the Ed25519 key of the audit log
//! ```
//!
//! Destroying a person's key erases their fields wherever the sealed bytes lie: log, snapshots, exports.
//! Pseudonyms do not depend on that key, so a stop survives erasure.
//!
//! | a thief of | learns |
//! |---|---|
//! | the log | which fields of one person are equal, and how long they are; nothing else |
//! | the log and the key store | the same: the keys are wrapped |
//! | the log and the master key | pseudonyms of numbers that he guesses; no fields |
//! | all three | everybody who is not erased |
//!
//! **Architecture invariant:** plaintext and keys never reach a log line, an error or a `Debug`.

mod by_person;
mod derive;
mod hex;
mod keys;
mod master;
mod pseudonym;
mod seal;
mod token;
mod vault;

pub use keys::{EmbeddedKeys, KeyState, KeyStore, KeyStoreError, MemoryKeys, StoredFormError, WrappedKey};
pub use master::{MasterKey, MasterKeyError};
pub use pseudonym::Pseudonyms;
pub use seal::{DataKey, PLAINTEXT_LEN_MAX, Place, SEALED_OVERHEAD, SealError, open, seal};
pub use token::TokenKey;
pub use vault::{Field, Opened, PersonKey, SealedField, Vault, VaultError};
