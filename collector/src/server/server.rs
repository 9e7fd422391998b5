//! The collector that all connections share.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use anyhow::Context;

use super::options::Options;
use crate::cap::Key;
use crate::client::Clients;
use crate::clock::Clock;
use crate::collector::Collector;
use crate::store::Store;

/// A collector with its clock and its store, behind HTTP.
#[derive(Debug)]
pub struct Server {
    state: Mutex<State>,
    pub(super) store: Store,
    pub(super) clients: Clients,
    pub(super) origins: Vec<String>,
    pub(super) token: Option<String>,
    /// Whether each report is printed.
    pub(super) is_logging: bool,
}

#[derive(Debug)]
pub(super) struct State {
    pub(super) collector: Collector,
    pub(super) clock: Clock,
    /// Whether this process cannot keep up.
    pub(super) is_overloaded: bool,
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

    pub(super) fn state(&self) -> MutexGuard<'_, State> {
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
