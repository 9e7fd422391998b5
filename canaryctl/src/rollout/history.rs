//! The state of a rollout as Git says: the head of the branch, and the last run.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context, anyhow};
use canary_rollout::event::{Event, Kind};
use canary_rollout::{Commit, Head, Image, Phase, Run, Trailers, salt};
use serde_json::Value;

use crate::config::loaded::Loaded;
use crate::rollout::file::File;
use crate::rollout::image::{self, Version};
use crate::rollout::proposal;
use crate::rollout::repository::Repository;
use crate::rollout::rows::parse_rows;
use crate::rollout::signatures;

/// The keys of the config that say who sees what.
const DECISIVE: [&str; 4] = ["CANARY_PERCENTAGE", "SALT", "ASSETS", "CANARY_RULES"];

/// The state of a rollout.
#[derive(Debug)]
pub(crate) struct History {
    pub(crate) commit: String,
    pub(crate) head: Head,
    /// The config at the head.
    pub(crate) config: Value,
    pub(crate) run: Option<Run>,
    /// The salt of a run that would begin now.
    pub(crate) next_salt: String,
    pub(crate) canary: Option<Version>,
    /// Events of proposals that were merged, which the run's ref does not have yet.
    pub(crate) merged: Vec<Event>,
    /// The head of the branch when the run's ref was last written.
    accepted: Option<String>,
}

/// A commit in the output of `git log`.
#[derive(Debug)]
pub(crate) struct Logged {
    pub(crate) hash: String,
    pub(crate) time: i64,
    pub(crate) message: String,
}

impl History {
    /// Reads the state at the head of the branch.
    pub(crate) fn read(repository: &Repository, file: &File) -> anyhow::Result<Self> {
        let commit = repository.head()?;
        let config = config(repository, &commit, file)?;
        let canary = tag(repository, &commit, file.rollout.canary.image.as_ref())?;
        let stable = tag(repository, &commit, file.rollout.stable.image.as_ref())?;
        let mut head = Head {
            percentage: percentage(&config),
            canary_tag: canary.as_ref().map(|version| version.tag.clone()),
            stable_tag: stable.map(|version| version.tag),
            largest_revision: revision(&config),
            is_balanced: config.pointer("/TELEMETRY/cohorts").and_then(Value::as_str) == Some("balanced"),
            ..Head::default()
        };
        let (run, merged) = match current(repository, file, &commit)? {
            Some((run, merged)) => (Some(run), merged),
            None => (None, Vec::new()),
        };
        let run_ref = match &run {
            Some(run) => repository.resolve(&format!("{}{}", repository.runs, run.salt))?,
            None => None,
        };
        let accepted = run_ref.as_ref().map(|tip| seen(repository, tip)).transpose()?.flatten();
        if let Some(run) = run.as_ref().filter(|run| !run.commits.is_empty() && !run.phase().is_over()) {
            for commit_seen in accepted.iter().chain(run.commits.last().map(|commit| &commit.hash)) {
                let is_known = repository.resolve(commit_seen)?.is_some();
                head.is_rewritten |=
                    !is_known || !repository.is(&["merge-base", "--is-ancestor", commit_seen, &commit])?;
            }
            if !head.is_rewritten {
                follow(repository, file, run, &commit, &mut head)?;
            }
        }
        if file.rollout.require_signatures {
            head.unsigned = signatures::unsigned(repository, accepted.as_deref(), &commit)?;
        }
        let refs = repository.git(&["for-each-ref", "--format=%(refname)", &repository.runs])?;
        let used: Vec<_> = refs.lines().filter_map(|name| name.strip_prefix(&repository.runs)).collect();
        let in_config = config.get("SALT").and_then(Value::as_str).unwrap_or("canary");
        let is_used =
            |salt: &str| used.contains(&salt) || in_config == salt || run.as_ref().is_some_and(|run| run.salt == salt);
        let next_salt = salt(head.canary_tag.as_deref().unwrap_or_default(), is_used);
        Ok(Self { commit, head, config, run, next_salt, canary, merged, accepted })
    }

    /// The commit up to which the branch is accepted, with what is written now: not beyond one without a valid signature.
    pub(crate) fn accepted(&self) -> &str {
        let before = self.accepted.as_deref().filter(|_| self.head.unsigned.is_some());
        before.unwrap_or(&self.commit)
    }

    /// The salt of a run of a version that would begin now.
    pub(crate) fn salt_of(&self, repository: &Repository, version: &str) -> anyhow::Result<String> {
        let refs = repository.git(&["for-each-ref", "--format=%(refname)", &repository.runs])?;
        let used: Vec<_> = refs.lines().filter_map(|name| name.strip_prefix(&repository.runs)).collect();
        let in_config = self.config.get("SALT").and_then(Value::as_str).unwrap_or("canary");
        Ok(salt(version, |salt| used.contains(&salt) || in_config == salt))
    }
}

