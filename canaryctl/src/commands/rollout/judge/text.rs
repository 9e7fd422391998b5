//! The verdict for people.

use std::fmt::Write as _;

use anstyle::{AnsiColor, Style};
use canary_judge::reason::evidence;
use canary_judge::{Action, Count, Decision, Hold, MetricEvidence, RollBack, Row, Verdict};

use crate::terminal::chart;
use crate::terminal::format::{thousands, truncate};

/// Characters a line, however wide the terminal is.
const WIDTH: usize = 80;

/// How a metric stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Standing {
    Within,
    Above,
    Worse,
    NoViews,
}

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

/// One line for each metric, with what is above its limit below.
fn table(verdict: &Verdict, style: chart::Style) -> String {
    let mut cells = cells(verdict, thousandless);
    if width(&cells) > WIDTH {
        cells = self::cells(verdict, short_count);
    }
    let widths = widths(&cells);
    let mut text = String::new();
    let marks = std::iter::once(None).chain(verdict.metrics.iter().map(|metric| Some(standing(metric, verdict))));
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
            let _ = writeln!(text, "  {} {note}", standing(metric, verdict).glyph(style));
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

/// Of a line: mark, cells and two spaces between them.
fn width(cells: &[[String; 6]]) -> usize {
    widths(cells).iter().sum::<usize>().saturating_add(12)
}

impl Standing {
    fn glyph(self, style: chart::Style) -> String {
        let (glyph, ascii, color) = match self {
            Self::Within => ("✓", "+", AnsiColor::Green.on_default()),
            Self::Above => ("!", "!", AnsiColor::Yellow.on_default()),
            Self::Worse => ("✗", "x", AnsiColor::Red.on_default()),
            Self::NoViews => ("-", "-", Style::new()),
        };
        style.paint.apply(color, if style.ascii { ascii } else { glyph })
    }
}

fn standing(metric: &MetricEvidence, verdict: &Verdict) -> Standing {
    let (Some(canary), Some(stable)) = (metric.canary.rate(), metric.stable.rate()) else { return Standing::NoViews };
    let (_, hold_line) = verdict.lines;
    let is_acting = matches!(metric.policy.action, Action::RollBack | Action::Hold);
    let is_rolled_back = matches!(verdict.decision, Decision::RollBack(RollBack::Evidence { .. }));
    if is_acting && metric.ln_e >= hold_line.ln() && (is_rolled_back || metric.policy.action == Action::RollBack) {
        return Standing::Worse;
    }
    let is_held = verdict.decision == Decision::Hold(Hold::Evidence(metric.policy.metric));
    // Over groups of like views where that can be said, else over all.
    let is_above = match metric.ratio.estimate {
        Some(ratio) => ratio * stable > metric.policy.rho * stable + metric.policy.delta,
        None => canary > metric.policy.delta,
    };
    if is_held || is_above { Standing::Above } else { Standing::Within }
}

fn note(metric: &MetricEvidence, verdict: &Verdict) -> Option<String> {
    let name = metric.policy.metric;
    let (_, hold_line) = verdict.lines;
    let is_rolled_back = matches!(verdict.decision, Decision::RollBack(_));
    let action = match metric.policy.action {
        Action::RollBack | Action::Hold if is_rolled_back => String::new(),
        Action::RollBack | Action::Hold => format!("; holds at E {hold_line:.0}"),
        Action::Warn => "; warns only".to_owned(),
        Action::DryRun => "; a dry run".to_owned(),
    };
    match standing(metric, verdict) {
        Standing::Above => Some(format!("{name} is above its limit, unproven{action}")),
        Standing::Worse if is_rolled_back => Some(format!("{name} is worse: rolled back")),
        Standing::Worse => Some(format!("{name} is at its hold line{action}")),
        Standing::NoViews => Some(format!("{name} has no data")),
        Standing::Within => None,
    }
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

/// With one decimal, or none where it is large.
fn number(ratio: f64) -> String {
    if ratio < 9.95 {
        format!("{ratio:.1}")
    } else if ratio < 9_999.0 {
        format!("{ratio:.0}")
    } else {
        format!("{ratio:.0e}")
    }
}

/// Lines of at most so many characters, broken at spaces.
fn wrap(text: &str, width: usize) -> Vec<String> {
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
