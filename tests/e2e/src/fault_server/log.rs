//! The request log of the server.

use crate::access_log::Mark;
use crate::wait;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// One request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// `GET` and the like.
    pub method: String,
    /// The path with its query.
    pub path: String,
    /// The headers in their order, with their names as sent.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
    /// When it arrived.
    pub at: Instant,
    /// How it ended.
    pub end: End,
}

/// How a request ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// It is pending: the answer is on the way, or hangs.
    Open,
    /// The answer was sent, also where it is shorter than announced.
    Sent,
    /// The client closed the connection before.
    Aborted,
}

impl Request {
    /// The first header of that name, whatever its case.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(n, _)| n.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }
}

/// All requests in order, without those for the tests' own files.
#[derive(Debug, Clone, Default)]
pub struct RequestLog(Arc<Mutex<Vec<Request>>>);

impl RequestLog {
    /// The current end of the log.
    #[must_use]
    pub fn mark(&self) -> Mark {
        Mark(lock(&self.0).len())
    }

    /// All requests since `mark`.
    #[must_use]
    pub fn since(&self, mark: Mark) -> Vec<Request> {
        lock(&self.0).iter().skip(mark.0).cloned().collect()
    }

    /// The requests since `mark` for one path, whatever the query.
    #[must_use]
    pub fn requests_for(&self, path: &str, mark: Mark) -> Vec<Request> {
        let without_query = |request: &Request| request.path.split('?').next() == Some(path);
        self.since(mark).into_iter().filter(without_query).collect()
    }

    /// Waits for a request since `mark` that `is_it` accepts, and returns the first.
    ///
    /// # Panics
    ///
    /// When none comes within `deadline`.
    #[track_caller]
    pub fn wait_for(&self, what: &str, mark: Mark, deadline: Duration, is_it: impl Fn(&Request) -> bool) -> Request {
        wait::until(what, deadline, || self.since(mark).into_iter().find(&is_it))
    }

    /// Adds a request and returns its index.
    pub(super) fn begin(&self, request: Request) -> usize {
        let mut all = lock(&self.0);
        all.push(request);
        all.len() - 1
    }

    pub(super) fn end(&self, place: usize, end: End) {
        if let Some(request) = lock(&self.0).get_mut(place) {
            request.end = end;
        }
    }
}

/// A failed test must not poison the lock for its clean-up.
pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
