//! The diagnostics of one file, as text and as JSON.

use std::collections::BTreeSet;
use std::path::Path;

use anstyle::AnsiColor;
use serde_json::{Value, json};

use crate::config::loaded::Loaded;
use crate::lint::discover::Discovery;
use crate::lint::kustomize;
use crate::lint::nginx::locations;
use crate::lint::rules::config;
use crate::lint::rules::hint::attributes;
use crate::lint::rules::nginx::is_named;
use crate::lint::sources::{File, Sources};
use crate::platform::input;
use crate::rollout::file;
use crate::terminal::color::{Paint, safe};
use crate::terminal::diagnostic::{DiagnosticError, FileDiagnostic, Severity};

/// What is asked of the files.
#[derive(Clone, Debug, Default)]
pub(crate) struct Options {
    /// Whether warnings make a file invalid.
    pub(crate) strict: bool,
    /// The rules of the pages for assets, see [`canary_runtime::Config::check_asset_rules`].
    pub(crate) asset_rules: String,
    /// What a rollout's file is checked against.
    pub(crate) around: file::Surroundings,
}

/// A file and its diagnostics.
#[derive(Debug)]
pub(crate) struct Report {
    file: String,
    text: String,
    diagnostics: Vec<FileDiagnostic>,
    /// The attributes that rules of the config use.
    attributes: Vec<String>,
    options: Options,
    /// Why the file cannot be read or has no config, and the source that this is about.
    failure: Option<(String, String)>,
    /// Whether the file was found, not named: then nothing is printed where nothing is wrong.
    quiet: bool,
}

impl Report {
    /// Checks a file, and all files that a kustomization, a folder or an nginx.conf names.
    pub(crate) fn all(path: &Path, options: &Options, now: i64) -> Vec<Self> {
        if path.is_dir() || kustomize::is_kustomization(path) && path.is_file() {
            let discovery = Discovery::folder(path, now);
            if !discovery.is_about_config() {
                let mut report = Self::new(path, options);
                report.failure = Some((format!("{}: {NOTHING}", path.display()), String::new()));
                return vec![report];
            }
            let files = discovery.files.list.into_iter();
            return files.map(|file| Self { quiet: true, ..Self::of_file(file, options, now) }).collect();
        }
        let mut report = Self::new(path, options);
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        let is_nginx = is_named(&name);
        let done = match input::read(path) {
            Ok(bytes) if is_nginx => return Self::nginx(path, &bytes, options, now),
            Ok(bytes) => report.check(path, bytes, now),
            Err(error) => Err(error),
        };
        let mut others = Vec::new();
        match done {
            Ok(files) => {
                others.extend(files.into_iter().map(|file| Self { quiet: true, ..Self::of_file(file, options, now) }));
            }
            Err(error) => {
                let snippet = error.downcast_ref::<DiagnosticError>().map(|error| error.snippet.clone());
                report.failure = Some((format!("{error:#}"), snippet.unwrap_or_default()));
            }
        }
        [report].into_iter().chain(others).collect()
    }

    fn new(path: &Path, options: &Options) -> Self {
        Self {
            file: path.display().to_string(),
            text: String::new(),
            diagnostics: Vec::new(),
            attributes: Vec::new(),
            options: options.clone(),
            failure: None,
            quiet: false,
        }
    }

    /// The report of a file that was read as one of several.
    fn of_file(file: File, options: &Options, now: i64) -> Self {
        let mut report = Self::new(&file.path, options);
        if file.has_config || !file.configs.is_empty() {
            report.configs(&file.path, file.text.clone().into_bytes(), &file.configs, now).unwrap_or_default();
        }
        report.text = file.text;
        report.diagnostics.extend(file.diagnostics);
        report.sort();
        report
    }

    fn nginx(path: &Path, bytes: &[u8], options: &Options, now: i64) -> Vec<Self> {
        let mut files = Sources::default();
        let file = files.add(path, String::from_utf8_lossy(bytes).into_owned());
        locations::check(&mut files, file);
        let reports = files.list.into_iter().enumerate();
        reports.map(|(number, file)| Self { quiet: number > 0, ..Self::of_file(file, options, now) }).collect()
    }

    /// Checks the bytes of a file. Returns the other files that were read because of it.
    fn check(&mut self, path: &Path, bytes: Vec<u8>, now: i64) -> anyhow::Result<Vec<File>> {
        let mut others = Vec::new();
        match String::from_utf8(bytes) {
            Ok(text) if file::is_rollout(&text) => {
                self.diagnostics.extend(file::check(&text, &self.options.around));
                self.text = text;
            }
            Ok(text) => {
                let discovery = Discovery::manifest(path, &text, now);
                let is_about_config = discovery.is_about_config();
                let mut files = discovery.files.list.into_iter();
                let (own, starts) = files.next().map(|file| (file.diagnostics, file.configs)).unwrap_or_default();
                others = files.collect();
                let configs = self.configs(path, text.clone().into_bytes(), &starts, now);
                self.text = text;
                match configs {
                    Err(error) if !is_about_config => return Err(error),
                    _ => self.diagnostics.extend(own),
                }
            }
            Err(error) => self.configs(path, error.into_bytes(), &BTreeSet::new(), now)?,
        }
        self.sort();
        Ok(others)
    }

