//! `rollout.yaml`: where it lies, and edits of `spec.pause`.

use std::fs;
use std::path::Path;

use anyhow::{Context, anyhow, bail};
use canary_rollout::{Rollout, SpecError};
use canary_runtime::Position;
use serde_json::Value;

use crate::config::configmap::{ConfigMapKey, KEY, NAME};
use crate::config::yaml::{Node, Tree};
use crate::rollout::plan;
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
                repository.shown()
            );
        }
        let text = fs::read_to_string(path).with_context(|| format!("cannot read {name}"))?;
        Ok(Self { rollout: parse(&name, &text)?, path: None, text })
    }

    /// The file as it was before a commit of the branch deleted it.
    pub(crate) fn deleted(repository: &Repository, commit: &str, path: &Path) -> anyhow::Result<Option<Self>> {
        let path = path.display().to_string();
        let path = path.trim_start_matches("./");
        if Path::new(path).is_absolute() || repository.read(commit, path)?.is_some() {
            return Ok(None);
        }
        let deletion = repository.git(&["log", "-n1", "--format=%H", "--diff-filter=D", commit, "--", path])?;
        let Some(deletion) = deletion.lines().next() else { return Ok(None) };
        let Some(bytes) = repository.read(&format!("{deletion}^"), path)? else { return Ok(None) };
        let text = String::from_utf8(bytes).map_err(|_| anyhow!("{path}: expected UTF-8"))?;
        Ok(Some(Self { rollout: parse(path, &text)?, path: Some(path.to_owned()), text }))
    }

    /// The `ConfigMap` and the key of the config.
    pub(crate) fn configmap(&self) -> ConfigMapKey {
        let or = |given: &Option<String>, default: &str| given.clone().unwrap_or_else(|| default.to_owned());
        ConfigMapKey { name: or(&self.rollout.config_name, NAME), key: or(&self.rollout.config_key, KEY) }
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
    read(text).map_err(|found| DiagnosticError::new(&found, name, text).into())
}

/// Whether a text is a rollout's file.
pub(crate) fn is_rollout(text: &str) -> bool {
    let trees = text.contains("ClientCanary").then(|| Tree::parse_all(text).ok()).flatten().unwrap_or_default();
    trees.first().is_some_and(|tree| tree.root().get("kind").and_then(Node::text) == Some("ClientCanary"))
}

/// What a rollout's file is checked against beside itself.
#[derive(Clone, Debug, Default)]
pub(crate) struct Surroundings {
    /// The traffic, in page views a second.
    pub(crate) views_per_second: Option<f64>,
    /// A repository as `--repo` names it, and a branch, which have to take a push.
    pub(crate) repository: Option<(String, Option<String>)>,
}

/// The simulated runs of a check.
const RUNS: u64 = 20;

/// What is wrong with a rollout's file, and what it asks for in vain.
pub(crate) fn check(text: &str, around: &Surroundings) -> Vec<FileDiagnostic> {
    let rollout = match read(text) {
        Ok(rollout) => rollout,
        Err(found) => return vec![*found],
    };
    let trees = Tree::parse_all(text).unwrap_or_default();
    let root = trees.first().map(Tree::root);
    let at = |path: &[&str]| root.and_then(|root| root.at(path));
    let mut found = Vec::new();
    let providers = &rollout.notifications.providers;
    let nodes = at(&["spec", "analysis", "alerts"]).into_iter().flat_map(Node::items);
    for (index, (alert, node)) in rollout.analysis.alerts.iter().zip(nodes).enumerate() {
        if !providers.iter().any(|provider| provider.name == alert.provider) {
            let message = format!("no provider of spec.notifications is named {}: it is not sent", alert.provider);
            let key = format!("spec.analysis.alerts[{index}]");
            found.push(FileDiagnostic::new("W941", key, Some(node.position()), message));
        }
    }
    let weight =
        |key: &str| at(&["spec", "analysis", key]).and_then(Node::text).and_then(|text| text.parse::<f64>().ok());
    if let (Some(max), Some(weights)) = (weight("maxWeight"), at(&["spec", "analysis", "stepWeights"])) {
        let message = format!("maxWeight {max} is ignored beside stepWeights, as in Flagger");
        found.push(FileDiagnostic::new("W942", "spec.analysis.maxWeight", Some(weights.position()), message));
    }
    if let Some(rate) = around.views_per_second.filter(|_| plan::is_judged(&rollout)) {
        let (promoted, minutes) = plan::promotions(&rollout.analysis, rate, RUNS);
        if minutes.is_none() {
            let key = if weight("stepWeight").is_some() { "stepWeight" } else { "stepWeights" };
            let node = at(&["spec", "analysis", key]);
            let message = format!(
                "at {rate:.3} views a second, {promoted} of {RUNS} simulated runs of a healthy canary are promoted within a \
                 week; lower minViews, or begin with a higher weight"
            );
            let position = node.map(Node::position);
            found.push(FileDiagnostic::new("E943", format!("spec.analysis.{key}"), position, message));
        }
    }
    if let Some((repo, branch)) = &around.repository {
        let refused = refusal(&rollout, repo, branch.as_deref());
        if let Some(reason) = refused.unwrap_or_else(|error| Some(format!("{error:#}"))) {
            let node = at(&["spec", "push", "branch"]).or_else(|| at(&["spec"]));
            let message = format!("a roll-back could not be pushed: {reason}");
            found.push(FileDiagnostic::new("E944", "spec.push.branch", node.map(Node::position), message));
        }
    }
    found
}

/// Why the branch of a rollout's commits takes no push, as far as the remote says before one.
fn refusal(rollout: &Rollout, repo: &str, branch: Option<&str>) -> anyhow::Result<Option<String>> {
    let mut repository = Repository::open(Some(repo), branch)?;
    repository.adopt(rollout)?;
    repository.probe_push(&repository.head()?)
}

/// Reads the file, or says where it is wrong.
fn read(text: &str) -> Result<Rollout, Box<FileDiagnostic>> {
    let value: Value = serde_saphyr::from_str(text).map_err(|error| {
        let place = error.location();
        let (line, column) = place.map_or((1, 1), |place| (place.line(), place.column()));
        let (line, column) = [line, column].map(|it| usize::try_from(it).unwrap_or(1)).into();
        let text = error.without_snippet().to_string();
        let text = text.lines().next().unwrap_or_default();
        let reason = text.split(" at line ").next().unwrap_or(text);
        Box::new(FileDiagnostic::new("E940", "", Some(Position { line, column }), reason))
    })?;
    Rollout::read(&value).map_err(|error| {
        let position = place(text, &error);
        Box::new(FileDiagnostic::new("E940", error.path, position, error.message))
    })
}

/// The place of an error in the file.
fn place(text: &str, error: &SpecError) -> Option<Position> {
    let trees = Tree::parse_all(text).ok()?;
    let mut node = trees.first()?.root();
    for part in error.path.split(['.', '[']).filter(|part| !part.is_empty()) {
        let next = match part.strip_suffix(']').and_then(|index| index.parse::<usize>().ok()) {
            Some(index) => node.items().nth(index),
            None => node.get(part),
        };
        node = match next {
            Some(next) => next,
            None => break,
        };
    }
    Some(node.position())
}
