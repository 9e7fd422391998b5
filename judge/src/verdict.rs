//! The answer: advance, hold, roll back or no data, with its evidence.

use alloc::string::String;
use alloc::vec::Vec;

use libm::log;

use crate::decision::{Decision, Hold, NoData, RollBack};
use crate::judge::{Judge, MetricState, SAMPLE_RATIO_ALARM};
use crate::metric::Metric;
use crate::policy::{Action, MetricPolicy, OnSampleRatio};
use crate::ratio::{Ratio, ln_no_worse};
use crate::row::Count;
use crate::smallest_effect::{ExpectedProduct, smallest_effect};

/// The E' at which a step may end before its time.
const NO_WORSE: f64 = 20.0;

/// The share of views that may say `both`.
const MAX_BOTH: u64 = 100;

/// What the rows do not say.
#[derive(Clone, Copy, Debug)]
pub struct Circumstances {
    /// Final minutes cover the step's length.
    pub is_step_over: bool,
    /// A minute is missing that counts.
    pub has_gap: bool,
    /// Collectors that did not answer.
    pub missing_collectors: u64,
    /// Views of cohorts `canary` and `control`, units or not.
    pub assigned: u64,
    /// Views among them of a browser that was in the other cohort before.
    pub both: u64,
}

impl Default for Circumstances {
    /// Nothing is wrong, and the step is over.
    fn default() -> Self {
        Self { is_step_over: true, has_gap: false, missing_collectors: 0, assigned: 0, both: 0 }
    }
}

/// A decision and its evidence.
#[derive(Clone, Debug, PartialEq)]
pub struct Verdict {
    /// The next thing to do.
    pub decision: Decision,
    /// The minute of the first roll-back, else the last final minute.
    pub minute: Option<u64>,
    /// For each metric of the policy, as of the last final minute.
    pub metrics: Vec<MetricEvidence>,
    /// ln of the weighted mean of E over the metrics that roll back.
    pub ln_mean_e: Option<f64>,
    /// ln of the evidence against the designed shares.
    pub ln_sample_ratio: f64,
    /// The stratum with the most evidence, where evidence decided.
    pub stratum: Option<String>,
    /// Canary views over the run, and those that the shares give of all views.
    pub canary_views: (u64, f64),
    /// Stable views over the run.
    pub stable_views: u64,
    /// The lines of the policy: roll back, hold.
    pub lines: (f64, f64),
    /// The canary views that the policy asks for.
    pub min_views: u64,
}

/// One metric's evidence.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct MetricEvidence {
    /// How it is judged.
    pub policy: MetricPolicy,
    /// ln E: evidence that the canary is worse than accepted.
    pub ln_e: f64,
    /// ln E': evidence that the canary is not even 1.5 times worse; of count metrics only.
    pub ln_no_worse: Option<f64>,
    /// The ratio of the canary's rate to stable's.
    pub ratio: Ratio,
    /// The ratio that about half of runs with this traffic would have found.
    pub smallest_effect: Option<f64>,
    /// The canary's counts.
    pub canary: Count,
    /// Stable's counts.
    pub stable: Count,
}

impl Judge {
    /// The verdict as of the last final minute.
    #[must_use]
    pub fn verdict(&self, circumstances: &Circumstances) -> Verdict {
        self.verdict_beside(None, circumstances)
    }

    /// The verdict of the counts that are capped for each client, beside all counts: where these alone say roll back,
    /// it holds.
    #[must_use]
    pub fn verdict_beside(&self, uncapped: Option<&Self>, circumstances: &Circumstances) -> Verdict {
        let decision = self.decide(uncapped, circumstances);
        let total = self.groups.total();
        let stratum = match decision {
            Decision::RollBack(RollBack::Evidence { .. }) => self.localize(None),
            Decision::Hold(Hold::Evidence(metric)) => self.localize(Some(metric)),
            _ => None,
        };
        let rolled_back = self.roll_back().map(|(minute, _)| minute);
        Verdict {
            decision,
            minute: rolled_back.or(self.last_minute()),
            metrics: self.metrics.iter().map(|metric| self.evidence(metric)).collect(),
            ln_mean_e: self.ln_mean_e(),
            ln_sample_ratio: self.groups.ln_sample_ratio(),
            stratum: stratum.map(Into::into),
            canary_views: (total.canary.exposed, self.groups.expected_canary_views()),
            stable_views: total.stable.exposed,
            lines: (self.policy.roll_back_line(), self.policy.hold_line()),
            min_views: self.policy.min_views,
        }
    }

