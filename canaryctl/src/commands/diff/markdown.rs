//! The report as a comment on a pull request.

use std::fmt::Write as _;

use canary_runtime::Json;

use crate::commands::diff::report::Report;
use crate::commands::diff::text::{label, still, summary};
use crate::config::change::shown;
use crate::terminal::format::{percent, plain, thousands};

/// GitHub's Markdown, with tables.
pub(crate) fn write(report: &Report) -> String {
    let (old, new) = report.names;
    let mut text = format!("### Who moves: {} → {}\n\n", code(old), code(new));
    let _ = writeln!(text, "**{}** ({})\n", summary(report), report.crowd.describe());
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
        let share = percent(count, report.crowd.len());
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
        let subject = format!("{} {}", code(&it.flag.key), it.fate());
        for (change, count, examples) in &it.moves {
            row(&subject, &code(&label(it, change)), *count, examples);
        }
        if it.moves.is_empty() {
            row(&subject, still(it), 0, &[]);
        }
    }
    text
}

/// Text from outside that neither ends its table cell nor is read as Markdown.
fn code(text: &str) -> String {
    format!("`{}`", plain(text, 80).replace('`', "'").replace('|', "\\|"))
}
