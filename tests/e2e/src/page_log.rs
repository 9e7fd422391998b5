//! What a page says of itself, while it does: a server keeps it when the page is gone.
//!
//! The script [`RECORDER`] stands first in a page. It sends what the console is told,
//! errors that nobody caught, and the runtime's events, each at once and by a request
//! that the page waits for: so they arrive in order, and before whatever comes next.
//! Drivers other than Chromium's keep no console, and none keeps it over a reload.

use serde_json::Value;

/// The folder of what belongs to the tests, which no log of requests shows.
pub const FOLDER: &str = "/.e2e/";

/// Where pages send it.
pub const PATH: &str = "/.e2e/log";

/// The script, a classic one and the first of the page. It leaves two functions there:
/// `e2e.log(kind, name, detail)`, and `e2e.listen()` for when the runtime has begun.
pub const RECORDER: &str = include_str!("page_log/recorder.js");

/// One thing that a page said.
#[derive(Debug, Clone, PartialEq)]
pub struct LogEntry {
    /// The page view, by a name that no other has.
    pub view: String,
    /// What it is about.
    pub kind: Kind,
    /// The level, the kind of error, the type of the event, the marker, the path.
    pub name: String,
    /// The text or the event's detail.
    pub detail: Value,
}

/// What something told is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A page view has begun; its path.
    View,
    /// A line on the console; its level as the method is called: `debug`, `warn`.
    Console,
    /// An error that nobody caught: `error` or `unhandledrejection`.
    Error,
    /// An event of the runtime.
    Event,
    /// A bundle runs; its marker.
    Ran,
}

impl LogEntry {
    /// Reads what was sent; nothing where it is nothing that the script sends.
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

    /// The detail where it is a text.
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
    fn reads_what_a_page_sends_and_nothing_else() {
        let entry = LogEntry::parse(br#"{"view": "v", "kind": "event", "name": "ready", "detail": {"a": 1}}"#).unwrap();
        assert_eq!((entry.kind, entry.name.as_str(), &entry.detail), (Kind::Event, "ready", &json!({ "a": 1 })));
        for other in ["", "[]", r#"{"view": "v", "kind": "x", "name": "n"}"#, r#"{"kind": "view", "name": "n"}"#] {
            assert_eq!(LogEntry::parse(other.as_bytes()), None);
        }
    }
}
