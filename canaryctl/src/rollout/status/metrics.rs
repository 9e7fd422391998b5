//! The metrics of a state, the worst first.

use canary_judge::{Action, Count, Metric, MetricEvidence, Verdict};
use serde::Serialize;

use crate::rollout::metric_table::{Mark, mark, note};
use crate::rollout::status::facts::Fault;
use crate::rollout::status::look::rounded;

/// The largest E that is printed: other readers of JSON overflow.
const LARGEST: f64 = 1e300;

/// One metric.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct MetricRow {
    pub(crate) name: &'static str,
    /// `ok`, `above`, `worse`, `collecting` or `no data`.
    pub(crate) mark: &'static str,
    /// The mark in words, where there is something to say.
    pub(crate) note: Option<String>,
    /// The consequence of evidence against the canary.
    pub(crate) action: &'static str,
    pub(crate) canary: Side,
    pub(crate) stable: Side,
    pub(crate) ratio: Option<f64>,
    pub(crate) low: f64,
    pub(crate) high: Option<f64>,
    /// The ratio that is still accepted, and the difference of rates that is accepted beyond it.
    pub(crate) limit: f64,
    pub(crate) delta: f64,
    pub(crate) e: f64,
    #[serde(rename = "logE")]
    pub(crate) log_e: f64,
    pub(crate) log_no_worse: Option<f64>,
    /// The E at which it holds.
    pub(crate) hold_line: Option<f64>,
    /// The E at which it rolls back alone.
    pub(crate) harm_line: Option<f64>,
    pub(crate) smallest_effect: Option<f64>,
    /// Engine, device and habit with the most evidence.
    pub(crate) stratum: Option<String>,
    /// The canary's most frequent fault.
    pub(crate) code: Option<String>,
}

/// The counts of one arm.
#[derive(Clone, Copy, Debug, Serialize)]
pub(crate) struct Side {
    pub(crate) bad: f64,
    pub(crate) of: f64,
    pub(crate) rate: Option<f64>,
}

/// The verdict with its metrics in the order in which they are shown.
pub(crate) fn sorted(verdict: &Verdict) -> Verdict {
    let mut sorted = verdict.clone();
    sorted.metrics.sort_by(|a, b| (mark(a, verdict)).cmp(&mark(b, verdict)).then(b.ln_e.total_cmp(&a.ln_e)));
    sorted
}

/// A row for each metric of a verdict.
pub(crate) fn rows(verdict: &Verdict, strata: &[(Metric, String)], faults: &[Fault]) -> Vec<MetricRow> {
    let rolling = verdict.metrics.iter().filter(|it| it.policy.action == Action::RollBack);
    let weights: f64 = rolling.map(|it| it.policy.weight).sum();
    let (roll_back_line, hold_line) = verdict.lines;
    let row = |it: &MetricEvidence| {
        let (policy, mark) = (it.policy, mark(it, verdict));
        let is_bad = matches!(mark, Mark::Worse | Mark::Above);
        let is_holding = matches!(policy.action, Action::RollBack | Action::Hold);
        let stratum = strata.iter().find(|(metric, _)| *metric == policy.metric);
        let fault = faults.first().filter(|fault| fault.canary > 0 && policy.metric == Metric::NotReady);
        MetricRow {
            name: policy.metric.name(),
            mark: mark.name(),
            note: note(it, verdict),
            action: action(policy.action),
            canary: Side::new(it.canary),
            stable: Side::new(it.stable),
            ratio: it.ratio.estimate.map(rounded),
            low: rounded(it.ratio.low),
            high: it.ratio.high.map(rounded),
            limit: policy.rho,
            delta: policy.delta,
            e: rounded(it.ln_e.exp().min(LARGEST)),
            log_e: it.ln_e,
            log_no_worse: it.ln_no_worse,
            hold_line: is_holding.then_some(hold_line),
            harm_line: (policy.action == Action::RollBack).then(|| rounded(roll_back_line * weights / policy.weight)),
            smallest_effect: it.smallest_effect.map(rounded),
            stratum: stratum.filter(|_| is_bad).map(|(_, stratum)| stratum.clone()),
            code: fault.filter(|_| is_bad).map(|fault| fault.code.clone()),
        }
    };
    verdict.metrics.iter().map(row).collect()
}

const fn action(action: Action) -> &'static str {
    match action {
        Action::RollBack => "rollback",
        Action::Hold => "hold",
        Action::Warn => "warn",
        Action::DryRun => "dryRun",
    }
}

impl Side {
    fn new(count: Count) -> Self {
        // A view at the edge of a minute may be counted as ready before it is exposed.
        let rate = count.rate().map(|rate| rate.max(0.0));
        Self { bad: count.bad, of: count.of, rate }
    }
}
