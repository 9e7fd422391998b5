//! Draws the pictures of docs/judge.md:
//! `cargo run --release --package canary-judge --features simulation --example pictures -- docs`

#![allow(clippy::arithmetic_side_effects, clippy::indexing_slicing, reason = "a program that is run by hand")]

use std::fmt::Write as _;
use std::path::Path;
use std::{env, fs, io};

use canary_judge::simulation::{Fault, Network, Play, Scenario};
use canary_judge::{Count, Judge, Metric, MetricPolicy, Policy};

const SEED: u64 = 1;
const MINUTES: u64 = 300;

/// The canvas, and the plot in it.
const WIDTH: f64 = 720.0;
const HEIGHT: f64 = 330.0;
const LEFT: f64 = 64.0;
const RIGHT: f64 = 700.0;
const TOP: f64 = 46.0;
const BOTTOM: f64 = 284.0;

fn main() -> io::Result<()> {
    let folder = env::args().nth(1).unwrap_or_else(|| "docs".to_owned());
    let folder = Path::new(&folder);
    fs::write(folder.join("judge-evidence.svg"), evidence())?;
    fs::write(folder.join("judge-peeking.svg"), peeking())
}

/// A drawing with a scale for each axis.
struct Plot {
    svg: String,
    y: fn(f64) -> f64,
}

impl Plot {
    fn new(title: &str, y: fn(f64) -> f64) -> Self {
        let svg = format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" role=\"img\" aria-label=\"{title}\">\n\
             <style>\n\
             text {{ font: 13px system-ui, sans-serif; fill: #24292f }} .title {{ font-weight: 600 }}\n\
             .axis {{ stroke: #8c959f; stroke-width: 1 }} .grid {{ stroke: #d0d7de; stroke-width: 1 }}\n\
             .line {{ fill: none; stroke-width: 2 }} .good {{ stroke: #1f6feb }} .bad {{ stroke: #cf222e; stroke-dasharray: 7 3 }}\n\
             .limit {{ stroke: #57606a; stroke-width: 1.5; stroke-dasharray: 2 4 }} rect {{ fill: #fff }}\n\
             @media (prefers-color-scheme: dark) {{ text {{ fill: #e6edf3 }} rect {{ fill: #0d1117 }} .grid {{ stroke: #30363d }}\n\
             .good {{ stroke: #58a6ff }} .bad {{ stroke: #ff7b72 }} .limit {{ stroke: #9198a1 }} }}\n\
             </style>\n\
             <rect width=\"{WIDTH}\" height=\"{HEIGHT}\"/>\n\
             <text class=\"title\" x=\"{LEFT}\" y=\"24\">{title}</text>\n"
        );
        let mut plot = Self { svg, y };
        for minute in [0.0, 60.0, 120.0, 180.0, 240.0, 300.0] {
            let _ = writeln!(
                plot.svg,
                "<text x=\"{:.0}\" y=\"{:.0}\" text-anchor=\"middle\">{minute:.0}</text>",
                x(minute),
                BOTTOM + 18.0
            );
        }
        let _ = writeln!(
            plot.svg,
            "<line class=\"axis\" x1=\"{LEFT}\" y1=\"{BOTTOM}\" x2=\"{RIGHT}\" y2=\"{BOTTOM}\"/>\n\
             <text x=\"{RIGHT}\" y=\"{:.0}\" text-anchor=\"end\">minutes since the run began</text>",
            BOTTOM + 36.0
        );
        plot
    }

    fn level(&mut self, value: f64, label: &str, class: &str) {
        let y = (self.y)(value);
        let _ = writeln!(
            self.svg,
            "<line class=\"{class}\" x1=\"{LEFT}\" y1=\"{y:.1}\" x2=\"{RIGHT}\" y2=\"{y:.1}\"/>\n\
             <text x=\"{:.0}\" y=\"{:.1}\" text-anchor=\"end\">{label}</text>",
            LEFT - 8.0,
            y + 4.0
        );
    }

    fn line(&mut self, class: &str, values: &[(f64, f64)]) {
        let points: Vec<_> =
            values.iter().map(|(minute, value)| format!("{:.1},{:.1}", x(*minute), (self.y)(*value))).collect();
        let _ = writeln!(self.svg, "<polyline class=\"line {class}\" points=\"{}\"/>", points.join(" "));
    }

    fn note(&mut self, minute: f64, value: f64, anchor: &str, text: &str) {
        let y = (self.y)(value);
        let _ = writeln!(self.svg, "<text x=\"{:.0}\" y=\"{y:.0}\" text-anchor=\"{anchor}\">{text}</text>", x(minute));
    }

    fn end(mut self) -> String {
        self.svg.push_str("</svg>\n");
        self.svg
    }
}

fn x(minute: f64) -> f64 {
    LEFT + (RIGHT - LEFT) * minute / 300.0
}

fn minutes(minute: u64) -> f64 {
    f64::from(u32::try_from(minute).unwrap_or(u32::MAX))
}

