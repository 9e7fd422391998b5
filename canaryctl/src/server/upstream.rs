//! The reverse proxy in front of a bundler's development server.

use std::error::Error;
use std::fmt;
use std::time::Duration;

use anyhow::{Context, anyhow};
use hyper::body::{Body, Incoming};
use hyper::client::conn::http1;
use hyper::header::{CONNECTION, HOST, HeaderMap, HeaderName, HeaderValue, LOCATION, ORIGIN, UPGRADE};
use hyper::{Request, Response, StatusCode, Uri, Version};
use hyper_util::rt::TokioIo;
use tokio::io::copy_bidirectional;
use tokio::net::TcpStream;
use tokio::time::timeout;

/// How long the upstream server may take to accept a connection. A response has no time limit.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// The headers of one connection, which a proxy must not forward; `Connection` may list more.
const HOP_BY_HOP: [&str; 9] = [
    "connection",
    "keep-alive",
    "proxy-authenticate",
    "proxy-authorization",
    "proxy-connection",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
];

/// The address of the upstream server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Upstream {
    host: String,
    port: u16,
    /// The value of `Host`.
    authority: HeaderValue,
    /// The value of `Origin`.
    origin: String,
}

impl fmt::Display for Upstream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.origin)
    }
}

impl Upstream {
    /// Parses `http://HOST[:PORT]`.
    pub(crate) fn parse(text: &str) -> Result<Self, &'static str> {
        let expected = "expected http://HOST or http://HOST:PORT, as the bundler prints it";
        let uri: Uri = text.parse().map_err(|_| expected)?;
        let authority = uri.authority().filter(|it| !it.as_str().contains('@')).ok_or(expected)?;
        if uri.scheme_str() != Some("http") || !matches!(uri.path(), "" | "/") || uri.query().is_some() {
            return Err(expected);
        }
        let host = authority.host().trim_start_matches('[').trim_end_matches(']').to_owned();
        // The parser reports an invalid port as absent.
        let default = (authority.as_str() == authority.host()).then_some(80);
        let port = authority.port_u16().or(default).ok_or(expected)?;
        let origin = format!("http://{authority}");
        Ok(Self { host, port, authority: HeaderValue::from_str(authority.as_str()).map_err(|_| expected)?, origin })
    }

    /// Forwards a request and streams the response. If the upstream server accepts a WebSocket, it joins the two
    /// connections.
    pub(crate) async fn forward<B>(&self, mut request: Request<B>) -> anyhow::Result<Response<Incoming>>
    where
        B: Body + Send + 'static,
        B::Data: Send,
        B::Error: Into<Box<dyn Error + Send + Sync>>,
    {
        let requested = websocket(request.headers());
        let client = requested.is_some().then(|| hyper::upgrade::on(&mut request));
        self.rewrite_request(&mut request, requested.as_ref())?;
        let mut response = self.send(request).await?;
        self.rewrite_response(response.headers_mut());
        let accepted = websocket(response.headers()).filter(|_| response.status() == StatusCode::SWITCHING_PROTOCOLS);
        let server = hyper::upgrade::on(&mut response);
        drop_hop_by_hop(response.headers_mut());
        if let (Some(client), Some(protocol)) = (client, accepted) {
            set_upgrade(response.headers_mut(), &protocol);
            tokio::spawn(async move {
                if let (Ok(client), Ok(server)) = tokio::join!(client, server) {
                    // Either side may hang up at any time.
                    let _ = copy_bidirectional(&mut TokioIo::new(client), &mut TokioIo::new(server)).await;
                }
            });
        }
        Ok(response)
    }

    /// Sends a request on a connection of its own: the upstream server could close a reused one at that moment.
    async fn send<B>(&self, request: Request<B>) -> anyhow::Result<Response<Incoming>>
    where
        B: Body + Send + 'static,
        B::Data: Send,
        B::Error: Into<Box<dyn Error + Send + Sync>>,
    {
        let connecting = timeout(CONNECT_TIMEOUT, TcpStream::connect((self.host.as_str(), self.port))).await;
        let stream = connecting.map_err(|_| anyhow!("no connection within {} s", CONNECT_TIMEOUT.as_secs()))??;
        stream.set_nodelay(true)?;
        let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
        tokio::spawn(async move { drop(connection.with_upgrades().await) });
        Ok(sender.send_request(request).await?)
    }

    /// Replaces `Host`, and `Origin` if it was the same: development servers refuse any name but their own.
    fn rewrite_request<B>(&self, request: &mut Request<B>, protocol: Option<&HeaderValue>) -> anyhow::Result<()> {
        let path = request.uri().path_and_query().map_or("/", |it| it.as_str());
        *request.uri_mut() = path.parse().context("malformed path")?;
        *request.version_mut() = Version::HTTP_11;
        let headers = request.headers_mut();
        drop_hop_by_hop(headers);
        if let Some(protocol) = protocol {
            set_upgrade(headers, protocol);
        }
        let host = headers.insert(HOST, self.authority.clone());
        if let (Some(origin), Some(host)) = (headers.get_mut(ORIGIN), host)
            && origin.as_bytes().strip_prefix(b"http://") == Some(host.as_bytes())
        {
            *origin = HeaderValue::from_str(&self.origin)?;
        }
        Ok(())
    }

    /// Makes redirects to the upstream server relative, so that they lead through this server.
    fn rewrite_response(&self, headers: &mut HeaderMap) {
        let location = headers.get(LOCATION).and_then(|location| location.to_str().ok()?.strip_prefix(&self.origin));
        let path = location.filter(|rest| rest.starts_with('/')).and_then(|path| HeaderValue::from_str(path).ok());
        if let Some(path) = path {
            headers.insert(LOCATION, path);
        }
    }
}

