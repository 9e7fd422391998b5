//! The state of a rollout: one value for the terminal, the console, alerts and machines.

mod facts;
mod look;
mod metrics;
mod runs;
mod series;
mod words;

use canary_judge::Verdict;
use canary_rollout::event::Kind;
use canary_rollout::evidence::{Collected, Evidence, since};
use canary_rollout::{Answers, Decision, Outcome, Question, Run, decide, time};
use serde::Serialize;
use serde_json::Value;

use crate::rollout::controller::{Controller, situation};
use crate::rollout::file::File;
use crate::rollout::history::History;
use crate::rollout::report::number;
use crate::rollout::status::facts::{Commit, Data, Fault, Rung, Share, Time, Views};
use crate::rollout::status::look::{Look, minute};
use crate::rollout::status::metrics::MetricRow;
use crate::rollout::status::runs::PastRun;
use crate::rollout::status::series::Series;

/// The time for which the collectors are asked beside the run's new minutes, in seconds: for rates and faults.
const RECENT: i64 = 3600;

/// The state.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Status {
    pub(crate) name: String,
    pub(crate) namespace: String,
    /// When it was looked at.
    pub(crate) at: String,
    /// One word for people: `Progressing`, `Holding`, `Rolled back`, `Paused by NAME`.
    pub(crate) state: String,
    pub(crate) phase: &'static str,
    /// State, cause, what happens next, and when.
    pub(crate) sentence: String,
    pub(crate) reason: String,
    /// The cause in short, as in events.
    pub(crate) cause: Option<String>,
    /// What ends a wait.
    pub(crate) ends: Option<String>,
    pub(crate) run: Option<String>,
    pub(crate) version: Option<String>,
    pub(crate) stable: Option<String>,
    /// Since when everyone is on stable, where no run is in progress.
    pub(crate) stable_since: Option<String>,
    pub(crate) step: usize,
    pub(crate) steps: usize,
    pub(crate) weights: Vec<Value>,
    pub(crate) weight: Value,
    pub(crate) verdict: Option<&'static str>,
    pub(crate) next: Option<String>,
    pub(crate) started: Option<String>,
    /// Seconds since the run began, or that it took.
    pub(crate) duration: Option<i64>,
    pub(crate) views: Views,
    pub(crate) share: Share,
    pub(crate) ladder: Vec<Rung>,
    /// The clock of the step.
    pub(crate) time: Option<Time>,
    /// The worst first.
    pub(crate) metrics: Vec<MetricRow>,
    pub(crate) faults: Vec<Fault>,
    pub(crate) data: Data,
    pub(crate) failed_checks: u64,
    pub(crate) commits: Vec<Commit>,
    /// All runs, the newest first.
    pub(crate) runs: Vec<PastRun>,
    /// The command for the next thing to do, where there is one.
    pub(crate) command: Option<String>,
    /// Why the controller's last step failed.
    pub(crate) error: Option<String>,
    pub(crate) series: Series,
    /// For the table in the terminal.
    #[serde(skip)]
    pub(crate) judged: Option<Verdict>,
}

impl Controller {
    /// The state now. It asks the collectors, and neither webhooks nor probes.
    pub(crate) fn status(&mut self, now: i64) -> anyhow::Result<Status> {
        let (file, history) = self.read()?;
        let (run, head) = (history.run.as_ref().filter(|run| !run.commits.is_empty()), &history.head);
        let is_running = run.is_some_and(|run| !run.phase().is_over());
        let mut collected = Collected::default();
        if let Some(run) = run.filter(|_| is_running) {
            collected =
                self.collect(&file, |window| since(run, window).min(minute(now.saturating_sub(RECENT), window)));
        }
        let evidence = run.map(|run| Evidence::gather(&file.rollout.analysis, run, head, &collected, now));
        let evidence = evidence.filter(|evidence| is_running || !evidence.rows.is_empty());
        let decision = preview(&file, &history, evidence.as_ref().filter(|_| is_running), now);
        let person = words::person(&self.repository, &file, &history)?;
        let look = Look {
            file: &file,
            history: &history,
            evidence: evidence.as_ref(),
            collected: &collected,
            decision: &decision,
            person: person.as_deref(),
            is_running,
            now,
        };
        let commits = run.map(|run| facts::commits(&self.repository, run, evidence.as_ref()));
        let runs = runs::past(&self.repository, &file, &history.commit)?;
        Ok(Status::new(look, commits.unwrap_or_default(), runs))
    }
}

