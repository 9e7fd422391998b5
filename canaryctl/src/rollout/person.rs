//! Commits by people: start, promote, abort, pause and resume.

use anyhow::{Context, bail, ensure};
use canary_rollout::event::{Event, Kind};
use canary_rollout::{Change, Decision, ImageChange, Phase, Run, Start};
use serde_json::Value;

use crate::rollout::controller::{ATTEMPTS, Controller};
use crate::rollout::file::File;
use crate::rollout::history::{History, is_running};
use crate::rollout::news;
use crate::rollout::probes;
use crate::rollout::report::Report;
use crate::rollout::write::{Author, End, Material};

/// What a person asks for.
#[derive(Debug)]
pub(crate) enum Wish {
    /// A run of a version, with a bundle that no address serves as `bundle.json`.
    Start { version: String, bundle: Option<Value> },
    /// The rest of the ladder is skipped.
    Promote,
    /// Everyone back to stable.
    Abort,
    /// The weight stays.
    Pause,
    /// The run goes on.
    Resume,
}

impl Controller {
    /// Does what a person asks for.
    pub(crate) fn act(&mut self, wish: &Wish, now: i64, message: Option<&str>) -> anyhow::Result<Report> {
        for _ in 0..ATTEMPTS {
            let (file, history) = self.read()?;
            let mut decision = self.wish(&file, &history, wish, now)?;
            let author = Author::Person(message);
            let basis = Material { file: &file, history: &history, evidence: None, author, now };
            if let End::Written(commit) = self.write(basis, &mut decision)? {
                Self::tell(&file, &decision);
                self.news.borrow_mut().extend(news::change(&file, &history, &decision));
                return Ok(Report::new(&decision, file.rollout.analysis.ladder.len(), commit));
            }
            self.repository.fetch()?;
        }
        bail!("the branch {} has moved {ATTEMPTS} times meanwhile: try this again", self.repository.branch)
    }

    /// The file that was deleted with `revertOnDeletion`.
    pub(crate) fn deleted(&self) -> anyhow::Result<Option<File>> {
        let deleted = File::deleted(&self.repository, &self.repository.head()?, &self.path)?;
        Ok(deleted.filter(|file| file.rollout.revert_on_deletion))
    }

    /// Ends the run of a file that was deleted with `revertOnDeletion`.
    pub(crate) fn revert_deleted(&mut self, now: i64, dry_run: bool) -> anyhow::Result<Option<Report>> {
        let Some(file) = self.deleted()? else { return Ok(None) };
        self.repository.adopt(&file.rollout)?;
        let history = History::read(&self.repository, &file)?;
        if !is_running(history.run.as_ref()) {
            return Ok(None);
        }
        let mut decision = abort(&file, &history, now)?;
        "rollout.yaml is deleted, and its revertOnDeletion is true".clone_into(&mut decision.reason);
        if let (Some(change), Some(run)) = (&mut decision.change, &history.run) {
            change.subject = format!("revert {} on deletion of rollout.yaml", run.version);
        }
        let mut decision = with_event(decision, now);
        let steps = file.rollout.analysis.ladder.len();
        if dry_run {
            return Ok(Some(Report::new(&decision, steps, None)));
        }
        let basis = Material { file: &file, history: &history, evidence: None, author: Author::Controller, now };
        match self.write(basis, &mut decision)? {
            End::Written(commit) => {
                Self::tell(&file, &decision);
                Ok(Some(Report::new(&decision, steps, commit)))
            }
            End::Race => bail!("the branch {} has moved meanwhile: try this again", self.repository.branch),
        }
    }

    fn wish(&self, file: &File, history: &History, wish: &Wish, now: i64) -> anyhow::Result<Decision> {
        let running = history.run.as_ref().filter(|run| is_running(Some(run)));
        let required = || running.context("no run is in progress");
        let decision = match wish {
            Wish::Start { version, bundle } => return self.start(file, history, version, bundle.as_ref(), now),
            Wish::Promote => promote(file, history, required()?)?,
            Wish::Abort => abort(file, history, now)?,
            Wish::Pause => {
                ensure!(!file.rollout.pause, "spec.pause is true already");
                pause(file, history, running, true)?
            }
            Wish::Resume => resume(file, history, running)?,
        };
        Ok(with_event(decision, now))
    }

