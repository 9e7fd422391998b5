//! The answer as text.

use canary_runtime::Config;

use crate::commands::explain::answer::{Answer, FlagAnswer, Question, Snapshot};
use crate::commands::explain::json::value;
use crate::commands::explain::{decision_trace, flag_trace};
use crate::config::change::shown;
use crate::lint::suggest::nearest;
use crate::terminal::color::safe;

/// Prints the decision with its steps, each flag, and the warnings.
pub(crate) fn text(question: &Question, snapshot: &Snapshot, answer: &Answer<'_>, file: &str) -> String {
    let decision = &answer.decision;
    let key = question.context.targeting_key.as_str();
    let user = if key.is_empty() { "a visitor without a key".to_owned() } else { safe(key) };
    let error = decision.error.map_or_else(String::new, |error| format!(" {}", error.as_str()));
    let (variant, reason, cohort) = (decision.variant.as_str(), decision.reason.as_str(), decision.cohort.as_str());
    let mut text = format!("{user} gets {variant}: {reason}{error}, cohort {cohort}\n");
    let mut rows = vec![vec!["config".to_owned(), source(snapshot, file)]];
    if let Ok(config) = &snapshot.config {
        let steps = decision_trace::describe(&answer.steps, config, &snapshot.document);
        rows.extend(steps.into_iter().map(|row| vec![row.name.to_owned(), row.text]));
        if let Some(last) = rows.last_mut().and_then(|row| row.last_mut()) {
            *last = format!("{last} -> {reason}");
        }
        rows.extend(question.entry.as_ref().map(|name| vec!["entry".to_owned(), entry(name, config)]));
        text.push_str(&table(rows));
        text.push_str(if answer.flags.is_empty() { "flags: none\n" } else { "flags\n" });
        text.push_str(&table(answer.flags.iter().map(flag).collect()));
    } else {
        text.push_str(&table(rows));
    }
    if !answer.warnings.is_empty() {
        text.push_str("warnings\n");
        text.extend(answer.warnings.iter().map(|line| format!("  {}\n", safe(line))));
    }
    text
}

fn source(snapshot: &Snapshot, file: &str) -> String {
    match &snapshot.config {
        Ok(config) => {
            let revision = config.revision().map_or_else(String::new, |revision| format!(", revision {revision}"));
            format!("{file}{revision}")
        }
        Err(error) => format!("{file} cannot be used, so there are no flags either: {}", error.code().as_str()),
    }
}

/// Describes the bundle that a page with this `data-entry` has as its canary.
fn entry(name: &str, config: &Config) -> String {
    if let Some(bundle) = config.entry_bundle(name) {
        return format!("{}: version {}", safe(name), safe(bundle.version()));
    }
    let near = nearest(name, config.entries().map(|(name, _)| name));
    let hint = near.map(|near| format!("; did you mean {}?", safe(near))).unwrap_or_default();
    format!("{}: ASSETS.entries has no such bundle, so stable loads{hint}", safe(name))
}

fn flag(answer: &FlagAnswer<'_>) -> Vec<String> {
    let FlagAnswer { key, details, steps } = answer;
    let mut cell = details.value.map_or_else(|| "caller's default".to_owned(), |it| safe(&shown(&value(it))));
    if let Some(variant) = details.variant {
        cell = format!("{cell} ({})", safe(variant));
    }
    let error = details.error.map_or_else(String::new, |error| format!(" {}", error.as_str()));
    let reason = format!("{}{error}", details.reason.as_str());
    vec![safe(key), cell, reason, safe(&flag_trace::describe(details, steps))]
}

/// Aligns rows of cells in columns.
fn table(rows: Vec<Vec<String>>) -> String {
    let mut widths: Vec<usize> = Vec::new();
    for row in &rows {
        widths.resize(row.len().max(widths.len()), 0);
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = cell.chars().count().max(*width);
        }
    }
    let line = |row: Vec<String>| {
        let cells = row.into_iter().zip(&widths).map(|(cell, width)| format!("{cell:<width$}"));
        format!("  {}", cells.collect::<Vec<_>>().join("  ")).trim_end().to_owned() + "\n"
    };
    rows.into_iter().map(line).collect()
}
