//! Diagnostics of a file: one line each, and below it the source that they are about.

use std::error::Error;
use std::fmt;
use std::io::{self, Write};

use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};
use anstyle::AnsiColor;
use canary_runtime::Position;
use serde_json::{Value, json};

use crate::terminal::color::{Paint, safe};

/// The most columns that a snippet takes.
const WIDTH: usize = 120;

/// Whether a diagnostic makes a file invalid.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Severity {
    Error,
    Warning,
}

/// A diagnostic at a position of a file.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct FileDiagnostic {
    pub(crate) severity: Severity,
    /// The stable code; empty where there is none.
    pub(crate) code: &'static str,
    /// The path of the key, as in `spec.template`; may be empty.
    pub(crate) key: String,
    /// The position in the file, if it has one.
    pub(crate) position: Option<Position>,
    /// What was found there, to stand beside the source; may be empty.
    pub(crate) found: Mark,
    /// What was expected or goes wrong, and the remedy.
    pub(crate) message: String,
    /// Another place that has to do with it, and why.
    pub(crate) related: Option<(Position, Mark)>,
}

/// Bytes of a line that are underlined, and the words beside them.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Mark {
    /// How many bytes, at least one.
    pub(crate) length: usize,
    pub(crate) label: String,
}

impl FileDiagnostic {
    /// A diagnostic whose severity follows from its code: codes that begin with E are errors.
    pub(crate) fn new(
        code: &'static str,
        key: impl Into<String>,
        position: Option<Position>,
        message: impl Into<String>,
    ) -> Self {
        let severity = if code.starts_with('W') || code.starts_with('I') { Severity::Warning } else { Severity::Error };
        let (key, message) = (key.into(), message.into());
        Self { severity, code, key, position, found: Mark::default(), message, related: None }
    }

    /// The same with so many bytes underlined.
    pub(crate) fn underline(mut self, length: usize) -> Self {
        self.found.length = length;
        self
    }

    /// The same as a warning: what it is about costs a part of the file and not the whole.
    pub(crate) fn into_warning(self) -> Self {
        Self { severity: Severity::Warning, ..self }
    }

    /// Whether it makes the file invalid.
    pub(crate) fn is_error(&self) -> bool {
        self.severity == Severity::Error
    }

    /// The line and column, for sorting.
    pub(crate) fn place(&self) -> Option<(usize, usize)> {
        self.position.map(|position| (position.line, position.column))
    }

    /// For machines.
    pub(crate) fn json(&self) -> Value {
        json!({
            "code": self.code,
            "key": self.key,
            "line": self.position.map(|position| position.line),
            "column": self.position.map(|position| position.column),
            "message": self.message,
        })
    }

    /// One line that grep and editors understand: `FILE:LINE:COLUMN: error CODE KEY: MESSAGE`.
    pub(crate) fn line(&self, file: &str, paint: Paint) -> String {
        let position = self.place().map_or_else(String::new, |(line, column)| format!(":{line}:{column}"));
        let severity = match self.severity {
            Severity::Error => paint.bold(AnsiColor::Red, "error"),
            Severity::Warning => paint.bold(AnsiColor::Yellow, "warning"),
        };
        let words = [&severity, self.code, &safe(&self.key)];
        let words: Vec<_> = words.into_iter().filter(|word| !word.is_empty()).collect();
        format!("{file}{position}: {}: {}", words.join(" "), safe(&self.message))
    }

    /// The source around the position, with what was found; empty where the diagnostic has no position.
    pub(crate) fn snippet(&self, source: &str, paint: Paint) -> String {
        let Some(position) = self.position else { return String::new() };
        let related = self.related.iter().map(|(position, mark)| (*position, mark, AnnotationKind::Context));
        let marks: Vec<_> = [(position, &self.found, AnnotationKind::Primary)].into_iter().chain(related).collect();
        let first = marks.iter().map(|(position, ..)| position.line).min().unwrap_or(1);
        let last = marks.iter().map(|(position, ..)| position.line).max().unwrap_or(1);
        let lines = source.split('\n').enumerate().skip(first.saturating_sub(1));
        let (mut text, mut annotations) = (String::new(), Vec::new());
        for (index, line) in lines.take_while(|(index, _)| *index < last) {
            let line = if index == 0 { line.trim_start_matches('\u{feff}') } else { line };
            let line = line.trim_end_matches('\r');
            for (position, mark, kind) in &marks {
                if position.line == index.saturating_add(1) {
                    let start = line.floor_char_boundary(position.column.saturating_sub(1));
                    let end = line.floor_char_boundary(start.saturating_add(mark.length)).max(start);
                    let span = text.len().saturating_add(start)..text.len().saturating_add(end);
                    let label = (!mark.label.is_empty()).then_some(mark.label.as_str());
                    annotations.push(kind.span(span).label(label));
                }
            }
            text.push_str(line);
            text.push('\n');
        }
        if annotations.is_empty() {
            return String::new();
        }
        let level = if self.is_error() { Level::ERROR } else { Level::WARNING };
        let snippet = Snippet::source(text).line_start(first).annotations(annotations);
        let renderer = if paint.is_on() { Renderer::styled() } else { Renderer::plain() };
        format!("{}\n", renderer.term_width(WIDTH).render(&[Group::with_level(level).element(snippet)]))
    }
}

