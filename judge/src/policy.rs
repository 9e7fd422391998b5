//! What a canary is judged by.

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use crate::metric::Metric;

/// The mapping `judge` of `rollout.yaml`.
#[derive(Clone, Debug, PartialEq)]
pub struct Policy {
    /// The share of clean runs that may be rolled back, at most.
    pub alpha: f64,
    /// The canary views that a run needs before it advances.
    pub min_views: u64,
    /// The metrics that are judged.
    pub metrics: Vec<MetricPolicy>,
    /// The consequence of a canary share that the hash cannot have made.
    pub on_sample_ratio: OnSampleRatio,
}

/// How one metric is judged.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct MetricPolicy {
    /// The metric.
    pub metric: Metric,
    /// The consequence of evidence against the canary.
    pub action: Action,
    /// The ratio of rates that is still accepted.
    pub rho: f64,
    /// The difference of rates that is accepted beyond the ratio.
    pub delta: f64,
    /// Its part in the mean that rolls back.
    pub weight: f64,
}

/// The consequence of evidence against the canary.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize), serde(rename_all = "camelCase"))]
pub enum Action {
    /// Rolls back, and holds before.
    #[cfg_attr(feature = "serde", serde(rename = "rollback"))]
    RollBack,
    /// Holds.
    Hold,
    /// Is shown as a warning.
    Warn,
    /// Is computed and shown.
    DryRun,
}

/// The consequence of a sample-ratio alarm with too few canary views.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize), serde(rename_all = "lowercase"))]
pub enum OnSampleRatio {
    /// Holds.
    #[default]
    Hold,
    /// Rolls back; too many views still hold.
    RollBack,
    /// Is shown.
    Warn,
}

/// A value that no policy may have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PolicyError(String);

impl fmt::Display for PolicyError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl core::error::Error for PolicyError {}

impl MetricPolicy {
    /// The defaults of a metric.
    #[must_use]
    pub const fn of(metric: Metric) -> Self {
        let (rho, delta, action) = match metric {
            Metric::NotReady => (1.10, 0.0005, Action::RollBack),
            Metric::Error => (1.25, 0.0005, Action::RollBack),
            Metric::Left => (1.25, 0.002, Action::Hold),
            Metric::PoorLcp | Metric::PoorInp | Metric::PoorCls => (1.05, 0.0, Action::Hold),
        };
        Self { metric, action, rho, delta, weight: 1.0 }
    }
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            alpha: 0.001,
            min_views: 300,
            metrics: Metric::ALL.into_iter().map(MetricPolicy::of).collect(),
            on_sample_ratio: OnSampleRatio::Hold,
        }
    }
}

impl Policy {
    /// Looks for values out of range.
    ///
    /// # Errors
    /// The first value that is.
    pub fn check(&self) -> Result<(), PolicyError> {
        let error = |text: String| Err(PolicyError(text));
        if !(self.alpha > 0.0 && self.alpha < 1.0) {
            return error(alloc::format!("found alpha {}, expected a number between 0 and 1", self.alpha));
        }
        for (index, metric) in self.metrics.iter().enumerate() {
            metric.check()?;
            if self.metrics.iter().take(index).any(|other| other.metric == metric.metric) {
                return error(alloc::format!("found the metric {} twice", metric.metric));
            }
        }
        let mut rolling = self.metrics.iter().filter(|metric| metric.action == Action::RollBack).peekable();
        if rolling.peek().is_some() && rolling.all(|metric| metric.weight == 0.0) {
            return error("found no weight above 0 among the metrics with action rollback".into());
        }
        Ok(())
    }

    /// The E at which any one metric with action `rollback` or `hold` holds.
    #[must_use]
    pub fn hold_line(&self) -> f64 {
        let holding = |metric: &&MetricPolicy| matches!(metric.action, Action::RollBack | Action::Hold);
        self.metrics.iter().filter(holding).fold(0.0, |sum, _| sum + 20.0)
    }

    /// The weighted mean of E at which it rolls back.
    #[must_use]
    pub fn roll_back_line(&self) -> f64 {
        1.0 / self.alpha
    }
}

impl MetricPolicy {
    fn check(&self) -> Result<(), PolicyError> {
        let error = |key, value, expected| {
            Err(PolicyError(alloc::format!("metric {}: found {key} {value}, expected {expected}", self.metric)))
        };
        if !(self.rho > 0.0 && self.rho.is_finite()) {
            return error("rho", self.rho, "a number above 0");
        }
        if !(0.0..=1.0).contains(&self.delta) {
            return error("delta", self.delta, "a number from 0 to 1");
        }
        if self.metric.is_vital() && self.delta != 0.0 {
            return error("delta", self.delta, "0: web vitals are compared by their ratio alone");
        }
        if !(self.weight >= 0.0 && self.weight.is_finite()) {
            return error("weight", self.weight, "0 or more");
        }
        Ok(())
    }
}

