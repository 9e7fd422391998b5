//! The figures for machines.

use canary_judge::simulation::{Quantiles, Scenario, Summary, upper_bound};
use serde_json::{Value, json};

/// All scenarios with their figures, and how they were played.
#[derive(Debug)]
pub(crate) struct Played<'a> {
    pub(crate) runs: u64,
    pub(crate) seed: u64,
    pub(crate) views_per_second: f64,
    pub(crate) has_flagger: bool,
    pub(crate) results: Vec<(&'a Scenario, &'a Summary)>,
}

/// One JSON value. Quantiles are over all runs, and null where fewer runs have the value.
pub(crate) fn report(played: &Played) -> Value {
    let Played { runs, seed, views_per_second, has_flagger, results } = played;
    let scenarios: Vec<_> = results.iter().map(|(scenario, summary)| one(scenario, summary, *has_flagger)).collect();
    json!({"runs": runs, "seed": seed, "viewsPerSecond": views_per_second, "scenarios": scenarios})
}

fn one(scenario: &Scenario, summary: &Summary, has_flagger: bool) -> Value {
    let rolled_back = summary.found().saturating_add(summary.too_early);
    let (promoted, promotion_minutes) = summary.promoted();
    let mut value = json!({
        "name": scenario.name,
        "faultSince": scenario.since,
        "rolledBack": rolled_back,
        "rolledBackAtMost": upper_bound(rolled_back, summary.runs),
        "tooEarly": summary.too_early,
        "causes": summary.rolled_back,
        "minutes": quantiles(summary.minutes()),
        "canaryViews": quantiles(summary.units()),
        "harmedViews": summary.harmed,
        "held": summary.held,
        "heldBy": summary.held_by,
        "suspect": summary.suspect,
        "namedWebkit": summary.named_webkit,
        "promoted": promoted,
        "promotionMinutes": quantiles(promotion_minutes),
    });
    if let Some(object) = value.as_object_mut().filter(|_| has_flagger) {
        for (name, ((found, minutes), too_early)) in ["flagger", "flaggerWithViews"]
            .into_iter()
            .zip(summary.flagger().into_iter().zip(summary.flagger_too_early))
        {
            let rolled_back = found.saturating_add(too_early);
            let figures = json!({"rolledBack": rolled_back, "tooEarly": too_early, "minutes": quantiles(minutes)});
            object.insert(name.to_owned(), figures);
        }
    }
    value
}

fn quantiles(of: Quantiles) -> Value {
    json!({"median": of.median, "p95": of.p95})
}
