//! The next step of a rollout, as a pure function.

use crate::decision::{Answers, Change, Decision, Outcome, Question, Situation, Start};
use crate::event::{Event, Kind};
use crate::phase::Phase;
use crate::run::Run;
use crate::time;
use crate::webhook::HookKind;

/// Decides the next step, or asks what it needs to know first.
#[must_use]
pub fn decide(situation: Situation<'_>, answers: &Answers) -> Outcome {
    let machine = Machine::new(situation, answers);
    match machine.decide() {
        Ok(decision) => Outcome::Done(Box::new(decision)),
        Err(question) => Outcome::Ask(question),
    }
}

/// One decision: an error is a question.
pub(crate) type Step = Result<Decision, Question>;

/// The phase machine over one situation.
pub(crate) struct Machine<'a> {
    pub(crate) it: Situation<'a>,
    pub(crate) answers: &'a Answers,
    /// The state before it.
    pub(crate) phase: Phase,
    pub(crate) step: usize,
    pub(crate) weight: f64,
    pub(crate) verdict: Option<&'static str>,
}

impl<'a> Machine<'a> {
    fn new(it: Situation<'a>, answers: &'a Answers) -> Self {
        let phase = it.run.map(Run::phase).unwrap_or_default();
        let weight = it.head.percentage;
        let step = match it.run.and_then(|run| run.commits.last()) {
            Some(commit) if !phase.is_over() && weight > 0.0 => {
                commit.trailers.step.0.max(it.rollout.analysis.ladder.step_of(weight))
            }
            Some(commit) => commit.trailers.step.0,
            None => 0,
        };
        Self { it, answers, phase, step, weight, verdict: None }
    }

    fn decide(mut self) -> Step {
        if self.it.rollout.suspend {
            return Ok(self.rest("suspended by spec.suspend"));
        }
        let running = self.it.run.filter(|run| !run.phase().is_over());
        if let Some(unsigned) = &self.it.head.unsigned {
            let reason = format!("{unsigned}: nothing is committed on top of it");
            return Ok(if running.is_some() { self.hold("alert:unsigned", &reason) } else { self.rest(&reason) });
        }
        let Some(run) = running else { return self.idle() };
        if run.commits.is_empty() {
            return self.idle();
        }
        if self.it.head.is_rewritten {
            return Ok(self.hold("rewritten", "HEAD does not descend from the run's last commit: its history was rewritten; abort the run, or restore the branch"));
        }
        if let Some((commit, _)) = self.it.head.foreign.iter().find(|(_, percentage)| *percentage == 0.0) {
            let message = format!("commit {} set the percentage to 0, so the run is over", short(commit));
            return Ok(self.end(Phase::Failed, &message));
        }
        if let Some((commit, percentage)) = self.it.head.foreign.last() {
            let message = format!(
                "suspended by commit {}, which is none of the run's and left the percentage at {percentage}: resume or abort the run",
                short(commit)
            );
            return Ok(self.hold("people", &message));
        }
        if let Some(tag) =
            self.it.head.canary_tag.as_ref().filter(|tag| **tag != run.version && self.phase != Phase::Promoting)
        {
            let (old, new) = (&run.version, tag.clone());
            let reason = format!("version {new} takes the place of {old}");
            return Ok(self.roll_back(&reason, &format!("{new} takes its place")));
        }
        match self.phase {
            Phase::Promoting | Phase::Finalising => self.promoting(run),
            _ if run.commits.last().is_some_and(|commit| commit.trailers.phase == Phase::Initializing)
                && self.weight == 0.0 =>
            {
                self.initializing(run)
            }
            _ => self.progressing(run),
        }
    }

