//! The files that a decision changes.

use std::path::Path;

use anyhow::{Context, bail};
use canary_rollout::{Change, ImageChange};
use serde_json::{Value, json};

use crate::config::editor::Editor;
use crate::rollout::file::File;
use crate::rollout::history::History;
use crate::rollout::image::{self, Version};
use crate::rollout::repository::Repository;

/// The changed files, each with its whole text.
pub(crate) fn files(
    repository: &Repository,
    file: &File,
    history: &History,
    change: &Change,
) -> anyhow::Result<Vec<(String, Vec<u8>)>> {
    let mut files = Vec::new();
    let path = &file.rollout.config;
    if change.percentage.is_some() || change.start.is_some() {
        let bytes = repository.read(&history.commit, path)?.with_context(|| format!("{path}: no such file"))?;
        let mut editor = Editor::of_bytes(Path::new(path), bytes, file.configmap())?;
        edit(&mut editor, file, history, change)?;
        files.push((path.clone(), editor.finish()?.into_text().into_bytes()));
    }
    if let (Some(change), Some(image)) = (change.image, &file.rollout.stable.image) {
        let read = |commit: &str| -> anyhow::Result<String> {
            let bytes =
                repository.read(commit, &image.path)?.with_context(|| format!("{}: no such file", image.path))?;
            Ok(String::from_utf8(bytes)?)
        };
        let version = match change {
            ImageChange::Promote => history.canary.clone().or_else(|| run_version(history)),
            ImageChange::Restore => Some(image::version(image, &read(&before_promotion(history)?)?)?),
        };
        let version = version.context("the version to set is not known")?;
        let text = image::replace(image, &read(&history.commit)?, &version)?;
        files.push((image.path.clone(), text.into_bytes()));
    }
    if let (Some(pause), Some(path)) = (change.pause, &file.path) {
        files.push((path.clone(), file.with_pause(pause)?.into_bytes()));
    }
    Ok(files)
}

fn run_version(history: &History) -> Option<Version> {
    history.run.as_ref().map(|run| Version { tag: run.version.clone(), digest: None })
}

/// The commit before the one that promoted the run's version.
fn before_promotion(history: &History) -> anyhow::Result<String> {
    let commits = history.run.as_ref().map(|run| run.commits.as_slice()).unwrap_or_default();
    let promoted = commits.iter().find(|commit| commit.trailers.phase == canary_rollout::Phase::Promoting);
    Ok(format!("{}^", promoted.context("the commit of the promotion is not known")?.hash))
}

fn edit(editor: &mut Editor, file: &File, history: &History, change: &Change) -> anyhow::Result<()> {
    if let Some(percentage) = change.percentage {
        editor.set(&["CANARY_PERCENTAGE"], &percentage.to_string())?;
    }
    let rule = rule(&file.rollout.analysis.matching);
    if let Some(start) = &change.start {
        editor.set(&["SALT"], &json!(start.salt).to_string())?;
        if let Some(bundle) = &start.bundle {
            check_entries(editor, bundle)?;
            editor.set(&["ASSETS", "canary"], &bundle.to_string())?;
        }
        if let Some(rule) = &rule {
            let mut rules = rules(editor);
            if !rules.contains(rule) {
                rules.push(rule.clone());
                editor.set(&["CANARY_RULES"], &Value::Array(rules).to_string())?;
            }
        }
    }
    if let Some(rule) = rule.filter(|_| change.is_end) {
        let rules = rules(editor);
        let kept: Vec<_> = rules.iter().filter(|other| **other != rule).cloned().collect();
        if kept.len() < rules.len() {
            editor.set(&["CANARY_RULES"], &Value::Array(kept).to_string())?;
        }
    }
    editor.set(&["REVISION"], &history.head.largest_revision.saturating_add(1).to_string())
}

/// Fails if pages with `data-entry` would get another version: a run sets `ASSETS.canary` alone.
fn check_entries(editor: &Editor, bundle: &Value) -> anyhow::Result<()> {
    let entries = editor.get(&["ASSETS", "entries"]).and_then(Value::as_object);
    let version = bundle.get("version");
    let other = entries.into_iter().flatten().find(|(_, entry)| entry.get("version") != version);
    match other {
        None => Ok(()),
        Some((name, _)) => bail!(
            "ASSETS.entries.{name} is of another version, and a rollout sets ASSETS.canary alone: write the entries with \
             canaryctl assets DIST --into CONFIG first"
        ),
    }
}

fn rules(editor: &Editor) -> Vec<Value> {
    editor.get(&["CANARY_RULES"]).and_then(Value::as_array).cloned().unwrap_or_default()
}

/// The rule that serves stable to those who match no condition.
fn rule(matching: &[Value]) -> Option<Value> {
    let condition = match matching {
        [] => return None,
        [one] => json!({"$not": one}),
        several => json!({"$nor": several}),
    };
    Some(json!({"if": condition, "serve": "stable"}))
}
