//! `rollout.yaml`: where it lies, and edits of `spec.pause`.

use std::fs;
use std::path::Path;

use anyhow::{Context, anyhow, bail};
use canary_rollout::{Rollout, SpecError};
use serde_json::Value;

use crate::config::yaml::{Node, Tree};
use crate::rollout::repository::Repository;
use crate::terminal::diagnostic::{DiagnosticError, FileDiagnostic};

/// A rollout and its file.
#[derive(Debug)]
pub(crate) struct File {
    pub(crate) rollout: Rollout,
    /// The path from the repository's root; none where the file is not in the commit.
    pub(crate) path: Option<String>,
    pub(crate) text: String,
}

impl File {
    /// Reads the file from a commit, or from the disk where the commit has none.
    pub(crate) fn read(repository: &Repository, commit: &str, path: &Path) -> anyhow::Result<Self> {
        let name = path.display().to_string();
        let inside = repository.work_tree.as_ref().and_then(|root| {
            let real = fs::canonicalize(path).ok()?;
            Some(real.strip_prefix(fs::canonicalize(root).ok()?).ok()?.to_string_lossy().into_owned())
        });
        let named = path.is_relative().then(|| name.trim_start_matches("./").to_owned());
        for path in named.into_iter().chain(inside) {
            if let Some(bytes) = repository.read(commit, &path)? {
                let text = String::from_utf8(bytes).map_err(|_| anyhow!("{path}: expected UTF-8"))?;
                return Ok(Self { rollout: parse(&path, &text)?, path: Some(path), text });
            }
        }
        if !path.is_file() {
            bail!(
                "{name} is neither in the branch {} of {} nor on the disk: name the file with --rollout",
                repository.branch,
                repository.remote
            );
        }
        let text = fs::read_to_string(path).with_context(|| format!("cannot read {name}"))?;
        Ok(Self { rollout: parse(&name, &text)?, path: None, text })
    }

    /// The file with another value of `spec.pause`.
    pub(crate) fn with_pause(&self, pause: bool) -> anyhow::Result<String> {
        let trees = Tree::parse_all(&self.text).map_err(|error| anyhow!("{}", error.reason))?;
        let spec = trees.first().and_then(|tree| tree.root().get("spec")).context("expected spec")?;
        let mut text = self.text.clone();
        if let Some(scalar) = spec.get("pause").and_then(Node::scalar) {
            text.replace_range(scalar.range, if pause { "true" } else { "false" });
            return Ok(text);
        }
        let (first, _) = spec.entries().next().context("expected a key below spec")?;
        let start = first.start().context("expected a key below spec")?;
        let line = text.get(..start).and_then(|before| before.rfind('\n')).map_or(0, |end| end.saturating_add(1));
        let indent = text.get(line..start).unwrap_or_default().to_owned();
        if !indent.trim().is_empty() {
            bail!("expected spec.pause, or spec with a line for each key");
        }
        text.insert_str(line, &format!("{indent}pause: {pause}\n"));
        Ok(text)
    }
}

/// Parses the file.
pub(crate) fn parse(name: &str, text: &str) -> anyhow::Result<Rollout> {
    let value: Value = serde_saphyr::from_str(text).map_err(|error| {
        let (line, column) = error.location().map_or((1, 1), |place| (place.line(), place.column()));
        let text = error.without_snippet().to_string();
        let text = text.lines().next().unwrap_or_default();
        anyhow!("{name}:{line}:{column}: {}", text.split(" at line ").next().unwrap_or(text))
    })?;
    Rollout::read(&value).map_err(|error| located(name, text, &error))
}

/// An error with its place in the file.
fn located(name: &str, text: &str, error: &SpecError) -> anyhow::Error {
    let position = Tree::parse_all(text).ok().and_then(|trees| {
        let mut node = trees.first()?.root();
        for part in error.path.split(['.', '[']).filter(|part| !part.is_empty()) {
            let next = match part.strip_suffix(']').and_then(|index| index.parse::<usize>().ok()) {
                Some(index) => node.items().nth(index),
                None => node.entries().find(|(key, _)| key.text() == Some(part)).map(|(key, value)| {
                    // The key of a mapping is its place; a scalar's own is better.
                    if value.scalar().is_some() || value.is_mapping() || value.is_sequence() { value } else { key }
                }),
            };
            node = match next {
                Some(next) => next,
                None => break,
            };
        }
        Some(node.position())
    });
    DiagnosticError::new(&FileDiagnostic::new("", error.path.clone(), position, error.message.clone()), name, text)
        .into()
}
