//! The commits of a decision, and their push.

use anyhow::{Context, bail};
use canary_rollout::event::{Event, Kind};
use canary_rollout::evidence::Evidence;
use canary_rollout::{Decision, Phase, Run};

use crate::rollout::apply;
use crate::rollout::controller::{Controller, hash};
use crate::rollout::file::File;
use crate::rollout::history::History;
use crate::rollout::message::{Basis, message};
use crate::rollout::news::News;
use crate::rollout::repository::{Pushed, Update};

/// The time after which rows are pushed without a commit, in seconds.
const ROWS: i64 = 600;

/// Who has decided.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Author<'a> {
    Controller,
    /// A person, with a message of the commit.
    Person(Option<&'a str>),
}

impl<'a> Author<'a> {
    /// The message that a person gave.
    pub(crate) fn own(self) -> Option<&'a str> {
        match self {
            Self::Controller => None,
            Self::Person(message) => message,
        }
    }
}

/// All that commits are made from beside the decision.
#[derive(Clone, Copy)]
pub(crate) struct Material<'a> {
    pub(crate) file: &'a File,
    pub(crate) history: &'a History,
    pub(crate) evidence: Option<&'a Evidence>,
    pub(crate) author: Author<'a>,
    pub(crate) now: i64,
}

/// The end of a push.
#[derive(Debug)]
pub(crate) enum End {
    /// The remote has it: the commit, where there was a change.
    Written(Option<String>),
    /// Somebody else was faster.
    Race,
}

/// The files of a run's ref, with what a decision adds.
pub(crate) struct Records {
    name: String,
    old: Option<String>,
    pub(crate) lines: Vec<u8>,
    pub(crate) rows: Vec<u8>,
    uncapped: Vec<u8>,
}

impl Records {
    /// What a commit's figures were made from.
    pub(crate) fn basis<'a>(evidence: Option<&'a Evidence>, hash: &'a str) -> Option<Basis<'a>> {
        evidence.map(|evidence| Basis { verdict: &evidence.verdict, through: evidence.through, hash })
    }
}

impl Controller {
    /// Commits and pushes what was decided. Where the branch is protected, the decision becomes the wait for a merge.
    pub(crate) fn write(&self, it: Material<'_>, decision: &mut Decision) -> anyhow::Result<End> {
        if let (Some(unsigned), Some(_)) = (&it.history.head.unsigned, &decision.change) {
            bail!("{unsigned}: nothing is committed on top of it");
        }
        if let (Some(push), Some(_)) = (&it.file.rollout.push, &decision.change) {
            return self.propose(it, push, decision);
        }
        let mut updates = Vec::new();
        let mut commit = None;
        if let Some((salt, _)) = decision.run.clone() {
            let Some(records) = self.records(it, decision, decision, &salt)? else { return Ok(End::Written(None)) };
            if let Some(change) = &decision.change {
                let (rows, events) = (hash(&records.rows), hash(&records.lines));
                let files = apply::files(&self.repository, it.file, it.history, change)?;
                let basis = Records::basis(it.evidence, &rows);
                let text = message(it.file, decision, basis, it.author.own(), &events);
                commit = Some(self.repository.commit(&it.history.commit, &files, &text, it.now)?);
            }
            let head = commit.as_deref().unwrap_or(it.history.accepted());
            let trailers = format!("Rollout-Head: {head}\n");
            updates.extend(self.withdrawal(it, decision)?);
            updates.push(self.update_run(it, records, &salt, &trailers)?);
        } else if let Some(change) = &decision.change {
            let files = apply::files(&self.repository, it.file, it.history, change)?;
            let text = message(it.file, decision, None, it.author.own(), "");
            commit = Some(self.repository.commit(&it.history.commit, &files, &text, it.now)?);
        } else {
            return Ok(End::Written(None));
        }
        if let Some(new) = &commit {
            let name = format!("refs/heads/{}", self.repository.branch);
            updates.insert(0, Update { name, old: Some(it.history.commit.clone()), new: new.clone() });
        }
        self.push(it, decision, &updates, commit)
    }

