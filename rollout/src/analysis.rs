//! The phases in which users see the canary: the ladder, and the promotion.

use canary_judge::{Decision as Verdict, Hold, NoData};

use crate::decide::{Machine, Step};
use crate::decision::{Change, Decision, Image, MetricAnswer, Question};
use crate::event::Kind;
use crate::evidence::Evidence;
use crate::phase::Phase;
use crate::run::Run;
use crate::time;
use crate::webhook::HookKind;

impl<'a> Machine<'a> {
    /// A step of the ladder, an A/B test, or the last weight.
    pub(crate) fn progressing(mut self, run: &Run) -> Step {
        let analysis = &self.it.rollout.analysis;
        let evidence = if analysis.schedule.is_empty() { Some(self.evidence()?) } else { None };
        if let Some(evidence) = evidence
            && let Some(decision) = self.judged_bad(run, evidence)
        {
            return Ok(decision);
        }
        if let Some(decision) = self.checks(run)? {
            return Ok(decision);
        }
        if let Some(evidence) = evidence
            && let Some(decision) = self.judged_early(run, evidence)
        {
            return Ok(decision);
        }
        let reason =
            evidence.map_or_else(|| "the schedule says so".to_owned(), |evidence| evidence.verdict.to_string());
        if analysis.iterations > 0 {
            let reason = format!("{} of {} checks passed", analysis.iterations, analysis.iterations);
            return match self.iteration(run) {
                Some(decision) => Ok(decision),
                None => self.last_weight(run, &reason),
            };
        }
        let last = run.commits.last().map_or(self.it.now, |commit| commit.time);
        let end = last.saturating_add(analysis.step_duration);
        if evidence.is_none() && analysis.ladder.after(self.weight).is_none() && self.it.now < end {
            let mut hold = self.hold("step", &format!("the last weight lasts until {}", time::format(end)));
            hold.next = Some(end);
            return Ok(hold);
        }
        self.rise(run, &reason)
    }

    /// Checks without users, then the promotion.
    pub(crate) fn blue_green(mut self, run: &Run) -> Step {
        self.phase = Phase::Progressing;
        if let Some(decision) = self.checks(run)? {
            return Ok(decision);
        }
        if let Some(decision) = self.iteration(run) {
            return Ok(decision);
        }
        let iterations = self.it.rollout.analysis.iterations;
        self.last_weight(run, &format!("{iterations} of {iterations} checks passed"))
    }

    /// The last weight, or the last check, is behind it.
    pub(crate) fn last_weight(mut self, run: &Run, reason: &str) -> Step {
        if let Some(hold) = self.brake() {
            return Ok(hold);
        }
        if let Some(no) = self.refusal(HookKind::ConfirmPromotion)? {
            self.phase = Phase::WaitingPromotion;
            return Ok(self.hold("confirm-promotion", &format!("waiting for confirm-promotion: {no}")));
        }
        Ok(self.promote(run, reason))
    }

    /// Stable gets the canary's version.
    pub(crate) fn promote(mut self, run: &Run, reason: &str) -> Decision {
        if let Some(hold) = self.brake() {
            return hold;
        }
        let step = self.it.rollout.analysis.ladder.len().min(self.step.max(1));
        if self.it.rollout.stable.image.is_some() {
            let subject = format!("promote {} to stable", run.version);
            let change = Change { subject, image: Some(Image::Promote), ..Change::default() };
            return self.commit(Phase::Promoting, step, change, reason);
        }
        self.phase = Phase::Promoting;
        let message = format!("{reason}; deploy {} as stable, the run ends when every address serves it", run.version);
        self.hold("promoting", &message)
    }

