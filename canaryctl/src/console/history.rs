//! The run of the current config as this collector counted it, minute by minute.

use std::collections::BTreeMap;

use canary_collector::server::Overview;
use canary_judge::windows::{Answer, Cohort, Counts, Header, Revision, Run, Window, fold};
use canary_judge::{Circumstances, Judge, MetricEvidence, Policy, Verdict};
use serde::Serialize;

use crate::console::known_config::{KnownConfig, KnownConfigs};

/// The number of looks at the evidence that are kept; then every second one goes.
const LOOKS: usize = 400;

/// One arm's views of a minute, by the counts that are judged.
#[derive(Clone, Copy, Debug, Default, Serialize, PartialEq, Eq)]
pub(crate) struct Views {
    pub(crate) exposed: u64,
    pub(crate) ready: u64,
    pub(crate) failed: u64,
    pub(crate) left: u64,
    pub(crate) errors: u64,
}

impl Views {
    fn add(&mut self, counts: &Counts) {
        let sums = [
            (&mut self.exposed, counts.exposed),
            (&mut self.ready, counts.ready),
            (&mut self.failed, counts.failed),
            (&mut self.left, counts.left),
            (&mut self.errors, counts.errors),
        ];
        for (sum, more) in sums {
            *sum = sum.saturating_add(more);
        }
    }
}

/// Views of the canary's cohort and of all others.
#[derive(Clone, Copy, Debug, Default, Serialize, PartialEq, Eq)]
pub(crate) struct Arms {
    pub(crate) canary: Views,
    pub(crate) stable: Views,
}

impl Arms {
    pub(crate) fn add(&mut self, window: &Window) {
        let counts = window.capped.as_ref().unwrap_or(&window.counts);
        if window.cohort == Cohort::Canary { self.canary.add(counts) } else { self.stable.add(counts) }
    }
}

/// A final minute.
#[derive(Clone, Debug)]
pub(crate) struct Minute {
    pub(crate) number: u64,
    pub(crate) arms: Arms,
    /// The share that its views were to have, where they have one.
    pub(crate) share: Option<f64>,
}

/// The evidence at the end of a minute.
#[derive(Clone, Debug)]
pub(crate) struct Look {
    pub(crate) minute: u64,
    pub(crate) ln_e: Vec<f64>,
    pub(crate) ln_mean_e: Option<f64>,
}

/// All that the collector counted of one salt.
#[derive(Debug)]
pub(crate) struct History {
    pub(crate) salt: String,
    /// The first minute that was read, and the one to read next.
    since: u64,
    next: u64,
    judge: Judge,
    pub(crate) minutes: Vec<Minute>,
    pub(crate) looks: Vec<Look>,
    /// How many minutes there are between two looks.
    every: u64,
    pub(crate) strata: BTreeMap<(String, String), Arms>,
    pub(crate) codes: BTreeMap<String, [u64; 2]>,
    assigned: u64,
    both: u64,
}

impl History {
    pub(crate) fn new(salt: String, since: u64) -> Self {
        Self {
            salt,
            since,
            next: since,
            judge: Judge::new(Policy::default()),
            minutes: Vec::new(),
            looks: Vec::new(),
            every: 1,
            strata: BTreeMap::new(),
            codes: BTreeMap::new(),
            assigned: 0,
            both: 0,
        }
    }

    /// Reads the minutes that became final.
    pub(crate) fn read(
        &mut self,
        overview: &Overview,
        configs: &KnownConfigs,
        config: &KnownConfig,
        minute: impl Fn(u64) -> anyhow::Result<Vec<Window>>,
    ) -> anyhow::Result<()> {
        let behind = overview.through.saturating_sub(self.next);
        self.every = self.every.max(behind.div_ceil(LOOKS as u64));
        while self.next <= overview.through {
            let windows = minute(self.next)?;
            self.add(windows, overview.window, configs, config);
            self.next = self.next.saturating_add(1);
        }
        Ok(())
    }

    fn add(&mut self, mut windows: Vec<Window>, window: u64, configs: &KnownConfigs, config: &KnownConfig) {
        let minute = self.next;
        windows.retain(|it| it.salt.as_deref() == Some(&self.salt));
        if windows.is_empty() && self.minutes.is_empty() {
            return;
        }
        let ms = |minute: u64| i64::try_from(minute.saturating_mul(window).saturating_mul(1_000)).unwrap_or(i64::MAX);
        let percentages = configs.percentages(ms(minute), ms(minute.saturating_add(1)));
        for it in &mut windows {
            // A config without a revision is one all the same.
            it.revision.get_or_insert(Revision::Known(0));
        }
        let mut arms = Arms::default();
        let mut share = None;
        for it in windows.iter().filter(|it| it.first.is_some()) {
            arms.add(it);
            let is_canary = it.cohort == Cohort::Canary;
            self.strata.entry((it.engine.clone(), it.device.clone())).or_default().add(it);
            for (code, count) in &it.capped.as_ref().unwrap_or(&it.counts).codes {
                let [canary, stable] = self.codes.entry(code.clone()).or_default();
                let sum = if is_canary { canary } else { stable };
                *sum = sum.saturating_add(*count);
            }
            if let Some(Revision::Known(revision)) = &it.revision {
                share = percentages.get(revision).copied().or(share);
            }
        }
        let run = Run { salt: &self.salt, since: minute, percentages: &percentages, is_balanced: config.is_balanced };
        let header = Header { collector: String::new(), window, since: minute, through: minute, gaps: Vec::new() };
        let fold = fold(&[Answer { header, windows }], &run);
        self.assigned = self.assigned.saturating_add(fold.assigned);
        self.both = self.both.saturating_add(fold.both);
        self.judge.add_minute(minute, &fold.rows);
        self.minutes.push(Minute { number: minute, arms, share });
        if minute.checked_rem(self.every) == Some(0) {
            self.look(minute);
        }
    }

    fn look(&mut self, minute: u64) {
        let verdict = self.judge.verdict(&Circumstances::default());
        let ln_e = verdict.metrics.iter().map(|it| it.ln_e).collect();
        self.looks.push(Look { minute, ln_e, ln_mean_e: verdict.ln_mean_e });
        if self.looks.len() > LOOKS {
            self.every = self.every.saturating_mul(2);
            let mut index = 0_usize;
            self.looks.retain(|_| {
                index = index.saturating_add(1);
                index.checked_rem(2) == Some(0)
            });
        }
    }

    /// The verdict as of the last final minute. Without a controller no step ends.
    pub(crate) fn verdict(&self, overview: &Overview) -> Verdict {
        let has_gap = overview.gaps.iter().any(|(_, to)| *to >= overview.through && *to >= self.since);
        let (assigned, both) = (self.assigned, self.both);
        self.judge.verdict(&Circumstances { is_step_over: false, has_gap, missing_collectors: 0, assigned, both })
    }
}

/// The place of a metric beside its limit, in one word.
pub(crate) fn mark(metric: &MetricEvidence, verdict: &Verdict) -> &'static str {
    let is_rolled_back = matches!(verdict.decision, canary_judge::Decision::RollBack(_));
    match metric.ratio.estimate {
        _ if metric.canary.of + metric.stable.of <= 0.0 => "no data",
        _ if is_rolled_back && metric.ln_e >= verdict.lines.1.ln() => "worse",
        _ if verdict.canary_views.0 < verdict.min_views => "collecting",
        Some(ratio) if ratio > metric.policy.rho => "above",
        _ => "ok",
    }
}