#[cfg(feature = "serde")]
mod wire {
    use super::{Action, MetricPolicy, OnSampleRatio, Policy};
    use crate::metric::Metric;
    use alloc::string::String;
    use alloc::vec::Vec;
    use serde::de::{Deserialize, Deserializer, Error};

    #[derive(serde::Deserialize)]
    #[serde(rename_all = "camelCase", deny_unknown_fields)]
    struct PolicyKeys {
        #[serde(default, deserialize_with = "alpha")]
        alpha: Option<f64>,
        min_views: Option<u64>,
        metrics: Option<Vec<MetricPolicy>>,
        #[serde(default)]
        on_sample_ratio: OnSampleRatio,
        #[serde(default, rename = "onNoData")]
        _on_no_data: OnNoData,
    }

    /// No data never advances, so there is nothing to choose.
    #[derive(Default, serde::Deserialize)]
    #[serde(rename_all = "lowercase")]
    enum OnNoData {
        #[default]
        Hold,
    }

    #[derive(serde::Deserialize)]
    #[serde(deny_unknown_fields)]
    struct MetricKeys {
        #[serde(deserialize_with = "metric")]
        name: Metric,
        action: Option<Action>,
        rho: Option<f64>,
        delta: Option<f64>,
        weight: Option<f64>,
    }

    /// Checked where it stands, so that an error has its place.
    fn alpha<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<f64>, D::Error> {
        let alpha = f64::deserialize(deserializer)?;
        let policy = Policy { alpha, ..Policy::default() };
        policy.check().map_err(D::Error::custom)?;
        Ok(Some(alpha))
    }

    fn metric<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Metric, D::Error> {
        let name = String::deserialize(deserializer)?;
        Metric::from_name(&name).ok_or_else(|| {
            let names = Metric::ALL.map(Metric::name).join(", ");
            D::Error::custom(format_args!("unknown metric {name:?}, expected one of {names}"))
        })
    }

    impl<'de> Deserialize<'de> for MetricPolicy {
        fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
            let keys = MetricKeys::deserialize(deserializer)?;
            let default = Self::of(keys.name);
            let policy = Self {
                metric: keys.name,
                action: keys.action.unwrap_or(default.action),
                rho: keys.rho.unwrap_or(default.rho),
                delta: keys.delta.unwrap_or(default.delta),
                weight: keys.weight.unwrap_or(default.weight),
            };
            policy.check().map_err(D::Error::custom)?;
            Ok(policy)
        }
    }

    impl<'de> Deserialize<'de> for Policy {
        fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
            let keys = PolicyKeys::deserialize(deserializer)?;
            let default = Self::default();
            let policy = Self {
                alpha: keys.alpha.unwrap_or(default.alpha),
                min_views: keys.min_views.unwrap_or(default.min_views),
                metrics: keys.metrics.unwrap_or(default.metrics),
                on_sample_ratio: keys.on_sample_ratio,
            };
            policy.check().map_err(D::Error::custom)?;
            Ok(policy)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(change: impl Fn(&mut Policy), expected: &str) {
        let mut policy = Policy::default();
        change(&mut policy);
        assert_eq!(policy.check().unwrap_err().0, expected);
    }

    #[test]
    fn values_out_of_range_are_named() {
        assert_eq!(Policy::default().check(), Ok(()));
        check(|policy| policy.alpha = 1.0, "found alpha 1, expected a number between 0 and 1");
        check(|policy| policy.metrics[0].rho = 0.0, "metric not-ready: found rho 0, expected a number above 0");
        check(|policy| policy.metrics[1].delta = -0.1, "metric error: found delta -0.1, expected a number from 0 to 1");
        check(
            |policy| policy.metrics[3].delta = 0.1,
            "metric poor-lcp: found delta 0.1, expected 0: web vitals are compared by their ratio alone",
        );
        check(|policy| policy.metrics[2].weight = f64::NAN, "metric left: found weight NaN, expected 0 or more");
        check(|policy| policy.metrics.push(MetricPolicy::of(Metric::Error)), "found the metric error twice");
        check(
            |policy| policy.metrics.iter_mut().for_each(|metric| metric.weight = 0.0),
            "found no weight above 0 among the metrics with action rollback",
        );
    }

    #[test]
    fn hold_line_counts_what_acts() {
        let mut policy = Policy::default();
        assert!((policy.hold_line() - 120.0).abs() < 1e-9);
        policy.metrics[0].action = Action::Warn;
        policy.metrics[5].action = Action::DryRun;
        assert!((policy.hold_line() - 80.0).abs() < 1e-9);
    }
}
