//! Where a request comes from, and how: to pace those who are not signed in, and to keep cookies to HTTPS.

use std::convert::Infallible;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;

use axum::Extension;
use axum::extract::{ConnectInfo, FromRequestParts};
use axum::http::HeaderMap;
use axum::http::request::Parts;

/// Who is believed about where a request comes from. Those on the same machine always are; a route without this
/// extension believes nobody else.
#[derive(Debug, Clone, Default)]
pub struct Proxies {
    /// Proxies on other machines.
    pub trusted: Arc<[IpAddr]>,
    /// Everything comes over HTTPS, whatever the proxies say.
    pub https: bool,
}

impl Proxies {
    /// For [`axum::Router::layer`].
    pub fn layer(self) -> Extension<Self> {
        Extension(self)
    }

    fn believe(&self, peer: IpAddr) -> bool {
        let peer = peer.to_canonical();
        peer.is_loopback() || self.trusted.iter().any(|proxy| proxy.to_canonical() == peer)
    }
}

/// The client's address: the peer's, or of a believed proxy the last entry of `X-Forwarded-For`.
#[derive(Debug, Clone, Copy)]
pub struct ClientAddress(pub IpAddr);

impl<S: Send + Sync> FromRequestParts<S> for ClientAddress {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Infallible> {
        let peer = peer(parts);
        if !proxies(parts).believe(peer) {
            return Ok(Self(peer));
        }
        let named = last_of(&parts.headers, "x-forwarded-for").and_then(|address| address.parse().ok());
        Ok(Self(named.unwrap_or(peer)))
    }
}

/// Whether the client uses HTTPS, as far as can be known: `X-Forwarded-Proto` of a believed proxy, or the
/// configuration.
#[derive(Debug, Clone, Copy)]
pub struct OverHttps(pub bool);

impl<S: Send + Sync> FromRequestParts<S> for OverHttps {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Infallible> {
        let proxies = proxies(parts);
        let said = last_of(&parts.headers, "x-forwarded-proto");
        let said = said.is_some_and(|protocol| protocol.eq_ignore_ascii_case("https"));
        Ok(Self(proxies.https || said && proxies.believe(peer(parts))))
    }
}

fn proxies(parts: &Parts) -> Proxies {
    parts.extensions.get::<Proxies>().cloned().unwrap_or_default()
}

fn peer(parts: &Parts) -> IpAddr {
    let peer = parts.extensions.get::<ConnectInfo<SocketAddr>>();
    peer.map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), |ConnectInfo(peer)| peer.ip())
}

/// The last entry of a list in a header: what the nearest proxy says.
fn last_of<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let line = headers.get_all(name).iter().next_back()?.to_str().ok()?;
    line.rsplit(',').next().map(str::trim)
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::Request;

    async fn of(peer: &str, trusted: &[&str], headers: &[(&str, &str)]) -> (IpAddr, bool) {
        let mut request = Request::builder();
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let (mut parts, ()) = request.body(()).expect("a request").into_parts();
        parts.extensions.insert(ConnectInfo(SocketAddr::new(peer.parse().expect("an address"), 1)));
        let trusted = trusted.iter().map(|proxy| proxy.parse().expect("an address")).collect();
        parts.extensions.insert(Proxies { trusted, https: false });
        let Ok(ClientAddress(address)) = ClientAddress::from_request_parts(&mut parts, &()).await;
        let Ok(OverHttps(https)) = OverHttps::from_request_parts(&mut parts, &()).await;
        (address, https)
    }

    #[tokio::test]
    async fn given_headers_then_only_a_proxy_that_is_believed_is() {
        let says = [("x-forwarded-for", "9.9.9.9, 198.51.100.7"), ("x-forwarded-proto", "https")];
        let client: IpAddr = "198.51.100.7".parse().expect("an address");
        let stranger: IpAddr = "203.0.113.5".parse().expect("an address");
        assert_eq!(of("203.0.113.5", &[], &says).await, (stranger, false));
        assert_eq!(of("203.0.113.5", &["203.0.113.5"], &says).await, (client, true));
        assert_eq!(of("::ffff:203.0.113.5", &["203.0.113.5"], &says).await, (client, true));
        assert_eq!(of("127.0.0.1", &[], &says).await, (client, true));
        assert_eq!(of("203.0.113.5", &["203.0.113.5"], &says[..1]).await, (client, false));
        let first_hop_only = [("x-forwarded-proto", "https, http")];
        assert!(!of("127.0.0.1", &[], &first_hop_only).await.1);
    }
}
