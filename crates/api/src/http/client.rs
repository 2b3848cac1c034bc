//! Where a request comes from, to pace those who are not signed in.

use std::convert::Infallible;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use axum::extract::{ConnectInfo, FromRequestParts};
use axum::http::request::Parts;

/// The client's address. A proxy on the same machine is believed: its last `X-Forwarded-For` entry is used.
#[derive(Debug, Clone, Copy)]
pub struct ClientAddress(pub IpAddr);

impl<S: Send + Sync> FromRequestParts<S> for ClientAddress {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Infallible> {
        let peer = parts.extensions.get::<ConnectInfo<SocketAddr>>();
        let peer = peer.map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), |ConnectInfo(peer)| peer.ip());
        if !peer.is_loopback() {
            return Ok(Self(peer));
        }
        let forwarded = parts.headers.get_all("x-forwarded-for").iter().next_back();
        let last = forwarded.and_then(|line| line.to_str().ok()).and_then(|line| line.rsplit(',').next());
        let named = last.and_then(|address| address.trim().parse().ok());
        Ok(Self(named.unwrap_or(peer)))
    }
}
