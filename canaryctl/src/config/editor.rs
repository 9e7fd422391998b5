//! Edits of a config in its file: what is not edited stays byte for byte.
//!
//! The edits are collected, and [`Editor::finish`] writes all of them into the text of the file at once. Then it reads the
//! new file again as a whole: an edit that gives anything but the old config with the intended changes is refused.

use std::fs;
use std::path::{Path, PathBuf};
use std::slice;

use anyhow::{Context, ensure};
use canary_runtime::{Diagnostic, Document};
use serde_json::{Map, Value};
use similar::TextDiff;

use crate::config::change::Change;
use crate::config::configmap::{ConfigMapKey, configs, sops_mac};
use crate::config::json_edit::{Action, Edit, get, quote, splices};
use crate::config::loaded::Loaded;
use crate::config::yaml::{Tree, differ_in_one_scalar};
use crate::platform::atomic_write::replace;
use crate::terminal::diagnostic::FileDiagnostic;

/// A label that goes up by one with each edit.
const REVISION: &str = "REVISION";

/// A config that is being edited.
#[derive(Debug)]
pub(crate) struct Editor {
    path: PathBuf,
    configmap: ConfigMapKey,
    loaded: Loaded,
    /// The config that the edits have to lead to.
    expected: Value,
    edits: Vec<Edit>,
    changes: Vec<Change>,
}

/// A file with its edits. It is not written before [`Edited::save`].
#[derive(Debug)]
pub(crate) struct Edited {
    path: PathBuf,
    old: String,
    new: String,
    pub(crate) changes: Vec<Change>,
    /// What the runtime has to say about the new config that it did not say about the old one.
    pub(crate) warnings: Vec<FileDiagnostic>,
}

impl Editor {
    /// Reads a manifest or a bare config. It has to be JSON, but may be a config that the runtime rejects: an edit may
    /// repair it.
    pub(crate) fn open(path: &Path) -> anyhow::Result<Self> {
        Self::of(path, ConfigMapKey::default(), Loaded::read(path)?)
    }

    /// Reads a manifest or a bare config that is not on the disk, such as one of a commit.
    pub(crate) fn of_bytes(path: &Path, bytes: Vec<u8>, wanted: ConfigMapKey) -> anyhow::Result<Self> {
        let loaded = Loaded::of_configmap(&path.display().to_string(), path, bytes, &wanted)?;
        Self::of(path, wanted, loaded)
    }

    fn of(path: &Path, configmap: ConfigMapKey, loaded: Loaded) -> anyhow::Result<Self> {
        ensure!(loaded.count == 1, "{}: found {} configs, expected one", loaded.name, loaded.count);
        if let Some((start, reason)) = loaded.source.refusal() {
            return Err(loaded.error_at(start, reason));
        }
        if let (true, Some(fault)) = (loaded.document.source().is_empty(), loaded.found().first()) {
            return Err(loaded.error(fault));
        }
        let expected = serde_json::from_str(loaded.document.source()).with_context(|| loaded.name.clone())?;
        Ok(Self { path: path.to_owned(), configmap, loaded, expected, edits: Vec::new(), changes: Vec::new() })
    }

    /// The value at a path of keys, with the edits so far.
    pub(crate) fn get(&self, path: &[&str]) -> Option<&Value> {
        path.iter().try_fold(&self.expected, |value, key| value.as_object()?.get(*key))
    }

    /// Sets the member at a path of keys to a JSON value, whose tokens and order stay as typed, while its layout follows
    /// the file. Makes objects that are absent on the way. Does nothing where the value is the same.
    pub(crate) fn set(&mut self, path: &[&str], value: &str) -> anyhow::Result<()> {
        let new = Document::parse(value).with_context(|| path.join("."))?;
        let old = get(&self.loaded.document, path);
        if old.is_some_and(|old| old == new.root()) {
            return Ok(());
        }
        let from = old.map(|old| old.source().to_owned());
        *self.member(path)? = serde_json::from_str(value).with_context(|| path.join("."))?;
        self.edit(path, Action::Set(value.to_owned()));
        self.changes.push(Change { key: path.join("."), from, to: value.trim().to_owned() });
        Ok(())
    }

    /// Appends strings to the array at a path of keys, which is made where it is absent. No [`Change`] tells of it.
    pub(crate) fn append(&mut self, path: &[&str], values: &[String]) -> anyhow::Result<()> {
        if values.is_empty() {
            return Ok(());
        }
        let is_absent = self.get(path).is_none();
        let array = self.member(path)?;
        if is_absent {
            *array = Value::Array(Vec::new());
        }
        let array = array.as_array_mut().with_context(|| format!("{}: expected an array", path.join(".")))?;
        array.extend(values.iter().map(|value| Value::from(value.as_str())));
        self.edit(path, Action::Append(values.iter().map(|value| quote(value)).collect()));
        Ok(())
    }

    /// Raises `REVISION` by one, where there is one.
    pub(crate) fn raise_revision(&mut self) -> anyhow::Result<()> {
        // The runtime ignores any other value and says so.
        let Some(revision) = self.get(&[REVISION]).and_then(Value::as_u64) else { return Ok(()) };
        self.set(&[REVISION], &revision.saturating_add(1).to_string())
    }

    /// Whether SOPS has signed the document of the config.
    pub(crate) fn has_mac(&self) -> bool {
        let holds = |tree: &&Tree| !configs(slice::from_ref(*tree), &self.configmap).is_empty();
        let own = self.loaded.file.documents.iter().find(holds);
        own.is_some_and(|tree| sops_mac(tree.root()).is_some())
    }