/// The mean E of a good canary, and of one that breaks after two good hours.
fn evidence() -> String {
    let mut plot = Plot::new("Evidence against a good canary and against one that breaks", |e| {
        let decades = (e.log10() + 1.0) / 6.0;
        BOTTOM - (BOTTOM - TOP) * decades.clamp(0.0, 1.0)
    });
    for (value, label) in [(0.1, "0.1"), (1.0, "1"), (10.0, "10"), (100.0, "100"), (1e4, "10,000"), (1e5, "E")] {
        plot.level(value, label, "grid");
    }
    plot.level(1_000.0, "1,000", "limit");
    let steady = Scenario { has_rush_hours: false, incident_minutes: 1e9, ..Scenario::clean(1.0) };
    let broken = Scenario { fault: Fault::NotReady(0.2), since: 120, ..steady.clone() };
    for (class, scenario) in [("good", &steady), ("bad", &broken)] {
        let (mut play, mut judge) = (Play::new(scenario, SEED, 3), Judge::new(scenario.policy.clone()));
        let mut values = Vec::new();
        for minute in 0..MINUTES {
            play.follow_clock();
            judge.add_minute(minute, &play.minute().rows);
            values.push((minutes(minute + 1), judge.ln_mean_e().unwrap_or_default().exp()));
            if let Some((minute, _)) = judge.roll_back() {
                let text = format!("rolled back after {} bad minutes", minute + 1 - 120);
                plot.note(minutes(minute + 1) + 6.0, 2_200.0, "start", &text);
                break;
            }
        }
        plot.line(class, &values);
    }
    plot.note(124.0, 0.115, "start", "20 % of its views break from here on");
    plot.note(298.0, 1.2, "end", "a good canary");
    plot.note(8.0, 1_250.0, "start", "rolls back");
    plot.end()
}

/// How many good canaries have ever been called worse: by a p-value that is looked at each minute, and by E.
fn peeking() -> String {
    const RUNS: u64 = 1_000;
    let mut plot = Plot::new("Good canaries that were ever called worse, looked at each minute", |share| {
        BOTTOM - (BOTTOM - TOP) * (share / 0.4).clamp(0.0, 1.0)
    });
    for (value, label) in [(0.1, "10 %"), (0.2, "20 %"), (0.3, "30 %"), (0.4, "40 %")] {
        plot.level(value, label, "grid");
    }
    plot.level(0.05, "5 %", "limit");
    let metric = MetricPolicy { rho: 1.0, delta: 0.0, ..MetricPolicy::of(Metric::NotReady) };
    let policy = Policy { alpha: 0.05, metrics: vec![metric], ..Policy::default() };
    // The test's own assumptions: no report is lost, or falls into another minute.
    let network = Network { delay: 1e-9, slow_share: 0.0, lost: 0.0, late: 0.0, ..Network::USUAL };
    let scenario = Scenario { network, ..Scenario::at("", 1.0, 50.0, MINUTES, Fault::None) };
    let mut called = vec![[0_u32; 2]; usize::try_from(MINUTES).unwrap_or_default()];
    for run in 0..RUNS {
        let (mut play, mut judge) = (Play::new(&scenario, SEED, run), Judge::new(policy.clone()));
        let (mut canary, mut stable) = (Count::default(), Count::default());
        let mut ever = [false; 2];
        for (minute, called) in (0..).zip(&mut called) {
            let rows = play.minute().rows;
            for row in &rows {
                let (on_canary, on_stable) = (row.canary.count(Metric::NotReady), row.control.count(Metric::NotReady));
                canary = Count { bad: canary.bad + on_canary.bad, of: canary.of + on_canary.of };
                stable = Count { bad: stable.bad + on_stable.bad, of: stable.of + on_stable.of };
            }
            judge.add_minute(minute, &rows);
            ever = [ever[0] || is_significant(canary, stable), judge.roll_back().is_some()];
            for (count, ever) in called.iter_mut().zip(ever) {
                *count += u32::from(ever);
            }
        }
    }
    for (class, index) in [("bad", 0), ("good", 1)] {
        let share = |counts: &[u32; 2]| f64::from(counts[index]) / minutes(RUNS);
        let values: Vec<_> = (1..).zip(&called).map(|(minute, counts)| (minutes(minute), share(counts))).collect();
        plot.line(class, &values);
        let last = called.last().map(share).unwrap_or_default();
        let text = if index == 0 { "p &lt; 0.05, looked at each minute" } else { "E at 20, looked at each minute" };
        plot.note(
            298.0,
            last + if index == 0 { 0.012 } else { 0.014 },
            "end",
            &format!("{text}: {:.1} %", last * 100.0),
        );
    }
    plot.end()
}

/// The usual test of two proportions, at 5 %, one-sided.
fn is_significant(canary: Count, stable: Count) -> bool {
    let all = canary.of + stable.of;
    let rate = (canary.bad + stable.bad) / all;
    let error = (rate * (1.0 - rate) * all / (canary.of * stable.of)).sqrt();
    (canary.bad / canary.of - stable.bad / stable.of) / error > 1.644_854
}