    fn start(
        &self,
        file: &File,
        history: &History,
        version: &str,
        bundle: Option<&Value>,
        now: i64,
    ) -> anyhow::Result<Decision> {
        if let Some(run) = history.run.as_ref().filter(|run| is_running(Some(run))) {
            bail!("the run {} is in progress: abort it first", run.salt);
        }
        if let Some(tag) = history.head.canary_tag.as_ref().filter(|tag| *tag != version) {
            bail!("--version {version}: the canary's image is at {tag}, expected that version");
        }
        let bundle = match bundle {
            Some(bundle) => bundle.clone(),
            None => probes::canary(&file.rollout.canary, version, None, file.rollout.analysis.canary_ready)?,
        };
        let salt = history.salt_of(&self.repository, version)?;
        let change = Change {
            subject: format!("start {version} at 0 %"),
            percentage: Some(0.0),
            start: Some(Start { salt: salt.clone(), bundle: Some(bundle) }),
            ..Change::default()
        };
        let mut decision = with_event(
            Decision {
                phase: Phase::Initializing,
                reason: format!("{version} is started by a person"),
                run: Some((salt, version.to_owned())),
                change: Some(change),
                ..Decision::default()
            },
            now,
        );
        for event in &mut decision.events {
            event.version = Some(version.to_owned());
        }
        Ok(decision)
    }
}

fn promote(file: &File, history: &History, run: &Run) -> anyhow::Result<Decision> {
    ensure!(run.phase() != Phase::Promoting, "the run {} is promoted already", run.salt);
    let known = history.config.pointer("/ASSETS/canary");
    probes::canary(&file.rollout.canary, &run.version, known, file.rollout.analysis.canary_ready)?;
    let mut decision = base(file, history, run);
    decision.phase = Phase::Promoting;
    "promoted by a person, without the rest of the ladder".clone_into(&mut decision.reason);
    if file.rollout.stable.image.is_some() {
        let subject = format!("promote {} to stable", run.version);
        decision.change = Some(Change { subject, image: Some(ImageChange::Promote), ..Change::default() });
    }
    Ok(decision)
}

fn base(file: &File, history: &History, run: &Run) -> Decision {
    let weight = history.head.percentage;
    Decision {
        phase: run.phase(),
        step: if weight > 0.0 { file.rollout.analysis.ladder.step_of(weight) } else { 0 },
        weight,
        run: Some((run.salt.clone(), run.version.clone())),
        ..Decision::default()
    }
}

fn abort(file: &File, history: &History, now: i64) -> anyhow::Result<Decision> {
    let run = history.run.as_ref().filter(|run| !run.phase().is_over()).context("no run is in progress")?;
    let mut decision = base(file, history, run);
    "aborted by a person".clone_into(&mut decision.reason);
    let is_promoted = run.phase() == Phase::Promoting && file.rollout.stable.image.is_some();
    decision.phase = Phase::Failed;
    if run.commits.is_empty() {
        let event = Event { kind: Kind::End, ..event(&decision, now) };
        decision.events.push(event);
        return Ok(decision);
    }
    let mut change = Change::percentage(format!("abort {} at {} %", run.version, decision.weight), 0.0);
    change.is_end = true;
    change.image = is_promoted.then_some(ImageChange::Restore);
    decision.change = Some(change);
    decision.weight = 0.0;
    Ok(decision)
}

fn pause(file: &File, history: &History, run: Option<&Run>, pause: bool) -> anyhow::Result<Decision> {
    ensure!(file.path.is_some(), "the file is not in the branch, so that spec.pause cannot be committed");
    let mut decision = run.map_or_else(
        || Decision { weight: history.head.percentage, ..Decision::default() },
        |run| base(file, history, run),
    );
    let word = if pause { "pause" } else { "resume" };
    let at = format!(" at {} %", decision.weight);
    decision.reason = format!("{word}d by a person");
    decision.change = Some(Change { subject: format!("{word}{at}"), pause: Some(pause), ..Change::default() });
    Ok(decision)
}

fn resume(file: &File, history: &History, run: Option<&Run>) -> anyhow::Result<Decision> {
    let is_suspended = !history.head.foreign.is_empty();
    ensure!(
        is_suspended || file.rollout.pause,
        "nothing to resume: spec.pause is false, and nobody has changed the run's config"
    );
    if !is_suspended {
        return pause(file, history, run, false);
    }
    let run = run.context("no run is in progress")?;
    let mut decision = base(file, history, run);
    if decision.weight > 0.0 && decision.phase == Phase::Initializing {
        decision.phase = Phase::Progressing;
    }
    decision.reason = format!("resumed by a person at {} %", decision.weight);
    let mut change = Change::percentage(format!("resume at {} %", decision.weight), decision.weight);
    change.pause = file.rollout.pause.then_some(false);
    decision.change = Some(change);
    Ok(decision)
}

fn event(decision: &Decision, now: i64) -> Event {
    let state = decision.change.as_ref().map_or("promoting", |change| change.subject.as_str());
    Event {
        at: now,
        kind: if decision.change.is_some() { Kind::Commit } else { Kind::Hold },
        phase: decision.phase,
        step: decision.step,
        weight: decision.weight,
        state: state.to_owned(),
        message: decision.reason.clone(),
        version: None,
        windows: None,
    }
}

fn with_event(mut decision: Decision, now: i64) -> Decision {
    if decision.events.is_empty() {
        let event = event(&decision, now);
        decision.events.push(event);
    }
    decision
}
