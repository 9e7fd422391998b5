//! The expected length of a run and the faults that it can find, before it begins.

use std::fmt::Write as _;

use anyhow::{bail, ensure};
use canary_judge::simulation::{Fault, Outcome, Pace, Scenario, play};
use canary_rollout::{Analysis, Rollout, time};
use serde::Serialize;

use crate::rollout::collectors::Collectors;
use crate::rollout::controller::Controller;
use crate::terminal::format::thousands;

/// The hours of traffic that a plan is made from.
const HOURS: i64 = 48;

/// The largest rate that is simulated. A site with more views has found everything below by then.
const MOST: f64 = 50.0;

/// The faults of a plan.
const FAULTS: [(&str, Fault); 5] = [
    ("nothing boots", Fault::NotReady(1.0)),
    ("20 % do not boot", Fault::NotReady(0.2)),
    ("5 % do not boot", Fault::NotReady(0.05)),
    ("errors x5", Fault::Errors(5.0)),
    ("slow views x2", Fault::Slow(2.0)),
];

/// The expected length of a run and the faults that it can find.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Plan {
    pub(crate) views_per_second: Option<f64>,
    /// Hours of traffic that the rate was measured in; none where it was given.
    pub(crate) hours: Option<f64>,
    pub(crate) weights: Vec<f64>,
    /// The least minutes of the ladder, without a wait for evidence.
    pub(crate) least_minutes: u64,
    /// The minutes until the promotion of a healthy canary, in half of the simulated runs; null where fewer get there in a week.
    pub(crate) minutes: Option<u64>,
    pub(crate) runs: u64,
    /// How many of these runs get to the promotion.
    pub(crate) promoted: u64,
    pub(crate) faults: Vec<Found>,
    /// Why the branch cannot be pushed to, as far as can be known before.
    pub(crate) push: Option<String>,
}

/// A fault of the canary, as simulated runs find it.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Found {
    pub(crate) fault: &'static str,
    pub(crate) rolled_back: u64,
    pub(crate) held: u64,
    /// The minutes until the roll-back, in half of the runs; null where fewer roll back.
    pub(crate) minutes: Option<u64>,
    /// The views with the fault, in half of the runs.
    pub(crate) harmed: u64,
}

impl Controller {
    /// Plans a run at a rate, or at that of the last 48 hours.
    pub(crate) fn plan(&mut self, given: Option<f64>, runs: u64, now: i64) -> anyhow::Result<Plan> {
        let (file, history) = self.read()?;
        let push = self.repository.probe_push(&history.commit)?;
        let (rate, hours) = match given {
            None if is_judged(&file.rollout) => {
                measured(&self.collectors(&file), now).map(|(rate, hours)| (Some(rate), Some(hours)))?
            }
            given => (given, None),
        };
        Ok(Plan { hours, push, ..Plan::of(&file.rollout, rate, runs, now) })
    }
}

/// Whether a run has a ladder that the judge decides on.
pub(crate) fn is_judged(rollout: &Rollout) -> bool {
    let analysis = &rollout.analysis;
    analysis.iterations == 0 && analysis.schedule.is_empty() && !rollout.skip_analysis
}

/// How many simulated runs of a healthy canary are promoted within a week, and the minutes that half of all runs take.
pub(crate) fn promotions(analysis: &Analysis, rate: f64, runs: u64) -> (u64, Option<u64>) {
    let base = scenario(analysis, rate.min(MOST));
    let outcomes: Vec<_> = (0..runs).map(|run| play(&base, 1, run)).collect();
    median(outcomes.iter().filter_map(|outcome| outcome.promoted), runs)
}

