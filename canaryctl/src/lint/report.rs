//! What is said about one file.

use std::path::Path;

use anstyle::AnsiColor;
use canary_runtime::{Diagnostic, Document, Position};
use serde_json::{Value, json};

use super::nginx::locations;
use super::{kustomize, nearest};
use crate::config::configmap::locate;
use crate::config::editor::Found;
use crate::lint::diagnostic::Finding;
use crate::lint::discover::Walk;
use crate::lint::rules::config::{Faults, check};
use crate::lint::snippet::excerpt;
use crate::lint::sources::{File, Files};
use crate::platform::input;
use crate::terminal::color::{Paint, safe};

/// A file and what was found in it.
#[derive(Debug)]
pub(crate) struct Report {
    file: String,
    text: String,
    errors: Vec<Finding>,
    warnings: Vec<Finding>,
    strict: bool,
    /// Why there is no config to talk about.
    failure: Option<String>,
    /// Found in a folder, and not named: nothing is said where there is nothing to say.
    quiet: bool,
}

impl Report {
    /// Reads and checks what was named: a file, or all that a kustomization, a folder or an nginx.conf takes in.
    pub(crate) fn all(path: &Path, strict: bool, now: i64) -> Vec<Self> {
        if path.is_dir() || kustomize::is_called(path) && path.is_file() {
            let walk = Walk::folder(path);
            if !walk.is_about_config() {
                let mut report = Self::new(path, strict);
                report.failure = Some(format!("{}: {NOTHING}", path.display()));
                return vec![report];
            }
            let files = walk.files.list.into_iter();
            return files.map(|file| Self { quiet: true, ..Self::of_file(file, strict, now) }).collect();
        }
        let mut report = Self::new(path, strict);
        let is_nginx = path.extension().is_some_and(|extension| extension == "conf");
        let done = match input::read(path) {
            Ok(bytes) if is_nginx => return Self::nginx(path, &bytes, strict, now),
            Ok(bytes) => report.check(path, bytes, now),
            Err(error) => Err(error),
        };
        let mut others = Vec::new();
        match done {
            Ok(files) => {
                others.extend(files.into_iter().map(|file| Self { quiet: true, ..Self::of_file(file, strict, now) }));
            }
            Err(error) => report.failure = Some(format!("{error:#}")),
        }
        [report].into_iter().chain(others).collect()
    }

    fn new(path: &Path, strict: bool) -> Self {
        Self {
            file: path.display().to_string(),
            text: String::new(),
            errors: Vec::new(),
            warnings: Vec::new(),
            strict,
            failure: None,
            quiet: false,
        }
    }

    /// A file that has been read as one of several.
    fn of_file(file: File, strict: bool, now: i64) -> Self {
        let mut report = Self::new(&file.path, strict);
        report.text = file.text;
        if file.has_config {
            report.configs(&file.path, now).unwrap_or_default();
        }
        report.traps(file.findings);
        report
    }

    fn nginx(path: &Path, bytes: &[u8], strict: bool, now: i64) -> Vec<Self> {
        let mut files = Files::default();
        let file = files.add(path, String::from_utf8_lossy(bytes).into_owned());
        locations::check(&mut files, file);
        let reports = files.list.into_iter().enumerate();
        reports.map(|(number, file)| Self { quiet: number > 0, ..Self::of_file(file, strict, now) }).collect()
    }

    /// What else was read for it, if it names other files.
    fn check(&mut self, path: &Path, bytes: Vec<u8>, now: i64) -> anyhow::Result<Vec<File>> {
        let mut others = Vec::new();
        match String::from_utf8(bytes) {
            Ok(text) => {
                self.text = text;
                let walk = Walk::manifest(path, &self.text);
                let about = walk.is_about_config();
                let mut files = walk.files.list.into_iter();
                let own = files.next().map(|file| file.findings).unwrap_or_default();
                others = files.collect();
                match self.configs(path, now) {
                    Err(error) if !about => return Err(error),
                    _ => self.traps(own),
                }
            }
            Err(error) => {
                // Something may claim to be the bare config nevertheless, and be judged as such.
                let bytes = error.into_bytes();
                locate(path, &bytes)?;
                self.add(check(&bytes, now), None);
            }
        }
        self.sort();
        Ok(others)
    }

    /// Checks the configs in the text.
    fn configs(&mut self, path: &Path, now: i64) -> anyhow::Result<()> {
        for found in Found::all(path, &self.text)? {
            let faults = check(found.text.as_bytes(), now);
            self.add(faults, Some(&found));
        }
        Ok(())
    }

