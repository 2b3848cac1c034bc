//! MACs for tokens: permits, sign-in, one-time codes. HMAC-SHA256 under the token key.

use std::fmt;

use hmac::Mac;
use zeroize::Zeroizing;

use crate::derive::{HmacSha256, absorb, hmac_for};

/// Makes and checks the MACs of tokens.
#[derive(Clone)]
pub struct TokenKey(Zeroizing<[u8; 32]>);

impl TokenKey {
    pub(crate) fn new(key: Zeroizing<[u8; 32]>) -> Self {
        Self(key)
    }

    /// The MAC of `data`. A MAC under one `label` never verifies under another: give each kind of token its
    /// own.
    pub fn mac(&self, label: &str, data: &[u8]) -> [u8; 32] {
        self.absorbed(label, data).finalize().into_bytes().into()
    }

    /// Whether `mac` is the whole MAC of `data` under `label`. Takes the same time wherever they differ.
    #[must_use]
    pub fn verify(&self, label: &str, data: &[u8], mac: &[u8]) -> bool {
        self.absorbed(label, data).verify_slice(mac).is_ok()
    }

    fn absorbed(&self, label: &str, data: &[u8]) -> HmacSha256 {
        let mut mac = hmac_for(&self.0, label);
        absorb(&mut mac, data);
        mac
    }
}

impl fmt::Debug for TokenKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TokenKey(hidden)")
    }
}

#[cfg(test)]
mod tests {
    use crate::MasterKey;

    // Computed with Python's hmac.
    const GOLDEN: &str = "58db261f3ab4e67308c9a163bdd617d8492075e5b3498bf9d43f908f9cc01d32";

    #[test]
    fn a_mac_is_the_golden_one_and_fits_only_its_label_data_and_length() {
        let hex: String = (0..32).map(|byte| format!("{byte:02x}")).collect();
        let key = MasterKey::from_hex(&hex).expect("key").tokens();
        let mac = key.mac("permit", b"data");
        assert_eq!(crate::hex::encode32(&mac).as_str(), GOLDEN);
        assert!(key.verify("permit", b"data", &mac));
        assert!(!key.verify("sign-in", b"data", &mac));
        assert!(!key.verify("permit", b"Data", &mac));
        assert!(!key.verify("permit", b"data", &mac[..16]));
        assert!(!key.verify("permit", b"data", b""));
    }
}
