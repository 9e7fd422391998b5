//! The files that are read, each with its diagnostics.

use std::collections::{BTreeSet, HashMap};
use std::fs;
use std::path::{Component, Path, PathBuf};

use crate::config::refusal::{Refusal, not_utf8};
use crate::config::yaml::{Node, Tree};
use crate::lint::object::Found;
use crate::platform::input;
use crate::terminal::diagnostic::{FileDiagnostic, Severity};

/// The most diagnostics of one file.
const MOST: usize = 100;

/// The most bytes that are parsed: a file may be named many times.
const MOST_BYTES: usize = 24 * 1024 * 1024;

/// Files by number.
#[derive(Debug, Default)]
pub(crate) struct Sources {
    pub(crate) list: Vec<File>,
    known: HashMap<PathBuf, usize>,
    /// How many bytes were parsed.
    parsed: usize,
}

/// A file and its diagnostics.
#[derive(Debug)]
pub(crate) struct File {
    pub(crate) path: PathBuf,
    pub(crate) text: String,
    /// Whether it is the config, or holds it in the usual `ConfigMap`.
    pub(crate) has_config: bool,
    /// The first bytes of other texts in it that pods mount as the config.
    pub(crate) configs: BTreeSet<usize>,
    pub(crate) diagnostics: Vec<FileDiagnostic>,
}

impl Sources {
    /// Reads a file that a file in a folder names. It must not lead out of the repository, as kustomize wants it: whoever may
    /// change a manifest could have any file of this machine printed otherwise.
    pub(crate) fn open_from(&mut self, folder: &Path, path: &Path) -> Result<usize, String> {
        let real = fs::canonicalize(path).map_err(|error| error.to_string())?;
        let root = input::root(folder).map_err(|error| error.to_string())?;
        if !real.starts_with(&root) {
            return Err(format!("lies outside of {}, where kustomize reads nothing", root.display()));
        }
        self.open(path)
    }

    /// Reads a file, unless it is known already.
    pub(crate) fn open(&mut self, path: &Path) -> Result<usize, String> {
        let real = fs::canonicalize(path).map_err(|error| error.to_string())?;
        if let Some(known) = self.known.get(&real) {
            return Ok(*known);
        }
        if real.is_dir() {
            return Err("not a file".to_owned());
        }
        let bytes = input::read(&real).map_err(|error| error.root_cause().to_string())?;
        let text = String::from_utf8(bytes).map_err(|error| not_utf8(error.as_bytes()))?;
        let short = shorter(path);
        let path = if fs::canonicalize(&short).is_ok_and(|it| it == real) { short } else { path.to_owned() };
        let file = self.add(&path, text);
        self.known.insert(real, file);
        Ok(file)
    }

    /// Adds a file with its text.
    pub(crate) fn add(&mut self, path: &Path, text: String) -> usize {
        self.list.push(File {
            path: path.to_owned(),
            text,
            has_config: false,
            configs: BTreeSet::new(),
            diagnostics: Vec::new(),
        });
        self.list.len().saturating_sub(1)
    }

    /// The documents of a file. A file that is not YAML has none and gets a diagnostic.
    pub(crate) fn trees(&mut self, file: usize) -> Vec<Tree> {
        let Some(text) = self.list.get(file).map(|file| file.text.as_str()) else { return Vec::new() };
        self.parsed = self.parsed.saturating_add(text.len());
        let parsed = if self.parsed > MOST_BYTES { Err(None) } else { Tree::parse_all(text).map_err(Some) };
        parsed.unwrap_or_else(|error| {
            let (position, reason) = match error {
                Some(error) => (Some(error.position), error.reason),
                None => {
                    (None, format!("together with the files before, it has more than {} MiB", MOST_BYTES / 1024 / 1024))
                }
            };
            let message = format!("kustomize cannot read this: {reason}");
            self.report(vec![(file, FileDiagnostic::new("E901", "", position, message))]);
            Vec::new()
        })
    }

    /// The documents of a file of objects. What the cluster would refuse gets a diagnostic.
    pub(crate) fn manifests(&mut self, file: usize) -> Vec<Tree> {
        let trees = self.trees(file);
        let text = self.list.get(file).map(|file| file.text.as_str()).unwrap_or_default();
        if let Some(found) = Refusal::find(text, &trees) {
            let message = format!("kustomize cannot read this: {}", found.reason);
            let found = FileDiagnostic::new("E901", "", Some(found.position), message).underline(found.length);
            self.report(vec![(file, found)]);
        }
        trees
    }

    /// The text of a file that was read.
    pub(crate) fn text(&self, path: &Path) -> Option<&str> {
        let number = self.known.get(&fs::canonicalize(path).ok()?)?;
        self.list.get(*number).map(|file| file.text.as_str())
    }

    /// Whether a file was read.
    pub(crate) fn is_known(&self, path: &Path) -> bool {
        fs::canonicalize(path).is_ok_and(|real| self.known.contains_key(&real))
    }

    /// Notes that a text in a file, by its first byte, is the config.
    pub(crate) fn add_config(&mut self, file: usize, start: usize) {
        if let Some(file) = self.list.get_mut(file) {
            file.configs.insert(start);
        }
    }

    /// The path of a file.
    pub(crate) fn path(&self, file: usize) -> Option<&Path> {
        self.list.get(file).map(|file| file.path.as_path())
    }

    /// Notes that a file holds the config.
    pub(crate) fn mark_config(&mut self, file: usize) {
        if let Some(file) = self.list.get_mut(file) {
            file.has_config = true;
        }
    }

    /// Notes what lies elsewhere and is not looked at.
    pub(crate) fn note(&mut self, file: usize, node: Node<'_>) {
        let message = format!("not looked at: {}", node.text().unwrap_or_default());
        let found = FileDiagnostic::new("", "", Some(node.position()), message).underline(node.len());
        self.report(vec![(file, FileDiagnostic { severity: Severity::Note, ..found })]);
    }

    /// Adds diagnostics, each once: several paths may lead to a file.
    pub(crate) fn report(&mut self, found: Vec<Found>) {
        for (file, diagnostic) in found {
            if let Some(file) = self.list.get_mut(file)
                && file.diagnostics.len() < MOST
                && !file.diagnostics.contains(&diagnostic)
            {
                file.diagnostics.push(diagnostic);
            }
        }
    }

    /// Whether any file has an error.
    pub(crate) fn has_errors(&self) -> bool {
        self.list.iter().flat_map(|file| &file.diagnostics).any(FileDiagnostic::is_error)
    }
}

/// The path without `..`, where that is possible.
fn shorter(path: &Path) -> PathBuf {
    let mut short = PathBuf::new();
    for part in path.components() {
        match part {
            Component::ParentDir if matches!(short.components().next_back(), Some(Component::Normal(_))) => {
                short.pop();
            }
            Component::CurDir => {}
            part => short.push(part),
        }
    }
    short
}
