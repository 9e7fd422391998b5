//! The collector behind HTTP: a port for reports, one for what is counted, and the work in between.

mod answer;
mod connections;
mod metrics_port;
mod options;
mod report_port;
mod upkeep;
mod windows_body;

use std::future::{Future, ready};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use anyhow::Context;
use tokio::net::TcpListener;
use tokio::sync::watch;

pub use answer::{Answer, WholeAnswer};
pub use options::Options;

use crate::cap::Key;
use crate::client::Clients;
use crate::clock::Clock;
use crate::collector::Collector;
use crate::labels::ConfigLabels;
use crate::store::Store;

/// The collector that all connections share.
#[derive(Debug)]
pub struct Server {
    state: Mutex<State>,
    store: Store,
    clients: Clients,
    origins: Vec<String>,
    token: Option<String>,
    /// Whether each report is printed.
    is_logging: bool,
}

#[derive(Debug)]
struct State {
    collector: Collector,
    clock: Clock,
    /// Whether this process cannot keep up.
    is_overloaded: bool,
}

/// The sockets of the two ports.
#[derive(Debug)]
pub struct Listeners {
    /// The port for reports; none where another server passes them to [`Server::report`].
    pub reports: Option<TcpListener>,
    /// The port for metrics and windows.
    pub metrics: Option<TcpListener>,
}

impl Server {
    /// Opens the store, and goes on where an earlier process has stopped.
    ///
    /// # Errors
    ///
    /// The store cannot be opened.
    pub fn new(options: Options) -> anyhow::Result<Arc<Self>> {
        let clock = Clock::start();
        let (store, windows, labels) = Store::open(options.data.as_deref(), options.timing, clock.now())?;
        let nonce_key = options.nonce_key();
        let collector = Collector::new(windows, labels, options.cap, nonce_key);
        let state = State { collector, clock, is_overloaded: false };
        let clients = Clients { proxies: options.proxies, header: options.address_header, key: random_key()? };
        Ok(Arc::new(Self {
            state: Mutex::new(state),
            store,
            clients,
            origins: options.origins,
            token: options.token,
            is_logging: options.is_logging,
        }))
    }

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
        let server = Arc::clone(&self);
        let metrics = connections::serve(listeners.metrics, stopped, move |_, request| {
            ready(Arc::clone(&server).metrics_port(&request.map(drop)))
        });
        let serving = async { tokio::join!(reports, metrics) };
        let stopping = async {
            stop.await;
            let _ = stopping.send(true);
        };
        tokio::join!(serving, stopping);
        // A write that has begun ends before the last one.
        let _ = upkeep.await;
        upkeep::write(&self, true).await.context("the last windows are not written")
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn random_key() -> anyhow::Result<Key> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes).context("no random bytes")?;
    let number = u128::from_ne_bytes(bytes);
    #[expect(clippy::cast_possible_truncation, reason = "both halves")]
    Ok(((number >> 64) as u64, number as u64))
}
