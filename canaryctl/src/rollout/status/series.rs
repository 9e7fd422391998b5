//! The history of a run for charts: counts of both arms, shares, and the evidence after each minute.

use std::collections::BTreeMap;

use canary_judge::{Judge, Metric, Row, Side};
use serde::Serialize;

use crate::rollout::status::facts::{percentage, seen};
use crate::rollout::status::look::{Look, rounded};

/// The most points of a series. A longer run has several minutes in one.
const POINTS: u64 = 1000;

/// Columns of equal length, one entry for each point. A point without views is absent, never zero.
#[derive(Clone, Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Series {
    /// The length of a minute in seconds.
    pub(crate) window: u64,
    /// The minutes in one point.
    pub(crate) every: u64,
    /// The first minute of each point: its time is this times `window`, in seconds since 1970.
    pub(crate) minutes: Vec<u64>,
    pub(crate) canary: Arm,
    pub(crate) stable: Arm,
    /// The percentage that was set.
    pub(crate) set: Vec<Option<f64>>,
    /// The canary's share of views, in percent.
    pub(crate) seen: Vec<Option<f64>>,
    /// ln E of each metric after the point, under its name.
    pub(crate) log_e: BTreeMap<&'static str, Vec<f64>>,
    /// ln of the weighted mean of E over the metrics that roll back.
    pub(crate) log_mean_e: Vec<Option<f64>>,
    /// ln of the lines: hold (of each metric) and roll-back (of the mean).
    pub(crate) log_hold_line: Option<f64>,
    pub(crate) log_rollback_line: Option<f64>,
    /// The stratum with the most evidence, for each metric.
    #[serde(skip)]
    pub(crate) strata: Vec<(Metric, String)>,
}

/// The counts of one arm, under their names: of each metric its bad views, and of web vitals those that were measured.
#[derive(Clone, Debug, Default, Serialize)]
pub(crate) struct Arm {
    pub(crate) exposed: Vec<u64>,
    pub(crate) bad: BTreeMap<&'static str, Vec<f64>>,
    pub(crate) measured: BTreeMap<&'static str, Vec<f64>>,
}

impl Series {
    pub(crate) fn new(look: Look<'_>) -> Self {
        let Some(evidence) = look.evidence else { return Self::default() };
        let verdict = &evidence.verdict;
        let mut series = Self {
            window: evidence.window,
            log_hold_line: Some(verdict.lines.1.ln()),
            log_rollback_line: Some(verdict.lines.0.ln()),
            ..Self::default()
        };
        let rows = &evidence.rows;
        let (Some(first), Some(last)) = (rows.first(), rows.last()) else { return series };
        series.every = last.minute.saturating_sub(first.minute).saturating_add(1).div_ceil(POINTS);
        let point = |row: &Row| row.minute.checked_div(series.every).unwrap_or_default();
        let mut judge = Judge::new(look.file.rollout.analysis.judge.clone());
        for point in rows.chunk_by(|a, b| point(a) == point(b)) {
            for minute in point.chunk_by(|a, b| a.minute == b.minute) {
                if let Some(row) = minute.first() {
                    judge.add_minute(row.minute, minute);
                }
            }
            let (Some(row), Some(newest)) = (point.first(), point.iter().map(|row| row.revision).max()) else {
                continue;
            };
            let begin = row.minute.checked_div(series.every).unwrap_or_default().saturating_mul(series.every);
            series.minutes.push(begin.max(first.minute));
            let (mut canary, mut stable) = (Side::default(), Side::default());
            for row in point {
                canary.add(&row.canary);
                stable.add(&row.control);
            }
            series.canary.push(&canary);
            series.stable.push(&stable);
            let weight = percentage(look, newest);
            series.set.push(weight);
            let rows = point.iter().filter(|row| row.revision == newest);
            series.seen.push(weight.and_then(|weight| seen(rows, weight)));
            for (metric, ln_e) in judge.ln_e() {
                series.log_e.entry(metric.name()).or_default().push(rounded(ln_e));
            }
            series.log_mean_e.push(judge.ln_mean_e().map(rounded));
        }
        let strata = judge.ln_e().filter_map(|(metric, _)| Some((metric, judge.localize(Some(metric))?.to_owned())));
        series.strata = strata.collect();
        series
    }
}

impl Arm {
    fn push(&mut self, side: &Side) {
        self.exposed.push(side.exposed);
        for metric in Metric::ALL {
            let count = side.count(metric);
            self.bad.entry(metric.name()).or_default().push(count.bad);
            if metric.is_vital() {
                self.measured.entry(metric.name()).or_default().push(count.of);
            }
        }
    }
}
