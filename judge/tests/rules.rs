//! The rules that make a verdict of evidence and circumstances, in their order.

#![allow(clippy::indexing_slicing, clippy::panic, clippy::unwrap_used, reason = "a panic is how a test fails")]

use canary_judge::{
    Circumstances, Comparison, Decision, Hold, Judge, NoData, OnSampleRatio, Policy, RollBack, Row, Side,
};

fn row(minute: u64, canary: (u64, i64), stable: (u64, i64)) -> Row {
    let side = |(exposed, not_ready)| Side { exposed, not_ready, ..Side::default() };
    Row {
        minute,
        revision: 7,
        first: Comparison::Run,
        share: 0.1,
        stratum: "chromium/desktop/new".into(),
        canary: side(canary),
        control: side(stable),
    }
}

fn judge(rows: &[Row]) -> Judge {
    Judge::of_rows(Policy::default(), rows)
}

/// An hour of a canary that is as good as stable.
fn clean() -> Vec<Row> {
    (0..60).map(|minute| row(minute, (100, 4), (900, 36))).collect()
}

#[test]
fn a_canary_that_falls_silent_before_minutes_without_rows_is_rolled_back() {
    let mut rows = vec![row(0, (1, 0), (400, 10))];
    rows.extend((1..10).map(|minute| row(minute, (0, 0), (400, 10))));
    rows.push(row(30, (40, 1), (400, 10)));
    // Not in minute 9, whose ten minutes have the one view, but in the next, which has no row.
    let verdict = judge(&rows).verdict(&Circumstances::default());
    let Decision::RollBack(RollBack::Silent { expected }) = verdict.decision else { panic!("{verdict}") };
    assert_eq!((verdict.minute, format!("{expected:.1}")), (Some(10), "400.0".to_owned()));
    assert!(judge(&rows[..10]).roll_back().is_none());
}

#[test]
fn the_first_roll_back_stands() {
    let mut rows = vec![row(0, (20, 20), (180, 7))];
    rows.extend((1..120).map(|minute| row(minute, (100, 0), (900, 90))));
    let verdict = judge(&rows).verdict(&Circumstances::default());
    assert!(matches!(verdict.decision, Decision::RollBack(RollBack::Evidence { .. })));
    assert_eq!(verdict.minute, Some(0));
    assert!(verdict.metrics[0].ln_e < 0.0, "all figures are those of the last minute");
}

#[test]
fn counts_beyond_the_cap_hold() {
    let flood = judge(&[row(0, (200, 200), (900, 36))]);
    let decision = judge(&clean()).decide(Some(&flood), &Circumstances::default());
    assert_eq!(decision, Decision::Hold(Hold::Uncapped));
    let decision = judge(&clean()).decide(Some(&judge(&clean())), &Circumstances::default());
    assert_eq!(decision, Decision::Advance { is_early: false });
}

#[test]
fn views_in_both_cohorts_hold() {
    let both = |both| Circumstances { assigned: 10_000, both, ..Circumstances::default() };
    assert_eq!(judge(&clean()).decide(None, &both(100)), Decision::Advance { is_early: false });
    assert_eq!(judge(&clean()).decide(None, &both(101)), Decision::Hold(Hold::Both));
    let policy = Policy { on_sample_ratio: OnSampleRatio::Warn, ..Policy::default() };
    assert_eq!(Judge::of_rows(policy, &clean()).decide(None, &both(101)), Decision::Advance { is_early: false });
}

#[test]
fn a_step_ends_early_where_the_canary_is_shown_to_be_no_worse() {
    let running = Circumstances { is_step_over: false, ..Circumstances::default() };
    let with_errors = |rows: Vec<Row>, canary, stable| {
        let count = |mut row: Row| {
            (row.canary.error, row.control.error) = (canary, stable);
            row
        };
        rows.into_iter().map(count).collect::<Vec<_>>()
    };
    assert_eq!(judge(&clean()).decide(None, &running), Decision::Hold(Hold::Step));
    assert_eq!(judge(&with_errors(clean(), 4, 36)).decide(None, &running), Decision::Advance { is_early: true });
    assert_eq!(judge(&with_errors(clean(), 5, 30)).decide(None, &running), Decision::Hold(Hold::Step));
}

#[test]
fn data_comes_before_time() {
    let gap = Circumstances { has_gap: true, is_step_over: false, ..Circumstances::default() };
    assert_eq!(judge(&clean()).decide(None, &gap), Decision::NoData(NoData::Gap));
    let missing = Circumstances { missing_collectors: 2, ..Circumstances::default() };
    let verdict = judge(&clean()).verdict(&missing);
    assert_eq!((verdict.decision.name(), verdict.to_string()), ("no-data", "2 collectors did not answer".to_owned()));
    let few = judge(&clean()[..2]).verdict(&Circumstances::default());
    assert_eq!(
        (few.decision, few.to_string()),
        (Decision::Hold(Hold::FewViews(200)), "200 of 300 canary views".to_owned())
    );
}