/// The views a second of the last 48 hours, and the hours of which windows were there.
pub(crate) fn measured(collectors: &Collectors, now: i64) -> anyhow::Result<(f64, f64)> {
    let start = now.saturating_sub(HOURS.saturating_mul(3600));
    let start = u64::try_from(start).unwrap_or_default();
    let collected = collectors.ask(|window| start.checked_div(window).unwrap_or_default());
    if let Some(missing) = collected.missing.first() {
        bail!("the traffic is not known: {missing}; give it with --views-per-second");
    }
    let (mut views, mut seconds) = (0_u64, 0_u64);
    for answer in &collected.answers {
        let header = &answer.header;
        let since = header.since.max(start.checked_div(header.window).unwrap_or_default());
        let minutes = header.through.saturating_add(1).saturating_sub(since);
        let lost = header.gaps.iter().map(|(from, to)| to.saturating_add(1).saturating_sub((*from).max(since)));
        let covered = minutes.saturating_sub(lost.sum()).saturating_mul(header.window);
        seconds = seconds.max(covered);
        let counts = answer.windows.iter().filter(|window| window.minute >= since);
        views = views.saturating_add(counts.map(|window| window.counts.exposed).sum());
    }
    ensure!(
        views > 0 && seconds > 0,
        "the collectors have no views of the last {HOURS} hours; give the traffic with --views-per-second"
    );
    #[expect(clippy::cast_precision_loss, reason = "counts of views, far below 2^52")]
    let (views, seconds) = (views as f64, seconds as f64);
    Ok((views / seconds, (seconds / 360.0).round() / 10.0))
}

fn scenario(analysis: &Analysis, rate: f64) -> Scenario {
    let step = u64::try_from(analysis.step_duration).unwrap_or_default().div_ceil(60).max(1);
    Scenario {
        policy: analysis.judge.clone(),
        ladder: analysis.ladder.0.clone(),
        step_minutes: step,
        has_rush_hours: false,
        ..Scenario::ladder(rate)
    }
}

/// The least minutes of a run.
fn least(analysis: &Analysis, skips: bool, now: i64) -> u64 {
    let seconds = if skips {
        0
    } else if let Some((last, _)) = analysis.schedule.last() {
        last.saturating_sub(now).saturating_add(analysis.step_duration)
    } else if analysis.iterations > 0 {
        analysis.interval.saturating_mul(i64::try_from(analysis.iterations).unwrap_or(i64::MAX))
    } else {
        let steps = i64::try_from(analysis.ladder.len()).unwrap_or(i64::MAX);
        analysis.step_duration.saturating_mul(steps)
    };
    u64::try_from(seconds).unwrap_or_default().div_ceil(60)
}

/// How many values there are, and the one that half of all runs are below.
fn median(values: impl Iterator<Item = u64>, runs: u64) -> (u64, Option<u64>) {
    let mut values: Vec<_> = values.collect();
    values.sort_unstable();
    let half = usize::try_from(runs / 2).unwrap_or_default();
    (values.len() as u64, values.get(half).copied())
}

fn found(fault: &'static str, outcomes: &[Outcome], runs: u64) -> Found {
    let back = outcomes.iter().filter_map(|outcome| Some(outcome.rolled_back?.0.saturating_add(1)));
    let (rolled_back, minutes) = median(back, runs);
    let held = outcomes.iter().filter(|outcome| outcome.rolled_back.is_none() && outcome.held.is_some()).count() as u64;
    let (_, harmed) = median(outcomes.iter().map(|outcome| outcome.harmed), runs);
    Found { fault, rolled_back, held, minutes, harmed: harmed.unwrap_or_default() }
}

impl Plan {
    /// Plans a run of a file at a rate, without a look at collectors and remote.
    pub(crate) fn of(rollout: &Rollout, views_per_second: Option<f64>, runs: u64, now: i64) -> Self {
        let analysis = &rollout.analysis;
        let mut plan = Self {
            views_per_second,
            hours: None,
            weights: analysis.ladder.0.clone(),
            least_minutes: least(analysis, rollout.skip_analysis, now),
            minutes: None,
            runs: 0,
            promoted: 0,
            faults: Vec::new(),
            push: None,
        };
        let Some(rate) = views_per_second.filter(|_| is_judged(rollout)) else {
            plan.minutes = Some(plan.least_minutes);
            return plan;
        };
        plan.runs = runs;
        let base = scenario(analysis, rate.min(MOST));
        (plan.promoted, plan.minutes) = promotions(analysis, rate, runs);
        for (name, fault) in FAULTS {
            // A ladder that goes up by the clock, so that a fault is not hidden by a wait for views.
            let length = plan.minutes.unwrap_or(plan.least_minutes).max(plan.least_minutes).min(10_080);
            let scenario = Scenario { name, fault, pace: Pace::Clock, minutes: length, ..base.clone() };
            let outcomes: Vec<_> = (0..runs).map(|run| play(&scenario, 2, run)).collect();
            plan.faults.push(found(name, &outcomes, runs));
        }
        plan
    }

