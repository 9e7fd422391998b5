//! The state of a rollout, for people, the console and machines.

use std::cmp::Ordering;

use canary_rollout::event::Kind;
use canary_rollout::evidence::Evidence;
use canary_rollout::{Answers, Decision, Outcome, Phase, Question, Run, Situation, decide, time};
use serde::Serialize;
use serde_json::{Value, json};

use crate::rollout::controller::Controller;
use crate::rollout::file::File;
use crate::rollout::history::History;
use crate::rollout::report::number;

/// The state.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Status {
    pub(crate) name: String,
    pub(crate) namespace: String,
    /// One word for people: `Progressing`, `Holding`, `Rolled back`.
    pub(crate) state: &'static str,
    pub(crate) phase: &'static str,
    pub(crate) reason: String,
    pub(crate) run: Option<String>,
    pub(crate) version: Option<String>,
    pub(crate) stable: Option<String>,
    pub(crate) step: usize,
    pub(crate) steps: usize,
    pub(crate) weights: Vec<Value>,
    pub(crate) weight: Value,
    pub(crate) verdict: Option<&'static str>,
    pub(crate) next: Option<String>,
    pub(crate) started: Option<String>,
    /// Seconds since the run began, or that it took.
    pub(crate) duration: Option<i64>,
    pub(crate) views: Value,
    pub(crate) metrics: Vec<Value>,
    pub(crate) data: Value,
    pub(crate) failed_checks: u64,
    pub(crate) commits: Vec<Value>,
    /// The command for the next thing to do, where there is one.
    pub(crate) command: Option<&'static str>,
}

impl Controller {
    /// The state now. It asks the collectors, and neither webhooks nor probes.
    pub(crate) fn status(&mut self, now: i64) -> anyhow::Result<Status> {
        let (file, history) = self.read()?;
        let running = history.run.as_ref().is_some_and(|run| !run.phase().is_over() && !run.commits.is_empty());
        let evidence = if running { self.evidence(&file, &history, now) } else { None };
        let decision = preview(&file, &history, evidence.as_ref(), now);
        Ok(Status::new(&file, &history, evidence.as_ref(), &decision, now))
    }
}

