//! The simulation for people: a chart.

use std::fmt::Write as _;

use anstyle::{AnsiColor, Effects};
use canary_runtime::{Arm, Cohort, ErrorCode, Reason};

use super::Simulation;
use crate::commands::simulate::counts::Outcome;
use crate::config::editor::shown;
use crate::config::loaded::member;
use crate::terminal::chart::{Style, bar};
use crate::terminal::format::{percent, plain, short};

/// The widest that the names of shares may be.
const MAX_LABEL: usize = 36;

/// The narrowest that a bar may be: a narrower terminal breaks the lines.
const MIN_BAR: usize = 8;

/// One share, with its bar.
struct Row {
    label: String,
    count: u64,
    /// What the config wants, where that is known.
    wanted: Option<f64>,
}

struct Section {
    title: String,
    rows: Vec<Row>,
}

/// The chart, as wide as the terminal.
pub(crate) fn report(simulation: &Simulation, style: Style) -> String {
    let users = simulation.crowd.len();
    let sections = sections(simulation);
    let rows = || sections.iter().flat_map(|section| &section.rows);
    let label = rows().map(|row| row.label.chars().count()).max().unwrap_or(0);
    let notes: Vec<_> = rows().map(|row| note(row, users)).collect();
    let note = notes.iter().map(String::len).max().unwrap_or(0);
    // Two spaces before the label and between all columns, and `100.000 %`.
    let used = label.saturating_add(note).saturating_add(17);
    let width = style.width.saturating_sub(used).max(MIN_BAR);
    let mut notes = notes.into_iter();
    let revision = member(simulation.file.document.root(), "REVISION").and_then(canary_runtime::Json::as_integer);
    let revision = revision.map_or(String::new(), |revision| format!(", revision {revision}"));
    let mut text = format!("{}{revision}: {}\n", simulation.file.name, simulation.crowd.describe());
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
    row.wanted.map_or(String::new(), |wanted| {
        let deviation = percent(row.count, users) - wanted;
        let deviation = if deviation.abs() < 0.0005 { "exactly".to_owned() } else { format!("{deviation:+.3}") };
        format!("({} % wanted, {deviation})", short(wanted))
    })
}

fn sections(simulation: &Simulation) -> Vec<Section> {
    let Simulation { keys, tally, expected, .. } = simulation;
    let arms = [Arm::Canary, Arm::Stable].map(|arm| Row {
        label: arm.as_str().to_owned(),
        count: tally.arms.count(&arm),
        wanted: Some(expected.arms.get(&arm)),
    });
    let cohorts = [Cohort::Canary, Cohort::Control, Cohort::Rest].map(|cohort| Row {
        label: cohort.as_str().to_owned(),
        count: tally.cohorts.count(&cohort),
        wanted: Some(expected.cohorts.get(&cohort)),
    });
    let mut reasons = tally.reasons.shares().to_vec();
    reasons.sort_by_key(|share| std::cmp::Reverse(share.count));
    let reasons = reasons.into_iter().map(|share| Row {
        label: reason(share.outcome.0, share.outcome.1),
        count: share.count,
        wanted: None,
    });
    let section = |title: &str, rows| Section { title: title.to_owned(), rows };
    let mut sections =
        vec![section("bundle", arms.into()), section("cohort", cohorts.into()), section("reason", reasons.collect())];
    for ((key, counter), expected) in keys.iter().zip(&tally.flags).zip(&expected.flags) {
        let mut rows: Vec<_> = counter
            .shares()
            .iter()
            .map(|share| Row {
                label: label(&share.outcome),
                count: share.count,
                wanted: expected.as_ref().map(|expected| expected.get(&share.outcome)),
            })
            .collect();
        // What the config wants and nobody got, which happens to small shares of few users.
        let missed = expected.iter().flat_map(|expected| &expected.0);
        let missed = missed.filter(|(outcome, share)| *share > 0.0 && counter.find(outcome).is_none());
        rows.extend(missed.map(|(outcome, share)| Row { label: label(outcome), count: 0, wanted: Some(*share) }));
        rows.sort_by(|a, b| b.count.cmp(&a.count).then_with(|| a.label.cmp(&b.label)));
        sections.push(section(&format!("flag {}", plain(key, 64)), rows));
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
    format!("{} {reason}", plain(&value, room))
}

/// Why; of an error, what it is.
fn reason(reason: Reason, error: Option<ErrorCode>) -> String {
    error.map_or(reason.as_str(), ErrorCode::as_str).to_owned()
}
