//! Signed tokens that need no store: `<kind>.<base64url(postcard)>.<base64url(MAC)>`.
//!
//! The MAC is of the vault's token key under a label of the kind, so a token of one kind never passes as another.

mod permit;
mod sign_in;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use events::{Code, Reason, Refusal};
use serde::{Serialize, de::DeserializeOwned};
use vault::TokenKey;

pub use permit::PermitToken;
pub use sign_in::SignIn;

/// Longest token that is looked at.
const LEN_MAX: usize = 1024;

fn sign<T: Serialize>(key: &TokenKey, kind: &str, claims: &T) -> Result<String, Refusal> {
    let claims = postcard::to_stdvec(claims).map_err(|_| Refusal::from(Code::MALFORMED))?;
    let mac = key.mac(kind, &claims);
    Ok(format!("{kind}.{}.{}", URL_SAFE_NO_PAD.encode(claims), URL_SAFE_NO_PAD.encode(mac)))
}

/// The claims of a token whose MAC is ours; `None` for any other text.
fn read<T: DeserializeOwned>(key: &TokenKey, kind: &str, token: &str) -> Option<T> {
    if token.len() > LEN_MAX {
        return None;
    }
    let (claims, mac) = token.strip_prefix(kind)?.strip_prefix('.')?.split_once('.')?;
    let claims = URL_SAFE_NO_PAD.decode(claims).ok()?;
    let mac = URL_SAFE_NO_PAD.decode(mac).ok()?;
    if !key.verify(kind, &claims, &mac) {
        return None;
    }
    match postcard::take_from_bytes(&claims) {
        Ok((claims, [])) => Some(claims),
        _ => None,
    }
}

fn refused(code: Code, detail: &str) -> Refusal {
    Reason::detail(code, detail).into()
}
