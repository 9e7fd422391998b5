//! What a kubelet asks about this program.

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

use crate::nudge::health::Standing;

/// Connections at the same time; kubelets have one.
const ABREAST: usize = 16;

/// Takes the address.
pub(crate) async fn bind(address: SocketAddr) -> anyhow::Result<TcpListener> {
    TcpListener::bind(address).await.with_context(|| format!("cannot listen on {address}"))
}

/// Answers for ever: `/healthz` that it runs, whatever the API server does, so that nobody restarts it for that;
/// `/readyz` whether it hears of changes and pods can be told, or what stands in the way.
pub(crate) async fn serve(listener: Option<TcpListener>, standing: &Standing) -> Infallible {
    let Some(listener) = listener else { return pending().await };
    let mut connections = FuturesUnordered::new();
    loop {
        tokio::select! {
            accepted = listener.accept(), if connections.len() < ABREAST => {
                if let Ok((stream, _)) = accepted {
                    connections.push(connection(stream, standing));
                }
            }
            Some(()) = connections.next() => {}
        }
    }
}

async fn connection(stream: TcpStream, standing: &Standing) {
    let service = service_fn(async |request| Ok::<_, Infallible>(answer(&request, standing)));
    // Who hangs up has had the answer, if any.
    let _ = http1::Builder::new().timer(TokioTimer::new()).serve_connection(TokioIo::new(stream), service).await;
}

fn answer(request: &Request<Incoming>, standing: &Standing) -> Response<Full<Bytes>> {
    let (status, text) = match (request.uri().path(), standing.first()) {
        ("/healthz", _) | ("/readyz", None) => (StatusCode::OK, "ok".to_owned()),
        ("/readyz", Some(fault)) => (StatusCode::SERVICE_UNAVAILABLE, fault),
        _ => (StatusCode::NOT_FOUND, "not found".to_owned()),
    };
    let mut response = Response::new(Full::new(Bytes::from(format!("{text}\n"))));
    *response.status_mut() = status;
    response
}
