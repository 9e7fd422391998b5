//! How long a verdict takes, and simulated runs; `scripts/bench judge` prints it.

#![allow(clippy::arithmetic_side_effects, clippy::disallowed_methods, reason = "a benchmark, with a clock")]

use std::time::Instant;

use canary_judge::simulation::{Scenario, play};
use canary_judge::{Circumstances, Comparison, Judge, Policy, Row, Side, Vital};

/// Five hours, 24 strata, both comparisons, all six metrics.
fn rows() -> Vec<Row> {
    let vital = |measured| Vital { measured, above: [measured / 4, measured / 12, measured / 30] };
    let side = |exposed: u64| Side {
        exposed,
        not_ready: i64::try_from(exposed / 25).unwrap_or_default(),
        error: exposed / 200,
        left: exposed / 100,
        lcp: vital(exposed * 3 / 4),
        inp: vital(exposed / 2),
        cls: vital(exposed * 3 / 4),
    };
    let mut rows = Vec::new();
    for minute in 0..300 {
        for stratum in 0..24 {
            for (first, share) in [(Comparison::Run, 0.25), (Comparison::Cohort, 0.5)] {
                let (canary, control) = (side(40 + minute % 7), side(120 + stratum % 5));
                let stratum = format!("engine/device/{stratum}");
                rows.push(Row { minute, revision: 1 + minute / 60, first, share, stratum, canary, control });
            }
        }
    }
    rows
}

fn main() {
    let rows = rows();
    let mut millis = f64::INFINITY;
    // The best of some: the machine has other things to do.
    for _ in 0..20 {
        let begin = Instant::now();
        let verdict = Judge::of_rows(Policy::default(), &rows).verdict(&Circumstances::default());
        assert_eq!(verdict.metrics.len(), 6);
        millis = millis.min(begin.elapsed().as_secs_f64() * 1_000.0);
    }
    println!("verdict over 300 minutes, 24 strata, 6 metrics: {millis:.1} ms");
    let begin = Instant::now();
    let runs: u32 = 200;
    for run in 0..runs {
        let _ = play(&Scenario::clean(1.0), 1, run.into());
    }
    let millis = begin.elapsed().as_secs_f64() * 1_000.0 / f64::from(runs);
    let of_two = millis * 10_000.0 / 1_000.0 / 60.0 / 2.0;
    println!("a run of five hours: {millis:.1} ms; 10,000 of them on two cores: {of_two:.1} min");
}
