//! One run, minute by minute.

use alloc::string::String;
use alloc::vec::Vec;

use libm::cos;

use crate::decision::{Decision, Hold, RollBack};
use crate::judge::Judge;
use crate::log_space::real;
use crate::metric::Metric;
use crate::row::{Comparison, Row};
use crate::simulation::browser::{Assignment, Browser, Browsers, Mark, assign};
use crate::simulation::collector::{Cap, Collector, Unit};
use crate::simulation::flagger::Flagger;
use crate::simulation::random::Random;
use crate::simulation::scenario::{Draft, Fault, Pace, Scenario};
use crate::simulation::view::{Conditions, view};
use crate::verdict::Circumstances;

/// Minutes that a shared incident lasts.
const INCIDENT: u64 = 10;

/// Minutes until a row is final and a commit is served.
const REACTION: u64 = 2;

/// Seconds in which pages see a new config.
const SPREAD: f64 = 90.0;

/// Minutes a week.
const WEEK: u64 = 7 * 24 * 60;

/// A run that is being played.
#[derive(Clone, Debug)]
pub struct Play<'a> {
    scenario: &'a Scenario,
    random: Random,
    browsers: Browsers,
    collector: Collector,
    shares: Vec<f64>,
    minute: u64,
    /// The second of the next view.
    next_view: f64,
    /// Minutes since the beginning of a week, when the run begins.
    began: u64,
    step: usize,
    /// The minute in which the step began.
    step_since: u64,
    incident_until: u64,
    flood: Cap,
    /// Views on the canary in the last minute, units or not, and those that fail.
    views: u64,
    failures: u64,
    harmed: u64,
    assigned: u64,
    both: u64,
}

/// What a minute has brought.
#[derive(Clone, Debug)]
pub struct Minute {
    /// The judge's rows.
    pub rows: Vec<Row>,
    /// Rows without the cap on one network, where there is a flood.
    pub uncapped: Option<Vec<Row>>,
}

impl<'a> Play<'a> {
    /// Begins a run.
    #[must_use]
    pub fn new(scenario: &'a Scenario, seed: u64, run: u64) -> Self {
        let mut random = Random::new(seed, run);
        let browsers = Browsers::new(random.bits(), scenario.views_per_second);
        let began = random.below(WEEK);
        let mut play = Self {
            scenario,
            browsers,
            collector: Collector::new(scenario.ladder.len()),
            shares: scenario.ladder.iter().map(|percentage| percentage / 100.0).collect(),
            minute: 0,
            next_view: 0.0,
            began,
            step: 0,
            step_since: 0,
            incident_until: 0,
            flood: Cap::default(),
            views: 0,
            failures: 0,
            harmed: 0,
            assigned: 0,
            both: 0,
            random,
        };
        play.next_view = play.wait();
        play
    }

    /// Seconds to the next view.
    fn wait(&mut self) -> f64 {
        let rate = self.scenario.views_per_second * self.rush();
        self.random.wait(1.0 / rate)
    }

    /// Traffic against its average over a week.
    fn rush(&self) -> f64 {
        /// So that a week has the mean 1.
        const MEAN: f64 = (5.0 + 2.0 * 0.6) / 7.0;
        if !self.scenario.has_rush_hours {
            return 1.0;
        }
        let minute = self.began.saturating_add(self.minute).checked_rem(WEEK).unwrap_or_default();
        let is_weekend = minute >= 5 * 24 * 60;
        let hour = real(minute.checked_rem(24 * 60).unwrap_or_default()) / 60.0;
        let of_day = 1.0 + 0.75 * cos((hour - 15.0) / 12.0 * core::f64::consts::PI);
        of_day * if is_weekend { 0.6 } else { 1.0 } / MEAN
    }

    /// Plays the next minute.
    pub fn minute(&mut self) -> Minute {
        (self.views, self.failures) = (0, 0);
        let is_incident = self.minute < self.incident_until;
        if !is_incident && self.random.happens(1.0 / self.scenario.incident_minutes) {
            self.incident_until = self.minute.saturating_add(INCIDENT).saturating_add(1);
        }
        let begin = real(self.minute) * 60.0;
        while self.next_view < begin + 60.0 {
            let second = self.next_view - begin;
            self.play_view(second, is_incident);
            self.next_view += self.wait();
        }
        let (rows, assigned, both) = self.collector.end(self.minute, &self.shares, self.scenario.draft);
        self.assigned = self.assigned.saturating_add(assigned);
        self.both = self.both.saturating_add(both);
        let minute = self.forge(rows);
        self.minute = self.minute.saturating_add(1);
        minute
    }