    /// Stable becomes the new version, then the percentage goes to 0.
    pub(crate) fn promoting(mut self, run: &Run) -> Step {
        let analysis = &self.it.rollout.analysis;
        if analysis.schedule.is_empty() && self.weight > 0.0 && analysis.iterations == 0 {
            let evidence = self.evidence()?;
            if let Verdict::RollBack(_) = evidence.verdict.decision {
                return Ok(self.judged(evidence));
            }
            self.verdict = None;
        }
        let ready = self.answers.stable.as_ref().ok_or_else(|| Question::Stable(run.version.clone()))?;
        if let Err(reason) = ready {
            let since = run.commits.last().map_or(self.it.now, |commit| commit.time);
            let waited = self.it.now.saturating_sub(since);
            let has_image = self.it.rollout.stable.image.is_some();
            if has_image && waited > self.it.rollout.progress_deadline {
                let reason = format!("the new stable is not ready after {}: {reason}", time::length(waited));
                return Ok(self.roll_back(&reason, "the new stable is not ready"));
            }
            return Ok(self.hold("stable-not-ready", &format!("waiting for the new stable: {reason}")));
        }
        // Everyone on the new stable is what the end leads to, so that a freeze does not delay it; a pause does.
        let (step, rise) = (self.step, analysis.step_weight_promotion);
        if let Some(hold) = self.brake().filter(|_| rise > 0.0 || self.it.rollout.pause) {
            return Ok(hold);
        }
        if rise > 0.0 && self.weight < 100.0 && self.weight > 0.0 {
            let last = run.commits.last().map_or(0, |commit| commit.time);
            if self.it.now < last.saturating_add(analysis.interval) {
                return Ok(self.wait("the percentage rises once in each interval"));
            }
            let weight = (self.weight + rise).min(100.0);
            let subject = format!("raise canary from {} % to {weight} % in the promotion", self.weight);
            return Ok(self.commit(
                Phase::Promoting,
                step,
                Change::percentage(subject, weight),
                "the new stable is ready",
            ));
        }
        let mut change = Change::percentage(format!("finish {}: everyone on stable", run.version), 0.0);
        change.is_end = true;
        let reason = format!("every address of stable serves {}", run.version);
        Ok(self.commit(Phase::Succeeded, step, change, &reason))
    }