    /// No run is in progress: looks for a new version.
    fn idle(self) -> Step {
        let (head, last) = (self.it.head, self.it.run);
        let Some(version) = &head.canary_tag else {
            return Ok(self.rest("no run; begin one with canaryctl rollout start --version VERSION"));
        };
        if head.stable_tag.as_ref() == Some(version) {
            return Ok(self.rest(&format!("no run: stable and canary are both at {version}")));
        }
        let last = last.filter(|run| run.version == *version);
        if let Some(run) = last.filter(|run| run.phase().is_over()) {
            let word = if run.phase() == Phase::Failed { "failed" } else { "succeeded" };
            return Ok(self.rest(&format!(
                "the run of {version} {word}; try it again with canaryctl rollout start --version {version}"
            )));
        }
        let salt = last.map_or(self.it.next_salt, |run| run.salt.as_str()).to_owned();
        let begun = Machine { phase: Phase::Initializing, step: 0, verdict: None, ..self };
        if let Some(no) = begun.refusal(HookKind::ConfirmRollout)? {
            let waiting = Machine { phase: Phase::Waiting, ..begun };
            return Ok(waiting.hold("waiting", &format!("waiting for confirm-rollout: {no}")).of_run(&salt, version));
        }
        let bundle = match begun.answers.canary.as_ref().ok_or_else(|| Question::Canary(version.clone()))? {
            Ok(bundle) => bundle.clone(),
            Err(reason) => {
                return Ok(begun.not_ready(last, "the canary is not ready", reason).of_run(&salt, version));
            }
        };
        let mut decision = begun.commit(
            Phase::Initializing,
            0,
            Change {
                subject: format!("start {version} at 0 %"),
                percentage: Some(0.0),
                start: Some(Start { salt: salt.clone(), bundle: Some(bundle) }),
                ..Change::default()
            },
            &format!("all addresses serve {version}"),
        );
        decision.weight = 0.0;
        Ok(decision.of_run(&salt, version))
    }

    /// The start is committed: the canary's files have to be there, then the first weight is set.
    fn initializing(mut self, run: &Run) -> Step {
        if let Err(reason) = self.answers.canary.as_ref().ok_or_else(|| Question::Canary(run.version.clone()))? {
            return Ok(self.not_ready(Some(run), "the canary is not ready", reason));
        }
        if let Some(failed) = self.refusal(HookKind::PreRollout)? {
            return Ok(self.failed_check(run, &format!("pre-rollout: {failed}")));
        }
        if self.it.rollout.skip_analysis {
            return Ok(self.promote(run, "skipAnalysis skips the ladder"));
        }
        if self.it.rollout.analysis.iterations > 0 && self.it.rollout.analysis.matching.is_empty() {
            return self.blue_green(run);
        }
        self.rise(run, "the first weight")
    }

    /// Sets the next weight of the ladder, if nothing forbids it.
    pub(crate) fn rise(self, run: &Run, reason: &str) -> Step {
        let Some((step, weight)) = self.it.rollout.analysis.ladder.after(self.weight) else {
            return self.last_weight(run, reason);
        };
        if let Some(hold) = self.brake() {
            return Ok(hold);
        }
        if let Some((at, _)) = self.it.rollout.analysis.schedule.iter().find(|(_, set)| *set >= weight)
            && *at > self.it.now
        {
            let at = *at;
            let mut hold = self.hold("schedule", &format!("the schedule sets {weight} % at {}", time::format(at)));
            hold.next = Some(at);
            return Ok(hold);
        }
        if let Some(no) = self.refusal(HookKind::ConfirmTrafficIncrease)? {
            return Ok(self.hold("confirm-traffic-increase", &format!("waiting for confirm-traffic-increase: {no}")));
        }
        let subject = format!("raise canary from {} % to {weight} %", self.weight);
        Ok(self.commit(Phase::Progressing, step, Change::percentage(subject, weight), reason))
    }

    /// The hold of a pause or a freeze.
    pub(crate) fn brake(&self) -> Option<Decision> {
        if self.it.rollout.pause {
            return Some(self.hold("pause", "paused by spec.pause; the judge goes on and may roll back"));
        }
        let freeze = self.it.rollout.frozen(self.it.now)?;
        let message = format!("frozen from {}; a roll-back is not", freeze.text());
        Some(self.hold("freeze", &message))
    }

    /// What the webhooks of a kind object to, if they do.
    pub(crate) fn refusal(&self, kind: HookKind) -> Result<Option<String>, Question> {
        if self.it.rollout.hooks(kind).next().is_none() {
            return Ok(None);
        }
        let failed = self.answers.hooks.get(&kind).ok_or(Question::Hooks(kind))?;
        Ok(failed.first().cloned())
    }

    fn not_ready(mut self, run: Option<&Run>, what: &str, reason: &str) -> Decision {
        let waiting = run.filter(|run| run.state() == Some("not-ready"));
        let since = waiting.and_then(Run::state_since).unwrap_or(self.it.now);
        let waited = self.it.now.saturating_sub(since);
        if waited > self.it.rollout.progress_deadline {
            let reason = format!("{what} after {}: {reason}", time::length(waited));
            return self.roll_back(&reason, what);
        }
        self.hold("not-ready", &format!("{what}: {reason}"))
    }