    fn play_view(&mut self, second: f64, is_incident: bool) {
        let browser = self.browsers.arrive(&mut self.random);
        // For a while after a step, some pages still have the config before.
        let age = real(self.minute.saturating_sub(self.step_since)) * 60.0 + second;
        let is_behind = self.step > 0 && age < SPREAD && self.random.happens(1.0 - age / SPREAD);
        let step = if is_behind { self.step.saturating_sub(1) } else { self.step };
        let percentage = self.scenario.ladder.get(step).copied().unwrap_or_default();
        let Assignment { is_canary, is_compared, first, both, mark } = assign(browser.bucket, browser.mark, percentage);
        let mut arms = browser.arms;
        let first = if self.scenario.draft == Draft::FirstInArm { first_in_arm(&mut arms, is_canary) } else { first };
        self.browsers.store(&browser, mark, arms);
        let conditions = self.conditions(&browser, is_canary, is_incident);
        let reports = view(&browser, conditions, &mut self.random);
        if is_canary {
            self.views = self.views.saturating_add(u64::from(reports.exposed.is_some()));
            self.failures = self.failures.saturating_add(u64::from(reports.is_failure && reports.exposed.is_some()));
            let is_harmful = !matches!(conditions.fault, Fault::None);
            self.harmed = self.harmed.saturating_add(u64::from(is_harmful));
        }
        if is_compared && reports.exposed.is_some() {
            self.collector.count_assigned(both);
        }
        if let Some(first) = first {
            // Against control, nobody else is compared.
            if first == Comparison::Run || is_compared {
                self.collector.count(Unit { step, first, stratum: browser.stratum, is_canary }, second, &reports);
            }
        }
    }

    fn conditions(&self, browser: &Browser, is_canary: bool, is_incident: bool) -> Conditions {
        let Scenario { fault, since, is_webkit_only, network, .. } = *self.scenario;
        let has_fault = is_canary && self.minute >= since && (browser.is_webkit || !is_webkit_only);
        Conditions {
            is_canary,
            fault: if has_fault { fault } else { Fault::None },
            had_canary: browser.mark == Mark::Canary,
            is_incident,
            network,
        }
    }

    /// Adds forged reports, which no browser sent.
    fn forge(&mut self, mut rows: Vec<Row>) -> Minute {
        let Some(forged) = self.scenario.forged.filter(|forged| self.minute >= forged.since) else {
            return Minute { rows, uncapped: None };
        };
        let sent = self.random.count(forged.per_minute);
        let admitted = self.flood.admit(sent, &mut self.random);
        let mut uncapped = rows.clone();
        for (rows, views) in [(&mut rows, admitted), (&mut uncapped, sent)] {
            let claimed = rows.iter_mut().find(|row| row.first == Comparison::Run);
            if let Some(row) = claimed {
                row.canary.exposed = row.canary.exposed.saturating_add(views);
                let failing = if forged.are_ready { 0 } else { i64::try_from(views).unwrap_or_default() };
                row.canary.not_ready = row.canary.not_ready.saturating_add(failing);
            }
        }
        Minute { rows, uncapped: Some(uncapped) }
    }

    /// Goes on to the next step where the clock says that this one is over.
    pub fn follow_clock(&mut self) {
        let is_over = self.minute > 0 && self.circumstances().is_step_over;
        if is_over && !self.is_last_step() {
            self.next_step(self.minute);
        }
    }

    /// What the rows do not say.
    #[must_use]
    pub fn circumstances(&self) -> Circumstances {
        Circumstances {
            is_step_over: self.minute.saturating_sub(self.step_since) >= self.scenario.step_minutes,
            assigned: self.assigned,
            both: self.both,
            ..Circumstances::default()
        }
    }

    /// Whether the last step is reached.
    fn is_last_step(&self) -> bool {
        self.step.saturating_add(1) >= self.scenario.ladder.len()
    }

    fn next_step(&mut self, since: u64) {
        self.step = self.step.saturating_add(1);
        self.step_since = since;
    }
}

