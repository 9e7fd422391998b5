//! What outlives a process: SIGTERM loses nothing, kill -9 at most what was not written, and what is lost is a gap.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::arithmetic_side_effects,
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    clippy::cast_sign_loss,
    clippy::disallowed_methods,
    dead_code,
    reason = "a panic is how a test fails"
)]

mod support;

use std::collections::BTreeMap;
use std::fs;
use std::thread::sleep;
use std::time::Duration;

use rustix::process::Signal;
use serde_json::{Value, json};
use support::{Collector, HORIZON, WINDOW, minute, report, wait_for_next_minute, wait_until};
use tempfile::tempdir;

#[test]
fn serve_in_this_process() {
    support::serve_if_asked();
}

/// Waits until a minute is final, and returns the header and the exposures of each minute and cohort.
fn final_windows(collector: &Collector, last: u64) -> (Value, BTreeMap<(u64, String), u64>) {
    wait_until(|| collector.windows("").0["through"].as_u64().unwrap() >= last);
    let (header, rows) = collector.windows("");
    let count = |row: &Value| {
        let cohort = row["cohort"].as_str().unwrap().to_owned();
        ((row["minute"].as_u64().unwrap(), cohort), row["exposed"].as_u64().unwrap())
    };
    (header, rows.iter().map(count).collect())
}

fn is_gap(header: &Value, minute: u64) -> bool {
    let gaps = header["gaps"].as_array().unwrap();
    gaps.iter().any(|gap| (gap[0].as_u64().unwrap()..=gap[1].as_u64().unwrap()).contains(&minute))
}

fn control() -> String {
    let mut body: Value = serde_json::from_str(&report("exposure", 0.0)).unwrap();
    (body["cohort"], body["arm"], body["version"]) = (json!("control"), json!("stable"), json!("1.4.2"));
    body.to_string()
}

#[test]
fn sigterm_loses_nothing_but_the_minutes_away() {
    let folder = tempdir().unwrap();
    let collector = Collector::with_data(folder.path());
    let first = wait_for_next_minute();
    (0..7).for_each(|_| assert_eq!(collector.post(&report("exposure", 0.0)), 204));
    let _ = wait_for_next_minute();
    let (header, _) = collector.windows("");
    let stopped = minute();
    assert!(collector.signal(Signal::TERM).success());
    let again = Collector::with_data(folder.path());
    let started = minute();
    let (after, counts) = final_windows(&again, started + 1);
    assert_eq!(header["collector"], after["collector"]);
    assert_eq!(counts.get(&(first, "canary".to_owned())), Some(&7), "{after} {counts:?}");
    for (at, expected) in [(first - 1, true), (first, false), (stopped, true), (started, true), (started + 1, false)] {
        assert_eq!(is_gap(&after, at), expected, "minute {at}, first {first}, stopped {stopped}: {after}");
    }
    // And once more, with everything already final.
    assert!(again.signal(Signal::TERM).success());
    let third = Collector::with_data(folder.path());
    assert_eq!(final_windows(&third, started).1.get(&(first, "canary".to_owned())), Some(&7));
}

/// In both arms alike: reports of both come all the time, and the process is killed at many moments.
#[test]
fn kill_9_loses_at_most_what_was_not_written_and_says_so() {
    let folder = tempdir().unwrap();
    let mut sent: BTreeMap<(u64, String), u64> = BTreeMap::new();
    let mut last = 0;
    for pause in [300, 1_300, 2_900, 50, 4_100, 700] {
        let collector = Collector::with_data(folder.path());
        let end = support::now() + f64::from(pause) / 1e3;
        while support::now() < end {
            for (cohort, body) in [("canary", report("exposure", 0.0)), ("control", control())] {
                // Away from the edge of a minute, so that this test knows the minute.
                let position = support::now() % WINDOW as f64;
                if (0.05..WINDOW as f64 - 0.15).contains(&position) {
                    let at = minute();
                    assert_eq!(collector.post(&body), 204);
                    *sent.entry((at, cohort.to_owned())).or_default() += 1;
                }
            }
            sleep(Duration::from_millis(20));
        }
        last = minute();
        assert!(!collector.signal(Signal::KILL).success());
    }
    let collector = Collector::with_data(folder.path());
    let started = minute();
    let (header, counts) = final_windows(&collector, started + 1);
    let mut exact = 0;
    for (at, count) in &sent {
        let counted = counts.get(at).copied().unwrap_or(0);
        assert!(counted <= *count, "{at:?}: {counted} of {count}");
        if !is_gap(&header, at.0) {
            assert_eq!(counted, *count, "{at:?}: {header}");
            exact += 1;
        }
    }
    assert!(counts.keys().all(|at| sent.contains_key(at)));
    // The gap of each kill is bounded: from 1.25 horizons before the last write to the restart.
    let bound = (HORIZON + HORIZON / 4) / WINDOW + 3;
    let killed = last;
    assert!(!is_gap(&header, started + 1), "{started} {header}");
    assert!((killed - bound..=killed).any(|at| is_gap(&header, at)), "{header}");
    println!("{exact} of {} minutes and arms exact", sent.len());
}

/// What was written long before is exact after a kill.
#[test]
fn kill_9_leaves_what_was_written() {
    let folder = tempdir().unwrap();
    let collector = Collector::with_data(folder.path());
    let first = wait_for_next_minute();
    (0..9).for_each(|_| assert_eq!(collector.post(&report("exposure", 0.0)), 204));
    // Until no gap of a kill reaches back to it.
    sleep(Duration::from_secs(2 * WINDOW + HORIZON + HORIZON / 4 + 1));
    let killed = minute();
    assert!(!collector.signal(Signal::KILL).success());
    let again = Collector::with_data(folder.path());
    let started = minute();
    let (header, counts) = final_windows(&again, started);
    assert_eq!(counts.get(&(first, "canary".to_owned())), Some(&9));
    assert!(!is_gap(&header, first) && is_gap(&header, killed), "{first} {killed} {header}");
}

#[test]
fn a_damaged_file_is_put_aside() {
    let folder = tempdir().unwrap();
    let file = folder.path().join("windows.redb");
    fs::write(&file, "no database at all, and long enough to be taken for one".repeat(200)).unwrap();
    let collector = Collector::with_data(folder.path());
    assert_eq!(collector.post(&report("exposure", 0.0)), 204);
    assert!(collector.signal(Signal::TERM).success());
    assert!(folder.path().join("windows.damaged").is_file());
    // Damage in the middle of a good file.
    let mut bytes = fs::read(&file).unwrap();
    for at in (4_096..bytes.len()).step_by(7) {
        bytes[at] ^= 0x55;
    }
    fs::write(&file, bytes).unwrap();
    let collector = Collector::with_data(folder.path());
    let start = minute();
    let (header, counts) = final_windows(&collector, start);
    assert!(counts.is_empty() && is_gap(&header, start - 2), "{header} {counts:?}");
}