/// The last run: that of the newest commit with its trailers, or a newer one of which there are only events.
fn current(repository: &Repository, file: &File, head: &str) -> anyhow::Result<Option<(Run, Vec<Event>)>> {
    let paths = paths(file);
    let newest = log(repository, &["-n50", "--grep=^Rollout-Run: ", head], &paths)?;
    let committed = newest.iter().find_map(|logged| Trailers::parse(&logged.message));
    let committed = committed.map(|trailers| load(repository, &trailers.run, head, &paths, file)).transpose()?;
    if committed.as_ref().is_some_and(|(run, _)| !run.phase().is_over()) {
        return Ok(committed);
    }
    // The newest run of this rollout of which the branch has no commit.
    let format = "--format=%(refname) %(contents:subject)";
    let refs = repository.git(&["for-each-ref", "--sort=-committerdate", format, &repository.runs])?;
    let own = format!("rollout({}): ", file.rollout.name);
    let names = refs.lines().filter_map(|line| line.split_once(' ')).filter(|(_, subject)| subject.starts_with(&own));
    let mut salts = names.filter_map(|(name, _)| name.strip_prefix(&repository.runs));
    let newest = salts.find(|salt| committed.as_ref().is_none_or(|(run, _)| run.salt != *salt));
    let Some(newest) = newest else { return Ok(committed) };
    let (mut run, merged) = load(repository, newest, head, &paths, file)?;
    let last = |run: &Run| run.events.last().map(|event| event.at);
    if committed.as_ref().is_some_and(|(committed, _)| last(committed) > last(&run)) {
        return Ok(committed);
    }
    // Its commits are no part of the branch any more.
    if run.commits.is_empty() && run.events.iter().any(|event| event.kind == Kind::Commit) && !run.phase().is_over() {
        let trailers =
            Trailers { run: run.salt.clone(), version: run.version.clone(), phase: run.phase(), ..Trailers::default() };
        let tip = repository.resolve(&format!("{}{newest}", repository.runs))?;
        let hash = tip.map(|tip| seen(repository, &tip)).transpose()?.flatten().unwrap_or_default();
        run.commits.push(Commit { hash, time: run.events.first().map_or(0, |event| event.at), revision: 0, trailers });
    }
    Ok(Some((run, merged)))
}

pub(crate) fn paths(file: &File) -> Vec<String> {
    let image = file.rollout.stable.image.as_ref().map(|image| image.path.clone());
    [file.rollout.config.clone()].into_iter().chain(file.path.clone()).chain(image).collect()
}

/// A run of a salt, and the events of its proposals that were merged since its ref was written.
pub(crate) fn load(
    repository: &Repository,
    salt: &str,
    head: &str,
    paths: &[String],
    file: &File,
) -> anyhow::Result<(Run, Vec<Event>)> {
    let pattern = format!("--grep=^Rollout-Run: {}$", salt.replace('.', "\\."));
    let mut commits = Vec::new();
    for logged in log(repository, &[&pattern, head], paths)?.into_iter().rev() {
        let Some(trailers) = Trailers::parse(&logged.message).filter(|trailers| trailers.run == salt) else { continue };
        let revision = revision(&config(repository, &logged.hash, file)?);
        commits.push(Commit { hash: logged.hash, time: logged.time, revision, trailers });
    }
    let name = format!("{}{salt}", repository.runs);
    let tip = repository.resolve(&name)?;
    let read = |path: &str| match &tip {
        Some(tip) => Ok(repository.read(tip, path)?.unwrap_or_default()),
        None => anyhow::Ok(Vec::new()),
    };
    let events = events(&name, &read("events.jsonl")?)?;
    let version = commits.first().map(|commit| commit.trailers.version.clone());
    let version = version.or_else(|| events.iter().find_map(|event| event.version.clone())).unwrap_or_default();
    let mut run = Run {
        salt: salt.to_owned(),
        version,
        commits,
        events,
        rows: parse_rows(&format!("{name}:windows.jsonl"), &read("windows.jsonl")?)?,
        uncapped: parse_rows(&format!("{name}:uncapped.jsonl"), &read("uncapped.jsonl")?)?,
    };
    let merged = match &tip {
        Some(tip) => proposal::settle(repository, file, head, tip, &mut run)?,
        None => Vec::new(),
    };
    Ok((run, merged))
}

fn events(name: &str, bytes: &[u8]) -> anyhow::Result<Vec<Event>> {
    let lines = bytes.split(|byte| *byte == b'\n').zip(1_usize..).filter(|(line, _)| !line.is_empty());
    lines
        .map(|(line, number)| {
            serde_json::from_slice(line).map_err(|error| anyhow!("{name}:events.jsonl:{number}: {error}"))
        })
        .collect()
}