    /// A webhook or a metric failed: it is counted once in each interval.
    pub(crate) fn failed_check(&mut self, run: &Run, reason: &str) -> Decision {
        let analysis = &self.it.rollout.analysis;
        let count = run.count(Kind::FailedCheck);
        let is_due = run.last_check().is_none_or(|last| self.it.now >= last.saturating_add(analysis.interval));
        if !is_due {
            let text = format!("{reason}; {count} of {} checks failed", analysis.threshold);
            return self.wait(&text);
        }
        let count = count.saturating_add(1);
        if count >= analysis.threshold {
            let words = format!("{count} failed check{}", if count == 1 { "" } else { "s" });
            return self.roll_back(&format!("{words}, the last: {reason}"), &words);
        }
        let text = format!("{reason}; {count} of {} checks failed", analysis.threshold);
        let event = self.event(Kind::FailedCheck, self.phase, "failed-check", &text);
        let mut decision = self.wait(&text);
        decision.events.push(event);
        decision
    }

    /// Everyone back to stable.
    pub(crate) fn roll_back(&mut self, reason: &str, words: &str) -> Decision {
        let version = self.it.run.map(|run| run.version.clone()).unwrap_or_default();
        let is_promoted = self.phase == Phase::Promoting && self.it.rollout.stable.image.is_some();
        let has_commits = self.it.run.is_some_and(|run| !run.commits.is_empty());
        if !has_commits || (self.weight == 0.0 && !is_promoted) {
            return self.end(Phase::Failed, reason);
        }
        let mut subject = format!("roll back {version} from {} %: {words}", self.weight);
        subject = subject.replace('\n', " ");
        let mut change = Change::percentage(subject, 0.0);
        change.is_end = true;
        change.image = is_promoted.then_some(crate::decision::Image::Restore);
        let step = self.step;
        self.commit(Phase::Failed, step, change, reason)
    }

    /// The end of a run without a commit.
    fn end(&mut self, phase: Phase, message: &str) -> Decision {
        self.phase = phase;
        let event = self.event(Kind::End, phase, "end", message);
        let mut decision = self.wait(message);
        decision.next = None;
        decision.events.push(event);
        decision
    }

    /// A commit with its event.
    pub(crate) fn commit(&self, phase: Phase, step: usize, change: Change, reason: &str) -> Decision {
        let weight = change.percentage.unwrap_or(self.weight);
        let mut event = self.event(Kind::Commit, phase, &change.subject, reason);
        (event.step, event.weight) = (step, weight);
        let next = (!phase.is_over()).then(|| self.it.now.saturating_add(self.it.rollout.analysis.interval));
        Decision { phase, step, weight, change: Some(change), events: vec![event], next, ..self.wait(reason) }
    }

    /// A wait that is written down when its cause changes.
    pub(crate) fn hold(&self, state: &str, message: &str) -> Decision {
        let run = self.it.run;
        let is_news = run.and_then(Run::state) != Some(state) || run.is_some_and(|run| run.phase().is_over());
        let mut decision = self.wait(message);
        if is_news {
            decision.events.push(self.event(Kind::Hold, self.phase, state, message));
        }
        decision
    }

    /// A wait that is not written down.
    pub(crate) fn wait(&self, reason: &str) -> Decision {
        Decision {
            phase: self.phase,
            step: self.step,
            weight: self.weight,
            verdict: self.verdict,
            reason: reason.to_owned(),
            run: self.it.run.map(|run| (run.salt.clone(), run.version.clone())),
            change: None,
            events: Vec::new(),
            next: Some(self.it.now.saturating_add(self.it.rollout.analysis.interval)),
        }
    }

    /// Nothing is in progress.
    fn rest(&self, reason: &str) -> Decision {
        Decision { next: None, ..self.wait(reason) }
    }

    pub(crate) fn event(&self, kind: Kind, phase: Phase, state: &str, message: &str) -> Event {
        Event {
            at: self.it.now,
            kind,
            phase,
            step: self.step,
            weight: self.weight,
            state: state.to_owned(),
            message: message.to_owned(),
            version: None,
            windows: None,
        }
    }
}

impl Decision {
    /// The same for a run that may not have begun.
    fn of_run(mut self, salt: &str, version: &str) -> Self {
        self.run = Some((salt.to_owned(), version.to_owned()));
        for event in &mut self.events {
            event.version = Some(version.to_owned());
        }
        self
    }
}

/// A commit's hash for people.
pub(crate) fn short(commit: &str) -> &str {
    commit.get(..12).unwrap_or(commit)
}
