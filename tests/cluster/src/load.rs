//! Background load: clients that request files until they are stopped.

use crate::kubectl;
use canary_e2e::http;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

/// The number of clients.
const CLIENTS: usize = 4;

/// The pause between two requests of a client, which leaves the machine to the cluster and the browsers.
const PAUSE: Duration = Duration::from_millis(10);

/// Clients that request a list of files from stable's Service, until [`Load::stop`].
#[derive(Debug)]
pub struct Load {
    stop: Arc<AtomicBool>,
    requests: Arc<AtomicUsize>,
    clients: Vec<JoinHandle<Vec<Failure>>>,
}

/// A request that was not answered with status 200 and a body.
#[derive(Debug)]
pub struct Failure {
    /// When the request was sent.
    pub started: Instant,
    /// When the request failed.
    pub ended: Instant,
    /// The URL, and the status or error.
    pub message: String,
}

impl Load {
    /// Starts the clients; each request uses a new connection.
    #[track_caller]
    #[must_use]
    pub fn start(paths: &[&str]) -> Self {
        let (stop, requests) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicUsize::new(0)));
        let service = kubectl::service_url("frontend", "frontend-stable");
        let urls: Vec<_> = paths.iter().map(|path| format!("{service}{path}")).collect();
        let client = |_| {
            let (stop, requests, urls) = (stop.clone(), requests.clone(), urls.clone());
            thread::spawn(move || run_client(&stop, &requests, &urls))
        };
        let clients = (0..CLIENTS).map(client).collect();
        Self { stop, requests, clients }
    }

    /// The number of requests that have been answered or have failed so far.
    #[must_use]
    pub fn requests(&self) -> usize {
        self.requests.load(Ordering::Relaxed)
    }

    /// Stops the clients and prints how many requests failed; returns the messages of those that did.
    #[must_use]
    pub fn stop(self) -> Vec<String> {
        let requests = self.requests.clone();
        let failures = self.into_failures();
        println!("{} requests, {} failed", requests.load(Ordering::Relaxed), failures.len());
        failures.into_iter().map(|failure| failure.message).collect()
    }

    /// Stops the clients; returns the requests that failed, with their times.
    #[must_use]
    pub fn into_failures(self) -> Vec<Failure> {
        self.stop.store(true, Ordering::Relaxed);
        self.clients.into_iter().flat_map(|client| client.join().unwrap_or_default()).collect()
    }
}

fn run_client(stop: &AtomicBool, requests: &AtomicUsize, urls: &[String]) -> Vec<Failure> {
    let mut failures = vec![];
    for url in urls.iter().cycle() {
        if stop.load(Ordering::Relaxed) {
            break;
        }
        let started = Instant::now();
        let error = match http::request("GET", url, &[], b"") {
            Ok(response) if response.status == 200 && !response.body.is_empty() => None,
            Ok(response) => Some(response.status.to_string()),
            Err(e) => Some(e.to_string()),
        };
        failures.extend(error.map(|error| Failure {
            started,
            ended: Instant::now(),
            message: format!("{url}: {error}"),
        }));
        requests.fetch_add(1, Ordering::Relaxed);
        thread::sleep(PAUSE);
    }
    failures
}
