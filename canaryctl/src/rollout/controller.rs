//! One decision: read, ask, decide, commit, push. A push that loses a race is decided again.

use std::cell::{Cell, RefCell};
use std::fmt::Write as _;
use std::path::PathBuf;

use anyhow::bail;
use canary_rollout::event::{Event, Kind};
use canary_rollout::evidence::{Collected, Evidence, since};
use canary_rollout::{Answers, Decision, HookKind, Metric, Outcome, Question, Run, Situation, decide};
use sha2::{Digest, Sha256};

use crate::rollout::collectors::Collectors;
use crate::rollout::file::File;
use crate::rollout::history::{History, is_running};
use crate::rollout::news::{self, News};
use crate::rollout::report::Report;
use crate::rollout::repository::Repository;
use crate::rollout::write::{Author, End, Material};
use crate::rollout::{metrics, probes, template, webhooks};

/// How often a decision is made again after lost races.
pub(crate) const ATTEMPTS: usize = 10;

/// A rollout in a repository.
#[derive(Debug)]
pub(crate) struct Controller {
    pub(crate) repository: Repository,
    /// The path of `rollout.yaml`.
    pub(crate) path: PathBuf,
    /// Addresses that replace `source`.
    pub(crate) collectors: Option<Vec<String>>,
    /// The address of Prometheus, for `metrics`.
    pub(crate) prometheus: Option<String>,
    /// What there is to alert about.
    pub(crate) news: RefCell<Vec<News>>,
    /// When a refused roll-back was last alerted about.
    pub(crate) refused: Cell<Option<i64>>,
}

impl Controller {
    /// Reads the file and the state at the head of the branch.
    pub(crate) fn read(&mut self) -> anyhow::Result<(File, History)> {
        let mut file = File::read(&self.repository, &self.repository.head()?, &self.path)?;
        if self.repository.adopt(&file.rollout)? {
            file = File::read(&self.repository, &self.repository.head()?, &self.path)?;
        }
        let history = History::read(&self.repository, &file)?;
        Ok((file, history))
    }

    /// Decides once, and commits once at most.
    pub(crate) fn step(&mut self, now: i64, dry_run: bool) -> anyhow::Result<Report> {
        let mut merged = None;
        for _ in 0..ATTEMPTS {
            if let Some(report) = self.revert_deleted(now, dry_run)? {
                return Ok(report);
            }
            let (file, history) = self.read()?;
            if !dry_run && !history.merged.is_empty() {
                self.take_merged(&file, &history, now)?;
                merged = Some(News::Change { from: "Holding" });
                self.repository.fetch()?;
                continue;
            }
            let mut answers = Answers::default();
            let mut decision = self.decide(&file, &history, &mut answers, now)?;
            let steps = file.rollout.analysis.ladder.len();
            if dry_run {
                return Ok(Report::new(&decision, steps, None));
            }
            let before = history.run.as_ref().map(Run::phase).unwrap_or_default();
            if before.is_over() && decision.change.is_none() {
                self.post_rollout(&file, &history, now)?;
            }
            let evidence = answers.evidence.as_ref();
            let basis = Material { file: &file, history: &history, evidence, author: Author::Controller, now };
            match self.write(basis, &mut decision)? {
                End::Written(commit) => {
                    Self::tell(&file, &decision);
                    let news = news::change(&file, &history, &decision)
                        .or(merged)
                        .or_else(|| news::reminder(&file, &history, now));
                    self.news.borrow_mut().extend(news);
                    if decision.phase.is_over() && !before.is_over() {
                        self.repository.fetch()?;
                        let (file, history) = self.read()?;
                        self.post_rollout(&file, &history, now)?;
                    }
                    return Ok(Report::new(&decision, steps, commit));
                }
                End::Race => self.repository.fetch()?,
            }
        }
        bail!("the branch {} has moved {ATTEMPTS} times meanwhile: try this again", self.repository.branch)
    }

    /// Decides, asking what that needs.
    pub(crate) fn decide(
        &self,
        file: &File,
        history: &History,
        answers: &mut Answers,
        now: i64,
    ) -> anyhow::Result<Decision> {
        let situation = situation(file, history, now);
        loop {
            match decide(situation, answers) {
                Outcome::Done(decision) => return Ok(*decision),
                Outcome::Ask(question) => self.answer(file, history, answers, question, now),
            }
        }
    }

