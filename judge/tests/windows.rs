//! Collectors' windows become the rows that an independent computation gives: `tests/vectors/judge/generate.py`.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a panic is how a test fails")]

use std::collections::BTreeMap;

use canary_judge::Row;
use canary_judge::windows::{Answer, Fold, Header, Run, Window, fold};
use serde::Deserialize;

#[derive(Deserialize)]
struct Case {
    name: String,
    answers: Vec<Collector>,
    run: RunOf,
    expected: Expected,
}

#[derive(Deserialize)]
struct Collector {
    header: Header,
    windows: Vec<Window>,
}

#[derive(Deserialize)]
struct RunOf {
    salt: String,
    since: u64,
    percentages: BTreeMap<u64, f64>,
    balanced: bool,
}

#[derive(Deserialize)]
struct Expected {
    rows: Vec<Row>,
    uncapped: Option<Vec<Row>>,
    through: u64,
    gaps: Vec<(u64, u64)>,
    assigned: u64,
    both: u64,
    foreign: u64,
    codes: BTreeMap<String, u64>,
}

fn cases() -> Vec<Case> {
    serde_json::from_str(include_str!("../../tests/vectors/judge/windows.json")).unwrap()
}

impl Case {
    fn fold(&self, answers: &[Answer]) -> Fold {
        let RunOf { salt, since, percentages, balanced } = &self.run;
        fold(answers, &Run { salt, since: *since, percentages, is_balanced: *balanced })
    }

    fn answers(&self) -> Vec<Answer> {
        let answer = |one: &Collector| Answer { header: one.header.clone(), windows: one.windows.clone() };
        self.answers.iter().map(answer).collect()
    }
}

#[test]
fn windows_become_rows() {
    assert_eq!(cases().len(), 4);
    for case in cases() {
        let found = case.fold(&case.answers());
        let Expected { rows, uncapped, through, gaps, assigned, both, foreign, codes } = &case.expected;
        assert!(rows.len() >= 3, "{}", case.name);
        assert_eq!(&found.rows, rows, "{}", case.name);
        assert_eq!(&found.uncapped, uncapped, "{}", case.name);
        assert_eq!((&found.through, &found.gaps), (&Some(*through), gaps), "{}", case.name);
        assert_eq!((found.assigned, found.both, found.foreign), (*assigned, *both, *foreign), "{}", case.name);
        assert_eq!(&found.codes, codes, "{}", case.name);
    }
}

#[test]
fn a_merge_is_a_sum_in_any_order() {
    for case in cases() {
        let answers = case.answers();
        let expected = case.fold(&answers);
        // Turned over, and with each collector's windows spread over two.
        let mut parts = Vec::new();
        for Answer { header, windows } in answers.iter().rev() {
            let (even, odd): (Vec<_>, Vec<_>) =
                windows.iter().cloned().enumerate().partition(|(index, _)| index % 2 == 0);
            for part in [odd, even] {
                parts.push(Answer {
                    header: header.clone(),
                    windows: part.into_iter().map(|(_, window)| window).collect(),
                });
            }
        }
        assert_eq!(case.fold(&parts), expected, "{}", case.name);
    }
}

#[test]
fn no_collector_is_no_data() {
    let case = &cases()[0];
    assert_eq!(case.fold(&[]), Fold::default());
}

#[test]
fn minutes_that_a_collector_does_not_keep_are_a_gap() {
    let case = &cases()[0];
    let mut answers = case.answers();
    answers[0].header.since = 102;
    assert_eq!(case.fold(&answers).gaps, [(100, 101)]);
    assert!(case.fold(&answers).circumstances(true, 0).has_gap);
    answers[0].header.since = 100;
    assert!(!case.fold(&answers).circumstances(true, 0).has_gap);
}
