//! A tab that stays open during a release and requests the files of its version.

use super::image;
use canary_e2e::http;
use canary_e2e::wait::{self, DEADLINE};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread::{self, JoinHandle};

/// A tab that requests one file after the other, without a pause, until it is closed.
pub(crate) struct Tab {
    rounds: Arc<AtomicUsize>,
    closed: Arc<AtomicBool>,
    thread: JoinHandle<Vec<String>>,
}

impl Tab {
    /// Opens a tab of `version`, which requests each file from each of `origins`.
    pub(crate) fn open(version: &str, origins: &[String; 2]) -> Self {
        let (rounds, closed): (Arc<AtomicUsize>, Arc<AtomicBool>) = Default::default();
        let requests: Vec<_> = image::paths(version)
            .into_iter()
            .flat_map(|file| origins.clone().map(|origin| (origin, file.clone())))
            .collect();
        let thread = {
            let (rounds, closed) = (rounds.clone(), closed.clone());
            thread::spawn(move || {
                let mut missed = Vec::new();
                while !closed.load(Ordering::SeqCst) {
                    missed.extend(requests.iter().filter_map(|(origin, path)| miss(origin, path)));
                    rounds.fetch_add(1, Ordering::SeqCst);
                }
                missed
            })
        };
        Self { rounds, closed, thread }
    }

    /// Waits until the tab has requested every file several times.
    pub(crate) fn goes_on(&self) {
        let before = self.rounds.load(Ordering::SeqCst);
        wait::until("the rounds of a tab", DEADLINE, || {
            (self.rounds.load(Ordering::SeqCst) >= before + 4).then_some(())
        });
    }

    /// Closes the tab and returns its failed requests.
    pub(crate) fn close(self) -> Vec<String> {
        println!("a tab asked {} times for everything", self.rounds.load(Ordering::SeqCst));
        self.closed.store(true, Ordering::SeqCst);
        self.thread.join().unwrap()
    }
}

/// The failure of a request, if there is one.
fn miss(origin: &str, path: &str) -> Option<String> {
    let whole = image::contents(path);
    match http::request("GET", &format!("{origin}{path}"), &[], b"") {
        Ok(answer) if answer.status == 200 && answer.text() == whole => None,
        Ok(answer) => Some(format!("{origin}{path}: {}", answer.status)),
        Err(error) => Some(format!("{origin}{path}: {error}")),
    }
}
