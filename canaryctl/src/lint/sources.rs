//! The files that were read, each with what is said about it.

use std::collections::HashMap;
use std::fs;
use std::path::{Component, Path, PathBuf};

use crate::lint::diagnostic::Finding;
use crate::lint::object::Found;
use crate::lint::tree::Tree;

/// As many are told of one file.
const MOST: usize = 100;

/// Files by number.
#[derive(Debug, Default)]
pub(crate) struct Files {
    pub(crate) list: Vec<File>,
    known: HashMap<PathBuf, usize>,
}

/// A file.
#[derive(Debug)]
pub(crate) struct File {
    pub(crate) path: PathBuf,
    pub(crate) text: String,
    /// Whether the config itself is in it.
    pub(crate) has_config: bool,
    pub(crate) findings: Vec<Finding>,
}

impl Files {
    /// Reads a file, unless that has happened.
    pub(crate) fn open(&mut self, path: &Path) -> Result<usize, String> {
        let real = fs::canonicalize(path).map_err(|error| error.to_string())?;
        if let Some(known) = self.known.get(&real) {
            return Ok(*known);
        }
        if !real.is_file() {
            return Err("no file".to_owned());
        }
        let bytes = fs::read(&real).map_err(|error| error.to_string())?;
        let text = String::from_utf8(bytes).map_err(|_| "no UTF-8".to_owned())?;
        let short = shorter(path);
        let path = if fs::canonicalize(&short).is_ok_and(|it| it == real) { short } else { path.to_owned() };
        let file = self.add(&path, text);
        self.known.insert(real, file);
        Ok(file)
    }

    /// A file whose text is there.
    pub(crate) fn add(&mut self, path: &Path, text: String) -> usize {
        self.list.push(File { path: path.to_owned(), text, has_config: false, findings: Vec::new() });
        self.list.len().saturating_sub(1)
    }

    /// The documents of a file; where it is no YAML, that is said.
    pub(crate) fn trees(&mut self, file: usize) -> Vec<Tree> {
        let Some(text) = self.list.get(file).map(|file| file.text.as_str()) else { return Vec::new() };
        Tree::parse_all(text).unwrap_or_else(|broken| {
            let message = format!("kustomize cannot read this: {}", broken.reason);
            let finding = Finding { code: "E901", key: String::new(), place: Some(broken.place), message };
            self.say(vec![(file, finding)]);
            Vec::new()
        })
    }

    /// How a file is called.
    pub(crate) fn path(&self, file: usize) -> Option<&Path> {
        self.list.get(file).map(|file| file.path.as_path())
    }

    /// The config is in this one.
    pub(crate) fn has_config(&mut self, file: usize) {
        if let Some(file) = self.list.get_mut(file) {
            file.has_config = true;
        }
    }

    /// Adds what was found. The same thing may be found by several ways to a file.
    pub(crate) fn say(&mut self, found: Vec<Found>) {
        for (file, finding) in found {
            if let Some(file) = self.list.get_mut(file)
                && file.findings.len() < MOST
                && !file.findings.contains(&finding)
            {
                file.findings.push(finding);
            }
        }
    }

    /// Whether something is wrong already.
    pub(crate) fn has_errors(&self) -> bool {
        self.list.iter().flat_map(|file| &file.findings).any(Finding::is_error)
    }
}

/// Without `..`, where that is possible.
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