    /// The changes so far.
    pub(crate) fn changes(&self) -> &[Change] {
        &self.changes
    }

    /// Whether there is any edit.
    pub(crate) fn is_changed(&self) -> bool {
        !self.edits.is_empty()
    }

    /// Makes the new file. Refuses edits by which the runtime would reject the config, or lose a flag.
    pub(crate) fn finish(self) -> anyhow::Result<Edited> {
        let (old, name) = (self.loaded.file.text.clone(), &self.loaded.name);
        if self.edits.is_empty() {
            return Ok(Edited { path: self.path, new: old.clone(), old, changes: self.changes, warnings: Vec::new() });
        }
        let new = self.text()?;
        let loaded = Loaded::of_configmap(name, &self.path, new.clone().into_bytes(), &self.configmap)?;
        self.verify(&loaded)?;
        let warnings = self.judge(&loaded)?;
        Ok(Edited { path: self.path, old, new, changes: self.changes, warnings })
    }

    /// The text of the new file, not yet verified.
    pub(crate) fn text(&self) -> anyhow::Result<String> {
        let splices = splices(&self.loaded.document, &self.edits);
        splices.and_then(|splices| self.loaded.edit(splices)).with_context(|| self.loaded.name.clone())
    }

    fn edit(&mut self, path: &[&str], action: Action) {
        self.edits.push(Edit { path: path.iter().map(|key| (*key).to_owned()).collect(), action });
    }

    /// The member of the expected config at a path of keys, made where it is absent.
    fn member(&mut self, path: &[&str]) -> anyhow::Result<&mut Value> {
        let mut value = &mut self.expected;
        for (key, depth) in path.iter().zip(0_usize..) {
            let parent = path.get(..depth).unwrap_or_default().join(".");
            let parent = if parent.is_empty() { self.loaded.name.clone() } else { parent };
            let object = value.as_object_mut().with_context(|| format!("{parent}: expected an object"))?;
            let rest = path.get(depth.saturating_add(1)..).unwrap_or_default();
            let absent = if rest.is_empty() { Value::Null } else { Value::Object(Map::new()) };
            value = object.entry(*key).or_insert(absent);
        }
        Ok(value)
    }

    /// Compares the new file with what the edits have to lead to, by another parser than the one that placed them.
    fn verify(&self, new: &Loaded) -> anyhow::Result<()> {
        let config = serde_json::from_str::<Value>(new.document.source()).unwrap_or_default();
        let same = differ_in_one_scalar(&self.loaded.file.documents, &new.file.documents);
        let name = &new.name;
        ensure!(same && config == self.expected, "{name}: nothing is written, more than the intended change would be");
        Ok(())
    }

    /// Judges the new config as the runtime does, and returns what it did not say about the old one.
    fn judge(&self, new: &Loaded) -> anyhow::Result<Vec<FileDiagnostic>> {
        if let (Err(_), Some(fault)) = (&new.parsed, new.found().first()) {
            return Err(new.error(fault).context("nothing is written, the config would be rejected"));
        }
        let is_new = |fault: &&Diagnostic| match &self.loaded.parsed {
            Ok(_) => !self.loaded.found().iter().any(|it| (it.code(), it.key()) == (fault.code(), fault.key())),
            // Nothing was said about the parts of a rejected config: what counts is what was edited.
            Err(_) => self.changes.iter().any(|change| fault.key().starts_with(&change.key)),
        };
        let found: Vec<_> = new.found().iter().filter(is_new).collect();
        match found.iter().find(|fault| fault.code().as_str().starts_with('E')) {
            Some(fault) => Err(new.error(fault).context("nothing is written")),
            None => Ok(found.into_iter().map(|fault| new.describe(fault)).collect()),
        }
    }
}

impl Edited {
    /// The file's path, as it was named.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// The new file.
    pub(crate) fn into_text(self) -> String {
        self.new
    }

    /// Whether anything has changed.
    pub(crate) fn is_changed(&self) -> bool {
        self.old != self.new
    }

    /// The lines that have changed, as `diff -u` shows them.
    pub(crate) fn diff(&self) -> String {
        let name = self.path.display().to_string();
        TextDiff::from_lines(&self.old, &self.new).unified_diff().context_radius(2).header(&name, &name).to_string()
    }

    /// Writes the file, unless somebody else has in the meantime.
    pub(crate) fn save(&self) -> anyhow::Result<()> {
        replace(&self.path, self.old.as_bytes(), self.new.as_bytes())
    }

    /// Takes over what a hook made of the file, if that holds the same config. Returns whether it has changed the file so.
    pub(crate) fn adopt(&mut self) -> bool {
        let read = |text: &str| Loaded::of_file("", &self.path, text.as_bytes().to_vec());
        let Ok(found) = fs::read_to_string(&self.path) else { return false };
        let is_same = found != self.new
            && matches!((read(&found), read(&self.new)), (Ok(found), Ok(own)) if found.document.root() == own.document.root());
        if is_same {
            self.new = found;
        }
        is_same
    }

    /// Puts the file back as it was.
    pub(crate) fn undo(&self) -> anyhow::Result<()> {
        replace(&self.path, self.new.as_bytes(), self.old.as_bytes())
    }
}

#[cfg(test)]
mod property;
#[cfg(test)]
mod tests;
