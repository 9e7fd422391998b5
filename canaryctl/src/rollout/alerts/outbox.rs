//! Alerts on their way. A failed send is counted and tried again, and never stops the run.

use std::collections::BTreeMap;
use std::env;
use std::fs;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use canary_rollout::{Address, Provider, ProviderKind};

use crate::platform::http::{Url, post};
use crate::terminal::message::warn;

/// How often a single decision tries to send an alert.
const ATTEMPTS: u32 = 3;

/// The pause after a first failure. It doubles with each one.
const PAUSE: Duration = Duration::from_secs(1);

/// The longest pause.
const LONGEST: Duration = Duration::from_mins(5);

/// The most alerts that wait. The oldest is dropped for a new one.
const MOST: usize = 100;

/// An alert for one provider.
#[derive(Debug)]
pub(crate) struct Delivery {
    provider: Provider,
    body: String,
}

/// Sends by provider and result, `sent` or `failed`.
#[derive(Clone, Debug, Default)]
pub(crate) struct Counts(Arc<Mutex<BTreeMap<(String, &'static str), u64>>>);

/// Alerts that wait.
#[derive(Debug, Default)]
struct Outbox {
    waiting: Vec<Delivery>,
    counts: Counts,
}

impl Counts {
    fn add(&self, provider: &str, result: &'static str) {
        let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let count = counts.entry((provider.to_owned(), result)).or_default();
        *count = count.saturating_add(1);
    }

    /// The counts now.
    pub(crate) fn all(&self) -> Vec<((String, &'static str), u64)> {
        let counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        counts.iter().map(|(key, count)| (key.clone(), *count)).collect()
    }
}

impl Delivery {
    pub(crate) fn new(provider: Provider, body: String) -> Self {
        Self { provider, body }
    }

    /// Sends it once. The error never has the address, which may be a secret.
    fn send(&self) -> Result<(), String> {
        let text = match &self.provider.address {
            Address::Plain(address) => address.clone(),
            Address::Env(name) => env::var(name).map_err(|_| format!("the environment variable {name} is not set"))?,
            Address::File(name) => fs::read_to_string(name).map_err(|error| format!("cannot read {name}: {error}"))?,
        };
        let url = Url::parse(text.trim()).map_err(|_| "its address is none of http or https".to_owned())?;
        let limit = Duration::from_millis(self.provider.timeout);
        match post(&url, self.body.clone(), limit) {
            Ok(answer) if (200..300).contains(&answer.status) => Ok(()),
            // Flux's controller answers so to an event that it has had within five minutes. Its own controllers take it as sent.
            Ok(answer) if answer.status == 429 && self.provider.kind == ProviderKind::Flux => Ok(()),
            // A redirect is no success: what is sent is for the configured receiver alone.
            Ok(answer) => Err(format!("found status {}, expected 2xx", answer.status)),
            Err(error) => Err(format!("{error:#}")),
        }
    }
}

impl Outbox {
    fn add(&mut self, delivery: Delivery) {
        if self.waiting.len() >= MOST {
            let dropped = self.waiting.remove(0);
            warn(&format!("alert to {} is dropped: {MOST} alerts wait", dropped.provider.name));
        }
        self.waiting.push(delivery);
    }

    /// Tries all once, in their order.
    fn send(&mut self) {
        for delivery in std::mem::take(&mut self.waiting) {
            let name = &delivery.provider.name;
            match delivery.send() {
                Ok(()) => self.counts.add(name, "sent"),
                Err(reason) => {
                    self.counts.add(name, "failed");
                    warn(&format!("alert to {name} failed: {reason}"));
                    self.waiting.push(delivery);
                }
            }
        }
    }
}

/// Sends alerts within one call: three attempts each.
pub(crate) fn send_now(deliveries: Vec<Delivery>) {
    let mut outbox = Outbox { waiting: deliveries, counts: Counts::default() };
    for attempt in 0..ATTEMPTS {
        if attempt > 0 {
            thread::sleep(PAUSE.saturating_mul(attempt));
        }
        outbox.send();
        if outbox.waiting.is_empty() {
            return;
        }
    }
    for delivery in &outbox.waiting {
        warn(&format!("alert to {} is given up after {ATTEMPTS} attempts", delivery.provider.name));
    }
}

/// Sends alerts on a thread of its own, until they are taken.
pub(crate) fn spawn(counts: Counts) -> Sender<Delivery> {
    let (sender, receiver) = channel();
    thread::spawn(move || work(&receiver, Outbox { waiting: Vec::new(), counts }));
    sender
}

fn work(receiver: &Receiver<Delivery>, mut outbox: Outbox) {
    let mut pause = PAUSE;
    loop {
        match receiver.recv_timeout(if outbox.waiting.is_empty() { LONGEST } else { pause }) {
            Ok(delivery) => {
                outbox.add(delivery);
                pause = PAUSE;
            }
            Err(RecvTimeoutError::Timeout) => pause = pause.saturating_mul(2).min(LONGEST),
            Err(RecvTimeoutError::Disconnected) => return,
        }
        outbox.send();
    }
}
