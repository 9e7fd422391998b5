//! The report as Markdown, for a comment on a pull request.

use std::fmt::Write as _;

use canary_runtime::Json;

use crate::commands::diff::report::Report;
use crate::commands::diff::text::{label, placeholder, summary};
use crate::config::change::shown;
use crate::terminal::format::{percent, thousands, truncate};

/// The report in GitHub's Markdown, with tables.
pub(crate) fn write(report: &Report) -> String {
    let (old, new) = report.names;
    let mut text = format!("### Config diff: {} → {}\n\n", code(old), code(new));
    let _ = writeln!(text, "**{}** ({})\n", summary(report), report.population.describe());
    if !report.changes.is_empty() {
        text.push_str("| changed | from | to | |\n|---|---|---|---|\n");
    }
    for change in &report.changes {
        let value = |json: Option<Json>| json.map_or("absent".to_owned(), |json| code(&shown(json.source())));
        let (from, to, note) = (value(change.from), value(change.to), change.note().unwrap_or_default());
        let _ = writeln!(text, "| {} | {from} | {to} | {note} |", code(&change.key));
    }
    text.push_str("\n| | | users | share | for example |\n|---|---|--:|--:|---|\n");
    let mut row = |subject: &str, label: &str, count: u64, examples: &[String]| {
        let share = percent(count, report.population.len());
        let examples: Vec<_> = examples.iter().map(|key| code(key)).collect();
        let _ =
            writeln!(text, "| {subject} | {label} | {} | {share:.3} % | {} |", thousands(count), examples.join(", "));
    };
    for arm in &report.arms {
        if arm.from == arm.to {
            row("bundle", &format!("stays {}", arm.to.as_str()), arm.count, &[]);
        } else {
            row("bundle", &format!("{} → {}", arm.from.as_str(), arm.to.as_str()), arm.count, &arm.examples);
        }
    }
    for it in &report.flags {
        let subject = format!("{} {}", code(&it.flag.key), it.status());
        for (transition, count, examples) in &it.transitions {
            row(&subject, &code(&label(it, transition)), *count, examples);
        }
        if it.transitions.is_empty() {
            row(&subject, placeholder(it), 0, &[]);
        }
    }
    text
}

/// Text from a file as inline code that cannot end its table cell.
fn code(text: &str) -> String {
    format!("`{}`", truncate(text, 80).replace('`', "'").replace('|', "\\|"))
}