    fn answer(&self, file: &File, history: &History, answers: &mut Answers, question: Question, now: i64) {
        let rollout = &file.rollout;
        let known = history.config.pointer("/ASSETS/canary");
        match question {
            Question::Evidence => answers.evidence = self.evidence(file, history, now),
            Question::Canary(version) => {
                let is_of_version = |bundle: &&serde_json::Value| {
                    let own = bundle.get("version").and_then(serde_json::Value::as_str) == Some(&version);
                    is_running(history.run.as_ref()) || (rollout.canary.url.is_none() && own)
                };
                let known = known.filter(is_of_version);
                let threshold = rollout.analysis.canary_ready;
                let found = probes::canary(&rollout.canary, &version, known, threshold);
                answers.canary = Some(found.map_err(|error| format!("{error:#}")));
            }
            Question::Stable(version) => {
                let threshold = rollout.analysis.primary_ready;
                let found =
                    probes::stable(&rollout.stable, &version, known.unwrap_or(&serde_json::Value::Null), threshold);
                answers.stable = Some(found.map_err(|error| format!("{error:#}")));
            }
            Question::Hooks(kind) => {
                let phase = history.run.as_ref().map(Run::phase).unwrap_or_default();
                let salt = history.run.as_ref().filter(|run| !run.phase().is_over());
                let salt = salt.map_or(history.next_salt.as_str(), |run| run.salt.as_str());
                answers.hooks.insert(kind, webhooks::call(rollout, kind, phase, salt, None));
            }
            Question::Metrics => {
                let find = |metric: &Metric| {
                    let wanted = metric.template.as_ref();
                    wanted.map(|it| template::find(&self.repository, &history.commit, file, it)).transpose()
                };
                answers.metrics = Some(metrics::ask(rollout, self.prometheus.as_deref(), now, find));
            }
        }
    }

    /// The verdict on the run.
    fn evidence(&self, file: &File, history: &History, now: i64) -> Option<Evidence> {
        let run = history.run.as_ref()?;
        let collected = self.collect(file, |window| since(run, window));
        Some(Evidence::gather(&file.rollout.analysis, run, &history.head, &collected, now))
    }

    /// The collectors' windows from a minute on.
    pub(crate) fn collect(&self, file: &File, since: impl Fn(u64) -> u64) -> Collected {
        self.collectors(file).ask(since)
    }

    /// The collectors that are asked.
    pub(crate) fn collectors(&self, file: &File) -> Collectors {
        match &self.collectors {
            Some(urls) => Collectors::Listed(urls.clone()),
            None => Collectors::Service(file.rollout.analysis.source.clone()),
        }
    }

    pub(crate) fn plain(decision: &Decision, now: i64) -> Event {
        Event {
            at: now,
            kind: Kind::Windows,
            phase: decision.phase,
            step: decision.step,
            weight: decision.weight,
            state: String::new(),
            message: String::new(),
            version: None,
            windows: None,
        }
    }

    /// Calls the webhooks of each event.
    pub(crate) fn tell(file: &File, decision: &Decision) {
        let salt = decision.run.as_ref().map_or("", |(salt, _)| salt.as_str());
        for event in decision.events.iter().filter(|event| event.kind != Kind::Windows) {
            for failed in webhooks::call(&file.rollout, HookKind::Event, event.phase, salt, Some(event)) {
                crate::terminal::message::warn(&format!("event webhook {failed}"));
            }
        }
    }

    /// Calls the webhooks after a run, once.
    fn post_rollout(&self, file: &File, history: &History, now: i64) -> anyhow::Result<()> {
        let Some(run) = history.run.as_ref().filter(|run| run.phase().is_over()) else { return Ok(()) };
        if run.count(Kind::PostRollout) > 0 || file.rollout.hooks(HookKind::PostRollout).next().is_none() {
            return Ok(());
        }
        let failed = webhooks::call(&file.rollout, HookKind::PostRollout, run.phase(), &run.salt, None);
        let message = if failed.is_empty() {
            "post-rollout passed".to_owned()
        } else {
            format!("post-rollout: {}", failed.join("; "))
        };
        let mut decision = Decision { phase: run.phase(), weight: history.head.percentage, ..Decision::default() };
        decision.run = Some((run.salt.clone(), run.version.clone()));
        let event = Event { kind: Kind::PostRollout, message, ..Self::plain(&decision, now) };
        decision.events.push(event);
        // Where somebody else was faster, the event is there.
        let basis = Material { file, history, evidence: None, author: Author::Controller, now };
        self.write(basis, &mut decision)?;
        Ok(())
    }
}

/// All that a decision depends on but the answers of others.
pub(crate) fn situation<'a>(file: &'a File, history: &'a History, now: i64) -> Situation<'a> {
    Situation {
        rollout: &file.rollout,
        head: &history.head,
        run: history.run.as_ref(),
        next_salt: &history.next_salt,
        now,
    }
}

/// The hash of a run's rows.
pub(crate) fn hash(rows: &[u8]) -> String {
    shown(&Sha256::digest(rows))
}

/// A digest as it is written in a trailer.
pub(crate) fn shown(digest: &[u8]) -> String {
    let mut text = "sha256:".to_owned();
    for byte in digest {
        let _ = write!(text, "{byte:02x}");
    }
    text
}
