//! The state of a run's evidence, minute by minute.

use alloc::collections::{BTreeMap, VecDeque};
use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;

use libm::log;

use crate::count_test::CountTest;
use crate::decision::RollBack;
use crate::e_process::{EProcess, RESTART_MINUTES};
use crate::groups::{Groups, Sides};
use crate::log_space::{ln_sum, real};
use crate::metric::Metric;
use crate::policy::{Action, MetricPolicy, OnSampleRatio, Policy};
use crate::row::{Comparison, Count, Row, Side, Vital};
use crate::smallest_effect::ExpectedProduct;
use crate::two_by_two::Line;

/// The minutes in which a silent canary is looked for.
const SILENT_MINUTES: u64 = 10;

/// The expected canary views from which on none is an alarm.
const SILENT_VIEWS: f64 = 30.0;

/// The evidence against the designed shares at which the alarm is raised.
pub(crate) const SAMPLE_RATIO_ALARM: f64 = 1_000.0;

/// Judges one run.
///
/// It keeps sums alone, so its size does not grow with the run.
#[derive(Clone, Debug)]
pub struct Judge {
    pub(crate) policy: Policy,
    /// The run's first and last final minute.
    minutes: Option<(u64, u64)>,
    pub(crate) groups: Groups,
    pub(crate) metrics: Vec<MetricState>,
    strata: BTreeMap<String, Stratum>,
    /// The last minutes with rows: the canary views that the shares gave, and those that came.
    recent: VecDeque<(u64, f64, u64)>,
    roll_back: Option<(u64, RollBack)>,
}

/// One metric over the whole run.
#[derive(Clone, Debug)]
pub(crate) struct MetricState {
    pub(crate) policy: MetricPolicy,
    counts: CountTest,
    evidence: Evidence,
    /// The counts of a web vital, one for each threshold.
    pub(crate) expected: [ExpectedProduct; 3],
}

/// The evidence of one stratum.
#[derive(Clone, Debug)]
struct Stratum {
    /// For each metric.
    evidence: Vec<Evidence>,
    /// Stable's views in earlier minutes, for LCP, INP and CLS.
    past: [Vital; 3],
}

/// The e-processes of a metric: one, or one for each threshold of a web vital.
#[derive(Clone, Debug)]
struct Evidence(Vec<EProcess>);

impl Evidence {
    fn new(metric: Metric) -> Self {
        let processes = if metric.is_vital() { 3 } else { 1 };
        Self(vec![EProcess::new(); processes])
    }

    /// ln E: of a web vital, that of the mean over its thresholds.
    fn ln_e(&self) -> f64 {
        ln_sum(self.0.iter().map(EProcess::ln_e)) - log(real(self.0.len() as u64))
    }
}

impl Judge {
    /// Begins with no evidence.
    #[must_use]
    pub fn new(policy: Policy) -> Self {
        let state = |policy: &MetricPolicy| MetricState {
            policy: *policy,
            counts: CountTest::new(policy.rho, policy.delta),
            evidence: Evidence::new(policy.metric),
            expected: [ExpectedProduct::default(); 3],
        };
        let metrics = policy.metrics.iter().map(state).collect();
        Self {
            policy,
            minutes: None,
            groups: Groups::default(),
            metrics,
            strata: BTreeMap::new(),
            recent: VecDeque::new(),
            roll_back: None,
        }
    }

    /// Judges rows in order of their minutes.
    #[must_use]
    pub fn of_rows(policy: Policy, rows: &[Row]) -> Self {
        let mut judge = Self::new(policy);
        for minute in rows.chunk_by(|a, b| a.minute == b.minute) {
            if let Some(row) = minute.first() {
                judge.add_minute(row.minute, minute);
            }
        }
        judge
    }

