//! The files that are read, each with its diagnostics.

use std::collections::HashMap;
use std::fs;
use std::path::{Component, Path, PathBuf};

use crate::config::yaml::Tree;
use crate::lint::object::Found;
use crate::terminal::diagnostic::FileDiagnostic;

/// The most diagnostics of one file.
const MOST: usize = 100;

/// Files by number.
#[derive(Debug, Default)]
pub(crate) struct Sources {
    pub(crate) list: Vec<File>,
    known: HashMap<PathBuf, usize>,
}

/// A file and its diagnostics.
#[derive(Debug)]
pub(crate) struct File {
    pub(crate) path: PathBuf,
    pub(crate) text: String,
    /// Whether it holds the config.
    pub(crate) has_config: bool,
    pub(crate) diagnostics: Vec<FileDiagnostic>,
}

impl Sources {
    /// Reads a file, unless it is known already.
    pub(crate) fn open(&mut self, path: &Path) -> Result<usize, String> {
        let real = fs::canonicalize(path).map_err(|error| error.to_string())?;
        if let Some(known) = self.known.get(&real) {
            return Ok(*known);
        }
        if !real.is_file() {
            return Err("not a file".to_owned());
        }
        let bytes = fs::read(&real).map_err(|error| error.to_string())?;
        let text = String::from_utf8(bytes).map_err(|_| "not UTF-8".to_owned())?;
        let short = shorter(path);
        let path = if fs::canonicalize(&short).is_ok_and(|it| it == real) { short } else { path.to_owned() };
        let file = self.add(&path, text);
        self.known.insert(real, file);
        Ok(file)
    }

    /// Adds a file with its text.
    pub(crate) fn add(&mut self, path: &Path, text: String) -> usize {
        self.list.push(File { path: path.to_owned(), text, has_config: false, diagnostics: Vec::new() });
        self.list.len().saturating_sub(1)
    }

    /// The documents of a file. A file that is not YAML has none and gets a diagnostic.
    pub(crate) fn trees(&mut self, file: usize) -> Vec<Tree> {
        let Some(text) = self.list.get(file).map(|file| file.text.as_str()) else { return Vec::new() };
        Tree::parse_all(text).unwrap_or_else(|error| {
            let message = format!("kustomize cannot read this: {}", error.reason);
            self.report(vec![(file, FileDiagnostic::new("E901", "", Some(error.position), message))]);
            Vec::new()
        })
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
