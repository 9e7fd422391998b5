//! Entries of the console, by a page or by the browser.

use std::fmt;

/// The level of an entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// `console.debug` and below.
    Debug,
    /// `console.log`, `console.info`.
    Info,
    /// `console.warn`, and the browser's own warnings.
    Warning,
    /// `console.error`, uncaught exceptions, failed requests, violations of a policy.
    Error,
}

/// One entry of the console.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// The level.
    pub level: Level,
    /// The message in the browser's words, with its origin.
    pub text: String,
}

impl fmt::Display for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}: {}", self.level, self.text)
    }
}

/// Errors and warnings that contain none of the expected texts.
#[must_use]
pub fn unexpected<'a>(entries: &'a [Entry], expected: &[&str]) -> Vec<&'a Entry> {
    let is_expected = |entry: &Entry| expected.iter().any(|text| entry.text.contains(text));
    entries.iter().filter(|entry| entry.level >= Level::Warning && !is_expected(entry)).collect()
}

/// Expected texts that no error or warning contains.
#[must_use]
pub fn missing<'a>(entries: &[Entry], expected: &[&'a str]) -> Vec<&'a str> {
    let came = |text: &str| entries.iter().any(|entry| entry.level >= Level::Warning && entry.text.contains(text));
    expected.iter().copied().filter(|text| !came(text)).collect()
}

#[cfg(test)]
mod tests {
    use super::{Entry, Level, missing, unexpected};

    #[test]
    fn compares_with_the_expected_entries() {
        let entry = |level, text: &str| Entry { level, text: text.to_owned() };
        let entries =
            [entry(Level::Error, "x.js 1:2 boom"), entry(Level::Warning, "careful"), entry(Level::Info, "hello")];
        assert_eq!(unexpected(&entries, &["boom"]), [&entries[1]]);
        assert!(unexpected(&entries, &["boom", "care"]).is_empty());
        assert_eq!(missing(&entries, &["boom", "hello", "gone"]), ["hello", "gone"]);
    }
}
