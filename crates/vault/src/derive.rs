//! Subkeys of the master key: HKDF-SHA256 (RFC 5869), salt `forbear/vault`, the label as info, 32 bytes.
//! A label is part of the data format: changing one orphans everything that was made under it.

use hkdf::Hkdf;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use zeroize::Zeroizing;

pub(crate) type HmacSha256 = Hmac<Sha256>;

const SALT: &[u8] = b"forbear/vault";

/// What a subkey is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Label {
    /// HMAC key of the pseudonyms of contact points, people, cases and import rows.
    Pseudonym,
    /// AES-256-GCM-SIV key that wraps each person's data key.
    Wrapping,
    /// HMAC key of permit tokens, sign-in tokens and one-time codes.
    Token,
    /// Seed of the Ed25519 key (RFC 8032) that signs the audit log's checkpoints.
    CheckpointSeed,
    /// Not a key: the value that a key store keeps to recognise its master key.
    StoreCheck,
}

impl Label {
    const fn info(self) -> &'static [u8] {
        match self {
            Self::Pseudonym => b"pseudonym/v1",
            Self::Wrapping => b"wrapping/v1",
            Self::Token => b"token/v1",
            Self::CheckpointSeed => b"checkpoint-seed/v1",
            Self::StoreCheck => b"store-check/v1",
        }
    }
}

pub(crate) fn subkey(master: &[u8; 32], label: Label) -> Zeroizing<[u8; 32]> {
    let mut okm = Zeroizing::new([0; 32]);
    let expanded = Hkdf::<Sha256>::new(Some(SALT), master).expand(label.info(), okm.as_mut_slice());
    // RFC 5869 section 2.3: only more than 255 blocks can fail; this is one.
    debug_assert!(expanded.is_ok());
    okm
}

/// HMAC-SHA256 with the domain already absorbed; clone it for each message.
pub(crate) fn hmac_for(key: &[u8; 32], domain: &str) -> HmacSha256 {
    // The key padded to one block is the same key (RFC 2104 section 2), and cannot have a wrong length.
    let mut block = Zeroizing::new([0; 64]);
    block[..32].copy_from_slice(key);
    let mut mac = HmacSha256::new((&*block).into());
    absorb(&mut mac, domain.as_bytes());
    mac
}

/// Adds one part, its length first (u32, big endian), so that no two lists of parts give the same bytes.
pub(crate) fn absorb(mac: &mut HmacSha256, part: &[u8]) {
    // A part of 4 GiB or more does not occur; if it did, saturating would still not collide with a short one.
    mac.update(&u32::try_from(part.len()).unwrap_or(u32::MAX).to_be_bytes());
    mac.update(part);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hex::encode32;

    // Computed with Python's hmac and hashlib from RFC 5869, not with this code.
    #[test]
    fn given_a_known_master_when_derived_then_subkeys_are_the_golden_ones() {
        let master: [u8; 32] = std::array::from_fn(|i| i as u8);
        let golden = [
            (Label::Pseudonym, "0098572f950d34a6ad59b7c49e0cd9a4ad3e143a1df0b97b6a886aaab1830b6f"),
            (Label::Wrapping, "37c2e0c76aba72a720c48e95fe5f5a11fa18303b0b70a6293653c1a2d5cc84ca"),
            (Label::Token, "f4a8ad836740dbb4ab0b475cbe65db8cefab4855f8a8041c063a77fd230c08b6"),
            (Label::CheckpointSeed, "a67d68f61bfd5cbc18fc35c3195616cf9f3dac778283c2eda446b714cf51264e"),
            (Label::StoreCheck, "6a417a86b65392832c6e46c3f6807984764b15f16d10ecd9ab416fe737638f3b"),
        ];
        for (label, expected) in golden {
            assert_eq!(encode32(&subkey(&master, label)).as_str(), expected, "{label:?}");
        }
    }
}
