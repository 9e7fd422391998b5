//! The simulation as JSON.

use std::collections::BTreeMap;

use canary_runtime::{Arm, Cohort};
use serde_json::{Map, Value, json};

use crate::commands::simulate::counts::Outcome;
use crate::commands::simulate::expected::Shares;
use crate::commands::simulate::simulation::Simulation;
use crate::population::histogram::Histogram;

/// One JSON value. Counts are users, expected shares are percentages, and the caller's default is `null`.
pub(crate) fn report(simulation: &Simulation) -> Value {
    let Simulation { population, keys, counts, expected, .. } = simulation;
    let arms = [Arm::Canary, Arm::Stable].map(|arm| (arm.as_str(), counts.arms.count(&arm)));
    let cohorts =
        [Cohort::Canary, Cohort::Control, Cohort::Rest].map(|cohort| (cohort.as_str(), counts.cohorts.count(&cohort)));
    let mut reasons = Map::new();
    for bin in counts.reasons.bins() {
        add(&mut reasons, bin.outcome.0.as_str(), bin.count);
    }
    let flags = keys.iter().zip(&counts.flags).zip(&expected.flags);
    let flags: Map<_, _> =
        flags.map(|((key, histogram), shares)| ((*key).to_owned(), flag(histogram, shares.as_ref()))).collect();
    let expected = json!({
        "arms": rounded(&expected.arms, Arm::as_str),
        "cohorts": rounded(&expected.cohorts, Cohort::as_str),
    });
    json!({
        "users": population.len(),
        "arms": arms.into_iter().collect::<BTreeMap<_, _>>(),
        "cohorts": cohorts.into_iter().collect::<BTreeMap<_, _>>(),
        "reasons": reasons,
        "expected": expected,
        "flags": flags,
    })
}

fn flag(histogram: &Histogram<Outcome>, expected: Option<&Shares<Outcome>>) -> Value {
    let mut reasons = Map::new();
    // Several outcomes may have the same value, for different reasons.
    let mut values: Vec<(&Outcome, u64)> = Vec::new();
    let is_same = |a: &Outcome, b: &Outcome| a.value == b.value && a.variant == b.variant;
    for bin in histogram.bins() {
        add(&mut reasons, bin.outcome.reason.as_str(), bin.count);
        match values.iter_mut().find(|(outcome, _)| is_same(outcome, &bin.outcome)) {
            Some((_, count)) => *count = count.saturating_add(bin.count),
            None => values.push((&bin.outcome, bin.count)),
        }
    }
    values.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.value.cmp(&b.0.value)));
    let values = values.into_iter().map(|(outcome, count)| {
        let value = outcome.value.as_deref().map(|text| serde_json::from_str::<Value>(text).unwrap_or_default());
        let shares = expected.map(|shares| shares.0.iter().filter(|(other, _)| is_same(other, outcome)));
        let expected = shares.map(|shares| round(shares.map(|(_, share)| share).sum()));
        json!({"value": value, "variant": outcome.variant, "count": count, "expected": expected})
    });
    json!({"values": values.collect::<Vec<_>>(), "reasons": reasons})
}

fn rounded<K: Copy>(shares: &Shares<K>, name: fn(K) -> &'static str) -> Map<String, Value> {
    shares.0.iter().map(|(outcome, share)| (name(*outcome).to_owned(), round(*share).into())).collect()
}

/// Rounds to a thousandth of a bucket.
fn round(share: f64) -> f64 {
    (share * 1e6).round() / 1e6
}

fn add(counts: &mut Map<String, Value>, name: &str, number: u64) {
    let count = counts.get(name).and_then(Value::as_u64).unwrap_or(0);
    counts.insert(name.to_owned(), count.saturating_add(number).into());
}
