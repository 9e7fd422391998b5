//! The access log of nginx.

use crate::wait;
use std::fs;
use std::path::PathBuf;
use std::time::Duration;

/// One request in the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// `GET` and the like.
    pub method: String,
    /// The path, as nginx logs it.
    pub path: String,
    /// The status code answered.
    pub status: u16,
    /// The whole line.
    pub raw: String,
}

/// A position in the log.
#[derive(Debug, Clone, Copy)]
pub struct Mark(pub(crate) usize);

/// The access log of one nginx.
#[derive(Debug, Clone)]
pub struct AccessLog {
    path: PathBuf,
}

impl Mark {
    /// The beginning of the log.
    pub const START: Self = Self(0);
}

impl AccessLog {
    pub(crate) fn new(path: PathBuf) -> Self {
        Self { path }
    }

    /// The current end of the log.
    ///
    /// nginx writes a line at the end of an answer, which the client may have
    /// a moment earlier: [`AccessLog::wait_for`] the lines to leave out first.
    #[must_use]
    pub fn mark(&self) -> Mark {
        Mark(self.read().len())
    }

    /// All whole lines since `mark`.
    ///
    /// # Panics
    ///
    /// When a line has no known format.
    #[track_caller]
    #[must_use]
    pub fn since(&self, mark: Mark) -> Vec<Line> {
        let bytes = self.read();
        let new = bytes.get(mark.0..).unwrap_or_default();
        let whole = new.iter().rposition(|byte| *byte == b'\n').map_or(0, |end| end + 1);
        String::from_utf8_lossy(&new[..whole])
            .lines()
            .map(|line| parse(line).unwrap_or_else(|| panic!("not a line of an access log: {line:?}")))
            .collect()
    }

    /// The lines since `mark` for one path, whatever the query.
    #[track_caller]
    #[must_use]
    pub fn requests_for(&self, path: &str, mark: Mark) -> Vec<Line> {
        let without_query = |line: &Line| line.path.split('?').next() == Some(path);
        self.since(mark).into_iter().filter(without_query).collect()
    }

    /// Waits for a line since `mark` that `is_it` accepts, and returns the first.
    ///
    /// # Panics
    ///
    /// When none comes within `deadline`.
    #[track_caller]
    pub fn wait_for(&self, what: &str, mark: Mark, deadline: Duration, is_it: impl Fn(&Line) -> bool) -> Line {
        wait::until(what, deadline, || self.since(mark).into_iter().find(&is_it))
    }

    fn read(&self) -> Vec<u8> {
        fs::read(&self.path).unwrap_or_else(|e| panic!("cannot read {}: {e}", self.path.display()))
    }
}

/// Finds method, path and status in a line: side by side, or
/// as `"GET /path HTTP/1.1" 200`.
fn parse(line: &str) -> Option<Line> {
    const METHODS: [&str; 8] = ["GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH", "TRACE"];
    let mut words = line.split_whitespace().skip_while(|word| !METHODS.contains(&word.trim_start_matches('"')));
    let method = words.next()?.trim_start_matches('"').to_owned();
    let path = words.next()?.to_owned();
    let status = words.find(|word| !word.starts_with("HTTP/"))?.parse().ok()?;
    Some(Line { method, path, status, raw: line.to_owned() })
}

#[cfg(test)]
mod tests {
    use super::{AccessLog, parse};
    use crate::files::temp_dir;

    #[test]
    fn reads_common_formats() {
        for line in [
            "2026-11-21T05:00:00+00:00 GET /config/canary.json 200 12 0.001",
            r#"127.0.0.1 - - [21/Nov/2026:05:00:00 +0000] "GET /config/canary.json HTTP/1.1" 200 12 "-" "curl""#,
            r#""GET /config/canary.json HTTP/2.0" 200"#,
        ] {
            let line = parse(line).unwrap();
            assert_eq!((line.method.as_str(), line.path.as_str(), line.status), ("GET", "/config/canary.json", 200));
        }
        assert_eq!(parse("nothing of the kind"), None);
    }

    #[test]
    fn reads_on_from_a_mark_and_leaves_half_a_line() {
        let dir = temp_dir();
        let path = dir.path().join("access.log");
        let log = AccessLog::new(path.clone());
        std::fs::write(&path, "GET /a 200\n").unwrap();
        let mark = log.mark();
        std::fs::write(&path, "GET /a 200\nGET /b?q 404\nGET /b 2").unwrap();
        let paths: Vec<_> = log.since(mark).into_iter().map(|line| line.path).collect();
        assert_eq!(paths, ["/b?q"]);
        assert_eq!(log.requests_for("/b", mark)[0].status, 404);
        assert!(log.requests_for("/a", mark).is_empty());
    }
}