/// The head of the branch when a run's ref was last written.
fn seen(repository: &Repository, tip: &str) -> anyhow::Result<Option<String>> {
    let message = repository.git(&["log", "-1", "--format=%B", tip])?;
    Ok(message.lines().find_map(|line| line.strip_prefix("Rollout-Head: ")).map(str::to_owned))
}

/// Reads the commits since a run began: their revisions, and changes by others.
fn follow(repository: &Repository, file: &File, run: &Run, head_commit: &str, head: &mut Head) -> anyhow::Result<()> {
    let (Some(first), Some(last)) = (run.commits.first(), run.commits.last()) else { return Ok(()) };
    let path = &file.rollout.config;
    let range = format!("{}..{head_commit}", first.hash);
    let since = repository.git(&["rev-list", "--reverse", &range, "--", path])?;
    let mut known: BTreeMap<u64, Option<f64>> = BTreeMap::new();
    for commit in std::iter::once(first.hash.as_str()).chain(since.lines()) {
        let config = config(repository, commit, file)?;
        let (revision, percentage) = (revision(&config), percentage(&config));
        let known = known.entry(revision).or_insert(Some(percentage));
        // A revision with two percentages says nothing about a page view's share.
        if *known != Some(percentage) {
            *known = None;
        }
        head.largest_revision = head.largest_revision.max(revision);
    }
    head.revisions = known.into_iter().filter_map(|(revision, percentage)| Some((revision, percentage?))).collect();
    let accepted = config(repository, &last.hash, file)?;
    let range = format!("{}..{head_commit}", last.hash);
    for logged in log(repository, &["--first-parent", &range], std::slice::from_ref(path))?.into_iter().rev() {
        if Trailers::parse(&logged.message).is_some_and(|trailers| trailers.run == run.salt) {
            continue;
        }
        let new = config(repository, &logged.hash, file)?;
        let old = config(repository, &format!("{}^", logged.hash), file)?;
        // A merge brings the controller's own commit.
        if decisive(&new) != decisive(&old) && decisive(&new) != decisive(&accepted) {
            head.foreign.push((logged.hash, percentage(&new)));
        }
    }
    Ok(())
}

fn decisive(config: &Value) -> Vec<Option<&Value>> {
    DECISIVE.iter().map(|key| config.get(*key)).collect()
}

pub(crate) fn log(repository: &Repository, args: &[&str], paths: &[String]) -> anyhow::Result<Vec<Logged>> {
    let mut command = vec!["log", "--format=%H%x00%ct%x00%B%x01"];
    command.extend(args);
    command.push("--");
    command.extend(paths.iter().map(String::as_str));
    let text = repository.git(&command)?;
    let entries = text.split('\u{1}').map(|entry| entry.trim_start_matches('\n')).filter(|entry| !entry.is_empty());
    let parse = |entry: &str| {
        let mut parts = entry.splitn(3, '\0');
        let (hash, time, message) = (parts.next()?, parts.next()?, parts.next()?);
        Some(Logged { hash: hash.to_owned(), time: time.parse().ok()?, message: message.to_owned() })
    };
    Ok(entries.filter_map(parse).collect())
}

/// The config of a commit; null where it has none that is JSON.
pub(crate) fn config(repository: &Repository, commit: &str, file: &File) -> anyhow::Result<Value> {
    let path = &file.rollout.config;
    let bytes = repository.read(commit, path)?;
    let bytes = bytes.with_context(|| format!("{path}: no such file in commit {commit} (spec.configRef.path)"))?;
    let loaded = Loaded::of_configmap(path, Path::new(path), bytes, &file.configmap())?;
    Ok(serde_json::from_str(loaded.document.source()).unwrap_or_default())
}

/// The version of an image in a commit.
pub(crate) fn tag(repository: &Repository, commit: &str, image: Option<&Image>) -> anyhow::Result<Option<Version>> {
    let Some(image) = image else { return Ok(None) };
    let bytes = repository.read(commit, &image.path)?;
    let bytes = bytes.with_context(|| format!("{}: no such file in commit {commit}", image.path))?;
    Ok(Some(image::version(image, &String::from_utf8_lossy(&bytes))?))
}

pub(crate) fn percentage(config: &Value) -> f64 {
    config.get("CANARY_PERCENTAGE").and_then(Value::as_f64).unwrap_or_default()
}

pub(crate) fn revision(config: &Value) -> u64 {
    config.get("REVISION").and_then(Value::as_u64).unwrap_or_default()
}

/// The words for a phase that a run is in.
pub(crate) fn is_running(run: Option<&Run>) -> bool {
    run.is_some_and(|run| !run.commits.is_empty() && !matches!(run.phase(), Phase::Succeeded | Phase::Failed))
}
