//! The table of metrics: counts, rates, ratio with its range, limit and evidence, one line each.

use std::fmt::Write as _;

use anstyle::{AnsiColor, Style};
use canary_judge::reason::evidence;
use canary_judge::{Action, Count, Decision, Hold, MetricEvidence, RollBack, Verdict};

use crate::terminal::chart;

/// Characters per line, on every terminal.
pub(crate) const WIDTH: usize = 80;

/// The state of a metric beside its limit, the worst first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Mark {
    /// At its hold line, or the reason of a roll-back.
    Worse,
    /// Above its limit, which chance may explain.
    Above,
    /// One side has no views.
    NoData,
    /// Fewer canary views than the policy asks for.
    Collecting,
    /// Within its limit.
    Within,
}

/// One line for each metric, and notes below on those above their limit.
pub(crate) fn table(verdict: &Verdict, style: chart::Style) -> String {
    let mut cells = cells(verdict, thousandless);
    if width(&cells) > WIDTH {
        cells = self::cells(verdict, short_count);
    }
    let widths = widths(&cells);
    let mut text = String::new();
    let marks = std::iter::once(None).chain(verdict.metrics.iter().map(|metric| Some(mark(metric, verdict))));
    for (row, mark) in cells.iter().zip(marks) {
        let mut line = String::new();
        for (index, (cell, width)) in row.iter().zip(&widths).enumerate() {
            let gap = if index == 0 { "" } else { "  " };
            // Names begin alike, numbers end alike.
            let _ = if index == 0 { write!(line, "{cell:width$}") } else { write!(line, "{gap}{cell:>width$}") };
        }
        let mark = mark.map_or_else(|| " ".to_owned(), |mark| mark.glyph(style));
        let _ = writeln!(text, "{}", format!("{mark} {line}").trim_end());
    }
    for metric in &verdict.metrics {
        if let Some(note) = note(metric, verdict).filter(|_| verdict.stable_views > 0) {
            let _ = writeln!(text, "  {} {note}", mark(metric, verdict).glyph(style));
        }
    }
    text
}

fn cells(verdict: &Verdict, count: fn(f64) -> String) -> Vec<[String; 6]> {
    let head = ["METRIC", "CANARY", "STABLE", "RATIO [range]", "LIMIT", "E"].map(str::to_owned);
    let rate = |side: Count| match side.rate() {
        // A view at the edge of a minute may be counted as ready before it is exposed.
        Some(rate) => {
            format!("{}/{} {:4.1} %", count(side.bad.max(0.0)), count(side.of), rate.max(0.0) * 100.0)
        }
        None => "no views".to_owned(),
    };
    let rows = verdict.metrics.iter().map(|metric| {
        let ratio = &metric.ratio;
        let estimate = ratio.estimate.map_or("-".to_owned(), two_decimals);
        let high = ratio.high.map_or("inf".to_owned(), number);
        [
            metric.policy.metric.name().to_owned(),
            rate(metric.canary),
            rate(metric.stable),
            format!("{estimate} [{}-{high}]", number(ratio.low)),
            format!("{:.2}", metric.policy.rho),
            evidence(metric.ln_e),
        ]
    });
    std::iter::once(head).chain(rows).collect()
}

fn widths(cells: &[[String; 6]]) -> [usize; 6] {
    let mut widths = [0; 6];
    for row in cells {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = cell.chars().count().max(*width);
        }
    }
    widths
}

/// The width of a line: mark, cells and two spaces between them.
fn width(cells: &[[String; 6]]) -> usize {
    widths(cells).iter().sum::<usize>().saturating_add(12)
}

impl Mark {
    /// Its name in JSON.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Worse => "worse",
            Self::Above => "above",
            Self::NoData => "no data",
            Self::Collecting => "collecting",
            Self::Within => "ok",
        }
    }

    fn glyph(self, style: chart::Style) -> String {
        let (glyph, ascii, color) = match self {
            Self::Within => ("✓", "+", AnsiColor::Green.on_default()),
            Self::Above => ("!", "!", AnsiColor::Yellow.on_default()),
            Self::Worse => ("✗", "x", AnsiColor::Red.on_default()),
            Self::NoData => ("-", "-", Style::new()),
            Self::Collecting => ("·", ".", Style::new()),
        };
        style.paint.apply(color, if style.ascii { ascii } else { glyph })
    }
}