/// The unit of a design that was found wrong: the first view in its arm, whatever came before.
fn first_in_arm(arms: &mut [bool; 2], is_canary: bool) -> Option<Comparison> {
    let [stable, canary] = arms;
    let seen = if is_canary { canary } else { stable };
    let first = (!*seen).then_some(Comparison::Run);
    *seen = true;
    first
}

/// How a run went.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Outcome {
    /// The minute in which the rules rolled back, counted from 0.
    pub rolled_back: Option<(u64, &'static str)>,
    /// The stratum with the most evidence then.
    pub stratum: Option<String>,
    /// Canary views that were judged from the beginning of the fault until then, or until the end.
    pub units: u64,
    /// Views that had the canary's fault.
    pub harmed: u64,
    /// The first minute in which a metric was at its hold line.
    pub held: Option<u64>,
    /// The metric that was.
    pub held_by: Option<Metric>,
    /// Whether the last verdict was a hold for the sample ratio, views in both cohorts, or counts beyond the cap.
    pub is_suspect: bool,
    /// The minute in which the last step was over by the judge's word.
    pub promoted: Option<u64>,
    /// ln of the mean E, at its largest.
    pub ln_mean_e: f64,
    /// Flagger on the same views.
    pub flagger: (Option<u64>, Option<u64>),
}

/// Plays a run to its end.
#[must_use]
pub fn play(scenario: &Scenario, seed: u64, run: u64) -> Outcome {
    let mut play = Play::new(scenario, seed, run);
    let mut judge = Judge::new(scenario.policy.clone());
    // All counts are judged beside the capped ones, once a flood makes them differ.
    let mut uncapped: Option<Judge> = None;
    let mut flagger = Flagger::default();
    let mut outcome = Outcome { ln_mean_e: f64::NEG_INFINITY, ..Outcome::default() };
    let mut next_step_at = None;
    for minute in 0..scenario.minutes {
        if scenario.pace == Pace::Clock {
            play.follow_clock();
        } else if next_step_at.is_some_and(|at| at <= minute) {
            play.next_step(minute);
            next_step_at = None;
        }
        let Minute { rows, uncapped: all } = play.minute();
        if let Some(all) = all {
            uncapped.get_or_insert_with(|| judge.clone()).add_minute(minute, &all);
        }
        judge.add_minute(minute, &rows);
        flagger.check(minute, play.views, play.failures);
        outcome.look(scenario, minute, &rows, &judge);
        if outcome.rolled_back.is_some() {
            break;
        }
        if scenario.pace == Pace::Judge && next_step_at.is_none() {
            let decision = judge.decide(uncapped.as_ref(), &play.circumstances());
            match decision {
                Decision::Advance { .. } if play.is_last_step() => {
                    outcome.promoted = Some(minute);
                    break;
                }
                Decision::Advance { .. } => next_step_at = Some(minute.saturating_add(REACTION)),
                _ => {}
            }
        }
    }
    let last = judge.decide(uncapped.as_ref(), &play.circumstances());
    outcome.is_suspect = matches!(last, Decision::Hold(Hold::Uncapped | Hold::SampleRatio { .. } | Hold::Both));
    outcome.harmed = play.harmed;
    outcome.flagger = (flagger.rolled_back, flagger.rolled_back_by_views);
    outcome
}

impl Outcome {
    /// Takes down what a minute has brought.
    fn look(&mut self, scenario: &Scenario, minute: u64, rows: &[Row], judge: &Judge) {
        let views = rows.iter().fold(0_u64, |views, row| views.saturating_add(row.canary.exposed));
        if minute >= scenario.since {
            self.units = self.units.saturating_add(views);
        }
        self.ln_mean_e = self.ln_mean_e.max(judge.ln_mean_e().unwrap_or(f64::NEG_INFINITY));
        if let (None, Some((metric, _))) = (self.held, judge.at_hold_line()) {
            (self.held, self.held_by) = (Some(minute), Some(metric));
        }
        if let Some((minute, cause)) = judge.roll_back() {
            self.rolled_back = Some((minute, cause_name(cause)));
            self.stratum = judge.localize(None).map(Into::into);
        }
    }
}

const fn cause_name(cause: RollBack) -> &'static str {
    match cause {
        RollBack::Evidence { .. } => "evidence",
        RollBack::Silent { .. } => "silent",
        RollBack::SampleRatio => "sample ratio",
    }
}
