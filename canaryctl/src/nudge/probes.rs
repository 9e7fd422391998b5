//! The HTTP endpoints for the kubelet's liveness and readiness probes.

use std::convert::Infallible;
use std::future::pending;
use std::net::SocketAddr;

use anyhow::Context as _;
use futures::StreamExt as _;
use futures::stream::FuturesUnordered;
use http_body_util::Full;
use hyper::body::{Bytes, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response, StatusCode};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};

use crate::nudge::health::Health;

/// Connections at the same time. A kubelet has one.
const MAX_CONNECTIONS: usize = 16;

/// Listens on an address.
pub(crate) async fn bind(address: SocketAddr) -> anyhow::Result<TcpListener> {
    TcpListener::bind(address).await.with_context(|| format!("cannot listen on {address}"))
}

/// Answers probes until the program ends, or waits if there is no listener. `/healthz` is always `ok`, because a restart
/// does not bring the API server back; `/readyz` is `ok` or the current failure.
pub(crate) async fn serve(listener: Option<TcpListener>, health: &Health) -> Infallible {
    let Some(listener) = listener else { return pending().await };
    let mut connections = FuturesUnordered::new();
    loop {
        tokio::select! {
            accepted = listener.accept(), if connections.len() < MAX_CONNECTIONS => {
                if let Ok((stream, _)) = accepted {
                    connections.push(connection(stream, health));
                }
            }
            Some(()) = connections.next() => {}
        }
    }
}

async fn connection(stream: TcpStream, health: &Health) {
    let service = service_fn(async |request| Ok::<_, Infallible>(answer(&request, health)));
    // A client may hang up at any time.
    let _ = http1::Builder::new().timer(TokioTimer::new()).serve_connection(TokioIo::new(stream), service).await;
}

fn answer(request: &Request<Incoming>, health: &Health) -> Response<Full<Bytes>> {
    let (status, text) = match (request.uri().path(), health.failure()) {
        ("/healthz", _) | ("/readyz", None) => (StatusCode::OK, "ok".to_owned()),
        ("/readyz", Some(failure)) => (StatusCode::SERVICE_UNAVAILABLE, failure),
        _ => (StatusCode::NOT_FOUND, "not found".to_owned()),
    };
    let mut response = Response::new(Full::new(Bytes::from(format!("{text}\n"))));
    *response.status_mut() = status;
    response
}