/// A diagnostic as an error: its line, and the snippet that goes below.
#[derive(Debug)]
pub(crate) struct DiagnosticError {
    line: String,
    pub(crate) snippet: String,
}

impl DiagnosticError {
    /// The error that a diagnostic of a file is.
    pub(crate) fn new(diagnostic: &FileDiagnostic, file: &str, source: &str) -> Self {
        Self { line: diagnostic.line(file, Paint::OFF), snippet: diagnostic.snippet(source, Paint::OFF) }
    }
}

/// Prints the source that an error is about on standard error, if it is about any.
pub(crate) fn print_source(error: &anyhow::Error) {
    if let Some(error) = error.downcast_ref::<DiagnosticError>() {
        let _ = io::stderr().write_all(error.snippet.as_bytes());
    }
}

impl fmt::Display for DiagnosticError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.line)
    }
}

impl Error for DiagnosticError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(source: &str, (line, column, length): (usize, usize, usize), expected: &str) {
        let mut diagnostic = FileDiagnostic::new("E109", "A", Some(Position { line, column }), "expected a number");
        diagnostic.found = Mark { length, label: "found a string".to_owned() };
        assert_eq!(
            diagnostic.line("a.json", Paint::OFF),
            format!("a.json:{line}:{column}: error E109 A: expected a number")
        );
        assert_eq!(diagnostic.snippet(source, Paint::OFF), expected);
    }

    #[test]
    fn the_marks_are_below_the_bytes() {
        check("{\n  \"A\": \"5\",\r\n", (2, 8, 3), "  |\n2 |   \"A\": \"5\",\n  |        ^^^ found a string\n");
        check("\u{feff}{\"A\": 1}", (1, 7, 1), "  |\n1 | {\"A\": 1}\n  |       ^ found a string\n");
        check("é: 1", (1, 5, 9), "  |\n1 | é: 1\n  |    ^ found a string\n");
        check("{", (1, 2, 1), "  |\n1 | {\n  |  ^ found a string\n");
        check("{\n", (9, 1, 1), "");
    }

    #[test]
    fn nothing_from_outside_reaches_the_terminal() {
        check("a\u{1b}[31m", (1, 1, 1), "  |\n1 | a␛[31m\n  | ^ found a string\n");
        let diagnostic = FileDiagnostic::new("W912", "a\u{1b}", None, "b\nc");
        assert_eq!(diagnostic.line("f", Paint::OFF), "f: warning W912 a?: b?c");
        assert_eq!(diagnostic.snippet("a", Paint::OFF), "");
    }

    #[test]
    fn long_lines_are_cut_around_it() {
        let line = format!("{}X{}", "a".repeat(300), "b".repeat(300));
        let mut diagnostic = FileDiagnostic::new("E109", "", Some(Position { line: 1, column: 301 }), "m");
        diagnostic.found.length = 1;
        let snippet = diagnostic.snippet(&line, Paint::OFF);
        let [_, shown, marks] = snippet.lines().collect::<Vec<_>>().try_into().unwrap();
        let [shown, marks] = [shown, marks].map(|line: &str| line.chars().collect::<Vec<_>>());
        assert!(shown.len() <= WIDTH, "{snippet}");
        assert_eq!(shown.get(marks.len() - 1), Some(&'X'), "{snippet}");
    }

    #[test]
    fn another_place_is_shown_as_well() {
        let mut diagnostic = FileDiagnostic::new("E109", "A", Some(Position { line: 1, column: 1 }), "m");
        diagnostic.found = Mark { length: 1, label: "A is missing".to_owned() };
        diagnostic.related =
            Some((Position { line: 2, column: 2 }, Mark { length: 3, label: "did you mean this?".to_owned() }));
        let expected = "  |\n1 | {\n  | ^ A is missing\n2 |  \"B\": 1\n  |  --- did you mean this?\n";
        assert_eq!(diagnostic.snippet("{\n \"B\": 1\n}", Paint::OFF), expected);
    }
}