/// The decision if all webhooks, metrics and probes of the canary agreed.
fn preview(file: &File, history: &History, evidence: Option<&Evidence>, now: i64) -> Decision {
    let situation = Situation {
        rollout: &file.rollout,
        head: &history.head,
        run: history.run.as_ref(),
        next_salt: &history.next_salt,
        now,
    };
    let mut answers = Answers { evidence: evidence.cloned(), ..Answers::default() };
    answers.canary = Some(Err("not asked".to_owned()));
    answers.stable = Some(Err("not asked".to_owned()));
    answers.metrics = Some(Vec::new());
    // Each kind of webhook is asked once at most.
    for _ in 0..16 {
        match decide(situation, &answers) {
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
    fn new(file: &File, history: &History, evidence: Option<&Evidence>, decision: &Decision, now: i64) -> Self {
        let (rollout, run) = (&file.rollout, history.run.as_ref());
        // A change that is due is none yet.
        let phase = run.map(Run::phase).unwrap_or_default();
        let due = decision.change.as_ref().map(|change| format!("due: {}", change.subject));
        let ended = run
            .filter(|run| run.phase().is_over())
            .and_then(|run| run.events.iter().rfind(|event| event.kind.has_state()));
        let reason = ended.map(|event| event.message.clone()).or(due).unwrap_or_else(|| decision.reason.clone());
        let end = ended.map_or(now, |event| event.at);
        let ladder = &rollout.analysis.ladder;
        let weight = history.head.percentage;
        Self {
            name: rollout.name.clone(),
            namespace: rollout.namespace.clone(),
            state: state(file, history, decision, phase),
            phase: phase.name(),
            reason,
            run: run.map(|run| run.salt.clone()),
            version: run.map(|run| run.version.clone()).or_else(|| history.head.canary_tag.clone()),
            stable: history.head.stable_tag.clone(),
            step: if phase.is_over() { decision.step } else { ladder.step_of(weight) },
            steps: ladder.len(),
            weights: ladder.0.iter().map(|weight| number(*weight)).collect(),
            weight: number(weight),
            verdict: decision.verdict,
            next: decision.next.map(time::format),
            started: run.and_then(Run::started).map(time::format),
            duration: run.and_then(Run::started).map(|started| end.saturating_sub(started)),
            views: views(file, evidence),
            metrics: evidence.map(metrics).unwrap_or_default(),
            data: data(evidence, now),
            failed_checks: run.map(|run| run.count(Kind::FailedCheck)).unwrap_or_default(),
            commits: run.map(commits).unwrap_or_default(),
            command: command(history, rollout.pause, phase),
        }
    }

    /// Lines for people.
    pub(crate) fn text(&self) -> String {
        let none = String::from("-");
        let (version, run) = (self.version.as_ref().unwrap_or(&none), self.run.as_ref().unwrap_or(&none));
        let (name, stable) = (&self.name, self.stable.as_ref().unwrap_or(&none));
        let (step, steps) = (self.step, self.steps);
        let mut lines = vec![format!("{name}  {stable} stable, {version} canary  run {run}  step {step} of {steps}")];
        lines.push(format!("{} at {} %: {}", self.state.to_uppercase(), self.weight, self.reason));
        let weight = |(weight, step): (&Value, usize)| match step.cmp(&self.step) {
            Ordering::Less => format!("{weight} % done"),
            Ordering::Equal => format!("{weight} % now"),
            Ordering::Greater => format!("{weight} %"),
        };
        let weights: Vec<_> = self.weights.iter().zip(1..).map(weight).collect();
        lines.push(format!("\n  {}", weights.join(" - ")));
        let view = |key: &str| self.views.get(key).unwrap_or(&Value::Null);
        if !view("canary").is_null() {
            let (canary, needed, stable) = (view("canary"), view("needed"), view("stable"));
            lines.push(format!("  views    {canary} canary (needs {needed}), {stable} stable"));
        }
        for metric in &self.metrics {
            let [name, ratio, low, high, limit, e] = ["name", "ratio", "low", "high", "limit", "e"].map(|key| {
                let value = metric.get(key).filter(|value| !value.is_null());
                value.map_or_else(|| "-".to_owned(), |it| it.as_str().map_or_else(|| it.to_string(), str::to_owned))
            });
            lines.push(format!("  {name:<10} ratio {ratio} [{low} to {high}], limit {limit}, E {e}"));
        }
        lines.extend(self.next.as_ref().map(|next| format!("  decides  {next}")));
        lines.push(format!("  next     {}\n", self.command.unwrap_or("nothing to do")));
        lines.join("\n")
    }
}

fn state(file: &File, history: &History, decision: &Decision, phase: Phase) -> &'static str {
    match phase {
        Phase::Succeeded => "Promoted",
        Phase::Failed => "Rolled back",
        Phase::Initialized => "No run",
        _ if file.rollout.suspend || file.rollout.pause || !history.head.foreign.is_empty() => "Paused",
        Phase::Promoting | Phase::Finalising => "Promoting",
        _ => match decision
            .events
            .first()
            .map(|event| event.state.as_str())
            .or(history.run.as_ref().and_then(Run::state))
        {
            Some("few-views" | "not-seen" | "no-canary-views") => "Collecting",
            Some("step") => "Progressing",
            _ if decision.change.is_some() => "Progressing",
            _ => "Holding",
        },
    }
}

fn views(file: &File, evidence: Option<&Evidence>) -> Value {
    let views = evidence.map(|evidence| (evidence.verdict.canary_views.0, evidence.verdict.stable_views));
    json!({
        "canary": views.map(|(canary, _)| canary),
        "stable": views.map(|(_, stable)| stable),
        "needed": file.rollout.analysis.judge.min_views,
    })
}

fn metrics(evidence: &Evidence) -> Vec<Value> {
    let rounded = |value: f64| json!((value * 100.0).round() / 100.0);
    let metric = |it: &canary_judge::MetricEvidence| {
        json!({
            "name": it.policy.metric.name(),
            "canary": {"bad": it.canary.bad, "of": it.canary.of},
            "stable": {"bad": it.stable.bad, "of": it.stable.of},
            "ratio": it.ratio.estimate.map(rounded),
            "low": rounded(it.ratio.low),
            "high": it.ratio.high.map(rounded),
            "limit": it.policy.rho,
            "e": rounded(it.ln_e.exp().min(1e300)),
            "logE": it.ln_e,
        })
    };
    evidence.verdict.metrics.iter().map(metric).collect()
}

fn data(evidence: Option<&Evidence>, now: i64) -> Value {
    let through = evidence.and_then(|evidence| {
        let end = evidence.through?.saturating_add(1).saturating_mul(evidence.window);
        i64::try_from(end).ok()
    });
    json!({
        "through": through.map(time::format),
        "age": through.map(|through| now.saturating_sub(through)),
        "missing": evidence.map(|evidence| evidence.missing.clone()).unwrap_or_default(),
        "minutes": evidence.map(|evidence| json!({"covered": evidence.covered.0, "needed": evidence.covered.1})),
    })
}

fn commits(run: &Run) -> Vec<Value> {
    let commit = |it: &canary_rollout::Commit| {
        json!({
            "commit": it.hash,
            "at": time::format(it.time),
            "phase": it.trailers.phase.name(),
            "step": it.trailers.step.0,
            "weight": number(it.trailers.weight),
            "revision": it.revision,
        })
    };
    run.commits.iter().map(commit).collect()
}

fn command(history: &History, pause: bool, phase: Phase) -> Option<&'static str> {
    match phase {
        Phase::Succeeded => Some("canaryctl rollout verify"),
        Phase::Failed | Phase::Initialized => Some("canaryctl rollout start --version VERSION"),
        _ if pause || !history.head.foreign.is_empty() => Some("canaryctl rollout resume"),
        _ => None,
    }
}