    fn traps(&mut self, findings: Vec<Finding>) {
        let (errors, warnings): (Vec<_>, Vec<_>) = findings.into_iter().partition(Finding::is_error);
        self.errors.extend(errors);
        self.warnings.extend(warnings);
        self.sort();
    }

    fn sort(&mut self) {
        let place = |finding: &Finding| finding.place.map(|place| (place.line, place.column));
        self.errors.sort_by_key(place);
        self.warnings.sort_by_key(place);
    }

    fn add(&mut self, faults: Faults, found: Option<&Found>) {
        let text = &self.text;
        let config = found.map(|found| found.text.trim_start_matches('\u{feff}')).unwrap_or_default();
        let document = Document::parse(config).unwrap_or_default();
        let locate = |place| found.and_then(|found| found.place(text, place));
        let finding = |fault: Diagnostic| {
            let mut finding = Finding::of(&fault, fault.position().and_then(locate));
            finding.message.extend(nearest::hint(&fault, &document, locate));
            finding
        };
        self.errors.extend(faults.errors.into_iter().map(finding));
        self.warnings.extend(faults.warnings.into_iter().map(finding));
    }

    /// Why there is no config to talk about, if so.
    pub(crate) fn failure(&self) -> Option<&str> {
        self.failure.as_deref()
    }

    /// What this file alone makes of the exit code.
    pub(crate) fn exit_code(&self) -> u8 {
        if self.failure.is_some() { 2 } else { u8::from(!self.is_valid()) }
    }

    fn is_valid(&self) -> bool {
        self.failure.is_none() && self.errors.is_empty() && (!self.strict || self.warnings.is_empty())
    }

    /// For machines.
    pub(crate) fn json(&self) -> Value {
        let list = |findings: &[Finding]| findings.iter().map(Finding::json).collect::<Vec<_>>();
        let mut errors = list(&self.errors);
        if let Some(message) = &self.failure {
            errors.push(json!({"code": null, "key": null, "line": null, "column": null, "message": message}));
        }
        json!({"file": self.file, "valid": self.is_valid(), "errors": errors, "warnings": list(&self.warnings)})
    }

    fn text(&self, paint: Paint) -> String {
        let (error, warning) = (paint.bold(AnsiColor::Red, "error"), paint.bold(AnsiColor::Yellow, "warning"));
        let errors = self.errors.iter().map(|finding| self.lines(&error, finding, paint));
        let warnings = self.warnings.iter().map(|finding| self.lines(&warning, finding, paint));
        let verdict =
            if self.is_valid() { paint.bold(AnsiColor::Green, "valid") } else { paint.bold(AnsiColor::Red, "invalid") };
        let counts: Vec<_> = [(self.errors.len(), "error"), (self.warnings.len(), "warning")]
            .into_iter()
            .filter(|(number, _)| *number > 0)
            .map(|(number, noun)| count(number, noun))
            .collect();
        let counts = if counts.is_empty() { String::new() } else { format!(": {}", counts.join(", ")) };
        if self.quiet && counts.is_empty() {
            return String::new();
        }
        errors.chain(warnings).chain([format!("{}: {verdict}{counts}\n", self.file)]).collect()
    }

    fn lines(&self, level: &str, Finding { code, key, place, message }: &Finding, paint: Paint) -> String {
        let mut text = self.file.clone();
        if let Some(Position { line, column }) = place {
            text = format!("{text}:{line}:{column}");
        }
        text = format!("{text}: {level} {code}");
        if !key.is_empty() {
            text = format!("{text} {}", safe(key));
        }
        text = format!("{text}: {}\n", safe(message));
        let line = place.and_then(|place| Some((place, self.text.split('\n').nth(place.line.saturating_sub(1))?)));
        if let Some((Position { line: number, column }, line)) = line {
            let excerpt = excerpt(line, number, column);
            let (line, caret) = excerpt.rsplit_once('^').unwrap_or((&excerpt, ""));
            text = format!("{text}{line}{}{caret}\n", paint.bold(AnsiColor::Blue, '^'));
        }
        text
    }
}

/// What is said of a folder without it.
const NOTHING: &str =
    "expected a ConfigMap canary-settings with the key config.json, or something that mounts or syncs it";

/// For people: what was found, a line on each file, and one on all of them. What cannot be read is told elsewhere.
pub(crate) fn text(reports: &[Report], paint: Paint) -> String {
    let mut text: String = reports.iter().filter(|it| it.failure.is_none()).map(|it| it.text(paint)).collect();
    if reports.len() > 1 || reports.iter().any(|report| report.quiet) {
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
