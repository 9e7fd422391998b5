//! What is said about one file.

use std::path::Path;

use canary_runtime::{Fault, Place};
use serde_json::{Value, json};

use super::check::{Faults, check};
use super::excerpt::excerpt;
use crate::edit::Found;
use crate::input;
use crate::manifest::locate;
use crate::terminal::{Colour, Paint, safe};

/// A file and what was found in it.
#[derive(Debug)]
pub(super) struct Report {
    file: String,
    text: String,
    errors: Vec<Finding>,
    warnings: Vec<Finding>,
    strict: bool,
    /// Why there is no config to talk about.
    failure: Option<String>,
}

/// A fault, with its place in the file.
#[derive(Debug)]
struct Finding {
    place: Option<Place>,
    fault: Fault,
}

impl Report {
    /// Reads and checks a file.
    pub(super) fn of(path: &Path, strict: bool, now: i64) -> Self {
        let mut report = Self {
            file: path.display().to_string(),
            text: String::new(),
            errors: Vec::new(),
            warnings: Vec::new(),
            strict,
            failure: None,
        };
        if let Err(error) = input::read(path).and_then(|bytes| report.check(path, bytes, now)) {
            report.failure = Some(format!("{error:#}"));
        }
        report
    }

    fn check(&mut self, path: &Path, bytes: Vec<u8>, now: i64) -> anyhow::Result<()> {
        match String::from_utf8(bytes) {
            Ok(text) => {
                let found = Found::all(path, &text)?;
                self.text = text;
                for found in found {
                    let faults = check(found.text.as_bytes(), now);
                    self.add(faults, Some(&found));
                }
            }
            Err(error) => {
                // Something may claim to be the bare config nevertheless, and be judged as such.
                let bytes = error.into_bytes();
                locate(path, &bytes)?;
                self.add(check(&bytes, now), None);
            }
        }
        let place = |finding: &Finding| finding.place.map(|place| (place.line, place.column));
        self.errors.sort_by_key(place);
        self.warnings.sort_by_key(place);
        Ok(())
    }

    fn add(&mut self, faults: Faults, found: Option<&Found>) {
        let text = &self.text;
        let finding = |fault: Fault| {
            let place = found.zip(fault.place()).and_then(|(found, place)| found.place(text, place));
            Finding { place, fault }
        };
        self.errors.extend(faults.errors.into_iter().map(finding));
        self.warnings.extend(faults.warnings.into_iter().map(finding));
    }

    /// Why there is no config to talk about, if so.
    pub(super) fn failure(&self) -> Option<&str> {
        self.failure.as_deref()
    }

    /// What this file alone makes of the exit code.
    pub(super) fn exit_code(&self) -> u8 {
        if self.failure.is_some() { 2 } else { u8::from(!self.is_valid()) }
    }

    fn is_valid(&self) -> bool {
        self.failure.is_none() && self.errors.is_empty() && (!self.strict || self.warnings.is_empty())
    }

    /// For machines.
    pub(super) fn json(&self) -> Value {
        let list = |findings: &[Finding]| findings.iter().map(Finding::json).collect::<Vec<_>>();
        let mut errors = list(&self.errors);
        if let Some(message) = &self.failure {
            errors.push(json!({"code": null, "key": null, "line": null, "column": null, "message": message}));
        }
        json!({"file": self.file, "valid": self.is_valid(), "errors": errors, "warnings": list(&self.warnings)})
    }

    fn text(&self, paint: Paint) -> String {
        let (error, warning) = (paint.bold(Colour::Red, "error"), paint.bold(Colour::Yellow, "warning"));
        let errors = self.errors.iter().map(|finding| self.lines(&error, finding, paint));
        let warnings = self.warnings.iter().map(|finding| self.lines(&warning, finding, paint));
        let verdict =
            if self.is_valid() { paint.bold(Colour::Green, "valid") } else { paint.bold(Colour::Red, "invalid") };
        let counts: Vec<_> = [(self.errors.len(), "error"), (self.warnings.len(), "warning")]
            .into_iter()
            .filter(|(number, _)| *number > 0)
            .map(|(number, noun)| count(number, noun))
            .collect();
        let counts = if counts.is_empty() { String::new() } else { format!(": {}", counts.join(", ")) };
        errors.chain(warnings).chain([format!("{}: {verdict}{counts}\n", self.file)]).collect()
    }

    fn lines(&self, level: &str, Finding { place, fault }: &Finding, paint: Paint) -> String {
        let mut text = self.file.clone();
        if let Some(Place { line, column }) = place {
            text = format!("{text}:{line}:{column}");
        }
        text = format!("{text}: {level} {}", fault.code().as_str());
        if !fault.key().is_empty() {
            text = format!("{text} {}", safe(fault.key()));
        }
        text = format!("{text}: expected {}\n", fault.expected());
        let line = place.and_then(|place| Some((place, self.text.split('\n').nth(place.line.saturating_sub(1))?)));
        if let Some((Place { line: number, column }, line)) = line {
            let excerpt = excerpt(line, number, column);
            let (line, caret) = excerpt.rsplit_once('^').unwrap_or((&excerpt, ""));
            text = format!("{text}{line}{}{caret}\n", paint.bold(Colour::Blue, '^'));
        }
        text
    }
}

impl Finding {
    fn json(&self) -> Value {
        json!({
            "code": self.fault.code().as_str(),
            "key": self.fault.key(),
            "line": self.place.map(|place| place.line),
            "column": self.place.map(|place| place.column),
            "message": format!("expected {}", self.fault.expected()),
        })
    }
}

/// For people: what was found, a line on each file, and one on all of them. What cannot be read is told elsewhere.
pub(super) fn text(reports: &[Report], paint: Paint) -> String {
    let mut text: String = reports.iter().filter(|it| it.failure.is_none()).map(|it| it.text(paint)).collect();
    if let [_, _, ..] = reports {
        let of = |code: u8| reports.iter().filter(|report| report.exit_code() == code).count();
        let parts: Vec<_> = [(of(0), "valid"), (of(1), "invalid"), (of(2), "unreadable")]
            .into_iter()
            .filter(|(number, _)| *number > 0)
            .map(|(number, word)| format!("{number} {word}"))
            .collect();
        text = format!("{text}{}: {}\n", count(reports.len(), "file"), parts.join(", "));
    }
    text
}

fn count(number: usize, noun: &str) -> String {
    if number == 1 { format!("1 {noun}") } else { format!("{number} {noun}s") }
}
