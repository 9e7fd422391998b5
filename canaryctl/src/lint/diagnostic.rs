//! One thing that is said about a file.

use canary_runtime::{Diagnostic, Position};
use serde_json::{Value, json};

/// A fault of the config, or a trap in what is around it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Finding {
    pub(crate) code: &'static str,
    /// Where in the structure, as `spec.template`; may be empty.
    pub(crate) key: String,
    /// Where in the file.
    pub(crate) place: Option<Position>,
    /// What goes wrong, and what to write instead.
    pub(crate) message: String,
}

impl Finding {
    /// What the runtime says of a config, at its place in the file.
    pub(crate) fn of(fault: &Diagnostic, place: Option<Position>) -> Self {
        let message = format!("expected {}", fault.expected());
        Self { code: fault.code().as_str(), key: fault.key().to_owned(), place, message }
    }

    /// For traps: a code that begins with E surely breaks something.
    pub(crate) fn is_error(&self) -> bool {
        self.code.starts_with('E')
    }

    /// For machines.
    pub(crate) fn json(&self) -> Value {
        json!({
            "code": self.code,
            "key": self.key,
            "line": self.place.map(|place| place.line),
            "column": self.place.map(|place| place.column),
            "message": self.message,
        })
    }
}

/// The place of a byte of a text, from 1, columns in bytes.
pub(crate) fn place(text: &str, at: usize) -> Position {
    let before = text.as_bytes().get(..at).unwrap_or(text.as_bytes());
    let line = before.split(|byte| *byte == b'\n').count();
    let start = before.iter().rposition(|byte| *byte == b'\n').map_or(0, |end| end.saturating_add(1));
    // A byte order mark takes no column.
    let start = if start == 0 && text.starts_with('\u{feff}') { 3 } else { start };
    Position { line, column: before.len().saturating_sub(start).saturating_add(1) }
}
