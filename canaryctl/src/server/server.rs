//! The HTTP server: accepts connections, and answers from the site or the upstream server.

use std::convert::Infallible;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::anyhow;
use canary_collector::server::Server as Collector;
use http_body_util::{Either, Full};
use hyper::body::{Bytes, Incoming};
use hyper::header::{HOST, HeaderMap, HeaderValue};
use hyper::http::uri::Authority;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode, Uri};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::spawn_blocking;
use tokio::time::sleep;

use crate::console::console::Console;
use crate::console::files;
use crate::server::headers::{NO_STORE, TEXT, response};
use crate::server::path::normalize;
use crate::server::route::Route;
use crate::server::security_headers;
use crate::server::site::{Site, error};
use crate::server::upstream::Upstream;
use crate::terminal::message;

/// The pause after a connection could not be accepted, until the system has resources again.
const PAUSE: Duration = Duration::from_millis(100);

/// A response of the site, or of the upstream server.
type Answer = Response<Either<Full<Bytes>, Incoming>>;

/// Serves until the program ends. With an upstream server it answers only requests for the runtime and the config itself.
/// Reports go to the collector and requests for the console to that, in both cases.
pub(crate) async fn run(
    listener: TcpListener,
    site: Site,
    upstream: Option<Upstream>,
    headers: HeaderMap,
    collector: Arc<Collector>,
    console: Arc<Console>,
) -> Infallible {
    let servers =
        Servers { site: Arc::new(site), upstream: Arc::new(upstream), headers: Arc::new(headers), collector, console };
    loop {
        match listener.accept().await {
            Ok((stream, peer)) => {
                tokio::spawn(connection(stream, peer.ip(), servers.clone()));
            }
            Err(error) => {
                message::error(&anyhow!(error).context("cannot accept a connection"));
                sleep(PAUSE).await;
            }
        }
    }
}

/// Those that answer.
#[derive(Clone)]
struct Servers {
    site: Arc<Site>,
    upstream: Arc<Option<Upstream>>,
    /// The security headers, for what this program answers itself.
    headers: Arc<HeaderMap>,
    collector: Arc<Collector>,
    console: Arc<Console>,
}

async fn connection(stream: TcpStream, peer: IpAddr, servers: Servers) {
    let service = service_fn(|request: Request<Incoming>| {
        let Servers { site, upstream, headers, collector, console } = servers.clone();
        let secured = move |mut answer: Answer| {
            security_headers::add_to(answer.headers_mut(), &headers);
            answer
        };
        async move {
            Ok::<_, Infallible>(match upstream.as_ref() {
                _ if !is_local(request.uri(), request.headers()) => {
                    secured(plain(StatusCode::FORBIDDEN, "use localhost or an IP address as the host"))
                }
                _ if collector.is_endpoint(request.uri().path()) => {
                    collector.report(peer, request).await.map(Either::Left)
                }
                _ if is_console(&request) => console.answer(&request).await.map(Either::Left),
                Some(upstream) if is_proxied(&request) => forward(upstream, request).await.unwrap_or_else(secured),
                _ => secured(answer(site, request).await),
            })
        }
    });
    let connection = http1::Builder::new().timer(TokioTimer::new()).serve_connection(TokioIo::new(stream), service);
    // A client may hang up or send a malformed request.
    let _ = connection.with_upgrades().await;
}

/// Whether the console answers.
fn is_console(request: &Request<Incoming>) -> bool {
    matches!(*request.method(), Method::GET | Method::HEAD) && files::is_console(request.uri().path())
}

/// Whether the upstream server answers: requests for anything but the runtime and the config, with a valid path.
fn is_proxied(request: &Request<Incoming>) -> bool {
    let Some(path) = normalize(request.uri().path()) else { return false };
    Route::of(&path) != Route::Config && !path.starts_with("/runtime/")
}

/// The response of the upstream server, without the security headers: its pages have inline scripts and styles for hot
/// reload, which the production policy forbids.
async fn forward(upstream: &Upstream, request: Request<Incoming>) -> Result<Answer, Answer> {
    let is_post = request.method() == Method::POST;
    match upstream.forward(request).await {
        Ok(mut answer) => {
            // Tells the runtime that a reload would repeat it, as nginx does.
            if is_post {
                answer.headers_mut().append("server-timing", HeaderValue::from_static("post"));
            }
            Ok(answer.map(Either::Right))
        }
        Err(error) => {
            let why = format!("no answer from the server at {upstream}: {}", error.root_cause());
            Err(plain(StatusCode::BAD_GATEWAY, &why))
        }
    }
}

/// Whether every `Host`, and a host in the address itself, is `localhost` or an IP address, which protects against DNS
/// rebinding: a foreign site whose name resolves to this machine could read the sources and the config. A development server
/// checks the name itself, but a forwarded request has the server's own name.
fn is_local(uri: &Uri, headers: &HeaderMap) -> bool {
    let named = headers.get_all(HOST).iter().map(|host| Authority::try_from(host.as_bytes()).ok());
    named.chain(uri.authority().map(|authority| Some(authority.clone()))).all(|authority| {
        let Some(name) = authority.map(|it| it.host().to_ascii_lowercase()) else { return false };
        let address = name.trim_start_matches('[').trim_end_matches(']');
        name == "localhost" || name.ends_with(".localhost") || address.parse::<IpAddr>().is_ok()
    })
}

/// A response in plain text with the status and the reason.
fn plain(status: StatusCode, why: &str) -> Answer {
    let text = format!("{}: {why}\n", status.as_str());
    response(status, TEXT, NO_STORE, text).map(|body| Either::Left(Full::new(body)))
}

/// The response of the site, computed on a thread that may block on the disk.
async fn answer(site: Arc<Site>, request: Request<Incoming>) -> Answer {
    let request = request.map(drop);
    let answer = spawn_blocking(move || site.answer(&request)).await;
    answer.unwrap_or_else(|_| error(StatusCode::INTERNAL_SERVER_ERROR)).map(|body| Either::Left(Full::new(body)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use hyper::header::HeaderValue;

    #[test]
    fn only_localhost_and_addresses_are_local() {
        let uri = Uri::from_static("/");
        let check = |host| is_local(&uri, &HeaderMap::from_iter([(HOST, HeaderValue::from_static(host))]));
        for good in ["localhost", "LocalHost:8080", "shop.localhost:1", "127.0.0.1:8080", "10.0.0.1", "[::1]:8080"] {
            assert!(check(good), "{good}");
        }
        for bad in
            ["", "evil.example", "evil.example:8080", "127.0.0.1.evil.example", "notlocalhost", "localhost.", "a b"]
        {
            assert!(!check(bad), "{bad}");
        }
        assert!(is_local(&uri, &HeaderMap::new()));
        assert!(!is_local(&Uri::from_static("http://evil.example/"), &HeaderMap::new()));
        let mut two = HeaderMap::from_iter([(HOST, HeaderValue::from_static("localhost"))]);
        two.append(HOST, HeaderValue::from_static("evil.example"));
        assert!(!is_local(&uri, &two));
    }
}