    fn evidence(&mut self) -> Result<&'a Evidence, Question> {
        let evidence = self.answers.evidence.as_ref().ok_or(Question::Evidence)?;
        self.verdict = Some(evidence.verdict.decision.name());
        Ok(evidence)
    }

    fn judged(&mut self, evidence: &Evidence) -> Decision {
        let verdict = &evidence.verdict;
        let place = verdict.stratum.as_deref().map_or_else(String::new, |stratum| format!(", {}", engine(stratum)));
        let worst = verdict.metrics.iter().max_by(|a, b| a.ln_e.total_cmp(&b.ln_e));
        let words = match worst {
            Some(worst) => match worst.ratio.estimate {
                Some(ratio) => format!("{} {ratio:.1} times{place}", worst.policy.metric),
                None => format!("{}{place}", worst.policy.metric),
            },
            None => format!("the judge says so{place}"),
        };
        self.roll_back(&verdict.to_string(), &words)
    }

    /// The judge rolls back, or nobody gets the step.
    fn judged_bad(&mut self, run: &Run, evidence: &Evidence) -> Option<Decision> {
        if let Verdict::RollBack(_) = evidence.verdict.decision {
            return Some(self.judged(evidence));
        }
        let committed = run.commits.last().map_or(self.it.now, |commit| commit.time);
        let final_until = evidence.through.map_or(0, |through| {
            i64::try_from(through.saturating_add(1).saturating_mul(evidence.window)).unwrap_or(i64::MAX)
        });
        let deadline = committed.saturating_add(self.it.rollout.progress_deadline);
        if evidence.seen.is_none() && evidence.is_alive && evidence.missing.is_empty() && final_until > deadline {
            let length = time::length(self.it.rollout.progress_deadline);
            let reason = format!("page views of the run arrive, and none within {length} has the revision of the step");
            self.verdict = Some("no-data");
            return Some(self.roll_back(&reason, "its revision is not seen"));
        }
        None
    }

    /// The judge holds.
    fn judged_early(&mut self, run: &Run, evidence: &Evidence) -> Option<Decision> {
        let verdict = &evidence.verdict;
        let (state, mut message) = match verdict.decision {
            _ if !evidence.missing.is_empty() => {
                self.verdict = Some("no-data");
                ("collectors", evidence.missing.join("; "))
            }
            Verdict::Advance { .. } if evidence.seen.is_some() => return None,
            Verdict::NoData(data) if evidence.seen.is_some() => (data_state(data), verdict.to_string()),
            Verdict::Hold(hold) if evidence.seen.is_some() || !matches!(hold, Hold::Step) => {
                (hold_state(hold), verdict.to_string())
            }
            _ => {
                self.verdict = Some(if evidence.is_alive { "hold" } else { "no-data" });
                ("not-seen", "committed, not yet seen in browsers".to_owned())
            }
        };
        if self.verdict == Some("no-data") {
            let since = run.state_since().unwrap_or(self.it.now);
            let is_long =
                run.state() == Some(state) && self.it.now.saturating_sub(since) > self.it.rollout.progress_deadline;
            if is_long || run.state().is_some_and(|known| known == "alert:no-data") {
                message =
                    format!("no data for longer than {}: {message}", time::length(self.it.rollout.progress_deadline));
                return Some(self.hold("alert:no-data", &message));
            }
        }
        let committed = run.commits.last().map_or(self.it.now, |commit| commit.time);
        if self.it.now.saturating_sub(committed) > self.it.rollout.stall {
            message = format!("the analysis gets nowhere since {}: {message}", time::format(committed));
            return Some(self.hold("alert:stalled", &message));
        }
        let mut hold = self.hold(state, &message);
        if matches!(verdict.decision, Verdict::Hold(Hold::Step)) {
            hold.next = evidence.next().filter(|next| *next > self.it.now).or(hold.next);
        }
        Some(hold)
    }

    /// Webhooks and metrics of each check.
    fn checks(&mut self, run: &Run) -> Result<Option<Decision>, Question> {
        if let Some(yes) = self.refusal(HookKind::Rollback)? {
            return Ok(Some(self.roll_back(&format!("the rollback webhook says so: {yes}"), "by webhook")));
        }
        if let Some(failed) = self.refusal(HookKind::Rollout)? {
            return Ok(Some(self.failed_check(run, &format!("rollout: {failed}"))));
        }
        if self.it.rollout.analysis.metrics.is_empty() {
            return Ok(None);
        }
        let answers = self.answers.metrics.as_ref().ok_or(Question::Metrics)?;
        let failed = answers.iter().find_map(|answer| match answer {
            MetricAnswer::Failed(text) => Some(text),
            MetricAnswer::NoData(_) => None,
        });
        if let Some(failed) = failed {
            return Ok(Some(self.failed_check(run, &format!("metric {failed}"))));
        }
        // Silence is no failure, and no success either.
        Ok(answers.first().map(|answer| {
            let (MetricAnswer::Failed(text) | MetricAnswer::NoData(text)) = answer;
            self.hold("metric-no-data", &format!("no data of metric {text}"))
        }))
    }

    /// Counts a check that passed; nothing where enough have.
    fn iteration(&mut self, run: &Run) -> Option<Decision> {
        let analysis = &self.it.rollout.analysis;
        let passed = run.count(Kind::Check);
        if passed >= analysis.iterations {
            return None;
        }
        if run.last_check().is_some_and(|last| self.it.now < last.saturating_add(analysis.interval)) {
            return Some(self.wait(&format!("{passed} of {} checks passed", analysis.iterations)));
        }
        let passed = passed.saturating_add(1);
        let message = format!("{passed} of {} checks passed", analysis.iterations);
        let event = self.event(Kind::Check, self.phase, "check", &message);
        let mut decision = self.wait(&message);
        decision.events.push(event);
        Some(decision)
    }
}

/// The engine of a stratum, as people write it.
fn engine(stratum: &str) -> &str {
    match stratum.split('/').next().unwrap_or_default() {
        "chromium" => "Chromium",
        "webkit" => "WebKit",
        "firefox" | "gecko" => "Firefox",
        other => other,
    }
}

fn hold_state(hold: Hold) -> &'static str {
    match hold {
        Hold::Uncapped => "uncapped",
        Hold::SampleRatio { .. } => "sample-ratio",
        Hold::Both => "both",
        Hold::Evidence(_) => "evidence",
        Hold::FewViews(_) => "few-views",
        Hold::Step => "step",
    }
}

fn data_state(data: NoData) -> &'static str {
    match data {
        NoData::Nothing => "no-rows",
        NoData::Canary(_) => "no-canary-views",
        NoData::Stable(_) => "no-stable-views",
        NoData::Gap => "gap",
        NoData::Collectors(_) => "collectors",
    }
}
