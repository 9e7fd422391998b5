//! The answer in words.

use std::collections::HashMap;

use canary_runtime::{Details, Json};

use crate::commands::explain::answer::{Answer, Question, Snapshot};
use crate::commands::explain::decision_trace::steps;
use crate::commands::explain::flag_trace::Asked;
use crate::commands::explain::json::value;
use crate::config::editor::shown;
use crate::terminal::color::safe;

/// The decision, how it came about, and each flag.
pub(crate) fn text(question: &Question, snapshot: &Snapshot, answer: &Answer<'_>, file: &str) -> String {
    let decision = &answer.decision;
    let key = question.context.targeting_key.as_str();
    let who = if key.is_empty() { "nobody in particular".to_owned() } else { safe(key) };
    let error = decision.error.map_or_else(String::new, |error| format!(" {}", error.as_str()));
    let (variant, reason, cohort) = (decision.variant.as_str(), decision.reason.as_str(), decision.cohort.as_str());
    let mut text = format!("{who} gets {variant}: {reason}{error}, cohort {cohort}\n");
    let mut rows = vec![vec!["config".to_owned(), source(snapshot, file)]];
    if let Ok(config) = &snapshot.config {
        let evaluation = question.evaluation(config);
        let steps = steps(&evaluation, &snapshot.document, (question.standing, question.history), decision);
        rows.extend(steps.into_iter().map(|step| {
            let reason = step.decides.map_or_else(String::new, |reason| format!(" -> {}", reason.as_str()));
            vec![step.name.to_owned(), format!("{}{reason}", step.words)]
        }));
        text.push_str(&table(rows));
        let flags = snapshot.document.root().get("FEATURE_FLAGS").into_iter().flat_map(Json::members);
        let typed: HashMap<_, _> = flags.map(|(name, flag)| (name.as_text(), flag)).collect();
        let row = |(key, details): &(&str, Details<'_>)| {
            let json = typed.get(key).copied().unwrap_or(snapshot.document.root().null());
            let why = Asked { evaluation: &evaluation, key, json, details: *details }.why();
            flag(key, details, &why)
        };
        text.push_str(if answer.flags.is_empty() { "flags: none\n" } else { "flags\n" });
        text.push_str(&table(answer.flags.iter().map(row).collect()));
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
        Err(fault) => format!("{file} cannot be used, so there are no flags either: {}", fault.code().as_str()),
    }
}

fn flag(key: &str, details: &Details<'_>, why: &str) -> Vec<String> {
    let mut value = details.value.map_or_else(|| "caller's default".to_owned(), |it| safe(&shown(&value(it))));
    if let Some(variant) = details.variant {
        value = format!("{value} ({})", safe(variant));
    }
    let error = details.error.map_or_else(String::new, |error| format!(" {}", error.as_str()));
    vec![safe(key), value, format!("{}{error}", details.reason.as_str()), safe(why)]
}

/// Rows of as many cells, each column as wide as its widest cell.
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
