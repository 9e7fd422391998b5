//! One-line messages on standard error.

use std::fmt;
use std::io::{self, Write};

use crate::terminal::color::{Paint, neutral};

/// Prints a warning. A reader that is gone is no reason to stop, so a failed write is ignored; `eprintln!` would panic.
pub(crate) fn warn(text: &str) {
    print(text);
}

/// Prints an error with its causes, likewise.
pub(crate) fn error(error: &anyhow::Error) {
    print(format_args!("{error:#}"));
}

fn print(text: impl fmt::Display) {
    let _ = writeln!(io::stderr(), "canaryctl: {}", neutral(&text.to_string(), Paint::OFF));
}
