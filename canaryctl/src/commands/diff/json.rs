//! The report as JSON.

use canary_runtime::Json;
use serde_json::{Map, Value, json};

use crate::commands::diff::report::{FlagReport, Report};

/// One JSON value. An absent member and the caller's default are `null`.
pub(crate) fn write(report: &Report) -> Value {
    let changes = report.changes.iter().map(|change| {
        let value = |json: Option<Json>| json.map(|json| parse(json.source()));
        json!({"key": change.key, "from": value(change.from), "to": value(change.to)})
    });
    let arms = report.arms.iter();
    let arms: Map<_, _> =
        arms.map(|arm| (format!("{} -> {}", arm.from.as_str(), arm.to.as_str()), arm.count.into())).collect();
    let flags: Map<_, _> = report.flags.iter().map(|it| (it.flag.key.clone(), flag(it))).collect();
    json!({
        "users": report.population.len(),
        "changes": changes.collect::<Vec<_>>(),
        "arms": arms,
        "flags": flags,
        "moved": report.moved,
    })
}

fn flag(report: &FlagReport) -> Value {
    let transitions = report.transitions.iter().map(|(it, count, examples)| {
        let value = |text: &Option<String>| text.as_deref().map(parse);
        json!({"from": value(&it.from), "to": value(&it.to), "count": count, "examples": examples})
    });
    json!({"status": report.status(), "moved": report.moved, "moves": transitions.collect::<Vec<_>>()})
}

fn parse(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_default()
}
