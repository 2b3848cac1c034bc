//! What a page needs to know of the form before it, kept by the browser in a signed cookie.
//!
//! A form is answered with a redirect, so that a reload sends nothing twice; what the next page shows travels in a
//! cookie for that path alone. The MAC keeps anybody from planting a receipt or a code.

use axum::http::HeaderMap;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::Pages;
use crate::cookies;
use crate::failure::Failure;

/// Longest slip that is looked at.
const LEN_MAX: usize = 4096;

/// A kind of slip.
pub(crate) struct Kind {
    /// The name of the cookie.
    pub name: &'static str,
    /// How long the browser keeps it.
    pub seconds: u32,
}

impl Kind {
    /// The `Set-Cookie` value that puts a slip down for a path. It reads back only for the same `owner`.
    pub(crate) fn put<T: Serialize>(
        &self,
        pages: &Pages,
        path: &str,
        owner: &str,
        content: &T,
    ) -> Result<String, Failure> {
        let content = serde_json::to_vec(content).map_err(|_| Failure::unavailable())?;
        let mac = self.mac(pages, owner, &content);
        let value = format!("{}.{}", URL_SAFE_NO_PAD.encode(content), URL_SAFE_NO_PAD.encode(mac));
        Ok(cookies::set(self.name, &value, path, self.seconds, pages.options.secure))
    }

    /// The slip that a request carries.
    pub(crate) fn find<T: DeserializeOwned>(
        &self,
        pages: &Pages,
        headers: &HeaderMap,
        owner: &str,
    ) -> Option<T> {
        let value = cookies::find(headers, self.name).filter(|value| value.len() <= LEN_MAX)?;
        let (content, mac) = value.split_once('.')?;
        let content = URL_SAFE_NO_PAD.decode(content).ok()?;
        let mac = URL_SAFE_NO_PAD.decode(mac).ok()?;
        let tokens = pages.platform.parts().vault.tokens();
        let signed = signed(owner, &content);
        tokens.verify(&self.label(), &signed, &mac).then(|| serde_json::from_slice(&content).ok())?
    }

    /// The `Set-Cookie` value that takes it away.
    pub(crate) fn clear(&self, pages: &Pages, path: &str) -> String {
        cookies::set(self.name, "", path, 0, pages.options.secure)
    }

    fn mac(&self, pages: &Pages, owner: &str, content: &[u8]) -> [u8; 32] {
        pages.platform.parts().vault.tokens().mac(&self.label(), &signed(owner, content))
    }

    fn label(&self) -> String {
        format!("console/slip/{}/v1", self.name)
    }
}

fn signed(owner: &str, content: &[u8]) -> Vec<u8> {
    let mut signed = (owner.len() as u64).to_be_bytes().to_vec();
    signed.extend_from_slice(owner.as_bytes());
    signed.extend_from_slice(content);
    signed
}
