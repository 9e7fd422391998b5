//! The page log: what a page reports to the server of the test.
//!
//! The script [`RECORDER`] runs first in a page. It sends lines of the console,
//! uncaught errors and the runtime's events, each at once and by a synchronous request,
//! so that they arrive in order and before anything else happens.
//! Only Chromium's driver has a console log, and it does not survive a reload.

use serde_json::Value;

/// The folder of the tests' own files, which no request log shows.
pub const FOLDER: &str = "/.e2e/";

/// The path to which pages send it.
pub const PATH: &str = "/.e2e/log";

/// The script, the first classic one of the page. It defines
/// `e2e.log(kind, name, detail)`, and `e2e.listen()` for the events of the runtime.
pub const RECORDER: &str = include_str!("page_log/recorder.js");

/// An entry of the log.
#[derive(Debug, Clone, PartialEq)]
pub struct LogEntry {
    /// The unique id of the page view.
    pub view: String,
    /// What it reports.
    pub kind: Kind,
    /// The level, the kind of error, the type of the event, the marker, the path.
    pub name: String,
    /// The text or the event's detail.
    pub detail: Value,
}

/// What an entry reports.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A page view has begun; its path.
    View,
    /// A line on the console; its level as the method is called: `debug`, `warn`.
    Console,
    /// An uncaught error: `error` or `unhandledrejection`.
    Error,
    /// An event of the runtime.
    Event,
    /// A bundle runs; its marker.
    Ran,
}

impl LogEntry {
    /// Parses an entry; none where it is not what the script sends.
    pub(crate) fn parse(body: &[u8]) -> Option<Self> {
        let value: Value = serde_json::from_slice(body).ok()?;
        let text = |key: &str| value[key].as_str().map(str::to_owned);
        let kind = match value["kind"].as_str()? {
            "view" => Kind::View,
            "console" => Kind::Console,
            "error" => Kind::Error,
            "event" => Kind::Event,
            "ran" => Kind::Ran,
            _ => return None,
        };
        Some(Self { view: text("view")?, kind, name: text("name")?, detail: value["detail"].clone() })
    }

    /// The detail if it is text.
    #[must_use]
    pub fn text(&self) -> &str {
        self.detail.as_str().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::{Kind, LogEntry};
    use serde_json::json;

    #[test]
    fn parses_entries_and_nothing_else() {
        let entry = LogEntry::parse(br#"{"view": "v", "kind": "event", "name": "ready", "detail": {"a": 1}}"#).unwrap();
        assert_eq!((entry.kind, entry.name.as_str(), &entry.detail), (Kind::Event, "ready", &json!({ "a": 1 })));
        for other in ["", "[]", r#"{"view": "v", "kind": "x", "name": "n"}"#, r#"{"kind": "view", "name": "n"}"#] {
            assert_eq!(LogEntry::parse(other.as_bytes()), None);
        }
    }
}