    /// Adds all rows of a final minute, which may be none, and applies the rules that roll back.
    ///
    /// Minutes come in ascending order; those that are left out count as minutes without views. A minute before the
    /// last one adds to it.
    pub fn add_minute(&mut self, minute: u64, rows: &[Row]) {
        let (first, last) = self.minutes.unwrap_or((minute, minute));
        let minute = minute.max(last);
        self.minutes = Some((first, minute));
        self.watch_empty_minutes(last, minute);
        let begun = minute.saturating_sub(first) / RESTART_MINUTES;
        let mut merged = BTreeMap::<(u64, Comparison, u64, &str), Sides>::new();
        for row in rows {
            let key = (row.revision, row.first, row.share.to_bits(), row.stratum.as_str());
            merged.entry(key).or_default().add(&row.canary, &row.control);
        }
        let (mut expected, mut came) = (0.0, 0_u64);
        for ((revision, first, share, stratum), sides) in &merged {
            let share = f64::from_bits(*share);
            self.add_row(begun, share, stratum, sides);
            self.groups.add(*revision, *first, share, &sides.canary, &sides.stable);
            came = came.saturating_add(sides.canary.exposed);
            if share < 1.0 {
                expected += share * real(sides.stable.exposed) / (1.0 - share);
            }
        }
        // The past of a row is that of earlier minutes, so it grows once the minute is over.
        for ((.., stratum), sides) in &merged {
            if let Some(stratum) = self.strata.get_mut(*stratum) {
                let vitals = [sides.stable.lcp, sides.stable.inp, sides.stable.cls];
                stratum.past.iter_mut().zip(vitals).for_each(|(past, vital)| past.add(vital));
            }
        }
        self.recent.push_back((minute, expected, came));
        self.watch(minute);
    }

    fn add_row(&mut self, begun: u64, share: f64, name: &str, sides: &Sides) {
        if !self.strata.contains_key(name) {
            let evidence = self.metrics.iter().map(|metric| Evidence::new(metric.policy.metric)).collect();
            self.strata.insert(name.into(), Stratum { evidence, past: [Vital::default(); 3] });
        }
        let Some(stratum) = self.strata.get_mut(name) else { return };
        for (metric, in_stratum) in self.metrics.iter_mut().zip(&mut stratum.evidence) {
            metric.add_row(begun, share, sides, in_stratum, &stratum.past);
        }
    }

    /// Rolls back on a canary that falls silent in minutes without rows.
    fn watch_empty_minutes(&mut self, last: u64, next: u64) {
        let end = next.min(last.saturating_add(SILENT_MINUTES));
        for minute in last.saturating_add(1)..end {
            self.watch(minute);
        }
    }

    /// Applies the rules that roll back at the end of a minute. The first one that does stands.
    fn watch(&mut self, minute: u64) {
        while self.recent.front().is_some_and(|(seen, ..)| seen.saturating_add(SILENT_MINUTES) <= minute) {
            self.recent.pop_front();
        }
        if self.roll_back.is_some() {
            return;
        }
        let (expected, came) = self.recent.iter().fold((0.0, 0_u64), |(expected, came), (_, more_expected, more)| {
            (expected + more_expected, came.saturating_add(*more))
        });
        let line = log(self.policy.roll_back_line());
        let cause = if let Some(ln_mean_e) = self.ln_mean_e().filter(|ln_e| *ln_e >= line) {
            Some(RollBack::Evidence { ln_mean_e })
        } else if expected >= SILENT_VIEWS && came == 0 {
            Some(RollBack::Silent { expected })
        } else if self.policy.on_sample_ratio == OnSampleRatio::RollBack && self.sample_ratio_alarm() == Some(true) {
            Some(RollBack::SampleRatio)
        } else {
            None
        };
        self.roll_back = cause.map(|cause| (minute, cause));
    }

    /// The first final minute in which the rules said roll back, and why.
    #[must_use]
    pub const fn roll_back(&self) -> Option<(u64, RollBack)> {
        self.roll_back
    }

    /// The last final minute.
    #[must_use]
    pub fn last_minute(&self) -> Option<u64> {
        self.minutes.map(|(_, last)| last)
    }

    /// Whether the alarm is raised because of too few canary views, or of too many.
    pub(crate) fn sample_ratio_alarm(&self) -> Option<bool> {
        let is_raised = self.groups.ln_sample_ratio() >= log(SAMPLE_RATIO_ALARM);
        is_raised.then(|| real(self.groups.total().canary.exposed) < self.groups.expected_canary_views())
    }

    /// ln E of each metric of the policy.
    pub fn ln_e(&self) -> impl Iterator<Item = (Metric, f64)> {
        self.metrics.iter().map(|metric| (metric.policy.metric, metric.ln_e()))
    }

    /// ln of the weighted mean of E over the metrics that roll back, where there are any.
    #[must_use]
    pub fn ln_mean_e(&self) -> Option<f64> {
        self.ln_mean(self.metrics.iter().map(|metric| &metric.evidence))
    }