/// The decision if all webhooks and metrics agreed, and the canary's files were as they were at the last step.
fn preview(file: &File, history: &History, evidence: Option<&Evidence>, now: i64) -> Decision {
    let mut answers = Answers { evidence: evidence.cloned(), ..Answers::default() };
    let is_missing = history.run.as_ref().and_then(Run::state) == Some("not-ready");
    answers.canary = Some(if is_missing { Err("not asked".to_owned()) } else { Ok(Value::Null) });
    answers.stable = Some(Err("not asked".to_owned()));
    answers.metrics = Some(Vec::new());
    // Each kind of webhook is asked once at most.
    for _ in 0..16 {
        match decide(situation(file, history, now), &answers) {
            Outcome::Done(decision) => return *decision,
            Outcome::Ask(Question::Hooks(kind)) => {
                answers.hooks.insert(kind, Vec::new());
            }
            Outcome::Ask(_) => break,
        }
    }
    Decision {
        phase: history.run.as_ref().map(Run::phase).unwrap_or_default(),
        weight: history.head.percentage,
        ..Decision::default()
    }
}

impl Status {
    fn new(look: Look<'_>, commits: Vec<Commit>, runs: Vec<PastRun>) -> Self {
        let Look { file, history, evidence, decision, now, .. } = look;
        let (rollout, run) = (&file.rollout, history.run.as_ref());
        let phase = look.phase();
        let end = look.ended().map_or(now, |event| event.at);
        let ladder = &rollout.analysis.ladder;
        let weight = history.head.percentage;
        let series = Series::new(look);
        let views = Views::new(look);
        let state = words::state(look);
        let time = Time::new(look, &state, views.left);
        let judged = evidence.map(|evidence| metrics::sorted(&evidence.verdict));
        let faults = facts::faults(look);
        let metrics = judged.as_ref().map(|verdict| metrics::rows(verdict, &series.strata, &faults));
        Self {
            name: rollout.name.clone(),
            namespace: rollout.namespace.clone(),
            at: time::format(now),
            sentence: words::sentence(look, &state, judged.as_ref(), &views, time.as_ref()),
            state,
            phase: phase.name(),
            reason: look.reason(),
            cause: look.is_running.then(|| look.cause().map(str::to_owned)).flatten(),
            ends: words::ends(look),
            run: run.map(|run| run.salt.clone()),
            version: run.map(|run| run.version.clone()).or_else(|| history.head.canary_tag.clone()),
            stable: history.head.stable_tag.clone(),
            stable_since: look.ended().map(|event| time::format(event.at)),
            step: if phase.is_over() { decision.step } else { ladder.step_of(weight) },
            steps: ladder.len(),
            weights: ladder.0.iter().map(|weight| number(*weight)).collect(),
            weight: number(weight),
            verdict: decision.verdict,
            next: decision.next.map(time::format),
            started: run.and_then(Run::started).map(time::format),
            duration: run.and_then(Run::started).map(|started| end.saturating_sub(started)),
            views,
            share: Share::new(look),
            ladder: facts::ladder(look, &commits),
            time,
            metrics: metrics.unwrap_or_default(),
            faults,
            data: Data::new(look),
            failed_checks: run.map(|run| run.count(Kind::FailedCheck)).unwrap_or_default(),
            commits,
            runs,
            command: words::command(look),
            error: None,
            series,
            judged,
        }
    }
}
