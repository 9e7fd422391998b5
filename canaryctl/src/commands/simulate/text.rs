//! The simulation as a bar chart.

use std::fmt::Write as _;

use anstyle::{AnsiColor, Effects};
use canary_runtime::{Arm, Cohort, ErrorCode, Reason};

use crate::commands::simulate::counts::Outcome;
use crate::commands::simulate::simulation::Simulation;
use crate::config::change::shown;
use crate::config::loaded::member;
use crate::terminal::chart::{Style, bar};
use crate::terminal::format::{percent, short, truncate};

/// The maximum width of a label.
const MAX_LABEL: usize = 36;

/// The minimum width of a bar. In a terminal too narrow for it, lines wrap.
const MIN_BAR: usize = 8;

/// One line with a bar.
struct Row {
    label: String,
    count: u64,
    /// The expected share in percent, if known.
    expected: Option<f64>,
}

struct Section {
    title: String,
    rows: Vec<Row>,
}

/// The chart in the width of the terminal.
pub(crate) fn report(simulation: &Simulation, style: Style) -> String {
    let users = simulation.population.len();
    let sections = sections(simulation);
    let rows = || sections.iter().flat_map(|section| &section.rows);
    let label = rows().map(|row| row.label.chars().count()).max().unwrap_or(0);
    let notes: Vec<_> = rows().map(|row| note(row, users)).collect();
    let note = notes.iter().map(String::len).max().unwrap_or(0);
    // The columns are two spaces apart and indented by two; `100.000 %` takes nine.
    let used = label.saturating_add(note).saturating_add(17);
    let width = style.width.saturating_sub(used).max(MIN_BAR);
    let mut notes = notes.into_iter();
    let revision = member(simulation.file.document.root(), "REVISION").and_then(canary_runtime::Json::as_integer);
    let revision = revision.map_or(String::new(), |revision| format!(", revision {revision}"));
    let mut text = format!("{}{revision}: {}\n", simulation.file.name, simulation.population.describe());
    for Section { title, rows } in &sections {
        let _ = writeln!(text, "\n{}", style.paint.apply(Effects::BOLD, title));
        for row in rows {
            let share = percent(row.count, users);
            let drawn = bar(share / 100.0, width, style.ascii);
            let rest = " ".repeat(width.saturating_sub(drawn.chars().count()));
            let (drawn, note) =
                (style.paint.apply(AnsiColor::Cyan.on_default(), &drawn), notes.next().unwrap_or_default());
            let line = format!("  {:label$}  {drawn}{rest}  {share:7.3} %  {note}", row.label);
            let _ = writeln!(text, "{}", line.trim_end());
        }
    }
    text
}

fn note(row: &Row, users: u64) -> String {
    row.expected.map_or(String::new(), |expected| {
        let deviation = percent(row.count, users) - expected;
        let deviation = if deviation.abs() < 0.0005 { "exact".to_owned() } else { format!("{deviation:+.3}") };
        format!("(expected {} %, {deviation})", short(expected))
    })
}

fn sections(simulation: &Simulation) -> Vec<Section> {
    let Simulation { keys, counts, expected, .. } = simulation;
    let arms = [Arm::Canary, Arm::Stable].map(|arm| Row {
        label: arm.as_str().to_owned(),
        count: counts.arms.count(&arm),
        expected: Some(expected.arms.get(&arm)),
    });
    let cohorts = [Cohort::Canary, Cohort::Control, Cohort::Rest].map(|cohort| Row {
        label: cohort.as_str().to_owned(),
        count: counts.cohorts.count(&cohort),
        expected: Some(expected.cohorts.get(&cohort)),
    });
    let mut reasons = counts.reasons.bins().to_vec();
    reasons.sort_by_key(|bin| std::cmp::Reverse(bin.count));
    let reasons = reasons.into_iter().map(|bin| Row {
        label: reason(bin.outcome.0, bin.outcome.1),
        count: bin.count,
        expected: None,
    });
    let section = |title: &str, rows| Section { title: title.to_owned(), rows };
    let mut sections =
        vec![section("bundle", arms.into()), section("cohort", cohorts.into()), section("reason", reasons.collect())];
    for ((key, histogram), expected) in keys.iter().zip(&counts.flags).zip(&expected.flags) {
        let mut rows: Vec<_> = histogram
            .bins()
            .iter()
            .map(|bin| Row {
                label: label(&bin.outcome),
                count: bin.count,
                expected: expected.as_ref().map(|expected| expected.get(&bin.outcome)),
            })
            .collect();
        // Expected outcomes that no user got, which happens to small shares of few users.
        let missing = expected.iter().flat_map(|expected| &expected.0);
        let missing = missing.filter(|(outcome, share)| *share > 0.0 && histogram.bin(outcome).is_none());
        rows.extend(missing.map(|(outcome, share)| Row { label: label(outcome), count: 0, expected: Some(*share) }));
        rows.sort_by(|a, b| b.count.cmp(&a.count).then_with(|| a.label.cmp(&b.label)));
        sections.push(section(&format!("flag {}", truncate(key, 64)), rows));
    }
    sections
}

fn label(outcome: &Outcome) -> String {
    let value = outcome.value.as_deref().map_or("caller's default".into(), shown);
    let reason = reason(outcome.reason, outcome.error);
    let room = MAX_LABEL.saturating_sub(reason.len()).saturating_sub(1).max(12);
    let value = match &outcome.variant {
        Some(variant) => format!("{variant} = {value}"),
        None => value,
    };
    format!("{} {reason}", truncate(&value, room))
}

/// The code of the error, or else the reason.
fn reason(reason: Reason, error: Option<ErrorCode>) -> String {
    error.map_or(reason.as_str(), ErrorCode::as_str).to_owned()
}
