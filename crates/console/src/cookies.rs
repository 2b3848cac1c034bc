//! Cookies: reading one, writing one.

use axum::http::HeaderMap;
use axum::http::header::COOKIE;

/// The value of the first cookie of this name that a request carries.
pub(crate) fn find<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let lines = headers.get_all(COOKIE).iter().filter_map(|line| line.to_str().ok());
    let mut pairs = lines.flat_map(|line| line.split(';')).filter_map(|pair| pair.trim().split_once('='));
    pairs.find(|(found, _)| *found == name).map(|(_, value)| value).filter(|value| !value.is_empty())
}

/// A `Set-Cookie` value. Scripts cannot read the cookie and other sites cannot send it; 0 seconds removes it.
pub(crate) fn set(name: &str, value: &str, path: &str, seconds: u32, secure: bool) -> String {
    let secure = if secure { "; Secure" } else { "" };
    format!("{name}={value}; Path={path}; HttpOnly; SameSite=Strict; Max-Age={seconds}{secure}")
}
