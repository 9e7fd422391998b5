//! The report for people.

use std::fmt::Write as _;

use canary_runtime::{Arm, Json};

use crate::commands::diff::report::{ArmTransition, FlagReport, Report};
use crate::commands::diff::transitions::Move;
use crate::config::editor::shown;
use crate::terminal::format::{percent, plain, thousands};

/// The widest that a line's first column may be.
const MAX_LABEL: usize = 48;

struct Row<'a> {
    label: String,
    count: u64,
    examples: &'a [String],
}

struct Section<'a> {
    title: String,
    rows: Vec<Row<'a>>,
    /// What stands there without rows.
    still: &'static str,
}

/// Aligned lines.
pub(crate) fn write(report: &Report) -> String {
    let (old, new) = report.names;
    let mut text = format!("{old} -> {new}: {}\n\nchanged\n", report.crowd.describe());
    for change in &report.changes {
        let note = change.note().map_or(String::new(), |note| format!(": {note}"));
        let (from, to) = (value(change.from.map(Json::source)), value(change.to.map(Json::source)));
        let _ = writeln!(text, "  {} {from} -> {to}{note}", plain(&change.key, 100));
    }
    if report.changes.is_empty() {
        text.push_str("  nothing\n");
    }
    let bundle = Section { title: "bundle".to_owned(), rows: report.arms.iter().map(arm).collect(), still: "" };
    let sections: Vec<_> = std::iter::once(bundle).chain(report.flags.iter().map(flag)).collect();
    let rows = || sections.iter().flat_map(|section| &section.rows);
    let width = rows().map(|row| row.label.chars().count()).max().unwrap_or(0);
    let digits = rows().map(|row| thousands(row.count).len()).max().unwrap_or(0);
    for Section { title, rows, still } in &sections {
        let _ = writeln!(text, "\n{title}");
        for Row { label, count, examples } in rows {
            let examples: Vec<_> = examples.iter().map(|key| plain(key, 40)).collect();
            let (count, share) = (thousands(*count), percent(*count, report.crowd.len()));
            let line = format!("  {label:width$}  {count:>digits$}  {share:7.3} %  {}", examples.join(", "));
            let _ = writeln!(text, "{}", line.trim_end());
        }
        if rows.is_empty() {
            let _ = writeln!(text, "  {still}");
        }
    }
    let _ = writeln!(text, "\n{}", summary(report));
    text
}

fn flag<'a>(report: &'a FlagReport) -> Section<'a> {
    let row = |(change, count, examples): &'a (&Move, u64, Vec<String>)| Row {
        label: plain(&label(report, change), MAX_LABEL),
        count: *count,
        examples,
    };
    let title = format!("flag {}, {}", plain(&report.flag.key, 64), report.fate());
    Section { title, rows: report.moves.iter().map(row).collect(), still: still(report) }
}

/// The one sentence.
pub(crate) fn summary(report: &Report) -> String {
    let users = report.crowd.len();
    let mut text = match report.moved {
        0 => "nobody moves".to_owned(),
        moved => format!("{} of {} users move, {:.3} %", thousands(moved), thousands(users), percent(moved, users)),
    };
    let count = |from, to| report.arms.iter().find(|arm| (arm.from, arm.to) == (from, to)).map_or(0, |arm| arm.count);
    if count(Arm::Stable, Arm::Canary) > 0 && count(Arm::Canary, Arm::Stable) == 0 {
        text.push_str("; nobody leaves the canary");
    }
    for fate in ["added", "removed"] {
        match report.flags.iter().filter(|it| it.fate() == fate).count() {
            0 => {}
            1 => drop(write!(text, "; 1 flag {fate}")),
            count => drop(write!(text, "; {count} flags {fate}")),
        }
    }
    text
}

/// What stands in the place of moves where there are none.
pub(crate) fn still(report: &FlagReport) -> &'static str {
    if report.flag.stays() { "nobody moves" } else { "no value for anybody" }
}

fn arm(arm: &ArmTransition) -> Row<'_> {
    let moves = arm.from != arm.to;
    let label = if moves {
        format!("{} -> {}", arm.from.as_str(), arm.to.as_str())
    } else {
        format!("stays {}", arm.to.as_str())
    };
    Row { label, count: arm.count, examples: if moves { &arm.examples } else { &[] } }
}

/// A flag's values before and after; of a flag that was not there, or is not any more, the one.
pub(crate) fn label(report: &FlagReport, change: &Move) -> String {
    let known = |text: &Option<String>| text.as_deref().map_or("caller's default".to_owned(), shown);
    match (report.flag.in_old, report.flag.in_new) {
        (false, _) => known(&change.to),
        (_, false) => known(&change.from),
        _ => format!("{} -> {}", known(&change.from), known(&change.to)),
    }
}

fn value(text: Option<&str>) -> String {
    plain(&text.map_or("absent".to_owned(), shown), 64)
}
