//! Sealing one personal field under its person's key: AES-256-GCM-SIV (RFC 8452).
//!
//! Sealed bytes: `[format 1][ciphertext, as long as the plaintext][tag, 16 bytes]`.
//! Associated data: `field/v1`, the person's 16 bytes, the field's name. Bytes moved to another field or
//! person do not open.
//!
//! **Deterministic on purpose.** The nonce is the first 12 bytes of SHA-256 of the associated data, so the same
//! plaintext at the same place gives the same bytes: importing one file twice gives the same commands and
//! changes nothing. AES-GCM-SIV stays safe when a nonce repeats (RFC 8452 section 1), and then reveals one
//! thing: that two values of one field of one person are equal. Two people's equal values do not show, for their
//! keys differ. Lengths show.

use std::fmt;

use aes_gcm_siv::aead::{AeadInOut, KeyInit};
use aes_gcm_siv::aes::Aes256Enc;
use aes_gcm_siv::{AesGcmSiv, Nonce, Tag};
use model::PersonId;
use sha2::{Digest, Sha256};
use zeroize::{Zeroize, Zeroizing};

/// AES-256-GCM-SIV with the encrypting half of AES only: the mode never decrypts a block, and both halves of the
/// key schedule cost more than sealing a short field.
pub(crate) type Cipher = AesGcmSiv<Aes256Enc>;

const FORMAT: u8 = 1;
const TAG_LEN: usize = 16;

/// How much longer sealed bytes are than their plaintext.
pub const SEALED_OVERHEAD: usize = 1 + TAG_LEN;

/// The longest plaintext of one field, in bytes. A field is a name, a number, an address or a note.
pub const PLAINTEXT_LEN_MAX: usize = 64 * 1024;

/// Where a sealed value belongs. Sealed bytes open nowhere else.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Place {
    /// Whose data it is.
    pub person: PersonId,
    /// The field's name, such as `name` or `phone`. Part of the format: never rename one.
    pub field: &'static str,
}

/// One person's random 32-byte key, in clear. Wiped from memory when dropped.
#[derive(Clone)]
pub struct DataKey(Zeroizing<[u8; 32]>);

/// Why bytes do not seal or open. Never repeats any of them.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SealError {
    /// Longer than [`PLAINTEXT_LEN_MAX`].
    #[error("expected a field of at most {PLAINTEXT_LEN_MAX} bytes, got {len}; shorten or split it")]
    TooLong {
        /// Its length in bytes.
        len: usize,
    },
    /// Shorter than format and tag.
    #[error("expected at least {SEALED_OVERHEAD} sealed bytes, got {len}; the record was cut off")]
    TooShort {
        /// Its length in bytes.
        len: usize,
    },
    /// Another format than this program knows.
    #[error(
        "expected sealed bytes of format {FORMAT}, got format {got}; open them with the version that wrote them"
    )]
    Format {
        /// The first byte.
        got: u8,
    },
    /// Not sealed under this key for this place, or changed since.
    #[error(
        "expected bytes sealed for this person and field, got others or changed ones; check that log and vault belong together"
    )]
    Damaged,
}

impl DataKey {
    pub(crate) fn new(bytes: Zeroizing<[u8; 32]>) -> Self {
        Self(bytes)
    }

    pub(crate) fn bytes(&self) -> &[u8; 32] {
        &self.0
    }

    pub(crate) fn cipher(&self) -> Cipher {
        cipher(self.bytes())
    }
}

impl fmt::Debug for DataKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("DataKey(hidden)")
    }
}

/// Seals a field. The same key, place and plaintext give the same bytes.
pub fn seal(key: &DataKey, place: &Place, plaintext: &[u8]) -> Result<Vec<u8>, SealError> {
    seal_with(&key.cipher(), place, plaintext)
}

/// The same, with the cipher of the person's key: for who seals several fields of one person.
pub(crate) fn seal_with(cipher: &Cipher, place: &Place, plaintext: &[u8]) -> Result<Vec<u8>, SealError> {
    if plaintext.len() > PLAINTEXT_LEN_MAX {
        return Err(SealError::TooLong { len: plaintext.len() });
    }
    encrypt(cipher, &associated_data(place), plaintext)
}

/// Opens a field that was sealed under the same key at the same place.
pub fn open(key: &DataKey, place: &Place, sealed: &[u8]) -> Result<Vec<u8>, SealError> {
    decrypt(&key.cipher(), &associated_data(place), sealed)
}

pub(crate) fn cipher(key: &[u8; 32]) -> Cipher {
    Cipher::new(key.into())
}

