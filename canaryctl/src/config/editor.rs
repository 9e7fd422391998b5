//! Edits of the config in its file: what is not to be changed stays byte for byte.
//!
//! The config's text is found in the file ([`crate::config::source`]), edited there ([`crate::config::json_edit`]), and the file read again as a whole. An
//! edit that gives anything but the old config with the intended change is refused.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, anyhow, bail, ensure};
use canary_runtime::{Config, Diagnostic};
use serde_json::{Map, Value};
use similar::TextDiff;

use crate::config::change::Change;
use crate::config::configmap::{Place, locate};
use crate::config::json_edit::{self as json, Splice};
use crate::config::source::Source;
use crate::config::yaml::differ_in_one_text;
use crate::platform::atomic_write::replace;

/// A label that is counted up with each edit.
const REVISION: &str = "REVISION";

/// A config that is being edited. Nothing is written before [`Editor::save`].
#[derive(Debug)]
pub(crate) struct Editor {
    path: PathBuf,
    old: String,
    new: String,
    /// What the config has to be in the end.
    expected: Value,
    changes: Vec<Change>,
}

impl Editor {
    /// Reads a manifest or a bare config. It has to be JSON, but need not be a config that holds: an edit may be what
    /// repairs it.
    pub(crate) fn open(path: &Path) -> anyhow::Result<Self> {
        let bytes = fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
        let old = String::from_utf8(bytes).with_context(|| path.display().to_string())?;
        let source = Source::find(path, &old)?;
        let expected = serde_json::from_str(&source.text).map_err(|error| {
            let (line, column) = place(&old, source.place(offset(&source.text, error.line(), error.column())));
            anyhow!("{}: line {line}, column {column}: expected JSON", path.display())
        })?;
        Ok(Self { path: path.to_owned(), new: old.clone(), old, expected, changes: Vec::new() })
    }

    /// The file, as it was named.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// The value at a path of keys, with the edits so far.
    pub(crate) fn get(&self, path: &[&str]) -> Option<&Value> {
        path.iter().try_fold(&self.expected, |value, key| value.as_object()?.get(*key))
    }

    /// Sets the member at a path of keys to a JSON value, whose tokens and order stay as typed, while its layout
    /// follows the file. Objects that are absent on the way are made. Does nothing where the value is the same.
    pub(crate) fn set(&mut self, path: &[&str], value: &str) -> anyhow::Result<()> {
        let parsed = serde_json::from_str(value).with_context(|| format!("{}: expected JSON", path.join(".")))?;
        let source = Source::find(&self.path, &self.new)?;
        let from = json::get(&source.text, path)?;
        let splice = json::set(&source.text, path, value).with_context(|| self.path.display().to_string())?;
        let Some(splice) = splice else { return Ok(()) };
        self.apply(&source, &splice);
        *member(&mut self.expected, path)? = parsed;
        self.changes.push(Change { key: path.join("."), from, to: value.trim().to_owned() });
        self.check()
    }

    /// Sets a member to a value, the members of which stand in the order in which the value has them.
    pub(crate) fn set_value(&mut self, path: &[&str], value: &Value) -> anyhow::Result<()> {
        self.set(path, &value.to_string())
    }

    /// Appends values to the array at a path of keys, which is made where it is absent. No [`Change`] tells of it.
    pub(crate) fn append(&mut self, path: &[&str], values: &[String]) -> anyhow::Result<()> {
        let source = Source::find(&self.path, &self.new)?;
        let items: Vec<_> = values.iter().map(|value| json::quote(value)).collect();
        let splice = json::append(&source.text, path, &items).with_context(|| self.path.display().to_string())?;
        let Some(splice) = splice else { return Ok(()) };
        self.apply(&source, &splice);
        let array = member(&mut self.expected, path)?;
        if array.is_null() {
            *array = Value::Array(Vec::new());
        }
        let array = array.as_array_mut().with_context(|| format!("{}: expected an array", path.join(".")))?;
        array.extend(values.iter().map(|value| Value::from(value.as_str())));
        self.check()
    }

    /// Counts `REVISION` up, where there is one.
    pub(crate) fn raise_revision(&mut self) -> anyhow::Result<()> {
        let Some(revision) = self.get(&[REVISION]) else { return Ok(()) };
        // Whatever else stands there, the runtime ignores it and says so.
        let Some(revision) = revision.as_u64() else { return Ok(()) };
        self.set_value(&[REVISION], &revision.saturating_add(1).into())
    }

