//! The reason of a verdict, in one sentence.

use alloc::format;
use alloc::string::{String, ToString};
use core::fmt;

use libm::{exp, floor, pow};

use crate::decision::{Decision, Hold, NoData, RollBack};
use crate::metric::Metric;
use crate::policy::Action;
use crate::verdict::{MetricEvidence, Verdict};

/// ln 10
const LN_10: f64 = core::f64::consts::LN_10;

impl fmt::Display for Verdict {
    /// The reason, in one sentence without a full stop.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (roll_back_line, hold_line) = self.lines;
        let (canary, expected) = self.canary_views;
        let place = self.stratum.as_ref().map_or_else(String::new, |stratum| format!("; most of it in {stratum}"));
        match self.decision {
            Decision::Advance { is_early: false } => {
                write!(formatter, "no metric is at its hold line after {canary} canary views")
            }
            Decision::Advance { is_early: true } => {
                write!(formatter, "not-ready and error are shown to be no worse after {canary} canary views")
            }
            Decision::RollBack(RollBack::Evidence { ln_mean_e }) => {
                let (worst, mean) = (self.worst(), evidence(ln_mean_e));
                write!(formatter, "{worst}: mean E {mean}, rolls back at {roll_back_line:.0}{place}")
            }
            Decision::RollBack(RollBack::Silent { expected }) => write!(
                formatter,
                "the canary is silent: its share is {expected:.0} views in ten minutes, and none came"
            ),
            Decision::RollBack(RollBack::SampleRatio) | Decision::Hold(Hold::SampleRatio { is_few: true }) => {
                write!(formatter, "too few canary views: {canary}, where the share gives {expected:.0}")
            }
            Decision::Hold(Hold::SampleRatio { is_few: false }) => write!(
                formatter,
                "too many canary views: {canary}, where the share gives {expected:.0}; suspect forged reports or bots"
            ),
            Decision::Hold(Hold::Uncapped) => formatter.write_str(
                "the counts say roll back only with clients that send too many reports; suspect forged reports or bots",
            ),
            Decision::Hold(Hold::Both) => formatter
                .write_str("more than 1 % of browsers were in both cohorts; suspect forged reports, bots or lost ids"),
            Decision::Hold(Hold::Evidence(metric)) => {
                let found = self.metrics.iter().find(|found| found.policy.metric == metric);
                let e = evidence(found.map_or(0.0, |found| found.ln_e));
                write!(formatter, "{metric} is above its limit, unproven: E {e}, holds at {hold_line:.0}{place}")
            }
            Decision::Hold(Hold::FewViews(views)) => {
                write!(formatter, "{views} of {} canary views", self.min_views)
            }
            Decision::Hold(Hold::Step) => formatter.write_str("the step is not over"),
            Decision::NoData(NoData::Nothing) => formatter.write_str("there are no rows"),
            Decision::NoData(NoData::Canary(revision)) => {
                write!(formatter, "revision {revision} has no canary views")
            }
            Decision::NoData(NoData::Stable(revision)) => {
                write!(formatter, "revision {revision} has no stable views")
            }
            Decision::NoData(NoData::Gap) => formatter.write_str("minutes are missing"),
            Decision::NoData(NoData::Collectors(1)) => formatter.write_str("1 collector did not answer"),
            Decision::NoData(NoData::Collectors(count)) => write!(formatter, "{count} collectors did not answer"),
        }
    }
}

impl Verdict {
    /// The metric that rolls back, with its ratio.
    fn worst(&self) -> String {
        let rolling = self.metrics.iter().filter(|metric| metric.policy.action == Action::RollBack);
        let worst = rolling.max_by(|a, b| a.ln_e.total_cmp(&b.ln_e));
        let ratio = |metric: &MetricEvidence| match metric.ratio.estimate {
            Some(ratio) => format!("{} {} times stable's", metric.policy.metric, two_digits(ratio)),
            None => format!("{} on the canary alone", metric.policy.metric),
        };
        worst.map_or_else(|| Metric::NotReady.to_string(), ratio)
    }
}

/// A ratio with two significant digits, and no fewer than its whole part has.
fn two_digits(ratio: f64) -> String {
    if ratio < 9.95 { format!("{ratio:.1}") } else { format!("{ratio:.0}") }
}

/// E by its logarithm, which may be beyond the range of a float.
#[must_use]
pub fn evidence(ln_e: f64) -> String {
    let decimal = ln_e / LN_10;
    // 9.95 would be written as 9.9 or as 10.0.
    if decimal < 0.997_823 {
        return format!("{:.1}", exp(ln_e));
    }
    if decimal < 4.0 {
        return format!("{:.0}", exp(ln_e));
    }
    let exponent = floor(decimal);
    let digits = pow(10.0, decimal - exponent);
    // 9.96 would be written as 10.0.
    let (digits, exponent) = if digits >= 9.95 { (1.0, exponent + 1.0) } else { (digits, exponent) };
    format!("{digits:.1}e{exponent}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn evidence_is_short() {
        for (e, text) in [
            (0.04, "0.0"),
            (3.24, "3.2"),
            (9.9, "9.9"),
            (80.2, "80"),
            (9_999.0, "9999"),
            (1.0e4, "1.0e4"),
            (9.99e9, "1.0e10"),
        ] {
            assert_eq!(evidence(libm::log(e)), text, "{e}");
        }
        assert_eq!(evidence(2_302.585_092_994_046), "1.0e1000");
    }
}