    fn ln_mean<'a>(&self, evidence: impl Iterator<Item = &'a Evidence> + Clone) -> Option<f64> {
        let rolling = self.metrics.iter().zip(evidence).filter(|(metric, _)| metric.policy.action == Action::RollBack);
        let all = self.weight();
        let terms = rolling.map(|(metric, evidence)| log(metric.policy.weight) + evidence.ln_e());
        (all > 0.0).then(|| ln_sum(terms) - log(all))
    }

    /// The sum of the weights of the metrics that roll back.
    pub(crate) fn weight(&self) -> f64 {
        let rolling = self.metrics.iter().filter(|metric| metric.policy.action == Action::RollBack);
        rolling.map(|metric| metric.policy.weight).sum()
    }

    /// The metric that holds and has the largest E, with its ln E, where that is at the hold line.
    #[must_use]
    pub fn at_hold_line(&self) -> Option<(Metric, f64)> {
        let line = log(self.policy.hold_line());
        let holding = |metric: &&MetricState| matches!(metric.policy.action, Action::RollBack | Action::Hold);
        let evidence = self.metrics.iter().filter(holding).map(|metric| (metric.policy.metric, metric.ln_e()));
        evidence.filter(|(_, ln_e)| *ln_e >= line).max_by(|(_, a), (_, b)| a.total_cmp(b))
    }

    /// The stratum with the largest evidence: of one metric, or of all that roll back.
    #[must_use]
    pub fn localize(&self, metric: Option<Metric>) -> Option<&str> {
        let ln_e = |stratum: &Stratum| match metric {
            None => self.ln_mean(stratum.evidence.iter()),
            Some(wanted) => {
                let mut metrics = self.metrics.iter().zip(&stratum.evidence);
                metrics.find(|(metric, _)| metric.policy.metric == wanted).map(|(_, evidence)| evidence.ln_e())
            }
        };
        let strata = self.strata.iter().filter_map(|(name, stratum)| Some((name, ln_e(stratum)?)));
        strata.max_by(|(_, a), (_, b)| a.total_cmp(b)).map(|(name, _)| name.as_str())
    }
}

impl MetricState {
    fn add_row(&mut self, begun: u64, share: f64, sides: &Sides, in_stratum: &mut Evidence, past: &[Vital; 3]) {
        let metric = self.policy.metric;
        let places = self.evidence.0.iter_mut().zip(&mut in_stratum.0);
        if !metric.is_vital() {
            let (canary, stable) = (sides.canary.count(metric), sides.stable.count(metric));
            let factor = self.counts.ln_factor(share, canary, stable);
            for (whole, in_stratum) in places {
                whole.multiply(begun, &factor);
                in_stratum.multiply(begun, &factor);
            }
            return;
        }
        let thresholds = thresholds(metric, sides, past);
        for (((whole, in_stratum), expected), [past, canary, stable]) in places.zip(&mut self.expected).zip(thresholds)
        {
            let is_one_sided = canary.of <= 0.0 || stable.of <= 0.0 || share <= 0.0 || share >= 1.0;
            if is_one_sided || past.of <= 0.0 {
                continue;
            }
            let line = Line::new(self.policy.rho, past, canary.of, stable);
            let factor = line.ln_factor(canary.bad);
            whole.multiply(begun, &factor);
            in_stratum.multiply(begun, &factor);
            expected.add_line(&line, canary.of);
        }
    }

    /// ln E.
    pub(crate) fn ln_e(&self) -> f64 {
        self.evidence.ln_e()
    }
}

/// Past, canary and stable views of a web vital, for each of its thresholds.
fn thresholds(metric: Metric, sides: &Sides, past: &[Vital; 3]) -> [[Count; 3]; 3] {
    let [lcp, inp, cls] = past;
    let past = match metric {
        Metric::PoorInp => *inp,
        Metric::PoorCls => *cls,
        _ => *lcp,
    };
    let vital = |side: &Side| side.vital(metric).unwrap_or_default();
    let (canary, stable) = (vital(&sides.canary), vital(&sides.stable));
    let count = |vital: Vital, above| Count { bad: real(above), of: real(vital.measured) };
    let mut counts = [[Count::default(); 3]; 3];
    let above = past.above.into_iter().zip(canary.above).zip(stable.above);
    for (place, ((in_past, on_canary), on_stable)) in counts.iter_mut().zip(above) {
        *place = [count(past, in_past), count(canary, on_canary), count(stable, on_stable)];
    }
    counts
}