/// `[format][ciphertext][tag]`, with the nonce taken from the associated data.
pub(crate) fn encrypt(
    cipher: &Cipher,
    associated_data: &[u8],
    plaintext: &[u8],
) -> Result<Vec<u8>, SealError> {
    let mut sealed = Vec::with_capacity(plaintext.len() + SEALED_OVERHEAD);
    sealed.push(FORMAT);
    sealed.extend_from_slice(plaintext);
    match cipher.encrypt_inout_detached(&nonce(associated_data), associated_data, (&mut sealed[1..]).into()) {
        Ok(tag) => {
            sealed.extend_from_slice(&tag);
            Ok(sealed)
        }
        Err(aes_gcm_siv::Error) => {
            sealed.zeroize();
            Err(SealError::TooLong { len: plaintext.len() })
        }
    }
}

pub(crate) fn decrypt(cipher: &Cipher, associated_data: &[u8], sealed: &[u8]) -> Result<Vec<u8>, SealError> {
    let too_short = SealError::TooShort { len: sealed.len() };
    let (&format, rest) = sealed.split_first().ok_or_else(|| too_short.clone())?;
    if format != FORMAT {
        return Err(SealError::Format { got: format });
    }
    let (ciphertext, tag) = rest.split_last_chunk::<TAG_LEN>().ok_or(too_short)?;
    let mut plaintext = ciphertext.to_vec();
    cipher
        .decrypt_inout_detached(
            &nonce(associated_data),
            associated_data,
            plaintext.as_mut_slice().into(),
            &Tag::from(*tag),
        )
        .map_err(|aes_gcm_siv::Error| SealError::Damaged)?;
    Ok(plaintext)
}

fn associated_data(place: &Place) -> Vec<u8> {
    [b"field/v1".as_slice(), &place.person.0, place.field.as_bytes()].concat()
}

fn nonce(associated_data: &[u8]) -> Nonce {
    let digest: [u8; 32] = Sha256::digest(associated_data).into();
    std::array::from_fn::<u8, 12, _>(|index| digest[index]).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLACE: Place = Place { person: PersonId(*b"0123456789abcdef"), field: "name" };

    fn key(byte: u8) -> DataKey {
        DataKey::new(Zeroizing::new([byte; 32]))
    }

    // Computed with Python's cryptography (OpenSSL's AES-256-GCM-SIV) and hashlib, not with this code.
    #[test]
    fn given_a_known_key_and_place_then_the_sealed_bytes_are_the_golden_ones() {
        let sealed = seal(&key(1), &PLACE, "张三".as_bytes()).expect("sealed");
        let hex: String = sealed.iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(hex, "014bb2bad65dfbb66c0de0f01a22b4f370c94be99d326d");
    }

    #[test]
    fn what_was_sealed_opens_whatever_its_length() {
        for len in [0, 1, 15, 16, 17, 1000, PLAINTEXT_LEN_MAX] {
            let plaintext = vec![0xa5; len];
            let sealed = seal(&key(1), &PLACE, &plaintext).expect("sealed");
            assert_eq!(sealed.len(), len + SEALED_OVERHEAD);
            assert_eq!(open(&key(1), &PLACE, &sealed).expect("opened"), plaintext);
        }
        let len = PLAINTEXT_LEN_MAX + 1;
        assert_eq!(seal(&key(1), &PLACE, &vec![0; len]), Err(SealError::TooLong { len }));
    }

    #[test]
    fn sealing_is_deterministic_and_hides_equality_between_people_and_fields() {
        let sealed = seal(&key(1), &PLACE, b"Zhang San").expect("sealed");
        assert_eq!(sealed, seal(&key(1), &PLACE, b"Zhang San").expect("sealed"));
        let elsewhere = [
            (key(2), PLACE),
            (key(1), Place { field: "phone", ..PLACE }),
            (key(1), Place { person: PersonId([0; 16]), ..PLACE }),
        ];
        for (key, place) in &elsewhere {
            assert_ne!(sealed, seal(key, place, b"Zhang San").expect("sealed"));
            assert_eq!(open(key, place, &sealed), Err(SealError::Damaged));
        }
    }

    #[test]
    fn every_changed_bit_is_noticed() {
        let sealed = seal(&key(1), &PLACE, b"Li").expect("sealed");
        for bit in 0..sealed.len() * 8 {
            let mut changed = sealed.clone();
            changed[bit / 8] ^= 1 << (bit % 8);
            let error = open(&key(1), &PLACE, &changed).expect_err("changed");
            assert_eq!(matches!(error, SealError::Format { .. }), bit < 8);
        }
        for len in 0..SEALED_OVERHEAD {
            assert_eq!(open(&key(1), &PLACE, &sealed[..len]), Err(SealError::TooShort { len }));
        }
        assert_eq!(open(&key(1), &PLACE, &sealed[..sealed.len() - 1]), Err(SealError::Damaged));
    }
}
