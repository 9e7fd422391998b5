//! The report as aligned text.

use std::fmt::Write as _;

use canary_runtime::{Arm, Json};

use crate::commands::diff::report::{ArmTransition, FlagReport, Report};
use crate::commands::diff::transitions::FlagTransition;
use crate::config::change::shown;
use crate::terminal::format::{percent, thousands, truncate};

/// The maximum width of the first column.
const MAX_LABEL: usize = 48;

struct Row<'a> {
    label: String,
    count: u64,
    examples: &'a [String],
}

struct Section<'a> {
    title: String,
    rows: Vec<Row<'a>>,
    /// The line of a section without rows.
    placeholder: &'static str,
}

/// The report in aligned columns.
pub(crate) fn write(report: &Report) -> String {
    let (old, new) = report.names;
    let mut text = format!("{old} -> {new}: {}\n\nchanged\n", report.population.describe());
    for change in &report.changes {
        let note = change.note().map_or(String::new(), |note| format!(": {note}"));
        let (from, to) = (value(change.from.map(Json::source)), value(change.to.map(Json::source)));
        let _ = writeln!(text, "  {} {from} -> {to}{note}", truncate(&change.key, 100));
    }
    if report.changes.is_empty() {
        text.push_str("  nothing\n");
    }
    let bundle = Section { title: "bundle".to_owned(), rows: report.arms.iter().map(arm).collect(), placeholder: "" };
    let sections: Vec<_> = std::iter::once(bundle).chain(report.flags.iter().map(flag)).collect();
    let rows = || sections.iter().flat_map(|section| &section.rows);
    let width = rows().map(|row| row.label.chars().count()).max().unwrap_or(0);
    let digits = rows().map(|row| thousands(row.count).len()).max().unwrap_or(0);
    for Section { title, rows, placeholder } in &sections {
        let _ = writeln!(text, "\n{title}");
        for Row { label, count, examples } in rows {
            let examples: Vec<_> = examples.iter().map(|key| truncate(key, 40)).collect();
            let (count, share) = (thousands(*count), percent(*count, report.population.len()));
            let line = format!("  {label:width$}  {count:>digits$}  {share:7.3} %  {}", examples.join(", "));
            let _ = writeln!(text, "{}", line.trim_end());
        }
        if rows.is_empty() {
            let _ = writeln!(text, "  {placeholder}");
        }
    }
    let _ = writeln!(text, "\n{}", summary(report));
    text
}

fn flag<'a>(report: &'a FlagReport) -> Section<'a> {
    let row = |(transition, count, examples): &'a (&FlagTransition, u64, Vec<String>)| Row {
        label: truncate(&label(report, transition), MAX_LABEL),
        count: *count,
        examples,
    };
    let title = format!("flag {}, {}", truncate(&report.flag.key, 64), report.status());
    Section { title, rows: report.transitions.iter().map(row).collect(), placeholder: placeholder(report) }
}

/// The summary in one line.
pub(crate) fn summary(report: &Report) -> String {
    let users = report.population.len();
    let mut text = match report.moved {
        0 => "no user moves".to_owned(),
        moved => format!("{} of {} users move, {:.3} %", thousands(moved), thousands(users), percent(moved, users)),
    };
    let count = |from, to| report.arms.iter().find(|arm| (arm.from, arm.to) == (from, to)).map_or(0, |arm| arm.count);
    if count(Arm::Stable, Arm::Canary) > 0 && count(Arm::Canary, Arm::Stable) == 0 {
        text.push_str("; no user leaves the canary");
    }
    for status in ["added", "removed"] {
        match report.flags.iter().filter(|it| it.status() == status).count() {
            0 => {}
            1 => drop(write!(text, "; 1 flag {status}")),
            count => drop(write!(text, "; {count} flags {status}")),
        }
    }
    text
}

/// The line of a flag without transitions.
pub(crate) fn placeholder(report: &FlagReport) -> &'static str {
    if report.flag.is_in_both() { "no user moves" } else { "no value for any user" }
}

fn arm(arm: &ArmTransition) -> Row<'_> {
    let is_moved = arm.from != arm.to;
    let label = if is_moved {
        format!("{} -> {}", arm.from.as_str(), arm.to.as_str())
    } else {
        format!("stays {}", arm.to.as_str())
    };
    Row { label, count: arm.count, examples: if is_moved { &arm.examples } else { &[] } }
}

/// The old and the new value of a flag; of a flag that was added or removed, its only value.
pub(crate) fn label(report: &FlagReport, transition: &FlagTransition) -> String {
    let known = |text: &Option<String>| text.as_deref().map_or("caller's default".to_owned(), shown);
    match (report.flag.in_old, report.flag.in_new) {
        (false, _) => known(&transition.to),
        (_, false) => known(&transition.from),
        _ => format!("{} -> {}", known(&transition.from), known(&transition.to)),
    }
}

fn value(text: Option<&str>) -> String {
    truncate(&text.map_or("absent".to_owned(), shown), 64)
}
