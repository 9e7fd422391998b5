//! The life of a server, from its sockets to the last write.

use std::future::Future;
use std::sync::Arc;

use anyhow::Context;
use tokio::net::TcpListener;
use tokio::sync::watch;

use super::pages::Pages;
use super::server::Server;
use super::{connections, report_port, upkeep};
use crate::labels::ConfigLabels;

/// The sockets of the two ports.
#[derive(Debug)]
pub struct Listeners {
    /// The port for reports; none where another server passes them to [`Server::report`].
    pub reports: Option<TcpListener>,
    /// The port for metrics and windows.
    pub metrics: Option<TcpListener>,
    /// More pages on the port for metrics.
    pub pages: Option<Pages>,
}

impl Server {
    /// Serves both ports until `stop`, then answers what has begun, and writes everything.
    ///
    /// # Errors
    ///
    /// The windows cannot be written at the end.
    pub async fn run(
        self: Arc<Self>,
        listeners: Listeners,
        configs: watch::Receiver<Option<ConfigLabels>>,
        stop: impl Future<Output = ()>,
    ) -> anyhow::Result<()> {
        let (stopping, stopped) = watch::channel(false);
        let upkeep = tokio::spawn(upkeep::run(Arc::clone(&self), configs, stopped.clone()));
        let server = Arc::clone(&self);
        let reports = connections::serve(listeners.reports, stopped.clone(), move |peer, request| {
            report_port::answer(Arc::clone(&server), peer, request)
        });
        let (server, pages) = (Arc::clone(&self), listeners.pages);
        let metrics = connections::serve(listeners.metrics, stopped, move |_, request| {
            Arc::clone(&server).metrics_port(pages.clone(), request.map(drop))
        });
        let serving = async { tokio::join!(reports, metrics) };
        let stopping = async {
            stop.await;
            let _ = stopping.send(true);
            self.state().clock.now()
        };
        let (_, since) = tokio::join!(serving, stopping);
        // A write that has begun ends before the last one.
        let _ = upkeep.await;
        self.state().collector.stop(since);
        upkeep::write(&self, true).await.context("the last windows are not written")
    }
}