    /// Pushes all updates or none.
    pub(crate) fn push(
        &self,
        it: Material<'_>,
        decision: &Decision,
        updates: &[Update],
        commit: Option<String>,
    ) -> anyhow::Result<End> {
        match self.repository.push(updates)? {
            Pushed::Done => Ok(End::Written(commit)),
            Pushed::Race => Ok(End::Race),
            Pushed::Refused(reason) => {
                let reminder = it.file.rollout.notifications.reminder;
                let is_due = self.refused.get().is_none_or(|at| it.now.saturating_sub(at) >= reminder);
                if decision.phase == Phase::Failed && decision.change.is_some() && is_due {
                    self.refused.set(Some(it.now));
                    self.news.borrow_mut().push(News::Refused(reason.clone()));
                }
                let what = decision.change.as_ref().map_or("the run's events", |change| change.subject.as_str());
                bail!(
                    "{} refuses the push ({what}): {reason}; it is tried again at the next step",
                    self.repository.shown()
                )
            }
        }
    }

    /// The files of a run's ref with the events that are shown and the rows that a decision was made from; nothing where nothing
    /// is added.
    pub(crate) fn records(
        &self,
        it: Material<'_>,
        decision: &Decision,
        shown: &Decision,
        salt: &str,
    ) -> anyhow::Result<Option<Records>> {
        let run = it.history.run.as_ref().filter(|run| run.salt == *salt);
        let mut events = shown.events.clone();
        let stored = it.evidence.filter(|evidence| is_stored(evidence, run, decision, shown, it.now));
        if let Some(read) = stored.and_then(|evidence| evidence.read.clone()) {
            let first = Event { kind: Kind::Windows, windows: Some(read), ..Self::plain(shown, it.now) };
            events.insert(0, first);
        }
        if events.is_empty() && decision.change.is_none() {
            return Ok(None);
        }
        let name = format!("{}{salt}", self.repository.runs);
        let old = self.repository.resolve(&name)?;
        let read = |path: &str| match &old {
            Some(tip) => Ok(self.repository.read(tip, path)?.unwrap_or_default()),
            None => anyhow::Ok(Vec::new()),
        };
        let mut lines = read("events.jsonl")?;
        for event in &events {
            lines.extend(serde_json::to_vec(event)?);
            lines.push(b'\n');
        }
        let (mut rows, mut uncapped) = (read("windows.jsonl")?, read("uncapped.jsonl")?);
        if let Some(evidence) = stored {
            let known = run.map_or(0, |run| run.rows.len());
            for row in evidence.rows.iter().skip(known) {
                rows.extend(serde_json::to_vec(row)?);
                rows.push(b'\n');
            }
            if !evidence.uncapped.is_empty() {
                uncapped.clear();
                for row in &evidence.uncapped {
                    uncapped.extend(serde_json::to_vec(row)?);
                    uncapped.push(b'\n');
                }
            }
        }
        Ok(Some(Records { name, old, lines, rows, uncapped }))
    }

    /// The update of a run's ref.
    pub(crate) fn update_run(
        &self,
        it: Material<'_>,
        records: Records,
        salt: &str,
        trailers: &str,
    ) -> anyhow::Result<Update> {
        let Records { name, old, lines, rows, uncapped } = records;
        let mut files = vec![("events.jsonl", lines)];
        if !uncapped.is_empty() {
            files.push(("uncapped.jsonl", uncapped));
        }
        files.push(("windows.jsonl", rows));
        let text = format!("rollout({}): events of {salt}\n\n{trailers}", it.file.rollout.name);
        let new = self.repository.commit_run(old.as_deref(), &files, &text, it.now);
        Ok(Update { name, old, new: new.context("cannot write the run's ref")? })
    }
}

/// Whether the rows that were read are kept: with every commit and event, and else every ten minutes.
fn is_stored(evidence: &Evidence, run: Option<&Run>, decision: &Decision, shown: &Decision, now: i64) -> bool {
    let last = run.and_then(|run| run.last_windows().or_else(|| run.started())).unwrap_or(now);
    let is_due = decision.change.is_some() || !shown.events.is_empty() || now.saturating_sub(last) >= ROWS;
    let is_last = decision.phase == Phase::Failed && decision.change.is_some();
    evidence.read.is_some() && is_due && (evidence.is_complete() || is_last)
}