    /// What has changed so far.
    pub(crate) fn changes(&self) -> &[Change] {
        &self.changes
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

    /// Judges the result as the runtime does: what it has to say about it that it did not say before. An error where
    /// the config would be rejected, or a flag lost.
    pub(crate) fn judge(&self) -> anyhow::Result<Vec<Diagnostic>> {
        let name = self.path.display();
        let source = Source::find(&self.path, &self.new)?;
        let (_, faults) = Config::parse(source.text.as_bytes())
            .map_err(|fault| anyhow!("{name}: nothing is written, the config would be rejected: {fault}"))?;
        let old = Config::parse(Source::find(&self.path, &self.old)?.text.as_bytes());
        let is_new = |fault: &Diagnostic| match &old {
            Ok((_, faults)) => !faults.iter().any(|it| (it.code(), it.key()) == (fault.code(), fault.key())),
            // Nothing was said of a rejected config's parts, whatever they are: what counts is what was edited.
            Err(_) => self.changes.iter().any(|change| fault.key().starts_with(&change.key)),
        };
        let faults: Vec<_> = faults.into_iter().filter(is_new).collect();
        match faults.iter().find(|fault| fault.code().as_str().starts_with('E')) {
            Some(fault) => bail!("{name}: nothing is written: {fault}"),
            None => Ok(faults),
        }
    }

    /// Writes the file, unless somebody else has in the meantime.
    pub(crate) fn save(&self) -> anyhow::Result<()> {
        replace(&self.path, self.old.as_bytes(), self.new.as_bytes())
    }

    /// Puts the file back as it was.
    pub(crate) fn undo(&self) -> anyhow::Result<()> {
        replace(&self.path, self.new.as_bytes(), self.old.as_bytes())
    }

    fn apply(&mut self, source: &Source, splice: &Splice) {
        let Splice { range, text } = source.splice(splice);
        let before = self.new.get(..range.start).unwrap_or_default();
        let after = self.new.get(range.end..).unwrap_or_default();
        self.new = format!("{before}{text}{after}");
    }

    /// Reads the whole file again, by another way than it was edited.
    fn check(&self) -> anyhow::Result<()> {
        let config = match locate(&self.path, self.new.as_bytes())? {
            Place::Whole => self.new.trim_start_matches('\u{feff}').to_owned(),
            Place::Scalars(scalars) => {
                ensure!(differ_in_one_text(&self.old, &self.new), "{}", self.refusal());
                scalars.into_iter().next().map(|scalar| scalar.text).unwrap_or_default()
            }
        };
        let config: Value = serde_json::from_str(&config).with_context(|| self.refusal())?;
        ensure!(config == self.expected, "{}", self.refusal());
        Ok(())
    }

    fn refusal(&self) -> String {
        format!("{}: nothing is written, more than the intended change would be", self.path.display())
    }
}

/// The member at a path of keys, made where it is absent.
fn member<'a>(root: &'a mut Value, path: &[&str]) -> anyhow::Result<&'a mut Value> {
    path.iter().try_fold(root, |value, key| {
        if value.is_null() {
            *value = Value::Object(Map::new());
        }
        let object = value.as_object_mut().with_context(|| format!("{}: expected an object", path.join(".")))?;
        Ok(object.entry(*key).or_insert(Value::Null))
    })
}

/// The offset of a line and a column, which `serde_json` counts in bytes from 1.
pub(crate) fn offset(text: &str, line: usize, column: usize) -> usize {
    let start: usize = text.split_inclusive('\n').take(line.saturating_sub(1)).map(str::len).sum();
    start.saturating_add(column.saturating_sub(1)).min(text.len())
}

/// The line and column of an offset, both counted from 1.
fn place(text: &str, offset: usize) -> (usize, usize) {
    let before = text.get(..offset).unwrap_or_default();
    let line = before.matches('\n').count().saturating_add(1);
    let column = before.rsplit('\n').next().unwrap_or_default().chars().count().saturating_add(1);
    (line, column)
}

#[cfg(test)]
mod property;
#[cfg(test)]
mod tests;