    /// Whether the canary can be judged, and the branch pushed to, as far as is known.
    pub(crate) fn is_feasible(&self) -> bool {
        self.push.is_none() && self.minutes.is_some()
    }

    /// The plan for people.
    pub(crate) fn text(&self) -> String {
        let mut text = String::new();
        let _ = writeln!(text, "ladder   {}", self.ladder());
        if let Some(rate) = self.views_per_second {
            let of = self.hours.map_or_else(String::new, |hours| format!(", measured over {hours} h"));
            let _ = writeln!(text, "traffic  {rate:.2} views a second{of}");
        }
        let _ = match self.minutes {
            Some(minutes) if self.runs == 0 => writeln!(text, "length   {}", length(minutes)),
            Some(minutes) => writeln!(
                text,
                "length   {}, at least {}; {} of {} simulated runs of a healthy canary are promoted",
                length(minutes),
                length(self.least_minutes),
                self.promoted,
                self.runs
            ),
            None => writeln!(
                text,
                "length   not known: {} of {} simulated runs of a healthy canary are promoted within a week; lower \
                 minViews, or begin with a higher weight",
                self.promoted, self.runs
            ),
        };
        for it in &self.faults {
            let at = it.minutes.map_or_else(String::new, |minutes| format!(" after {}", length(minutes)));
            let _ = writeln!(
                text,
                "finds    {}: {} of {} rolled back{at}, {} held; {} views harmed",
                it.fault, it.rolled_back, self.runs, it.held, it.harmed
            );
        }
        if let Some(reason) = &self.push {
            let _ = writeln!(text, "push     refused, so a roll-back would be too: {reason}");
        }
        text
    }

    /// The plan as Markdown, for a comment on a pull request.
    pub(crate) fn markdown(&self) -> String {
        let mut text = String::from("### What this traffic can detect\n\n");
        let at = self.views_per_second.map_or_else(String::new, |rate| format!("At {rate} views a second: "));
        let _ = match self.minutes {
            Some(minutes) if self.runs == 0 => {
                writeln!(
                    text,
                    "**Promoted after {}, by the clock**; no verdict raises the percentage.",
                    length(minutes)
                )
            }
            Some(minutes) => writeln!(
                text,
                "{at}**a healthy canary is promoted after {}**, in {} of {} simulated runs. Where the judge shortens no step, \
                 they take {}.",
                length(minutes),
                self.promoted,
                self.runs,
                length(self.least_minutes)
            ),
            None => writeln!(
                text,
                "{at}**too few views to judge a canary**: {} of {} simulated runs of a healthy one are promoted within a \
                 week. Lower `minViews`, or begin with a higher weight.",
                self.promoted, self.runs
            ),
        };
        let _ = writeln!(text, "Ladder: {}.", self.ladder());
        if !self.faults.is_empty() {
            text.push_str(
                "\n| fault of the canary | rolled back | only held | time to the roll-back | views harmed |\n\
                 |---|--:|--:|--:|--:|\n",
            );
        }
        for it in &self.faults {
            let after = it.minutes.map_or_else(|| "not found".to_owned(), length);
            let (fault, back, held, runs) = (it.fault, it.rolled_back, it.held, self.runs);
            let _ = writeln!(text, "| {fault} | {back} of {runs} | {held} | {after} | {} |", thousands(it.harmed));
        }
        if let Some(reason) = &self.push {
            let _ =
                writeln!(text, "\n**The branch cannot be pushed to, so a roll-back could not be either:** {reason}");
        }
        text
    }

    /// The weights of the ladder.
    fn ladder(&self) -> String {
        self.weights.iter().map(|weight| format!("{weight} %")).collect::<Vec<_>>().join(", ")
    }
}

/// A length for people.
fn length(minutes: u64) -> String {
    time::length(i64::try_from(minutes.saturating_mul(60)).unwrap_or(i64::MAX))
}
