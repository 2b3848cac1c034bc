//! Keys of signed notes: Ed25519 (C2SP signed-note, signature type 0x01).

use std::fmt;
use std::str::FromStr;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ed25519_dalek::{PUBLIC_KEY_LENGTH, SECRET_KEY_LENGTH, Signature, Signer, SigningKey, VerifyingKey};
use sha2::{Digest, Sha256};
use thiserror::Error;

const TYPE_ED25519: u8 = 0x01;

/// Why a key or its name is refused.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum KeyError {
    /// The name would break the signature line.
    #[error(
        "expected a key name without spaces, '+' or control characters and not empty, got {name:?}; use a URL without scheme, such as example.com/log"
    )]
    Name {
        /// The name.
        name: String,
    },
    /// Not the form of a verifier key.
    #[error(
        "expected a verifier key as name+8 hex digits+base64, but {part} is missing or malformed; copy the whole line that the log's operator published"
    )]
    Format {
        /// The part that fails.
        part: &'static str,
    },
    /// A key for signatures that this crate does not verify.
    #[error("expected an Ed25519 key (type 0x01), got type {actual:#04x}; use the log's Ed25519 key")]
    Type {
        /// The type byte.
        actual: u8,
    },
    /// The bytes are no sound Ed25519 public key.
    #[error(
        "expected a 32-byte Ed25519 public key of large order, got {bytes} bytes that are none; check the key's origin"
    )]
    PublicKey {
        /// Bytes that were given.
        bytes: usize,
    },
    /// The id does not belong to name and key.
    #[error(
        "expected key id {expected} for this name and key, got {actual}; the key was mistyped or belongs to another name"
    )]
    KeyId {
        /// The id of name and key.
        expected: KeyId,
        /// The id that was given.
        actual: KeyId,
    },
}

/// The first four bytes of `SHA-256(name || 0x0A || 0x01 || public key)`. Picks a key out; proves nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KeyId([u8; 4]);

impl KeyId {
    /// Wraps the four bytes of a signature line.
    pub const fn from_bytes(bytes: [u8; 4]) -> Self {
        Self(bytes)
    }

    /// The four bytes.
    pub const fn as_bytes(&self) -> &[u8; 4] {
        &self.0
    }

    fn of(name: &str, public_key: &VerifyingKey) -> Self {
        let hash = Sha256::new()
            .chain_update(name)
            .chain_update([b'\n', TYPE_ED25519])
            .chain_update(public_key.as_bytes())
            .finalize();
        Self([hash[0], hash[1], hash[2], hash[3]])
    }
}

impl fmt::Display for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:08x}", u32::from_be_bytes(self.0))
    }
}

/// A named public key. Written and read as `name+hex key id+base64(0x01 || public key)`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VerifierKey {
    name: String,
    id: KeyId,
    public_key: VerifyingKey,
}

impl VerifierKey {
    /// Names an Ed25519 public key (32 bytes, RFC 8032).
    pub fn new(name: &str, public_key: &[u8; PUBLIC_KEY_LENGTH]) -> Result<Self, KeyError> {
        check_name(name)?;
        let public_key = VerifyingKey::from_bytes(public_key)
            .ok()
            .filter(|key| !key.is_weak())
            .ok_or(KeyError::PublicKey { bytes: PUBLIC_KEY_LENGTH })?;
        Ok(Self { name: name.to_owned(), id: KeyId::of(name, &public_key), public_key })
    }

    /// The key's name, as in signature lines.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The key's id, as in signature lines.
    pub fn id(&self) -> KeyId {
        self.id
    }

    /// The 32 bytes of the Ed25519 public key.
    pub fn public_key(&self) -> &[u8; PUBLIC_KEY_LENGTH] {
        self.public_key.as_bytes()
    }

    /// Whether `signature` (64 bytes) is this key's over `text`. Strict: a malleable signature is none.
    pub(crate) fn accepts(&self, text: &str, signature: &[u8]) -> bool {
        Signature::from_slice(signature)
            .is_ok_and(|signature| self.public_key.verify_strict(text.as_bytes(), &signature).is_ok())
    }
}

impl fmt::Display for VerifierKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let key: Vec<u8> = [&[TYPE_ED25519], self.public_key.as_bytes().as_slice()].concat();
        write!(f, "{}+{}+{}", self.name, self.id, STANDARD.encode(key))
    }
}

impl FromStr for VerifierKey {
    type Err = KeyError;

    fn from_str(line: &str) -> Result<Self, KeyError> {
        // Base64 may hold a '+' of its own; names and ids never do.
        let mut parts = line.splitn(3, '+');
        let name = parts.next().unwrap_or_default();
        check_name(name)?;
        let id = parts.next().and_then(parse_id).ok_or(KeyError::Format { part: "the key id" })?;
        let key = parts.next().and_then(|text| STANDARD.decode(text).ok());
        let key = key.ok_or(KeyError::Format { part: "the base64 of the key" })?;
        let (kind, public_key) =
            key.split_first().ok_or(KeyError::Format { part: "the base64 of the key" })?;
        if *kind != TYPE_ED25519 {
            return Err(KeyError::Type { actual: *kind });
        }
        let public_key =
            public_key.try_into().map_err(|_| KeyError::PublicKey { bytes: public_key.len() })?;
        let key = Self::new(name, public_key)?;
        if key.id == id { Ok(key) } else { Err(KeyError::KeyId { expected: key.id, actual: id }) }
    }
}

/// A named secret key that signs notes. The secret is wiped from memory on drop and never shown.
pub struct NoteSigner {
    key: SigningKey,
    verifier: VerifierKey,
}

impl NoteSigner {
    /// A signer from an Ed25519 seed (32 bytes, the private key of RFC 8032), which must be random and kept
    /// secret.
    pub fn from_seed(name: &str, seed: &[u8; SECRET_KEY_LENGTH]) -> Result<Self, KeyError> {
        let key = SigningKey::from_bytes(seed);
        let verifier = VerifierKey::new(name, key.verifying_key().as_bytes())?;
        Ok(Self { key, verifier })
    }

    /// The public half, to be published.
    pub fn verifier_key(&self) -> &VerifierKey {
        &self.verifier
    }

    /// The 64-byte Ed25519 signature over `text`. The same text always gives the same signature.
    pub(crate) fn sign(&self, text: &str) -> Vec<u8> {
        self.key.sign(text.as_bytes()).to_bytes().to_vec()
    }
}

impl fmt::Debug for NoteSigner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NoteSigner").field("verifier", &self.verifier).finish_non_exhaustive()
    }
}

/// Refuses names that would break the signature line. Control characters go too: no note may hold them.
pub(crate) fn check_name(name: &str) -> Result<(), KeyError> {
    let breaks = |c: char| c.is_whitespace() || c == '+' || c < ' ';
    if name.is_empty() || name.contains(breaks) {
        return Err(KeyError::Name { name: name.to_owned() });
    }
    Ok(())
}

fn parse_id(hex: &str) -> Option<KeyId> {
    let is_hex = hex.len() == 8 && hex.bytes().all(|byte| byte.is_ascii_hexdigit());
    is_hex.then(|| u32::from_str_radix(hex, 16).ok()).flatten().map(|id| KeyId(id.to_be_bytes()))
}
