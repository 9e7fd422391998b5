//! The verdict for machines.

use canary_judge::{MetricEvidence, Verdict};
use serde::ser::{Serialize, SerializeMap, Serializer};

/// The largest E that is printed: other readers of JSON overflow.
const LARGEST: f64 = 1.797e308;

/// One JSON value, with members in the order in which they are read.
#[derive(Debug, serde::Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Report<'a> {
    verdict: &'static str,
    reason: String,
    minute: Option<u64>,
    metrics: ByName<'a, Metric>,
    sample_ratio: f64,
    stratum: Option<&'a str>,
    smallest_effect: ByName<'a, Option<f64>>,
}

#[derive(Debug, serde::Serialize)]
#[serde(rename_all = "camelCase")]
struct Metric {
    e: f64,
    #[serde(rename = "logE")]
    log_e: f64,
    log_no_worse: Option<f64>,
    ratio: Range,
}

#[derive(Debug, serde::Serialize)]
struct Range {
    low: f64,
    high: Option<f64>,
}

/// A value for each metric, under its name.
#[derive(Debug)]
struct ByName<'a, T>(&'a [MetricEvidence], fn(&MetricEvidence) -> T);

impl<T: Serialize> Serialize for ByName<'_, T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        for metric in self.0 {
            map.serialize_entry(metric.policy.metric.name(), &(self.1)(metric))?;
        }
        map.end()
    }
}

impl<'a> From<&'a Verdict> for Report<'a> {
    fn from(verdict: &'a Verdict) -> Self {
        Self {
            verdict: verdict.decision.name(),
            reason: verdict.to_string(),
            minute: verdict.minute,
            metrics: ByName(&verdict.metrics, |metric| Metric {
                e: capped(metric.ln_e),
                log_e: metric.ln_e,
                log_no_worse: metric.ln_no_worse,
                ratio: Range { low: metric.ratio.low, high: metric.ratio.high },
            }),
            sample_ratio: capped(verdict.ln_sample_ratio),
            stratum: verdict.stratum.as_deref(),
            smallest_effect: ByName(&verdict.metrics, |metric| metric.smallest_effect),
        }
    }
}

fn capped(ln_value: f64) -> f64 {
    ln_value.exp().min(LARGEST)
}