/// The state of a metric beside its limit.
pub(crate) fn mark(metric: &MetricEvidence, verdict: &Verdict) -> Mark {
    let (Some(canary), Some(stable)) = (metric.canary.rate(), metric.stable.rate()) else { return Mark::NoData };
    let (_, hold_line) = verdict.lines;
    let is_acting = matches!(metric.policy.action, Action::RollBack | Action::Hold);
    let is_rolled_back = matches!(verdict.decision, Decision::RollBack(RollBack::Evidence { .. }));
    if is_acting && metric.ln_e >= hold_line.ln() && (is_rolled_back || metric.policy.action == Action::RollBack) {
        return Mark::Worse;
    }
    let is_held = verdict.decision == Decision::Hold(Hold::Evidence(metric.policy.metric));
    // Over groups of like views where that can be said, else over all.
    let is_above = match metric.ratio.estimate {
        Some(ratio) => ratio * stable > metric.policy.rho * stable + metric.policy.delta,
        None => canary > metric.policy.delta,
    };
    let is_early = verdict.canary_views.0 < verdict.min_views;
    match (is_held || is_above, is_early) {
        (true, false) => Mark::Above,
        _ if is_held => Mark::Above,
        (_, true) => Mark::Collecting,
        (false, false) => Mark::Within,
    }
}

/// The state of a metric in words, where it is not within its limit.
pub(crate) fn note(metric: &MetricEvidence, verdict: &Verdict) -> Option<String> {
    let name = metric.policy.metric;
    let (_, hold_line) = verdict.lines;
    let is_rolled_back = matches!(verdict.decision, Decision::RollBack(_));
    let action = match metric.policy.action {
        Action::RollBack | Action::Hold if is_rolled_back => String::new(),
        Action::RollBack | Action::Hold => format!("; holds at E {hold_line:.0}"),
        Action::Warn => "; warns only".to_owned(),
        Action::DryRun => "; a dry run".to_owned(),
    };
    match mark(metric, verdict) {
        Mark::Above => Some(format!("{name} is above its limit, unproven{action}")),
        Mark::Worse if is_rolled_back => Some(format!("{name} is worse: rolled back")),
        Mark::Worse => Some(format!("{name} is at its hold line{action}")),
        Mark::NoData => Some(format!("{name} has no data")),
        Mark::Collecting | Mark::Within => None,
    }
}

/// Splits text at spaces into lines of at most `width` characters.
pub(crate) fn wrap(text: &str, width: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in text.split(' ') {
        let Some(line) = lines.last_mut() else { continue };
        if !line.is_empty() && line.chars().count().saturating_add(word.chars().count()).saturating_add(1) > width {
            lines.push(word.to_owned());
        } else {
            if !line.is_empty() {
                line.push(' ');
            }
            line.push_str(word);
        }
    }
    lines
}

fn thousandless(count: f64) -> String {
    format!("{count:.0}")
}

/// A count of at most four characters.
fn short_count(count: f64) -> String {
    for (unit, suffix) in [(1e9, "G"), (1e6, "M"), (1e3, "k")] {
        if count >= 10.0 * unit {
            return format!("{:.0}{suffix}", count / unit);
        }
        if count >= unit {
            return format!("{:.1}{suffix}", count / unit);
        }
    }
    format!("{count:.0}")
}

fn two_decimals(ratio: f64) -> String {
    if ratio < 9.995 { format!("{ratio:.2}") } else { number(ratio) }
}

/// A ratio with one decimal, or none if it is large.
pub(crate) fn number(ratio: f64) -> String {
    if ratio < 9.95 {
        format!("{ratio:.1}")
    } else if ratio < 9_999.0 {
        format!("{ratio:.0}")
    } else {
        format!("{ratio:.0e}")
    }
}
