//! HTTP on a socket: hands requests to the site, and answers back.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use anyhow::anyhow;
use http_body_util::{Either, Full};
use hyper::body::{Bytes, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response, StatusCode};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::spawn_blocking;
use tokio::time::sleep;

use crate::server::headers::{NEVER, TEXT, response};
use crate::server::host;
use crate::server::path::normalise;
use crate::server::route::Route;
use crate::server::site::{Site, error};
use crate::server::upstream::Upstream;
use crate::terminal::message;

/// How long to wait for the system to have room for a connection again.
const PAUSE: Duration = Duration::from_millis(100);

/// What is read here, or comes from the other server.
type Answer = Response<Either<Full<Bytes>, Incoming>>;

/// Serves the site for ever; with another server behind it, the runtime and the config alone.
pub(crate) async fn run(listener: TcpListener, site: Site, upstream: Option<Upstream>) -> Infallible {
    let (site, upstream) = (Arc::new(site), Arc::new(upstream));
    loop {
        match listener.accept().await {
            Ok((stream, _)) => {
                tokio::spawn(connection(stream, Arc::clone(&site), Arc::clone(&upstream)));
            }
            Err(error) => {
                message::error(&anyhow!(error).context("cannot accept a connection"));
                sleep(PAUSE).await;
            }
        }
    }
}

async fn connection(stream: TcpStream, site: Arc<Site>, upstream: Arc<Option<Upstream>>) {
    let service = service_fn(|request| {
        let (site, upstream) = (Arc::clone(&site), Arc::clone(&upstream));
        async move {
            Ok::<_, Infallible>(match upstream.as_ref() {
                Some(upstream) if is_foreign(&request) => pass(upstream, request).await,
                _ => answer(site, request).await,
            })
        }
    });
    let connection = http1::Builder::new().timer(TokioTimer::new()).serve_connection(TokioIo::new(stream), service);
    // A client that hangs up or talks nonsense has had its answer, if any.
    let _ = connection.with_upgrades().await;
}

/// Whether the other server answers: for all but the runtime and the config, and what is nobody's.
fn is_foreign(request: &Request<Incoming>) -> bool {
    let Some(path) = normalise(request.uri().path()) else { return false };
    Route::of(&path) != Route::Config && !path.starts_with("/runtime/")
}

/// As the other server answers, without the headers of nginx: its pages have inline scripts and styles for hot reload,
/// which the policy for production forbids.
async fn pass(upstream: &Upstream, request: Request<Incoming>) -> Answer {
    if !host::is_ours(request.headers()) {
        return line(StatusCode::FORBIDDEN, "ask by the name of localhost, or by an address");
    }
    match upstream.pass(request).await {
        Ok(answer) => answer.map(Either::Right),
        Err(error) => {
            let why = format!("no answer from the server at {upstream}: {}", error.root_cause());
            line(StatusCode::BAD_GATEWAY, &why)
        }
    }
}

/// An answer that says why there is no better one.
fn line(status: StatusCode, why: &str) -> Answer {
    let text = format!("{}: {why}\n", status.as_str());
    response(status, TEXT, NEVER, text).map(|body| Either::Left(Full::new(body)))
}

/// The disk may be slow: it is asked on a thread of its own.
async fn answer(site: Arc<Site>, request: Request<Incoming>) -> Answer {
    let request = request.map(drop);
    let answer = spawn_blocking(move || site.answer(&request)).await;
    answer.unwrap_or_else(|_| error(StatusCode::INTERNAL_SERVER_ERROR)).map(|body| Either::Left(Full::new(body)))
}
