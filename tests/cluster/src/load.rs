//! Visitors who never stop asking.

use crate::kubectl;
use canary_e2e::http;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

/// How many ask at a time.
const VISITORS: usize = 4;

/// Between two requests of one of them: the machine has other work, too.
const PAUSE: Duration = Duration::from_millis(10);

/// What a page view and an old tab ask for, from the start to the [end](Load::end).
#[derive(Debug)]
pub struct Load {
    stop: Arc<AtomicBool>,
    asked: Arc<AtomicUsize>,
    visitors: Vec<JoinHandle<Vec<Failure>>>,
}

/// A request that got no file.
#[derive(Debug)]
pub struct Failure {
    /// When it was sent.
    pub began: Instant,
    /// When it had failed.
    pub ended: Instant,
    /// What it asked for, and what it got.
    pub what: String,
}

impl Load {
    /// Begins to ask stable's Service for these files, each request over a connection of its own.
    #[track_caller]
    #[must_use]
    pub fn start(paths: &[&str]) -> Self {
        let (stop, asked) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicUsize::new(0)));
        let urls: Vec<_> =
            paths.iter().map(|path| format!("{}{path}", kubectl::service("frontend", "frontend-stable"))).collect();
        let visitor = |_| {
            let (stop, asked, urls) = (stop.clone(), asked.clone(), urls.clone());
            thread::spawn(move || visit(&stop, &asked, &urls))
        };
        let visitors = (0..VISITORS).map(visitor).collect();
        Self { stop, asked, visitors }
    }

    /// How many requests were answered so far, or failed.
    #[must_use]
    pub fn asked(&self) -> usize {
        self.asked.load(Ordering::Relaxed)
    }

    /// Stops, and tells what failed.
    #[must_use]
    pub fn end(self) -> Vec<String> {
        let asked = self.asked.clone();
        let failures = self.failures();
        println!("{} requests, {} failed", asked.load(Ordering::Relaxed), failures.len());
        failures.into_iter().map(|failure| failure.what).collect()
    }

    /// Stops, and tells what failed and when.
    #[must_use]
    pub fn failures(self) -> Vec<Failure> {
        self.stop.store(true, Ordering::Relaxed);
        self.visitors.into_iter().flat_map(|visitor| visitor.join().unwrap_or_default()).collect()
    }
}

fn visit(stop: &AtomicBool, asked: &AtomicUsize, urls: &[String]) -> Vec<Failure> {
    let mut failures = vec![];
    for url in urls.iter().cycle() {
        if stop.load(Ordering::Relaxed) {
            break;
        }
        let began = Instant::now();
        let said = match http::request("GET", url, &[], b"") {
            Ok(answer) if answer.status == 200 && !answer.body.is_empty() => None,
            Ok(answer) => Some(answer.status.to_string()),
            Err(e) => Some(e.to_string()),
        };
        failures.extend(said.map(|said| Failure { began, ended: Instant::now(), what: format!("{url}: {said}") }));
        asked.fetch_add(1, Ordering::Relaxed);
        thread::sleep(PAUSE);
    }
    failures
}
