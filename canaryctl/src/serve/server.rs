//! HTTP on a socket: hands requests to the site, and answers back.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use anyhow::anyhow;
use http_body_util::Full;
use hyper::body::{Bytes, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response, StatusCode};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::spawn_blocking;
use tokio::time::sleep;

use super::site::{Site, error};
use crate::complain;

/// How long to wait for the system to have room for a connection again.
const PAUSE: Duration = Duration::from_millis(100);

/// Serves the site for ever.
pub(crate) async fn run(listener: TcpListener, site: Site) -> Infallible {
    let site = Arc::new(site);
    loop {
        match listener.accept().await {
            Ok((stream, _)) => {
                tokio::spawn(connection(stream, Arc::clone(&site)));
            }
            Err(error) => {
                complain(&anyhow!(error).context("cannot accept a connection"));
                sleep(PAUSE).await;
            }
        }
    }
}

async fn connection(stream: TcpStream, site: Arc<Site>) {
    let service = service_fn(|request| {
        let site = Arc::clone(&site);
        async { Ok::<_, Infallible>(answer(site, request).await) }
    });
    let connection = http1::Builder::new().timer(TokioTimer::new()).serve_connection(TokioIo::new(stream), service);
    // A client that hangs up or talks nonsense has had its answer, if any.
    let _ = connection.await;
}

/// The disk may be slow: it is asked on a thread of its own.
async fn answer(site: Arc<Site>, request: Request<Incoming>) -> Response<Full<Bytes>> {
    let request = request.map(drop);
    let answer = spawn_blocking(move || site.answer(&request)).await;
    answer.unwrap_or_else(|_| error(StatusCode::INTERNAL_SERVER_ERROR)).map(Full::new)
}