    /// The rules, in their order.
    #[must_use]
    pub fn decide(&self, uncapped: Option<&Self>, circumstances: &Circumstances) -> Decision {
        if let Some((_, cause)) = self.roll_back() {
            return Decision::RollBack(cause);
        }
        if uncapped.is_some_and(|uncapped| uncapped.roll_back().is_some()) {
            return Decision::Hold(Hold::Uncapped);
        }
        if self.policy.on_sample_ratio != OnSampleRatio::Warn {
            if let Some(is_few) = self.sample_ratio_alarm() {
                return Decision::Hold(Hold::SampleRatio { is_few });
            }
            if circumstances.both.saturating_mul(MAX_BOTH) > circumstances.assigned {
                return Decision::Hold(Hold::Both);
            }
        }
        if let Some((metric, _)) = self.at_hold_line() {
            return Decision::Hold(Hold::Evidence(metric));
        }
        if let Some(missing) = self.missing(circumstances) {
            return Decision::NoData(missing);
        }
        let views = self.groups.total().canary.exposed;
        if views < self.policy.min_views {
            return Decision::Hold(Hold::FewViews(views));
        }
        if circumstances.is_step_over {
            return Decision::Advance { is_early: false };
        }
        if self.is_no_worse() { Decision::Advance { is_early: true } } else { Decision::Hold(Hold::Step) }
    }

    fn missing(&self, circumstances: &Circumstances) -> Option<NoData> {
        let Some((revision, sides)) = self.groups.last_revision() else { return Some(NoData::Nothing) };
        if sides.canary.exposed == 0 {
            Some(NoData::Canary(revision))
        } else if sides.stable.exposed == 0 {
            Some(NoData::Stable(revision))
        } else if circumstances.has_gap {
            Some(NoData::Gap)
        } else if circumstances.missing_collectors > 0 {
            Some(NoData::Collectors(circumstances.missing_collectors))
        } else {
            None
        }
    }

    /// Whether the canary is shown to be less than 1.5 times worse, for `not-ready` and `error`.
    fn is_no_worse(&self) -> bool {
        [Metric::NotReady, Metric::Error].into_iter().all(|wanted| {
            let is_judged = self.metrics.iter().any(|metric| metric.policy.metric == wanted);
            is_judged && ln_no_worse(&self.groups.by_share(wanted)) >= log(NO_WORSE)
        })
    }

    fn evidence(&self, state: &MetricState) -> MetricEvidence {
        let policy = state.policy;
        let counts = self.groups.by_share(policy.metric);
        let total = self.groups.total();
        MetricEvidence {
            policy,
            ln_e: state.ln_e(),
            ln_no_worse: (!policy.metric.is_vital()).then(|| ln_no_worse(&counts)),
            ratio: Ratio::new(&counts, self.groups.estimate(policy.metric)),
            smallest_effect: self.smallest_effect(state),
            canary: total.canary.count(policy.metric),
            stable: total.stable.count(policy.metric),
        }
    }

    fn smallest_effect(&self, state: &MetricState) -> Option<f64> {
        let MetricPolicy { metric, rho, delta, weight, action } = state.policy;
        let all = self.weight();
        let line = if action == Action::RollBack && weight > 0.0 {
            // The other metrics are as they are without a change: 1.
            (all * self.policy.roll_back_line() - (all - weight)) / weight
        } else {
            self.policy.hold_line().max(NO_WORSE)
        };
        let stable = self.groups.total().stable;
        let Some(vital) = stable.vital(metric) else {
            let product = ExpectedProduct::of_counts(&self.groups.by_share(metric), rho, delta);
            return smallest_effect(&[(product, stable.count(metric))], log(line));
        };
        let of = stable.count(metric).of;
        let views = vital.above.map(|above| Count { bad: crate::log_space::real(above), of });
        let mut parts = [(ExpectedProduct::default(), Count::default()); 3];
        for (part, (product, views)) in parts.iter_mut().zip(state.expected.iter().zip(views)) {
            *part = (*product, views);
        }
        smallest_effect(&parts, log(line))
    }
}

impl Verdict {
    /// Whether too few or too many canary views raised the alarm, whatever the policy makes of it.
    #[must_use]
    pub fn is_sample_ratio_alarm(&self) -> bool {
        self.ln_sample_ratio >= log(SAMPLE_RATIO_ALARM)
    }
}