    /// Checks the configs in the bytes of a file.
    fn configs(&mut self, path: &Path, bytes: Vec<u8>, starts: &BTreeSet<usize>, now: i64) -> anyhow::Result<()> {
        for loaded in Loaded::all_with(&self.file, path, bytes, starts)? {
            self.diagnostics.extend(config::check(&loaded, now));
            if let Ok((config, _)) = &loaded.parsed {
                let rules = &self.options.asset_rules;
                let pages = config.entries().map(|(name, _)| format!("entry:{name} {rules}"));
                let refused =
                    std::iter::once(rules.clone()).chain(pages).filter_map(|it| config.check_asset_rules(&it).err());
                self.diagnostics.extend(refused.map(|fault| loaded.describe(&fault)));
            }
            self.attributes.extend(attributes(&loaded));
        }
        Ok(())
    }

    fn sort(&mut self) {
        self.diagnostics.sort_by_key(|it| (it.severity != Severity::Error, it.place()));
    }

    fn errors(&self) -> impl Iterator<Item = &FileDiagnostic> {
        self.diagnostics.iter().filter(|it| it.is_error())
    }

    fn warnings(&self) -> impl Iterator<Item = &FileDiagnostic> {
        self.diagnostics.iter().filter(|it| it.severity == Severity::Warning)
    }

    fn notes(&self) -> impl Iterator<Item = &FileDiagnostic> {
        self.diagnostics.iter().filter(|it| it.severity == Severity::Note)
    }

    /// Why the file cannot be read or has no config, with the source that this is about.
    pub(crate) fn failure(&self) -> Option<String> {
        self.failure.as_ref().map(|(message, snippet)| format!("{message}\n{snippet}"))
    }

    /// The exit code of this file alone.
    pub(crate) fn exit_code(&self) -> u8 {
        if self.failure.is_some() { 2 } else { u8::from(!self.is_valid()) }
    }

    fn is_valid(&self) -> bool {
        self.failure.is_none()
            && self.errors().next().is_none()
            && (!self.options.strict || self.warnings().next().is_none())
    }

    /// For machines.
    pub(crate) fn json(&self) -> Value {
        let mut errors: Vec<_> = self.errors().map(FileDiagnostic::json).collect();
        let warnings: Vec<_> = self.warnings().map(FileDiagnostic::json).collect();
        if let Some((message, _)) = &self.failure {
            errors.push(json!({"code": null, "key": null, "line": null, "column": null, "message": message}));
        }
        let mut line = json!({"file": self.file, "valid": self.is_valid(), "errors": errors, "warnings": warnings});
        let notes: Vec<_> = self.notes().map(FileDiagnostic::json).collect();
        if let Some(line) = line.as_object_mut().filter(|_| !notes.is_empty()) {
            line.insert("notes".to_owned(), notes.into());
        }
        if let Some(line) = line.as_object_mut().filter(|_| !self.attributes.is_empty()) {
            line.insert("attributes".to_owned(), json!(self.attributes));
        }
        line
    }

    fn text(&self, paint: Paint) -> String {
        let verdict =
            if self.is_valid() { paint.bold(AnsiColor::Green, "valid") } else { paint.bold(AnsiColor::Red, "invalid") };
        let counts: Vec<_> = [(self.errors().count(), "error"), (self.warnings().count(), "warning")]
            .into_iter()
            .filter(|(number, _)| *number > 0)
            .map(|(number, noun)| count(number, noun))
            .collect();
        let counts = if counts.is_empty() { String::new() } else { format!(": {}", counts.join(", ")) };
        let attributes = if self.attributes.is_empty() {
            String::new()
        } else {
            safe(&format!("{}: attributes in rules: {}", self.file, self.attributes.join(", "))) + "\n"
        };
        if self.quiet && self.diagnostics.is_empty() {
            return attributes;
        }
        let lines = self
            .diagnostics
            .iter()
            .map(|it| format!("{}\n{}", it.line(&self.file, paint), it.snippet(&self.text, paint)));
        lines.chain([attributes, format!("{}: {verdict}{counts}\n", safe(&self.file))]).collect()
    }
}

/// The message about a folder without a config.
const NOTHING: &str =
    "expected a ConfigMap canary-settings with the key config.json, or something that mounts or syncs it";

/// For people: the diagnostics, a line on each file, and one on all of them. Files that cannot be read are not in it.
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
