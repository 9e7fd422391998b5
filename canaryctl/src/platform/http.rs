//! Requests to collectors, webhooks and the addresses of a Service.

use std::fmt;
use std::net::SocketAddr;
use std::time::Duration;

use anyhow::{Context, anyhow, bail, ensure};
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Bytes;
use hyper::client::conn::http1;
use hyper::header::{CONTENT_TYPE, HOST};
use hyper::{Method, Request, Uri};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpStream, lookup_host};
use tokio::runtime::Builder;
use tokio::time::timeout;

/// The most bytes of an answer.
const MOST: usize = 64 * 1024 * 1024;

/// An answer.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    /// The type of its content without parameters, in lower case.
    pub(crate) content_type: String,
    pub(crate) body: Bytes,
}

/// An address of a service: `http://HOST[:PORT][/PATH]`.
#[derive(Clone, Debug)]
pub(crate) struct Url {
    uri: Uri,
    host: String,
    port: u16,
    is_secure: bool,
}

impl Url {
    pub(crate) fn parse(text: &str) -> anyhow::Result<Self> {
        let uri: Uri = text.parse().map_err(|_| anyhow!("{text}: expected an address such as http://HOST:PORT"))?;
        let is_secure = match uri.scheme_str() {
            Some("http") => false,
            Some("https") => true,
            _ => bail!("{text}: expected an address that begins with http:// or https://"),
        };
        let host = uri.host().with_context(|| format!("{text}: expected a host"))?;
        let host = host.trim_start_matches('[').trim_end_matches(']').to_owned();
        let port = uri.port_u16().unwrap_or(if is_secure { 443 } else { 80 });
        Ok(Self { uri, host, port, is_secure })
    }

    /// Whether only this machine can read what is sent.
    pub(crate) fn is_private(&self) -> bool {
        let is_loopback = self.host.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback());
        self.is_secure || is_loopback || self.host == "localhost"
    }

    /// Another path and query of this address.
    pub(crate) fn at(&self, path: &str) -> anyhow::Result<Self> {
        let authority = self.uri.authority().map_or("", |authority| authority.as_str());
        let scheme = if self.is_secure { "https" } else { "http" };
        let base = self.uri.path().trim_end_matches('/');
        Self::parse(&format!("{scheme}://{authority}{base}{path}"))
    }

    /// All addresses that the name has now.
    pub(crate) fn resolve(&self) -> anyhow::Result<Vec<SocketAddr>> {
        // A browser tries both families of this name; one server listens on one of them.
        if self.host == "localhost" {
            return Ok(vec![SocketAddr::from(([127, 0, 0, 1], self.port))]);
        }
        let looked_up = block(Duration::from_secs(10), async {
            Ok(lookup_host((self.host.as_str(), self.port)).await?.collect::<Vec<_>>())
        });
        let mut found = looked_up.with_context(|| format!("cannot resolve {}", self.host))?;
        found.sort_unstable();
        found.dedup();
        ensure!(!found.is_empty(), "{} has no address", self.host);
        Ok(found)
    }
}

impl fmt::Display for Url {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.uri.fmt(f)
    }
}

/// A request without its address.
#[derive(Clone, Debug)]
pub(crate) struct Call<'a> {
    pub(crate) method: Method,
    pub(crate) headers: Vec<(&'static str, &'a str)>,
    /// JSON, or nothing.
    pub(crate) body: Bytes,
}

/// Asks one address of a service by GET.
pub(crate) fn get(url: &Url, address: SocketAddr, limit: Duration) -> anyhow::Result<Answer> {
    block(limit, send(url, address, &Call { method: Method::GET, headers: Vec::new(), body: Bytes::new() }))
}

/// Posts JSON to the first address of a service that takes connections.
pub(crate) fn post(url: &Url, body: String, limit: Duration) -> anyhow::Result<Answer> {
    call(url, &Call { method: Method::POST, headers: Vec::new(), body: Bytes::from(body) }, limit)
}

/// Sends a request to the first address of a service that takes connections. A redirect is an answer like any other.
pub(crate) fn call(url: &Url, call: &Call<'_>, limit: Duration) -> anyhow::Result<Answer> {
    let addresses = url.resolve()?;
    block(limit, async {
        let mut last = anyhow!("no address");
        for address in addresses {
            match send(url, address, call).await {
                Ok(answer) => return Ok(answer),
                Err(error) => last = error,
            }
        }
        Err(last)
    })
}

/// Runs a future within a time.
fn block<T>(limit: Duration, future: impl Future<Output = anyhow::Result<T>>) -> anyhow::Result<T> {
    let runtime = Builder::new_current_thread().enable_all().build()?;
    runtime
        .block_on(async { timeout(limit, future).await })
        .unwrap_or_else(|_| Err(anyhow!("no answer within {} s", limit.as_secs_f64())))
}

async fn send(url: &Url, address: SocketAddr, call: &Call<'_>) -> anyhow::Result<Answer> {
    let stream = TcpStream::connect(address).await.with_context(|| format!("cannot connect to {address}"))?;
    if !url.is_secure {
        return exchange(url, stream, call).await;
    }
    #[cfg(feature = "cluster")]
    return exchange(url, tls::connect(&url.host, stream).await?, call).await;
    #[cfg(not(feature = "cluster"))]
    bail!("{}: https needs the feature `cluster` of canaryctl", url.host);
}

async fn exchange<S>(url: &Url, stream: S, call: &Call<'_>) -> anyhow::Result<Answer>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
    tokio::spawn(async move { drop(connection.await) });
    let path = url.uri.path_and_query().map_or("/", |path| path.as_str());
    let authority = url.uri.authority().map_or("", |authority| authority.as_str());
    let request = Request::builder().method(&call.method).uri(path).header(HOST, authority);
    let mut request = request.header("user-agent", "canaryctl");
    for (name, value) in &call.headers {
        request = request.header(*name, *value);
    }
    let request = if call.body.is_empty() { request } else { request.header(CONTENT_TYPE, "application/json") };
    let answer = sender.send_request(request.body(Full::new(call.body.clone()))?).await?;
    let status = answer.status().as_u16();
    let content_type = answer.headers().get(CONTENT_TYPE).and_then(|it| it.to_str().ok()).unwrap_or_default();
    let content_type = content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    let body = Limited::new(answer.into_body(), MOST).collect().await.map_err(|error| anyhow!("{error}"))?.to_bytes();
    Ok(Answer { status, content_type, body })
}

#[cfg(feature = "cluster")]
mod tls {
    use std::sync::Arc;

    use anyhow::Context;
    use rustls::crypto::ring::default_provider;
    use rustls::pki_types::ServerName;
    use rustls::{ClientConfig, RootCertStore};
    use tokio::net::TcpStream;
    use tokio_rustls::TlsConnector;
    use tokio_rustls::client::TlsStream;

    /// Trusts the certificates of the system.
    pub(super) async fn connect(host: &str, stream: TcpStream) -> anyhow::Result<TlsStream<TcpStream>> {
        let mut roots = RootCertStore::empty();
        roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        let config =
            ClientConfig::builder_with_provider(Arc::new(default_provider())).with_safe_default_protocol_versions()?;
        let config = config.with_root_certificates(roots).with_no_client_auth();
        let name = ServerName::try_from(host.to_owned()).with_context(|| format!("{host} is no name of a server"))?;
        Ok(TlsConnector::from(Arc::new(config)).connect(name, stream).await?)
    }
}
