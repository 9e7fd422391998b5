//! Accepts connections, a bounded number of them, and lets those that have begun end.

use std::convert::Infallible;
use std::future::Future;
use std::net::IpAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use hyper::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::TcpListener;
use tokio::sync::{Semaphore, watch};
use tokio::time::{sleep, timeout};

use super::answer::Answer;

/// The number of connections of one port. Each takes up to 20 KB.
const MAX_CONNECTIONS: u32 = 1_024;
/// The time for the head of a request, and between two requests of a connection. A proxy must close idle connections sooner.
const HEAD_TIMEOUT: Duration = Duration::from_secs(15);
/// The time that connections have to end.
const GRACE: Duration = Duration::from_secs(5);
/// The pause after a connection could not be accepted, until the system has resources again.
const PAUSE: Duration = Duration::from_millis(100);
/// The largest head of a request, in bytes; hyper takes no less.
const HEAD_BYTES: usize = 8_192;

/// Serves until `stopped` is true.
pub(super) async fn serve<F, A>(listener: Option<TcpListener>, mut stopped: watch::Receiver<bool>, answer: F)
where
    F: Fn(IpAddr, Request<Incoming>) -> A + Send + Sync + 'static,
    A: Future<Output = Answer> + Send + 'static,
{
    let Some(listener) = listener else { return };
    let answer = Arc::new(answer);
    let permits = Arc::new(Semaphore::new(MAX_CONNECTIONS as usize));
    loop {
        let accepted = async {
            let permit = Arc::clone(&permits).acquire_owned().await;
            (permit, listener.accept().await)
        };
        let (permit, accepted) = tokio::select! {
            accepted = accepted => accepted,
            () = wait_for_stop(&mut stopped) => break,
        };
        let Ok((stream, peer)) = accepted else {
            sleep(PAUSE).await;
            continue;
        };
        let _ = stream.set_nodelay(true);
        let (answer, mut stopped) = (Arc::clone(&answer), stopped.clone());
        tokio::spawn(async move {
            let service = service_fn(|request| {
                let answer = answer(peer.ip(), request);
                async { Ok::<_, Infallible>(answer.await) }
            });
            let mut builder = http1::Builder::new();
            let builder = builder.timer(TokioTimer::new()).header_read_timeout(HEAD_TIMEOUT).max_buf_size(HEAD_BYTES);
            let mut connection = pin!(builder.serve_connection(TokioIo::new(stream), service));
            // A client may hang up or send what is no request.
            let is_over = tokio::select! {
                _ = connection.as_mut() => true,
                () = wait_for_stop(&mut stopped) => false,
            };
            if !is_over {
                connection.as_mut().graceful_shutdown();
                let _ = connection.await;
            }
            drop(permit);
        });
    }
    drop(listener);
    let _ = timeout(GRACE, permits.acquire_many(MAX_CONNECTIONS)).await;
}

/// Waits until the value is true.
pub(super) async fn wait_for_stop(stopped: &mut watch::Receiver<bool>) {
    // An error says that nobody can stop this server any more, which is the end as well.
    let _ = stopped.wait_for(|stopped| *stopped).await;
}
