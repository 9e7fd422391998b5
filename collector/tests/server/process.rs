//! What outlives a process: SIGTERM loses nothing, kill -9 at most what was not written, and what is lost is a gap.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::thread::sleep;
use std::time::Duration;

use crate::support::{
    Collector, HORIZON, WINDOW, minute, minute_at, now, report, wait_for_next_minute, wait_until, without_stalls,
};
use rustix::process::Signal;
use serde_json::{Value, json};
use tempfile::tempdir;

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

/// Sends reports of one minute to a new collector, and returns it with the minute.
fn one_minute(folder: &Path, count: u64) -> Option<(Collector, u64)> {
    let collector = Collector::with_data(folder);
    let first = wait_for_next_minute();
    (0..count).for_each(|_| assert_eq!(collector.post(&report("exposure", 0.0)), 204));
    (minute() == first).then_some((collector, first))
}

#[test]
fn sigterm_loses_nothing_but_the_minutes_away() {
    without_stalls(|| {
        let folder = tempdir().unwrap();
        let (collector, first) = one_minute(folder.path(), 7)?;
        let _ = wait_for_next_minute();
        let (header, _) = collector.windows("");
        collector.ran()?;
        assert!(collector.signal(Signal::TERM).success());
        let stopped = minute();
        let again = Collector::with_data(folder.path());
        let started = minute();
        let (after, counts) = final_windows(&again, started + 1);
        again.ran()?;
        assert_eq!(header["collector"], after["collector"]);
        assert_eq!(counts.get(&(first, "canary".to_owned())), Some(&7), "{after} {counts:?}");
        // The minute before the first may be whole, if the one before it ended while the collector started.
        for (at, expected) in [(first - 2, true), (first, false), (stopped, true), (started + 1, false)] {
            assert_eq!(is_gap(&after, at), expected, "minute {at}, first {first}, stopped {stopped}: {after}");
        }
        // And once more, with everything already final.
        assert!(again.signal(Signal::TERM).success());
        let third = Collector::with_data(folder.path());
        assert_eq!(final_windows(&third, started).1.get(&(first, "canary".to_owned())), Some(&7));
        Some(())
    });
}

/// In both arms alike: reports of both come all the time, and the process is killed at many moments.
#[test]
fn kill_9_loses_at_most_what_was_not_written_and_says_so() {
    without_stalls(|| {
        let folder = tempdir().unwrap();
        // The least and the most that each minute and cohort can have.
        let mut sent: BTreeMap<(u64, String), (u64, u64)> = BTreeMap::new();
        let mut killed = 0;
        for pause in [300, 1_300, 2_900, 50, 4_100, 700] {
            let collector = Collector::with_data(folder.path());
            let end = now() + f64::from(pause) / 1e3;
            while now() < end {
                for (cohort, body) in [("canary", report("exposure", 0.0)), ("control", control())] {
                    let before = minute_at(now() - 0.05);
                    assert_eq!(collector.post(&body), 204);
                    let after = minute_at(now() + 0.05);
                    for at in before..=after {
                        let (least, most) = sent.entry((at, cohort.to_owned())).or_default();
                        *least += u64::from(before == after);
                        *most += 1;
                    }
                }
                sleep(Duration::from_millis(20));
            }
            killed = minute();
            assert!(!collector.signal(Signal::KILL).success());
        }
        let collector = Collector::with_data(folder.path());
        let started = minute();
        let (header, counts) = final_windows(&collector, started + 1);
        collector.ran()?;
        let mut exact = 0;
        for (at, (least, most)) in &sent {
            let counted = counts.get(at).copied().unwrap_or(0);
            assert!(counted <= *most, "{at:?}: {counted} of {most}");
            if !is_gap(&header, at.0) {
                assert!(counted >= *least, "{at:?}: {counted} of {least}: {header}");
                exact += 1;
            }
        }
        assert!(counts.keys().all(|at| sent.contains_key(at)));
        // The gap of each kill is bounded: from 1.25 horizons before the last write to the restart.
        let bound = (HORIZON + HORIZON / 4) / WINDOW + 3;
        assert!(!is_gap(&header, started + 1), "{started} {header}");
        assert!((killed - bound..=killed).any(|at| is_gap(&header, at)), "{header}");
        println!("{exact} of {} minutes and arms exact", sent.len());
        Some(())
    });
}

/// What was written long before is exact after a kill.
#[test]
fn kill_9_leaves_what_was_written() {
    without_stalls(|| {
        let folder = tempdir().unwrap();
        let (collector, first) = one_minute(folder.path(), 9)?;
        // Until no gap of a kill reaches back to it.
        sleep(Duration::from_secs(2 * WINDOW + HORIZON + HORIZON / 4 + 2));
        collector.ran()?;
        let killed = minute();
        assert!(!collector.signal(Signal::KILL).success());
        let again = Collector::with_data(folder.path());
        let started = minute();
        let (header, counts) = final_windows(&again, started);
        assert_eq!(counts.get(&(first, "canary".to_owned())), Some(&9));
        assert!(!is_gap(&header, first) && is_gap(&header, killed), "{first} {killed} {header}");
        Some(())
    });
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
