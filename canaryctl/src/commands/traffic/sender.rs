//! Sends reports one after the other on one connection.

use std::net::SocketAddr;

use anyhow::{Context, ensure};
use http_body_util::{BodyExt, Full};
use hyper::Request;
use hyper::body::Bytes;
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper::header::{CONTENT_TYPE, HOST};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio::sync::mpsc::UnboundedReceiver;

use crate::platform::http::Url;

/// Where reports go.
#[derive(Debug)]
pub(crate) struct Sender {
    address: SocketAddr,
    connection: Option<SendRequest<Full<Bytes>>>,
}

impl Sender {
    pub(crate) fn new(site: &Url) -> anyhow::Result<Self> {
        let address = site.resolve()?.first().copied().context("the site has no address")?;
        Ok(Self { address, connection: None })
    }

    /// Sends what comes until nothing more can, and returns how many reports did not arrive.
    pub(crate) async fn run(mut self, mut queue: UnboundedReceiver<(String, String)>) -> u64 {
        let mut lost = 0_u64;
        while let Some((nonce, body)) = queue.recv().await {
            // The server closes idle connections, so a second attempt is normal.
            let is_sent = self.send(&nonce, &body).await.is_ok() || self.send(&nonce, &body).await.is_ok();
            lost = lost.saturating_add(u64::from(!is_sent));
        }
        lost
    }

    async fn connect(&self) -> anyhow::Result<SendRequest<Full<Bytes>>> {
        let (sender, connection) = handshake(TokioIo::new(TcpStream::connect(self.address).await?)).await?;
        tokio::spawn(async move { drop(connection.await) });
        Ok(sender)
    }

    async fn send(&mut self, nonce: &str, body: &str) -> anyhow::Result<()> {
        let open = self.connection.take().filter(|connection| !connection.is_closed());
        let mut connection = if let Some(open) = open { open } else { self.connect().await? };
        connection.ready().await?;
        let request = Request::post(format!("/runtime/r?n={nonce}"))
            .header(HOST, self.address.to_string())
            .header(CONTENT_TYPE, "text/plain")
            .header("sec-fetch-site", "same-origin")
            .body(Full::from(body.to_owned()))?;
        let answer = connection.send_request(request).await?;
        ensure!(answer.status() == 204, "found status {}", answer.status());
        answer.into_body().collect().await?;
        self.connection = Some(connection);
        Ok(())
    }
}