/// The `Upgrade` header if it names a WebSocket. Other upgrades are not forwarded: most development servers leave a
/// request for HTTP/2 unanswered.
fn websocket(headers: &HeaderMap) -> Option<HeaderValue> {
    let protocol = headers.get(UPGRADE).filter(|it| it.as_bytes().eq_ignore_ascii_case(b"websocket"))?;
    connection_options(headers).iter().any(|it| it == "upgrade").then(|| protocol.clone())
}

fn set_upgrade(headers: &mut HeaderMap, protocol: &HeaderValue) {
    headers.insert(CONNECTION, HeaderValue::from_static("upgrade"));
    headers.insert(UPGRADE, protocol.clone());
}

/// The options of `Connection`, in lower case.
fn connection_options(headers: &HeaderMap) -> Vec<String> {
    let values = headers.get_all(CONNECTION).iter().filter_map(|value| value.to_str().ok());
    values.flat_map(|value| value.split(',')).map(|it| it.trim().to_ascii_lowercase()).collect()
}

fn drop_hop_by_hop(headers: &mut HeaderMap) {
    for name in connection_options(headers).iter().map(String::as_str).chain(HOP_BY_HOP) {
        if let Ok(name) = name.parse::<HeaderName>() {
            headers.remove(name);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_parsed() {
        for (text, host, port, shown) in [
            ("http://localhost:5173", "localhost", 5173, "http://localhost:5173"),
            ("http://127.0.0.1:5173/", "127.0.0.1", 5173, "http://127.0.0.1:5173"),
            ("http://[::1]:8081", "::1", 8081, "http://[::1]:8081"),
            ("http://dev.example", "dev.example", 80, "http://dev.example"),
        ] {
            let upstream = Upstream::parse(text).unwrap();
            assert_eq!((upstream.host.as_str(), upstream.port, upstream.to_string().as_str()), (host, port, shown));
        }
        for bad in
            ["", "localhost:5173", "https://localhost", "http://a/b", "http://a/?b", "http://u:p@a", "http://a:99999"]
        {
            assert!(Upstream::parse(bad).is_err(), "{bad}");
        }
    }

    #[track_caller]
    fn check(given: &[(&'static str, &'static str)], expected: &[(&str, &str)]) {
        let mut request = Request::new(());
        *request.uri_mut() = "/a//b?c=%2F".parse().unwrap();
        for (name, value) in given {
            request.headers_mut().append(*name, HeaderValue::from_static(value));
        }
        let protocol = websocket(request.headers());
        Upstream::parse("http://localhost:5173").unwrap().rewrite_request(&mut request, protocol.as_ref()).unwrap();
        let headers = request.headers().iter().map(|(name, value)| (name.as_str(), value.to_str().unwrap()));
        let mut headers: Vec<_> = headers.collect();
        headers.sort_unstable();
        assert_eq!((request.uri().to_string().as_str(), headers.as_slice()), ("/a//b?c=%2F", expected));
    }

    #[test]
    fn requests_have_the_name_of_the_upstream_server() {
        let origin = ("origin", "http://127.0.0.1:8080");
        let host = ("host", "127.0.0.1:8080");
        let rewritten = [("host", "localhost:5173"), ("origin", "http://localhost:5173")];
        check(&[host, origin], &rewritten);
        let other = ("origin", "http://other.example");
        check(&[host, other], &[rewritten[0], other]);
        check(
            &[host, ("connection", "keep-alive, X-One"), ("x-one", "1"), ("te", "trailers"), ("x-two", "2")],
            &[rewritten[0], ("x-two", "2")],
        );
        check(&[host, ("upgrade", "websocket")], &[rewritten[0]]);
        let h2c = [host, ("connection", "Upgrade, HTTP2-Settings"), ("upgrade", "h2c"), ("http2-settings", "AAMA")];
        check(&h2c, &[rewritten[0]]);
        check(
            &[host, ("connection", "keep-alive, Upgrade"), ("upgrade", "websocket")],
            &[("connection", "upgrade"), rewritten[0], ("upgrade", "websocket")],
        );
    }

    #[test]
    fn redirects_lead_through_this_server() {
        let upstream = Upstream::parse("http://localhost:5173").unwrap();
        for (given, expected) in [
            ("http://localhost:5173/shop/?a", "/shop/?a"),
            ("http://localhost:51730/", "http://localhost:51730/"),
            ("/shop/", "/shop/"),
            ("https://other.example/", "https://other.example/"),
        ] {
            let mut headers = HeaderMap::from_iter([(LOCATION, HeaderValue::from_static(given))]);
            upstream.rewrite_response(&mut headers);
            assert_eq!(headers[LOCATION], expected);
        }
    }
}
