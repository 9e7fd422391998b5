//! The verdict as text.

use std::fmt::Write as _;

use anstyle::AnsiColor;
use canary_judge::reason::evidence;
use canary_judge::{Decision, Row, Verdict};

use crate::rollout::metric_table::{WIDTH, number, table, wrap};
use crate::terminal::chart;
use crate::terminal::format::{thousands, truncate};

/// The sentence, the counts and the table of metrics.
pub(crate) fn report(verdict: &Verdict, rows: &[Row], name: &str, style: chart::Style) -> String {
    let (word, color) = match verdict.decision {
        Decision::Advance { .. } => ("ADVANCE", AnsiColor::Green),
        Decision::Hold(_) => ("HOLD", AnsiColor::Yellow),
        Decision::RollBack(_) => ("ROLL BACK", AnsiColor::Red),
        Decision::NoData(_) => ("NO DATA", AnsiColor::Yellow),
    };
    let mut text = String::new();
    for (line, index) in wrap(&format!("{word}: {verdict}"), WIDTH).into_iter().zip(0..) {
        let line = match line.strip_prefix(word).filter(|_| index == 0) {
            Some(rest) => format!("{}{rest}", style.paint.apply(color.on_default(), word)),
            None => line,
        };
        let _ = writeln!(text, "{line}");
    }
    let _ = writeln!(text);
    for (label, value) in facts(verdict, rows, name) {
        for (index, line) in wrap(&value, WIDTH.saturating_sub(11)).iter().enumerate() {
            let _ = writeln!(text, "  {:8} {line}", if index == 0 { label } else { "" });
        }
    }
    if !verdict.metrics.is_empty() {
        let _ = write!(text, "\n{}", table(verdict, style));
    }
    text
}

fn facts(verdict: &Verdict, rows: &[Row], name: &str) -> Vec<(&'static str, String)> {
    let mut facts = vec![("rows", truncate(name, WIDTH))];
    if let (Some(first), Some(last)) = (rows.first(), rows.last()) {
        let clock = |minute: u64| {
            let of_day = minute.checked_rem(24 * 60).unwrap_or_default();
            format!("{:02}:{:02}", of_day / 60, of_day.checked_rem(60).unwrap_or_default())
        };
        let count = last.minute.saturating_sub(first.minute).saturating_add(1);
        let mut minutes = format!(
            "{}, {} to {} UTC, the last is {}",
            thousands(count),
            clock(first.minute),
            clock(last.minute),
            last.minute
        );
        if let (Decision::RollBack(_), Some(minute)) = (verdict.decision, verdict.minute) {
            let _ = write!(minutes, "; rolled back at {minute}, {}", clock(minute));
        }
        facts.push(("minutes", minutes));
    }
    let (canary, expected) = verdict.canary_views;
    let views = format!(
        "{} canary (needs {}), {} stable",
        thousands(canary),
        thousands(verdict.min_views),
        thousands(verdict.stable_views)
    );
    facts.push(("views", views));
    let ratio = if verdict.is_sample_ratio_alarm() {
        format!(
            "{} canary views, where the shares give {expected:.0}: sample ratio E {}",
            canary,
            evidence(verdict.ln_sample_ratio)
        )
    } else {
        "sample ratio ok".to_owned()
    };
    facts.push(("share", ratio));
    let effects = verdict.metrics.iter().filter_map(|metric| {
        let effect = metric.smallest_effect?;
        Some(format!("{} {}", metric.policy.metric, number(effect)))
    });
    let effects: Vec<_> = effects.collect();
    if !effects.is_empty() {
        facts.push(("can show", format!("times stable's rate, in half of such runs: {}", effects.join(", "))));
    }
    facts
}
