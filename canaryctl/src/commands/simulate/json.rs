//! The simulation for machines.

use canary_runtime::{Arm, Cohort};
use serde_json::{Map, Value, json};

use super::Simulation;
use crate::commands::simulate::counts::Outcome;
use crate::commands::simulate::expected::Shares;
use crate::population::histogram::Counter;

/// One JSON value. Counts are users, expected shares are percent; a caller's default is `null`.
pub(crate) fn report(simulation: &Simulation) -> Value {
    let Simulation { crowd, keys, tally, expected, .. } = simulation;
    let arms = [Arm::Canary, Arm::Stable].map(|arm| (arm.as_str(), tally.arms.count(&arm)));
    let cohorts =
        [Cohort::Canary, Cohort::Control, Cohort::Rest].map(|cohort| (cohort.as_str(), tally.cohorts.count(&cohort)));
    let mut reasons = Map::new();
    for share in tally.reasons.shares() {
        raise(&mut reasons, share.outcome.0.as_str(), share.count);
    }
    let flags = keys.iter().zip(&tally.flags).zip(&expected.flags);
    let flags: Map<_, _> =
        flags.map(|((key, counter), shares)| ((*key).to_owned(), flag(counter, shares.as_ref()))).collect();
    let expected = json!({
        "arms": rounded(&expected.arms, Arm::as_str),
        "cohorts": rounded(&expected.cohorts, Cohort::as_str),
    });
    json!({
        "users": crowd.len(),
        "arms": arms.into_iter().collect::<Counts>(),
        "cohorts": cohorts.into_iter().collect::<Counts>(),
        "reasons": reasons,
        "expected": expected,
        "flags": flags,
    })
}

type Counts = std::collections::BTreeMap<&'static str, u64>;

fn flag(counter: &Counter<Outcome>, expected: Option<&Shares<Outcome>>) -> Value {
    let mut reasons = Map::new();
    // A value may come for several reasons.
    let mut values: Vec<(&Outcome, u64)> = Vec::new();
    let is_same = |a: &Outcome, b: &Outcome| a.value == b.value && a.variant == b.variant;
    for share in counter.shares() {
        raise(&mut reasons, share.outcome.reason.as_str(), share.count);
        match values.iter_mut().find(|(outcome, _)| is_same(outcome, &share.outcome)) {
            Some((_, count)) => *count = count.saturating_add(share.count),
            None => values.push((&share.outcome, share.count)),
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

/// To a thousandth of a bucket.
fn round(share: f64) -> f64 {
    (share * 1e6).round() / 1e6
}

fn raise(counts: &mut Map<String, Value>, name: &str, by: u64) {
    let count = counts.get(name).and_then(Value::as_u64).unwrap_or(0);
    counts.insert(name.to_owned(), count.saturating_add(by).into());
}
