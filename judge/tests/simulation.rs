//! Visitors against the judge: what it promises, in short. The long runs are a part of `scripts/test-long`.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a panic is how a test fails")]

use canary_judge::simulation::{Draft, Fault, Network, Play, Random, Scenario, Summary, play, upper_bound};
use canary_judge::{
    Action, Circumstances, Comparison, Decision, Hold, Judge, Metric, MetricPolicy, NoData, OnSampleRatio, Policy, Row,
    Side,
};

const SEED: u64 = 20;

fn summary(scenario: &Scenario, runs: u64) -> Summary {
    let mut summary = Summary::default();
    (0..runs).for_each(|run| summary.add(scenario, &play(scenario, SEED, run)));
    summary
}

/// How often something is done: fewer in `make test`.
fn runs(short: u64, long: u64) -> u64 {
    if std::env::var_os("CANARY_LONG").is_some() { long } else { short }
}

#[test]
fn a_seed_fixes_everything() {
    let scenario = Scenario::clean(1.0);
    assert_eq!(play(&scenario, 1, 5), play(&scenario, 1, 5));
    let (a, b) = (Play::new(&scenario, 1, 5).minute().rows, Play::new(&scenario, 1, 6).minute().rows);
    assert_ne!(a, b);
}

#[test]
fn clean_runs_pass() {
    let runs = runs(100, 50_000);
    let found = summary(&Scenario::clean(1.0), runs);
    let bound = upper_bound(found.found(), found.runs);
    assert!(found.found() * 2_000 <= runs, "{} of {runs} rolled back, at most {bound}", found.found());
    assert!(found.held * 20 <= runs, "{} of {runs} held: {:?}", found.held, found.held_by);
}

#[test]
fn a_canary_that_does_not_boot_is_found_by_a_few_views() {
    let found = summary(&Scenario::at("", 1.0, 1.0, 300, Fault::NotReady(1.0)), runs(4_000, 50_000));
    let (minutes, views) = (found.minutes(), found.units());
    assert!(minutes.p95.unwrap() <= 19 && views.median.unwrap() <= 6, "{minutes:?} {views:?}");
}

#[test]
fn a_late_breakage_under_a_good_history_is_found() {
    let scenario = Scenario::at("", 10.0, 50.0, 90, Fault::NotReady(0.2)).since(60);
    let found = summary(&scenario, runs(30, 1_000));
    assert!(found.minutes().p95.unwrap() <= 2, "{:?}", found.minutes());
    assert_eq!(found.too_early, 0);
}

#[test]
fn a_fault_of_one_engine_is_named() {
    let scenario = Scenario { fault: Fault::NotReady(0.5), is_webkit_only: true, ..Scenario::clean(1.0) };
    let found = summary(&scenario, runs(100, 2_000));
    assert!(found.found() == found.runs && found.named_webkit * 100 >= found.found() * 95, "{found:?}");
}

#[test]
fn a_silent_canary_is_rolled_back() {
    let scenario = Scenario::at("", 1.0, 50.0, 60, Fault::Silent).since(30);
    let found = summary(&scenario, 20);
    assert_eq!(found.rolled_back.get("silent"), Some(&20), "{found:?}");
}

#[test]
fn forged_successes_never_hide_a_fault() {
    // A canary of which half does not boot, and twice as many forged views that are ready.
    let mut scenario = Scenario::all(1.0).into_iter().find(|scenario| scenario.name == "forged successes").unwrap();
    scenario.fault = Fault::NotReady(0.5);
    scenario.pace = canary_judge::simulation::Pace::Judge;
    let found = summary(&scenario, 20);
    assert_eq!((found.promoted().0, found.found().max(found.suspect)), (0, 20), "{found:?}");
}

#[test]
fn later_views_are_not_seen() {
    // What the documentation says it cannot do: units are first views.
    let found = summary(&Scenario { fault: Fault::Later(0.5), ..Scenario::clean(1.0) }, 10);
    assert_eq!(found.found(), 0);
}

#[test]
fn half_of_such_runs_find_the_smallest_effect() {
    let clean = Scenario { incident_minutes: 1e9, ..Scenario::at("", 10.0, 5.0, 60, Fault::None) };
    let (mut play, mut judge) = (Play::new(&clean, SEED, 0), Judge::new(Policy::default()));
    (0..clean.minutes).for_each(|minute| judge.add_minute(minute, &play.minute().rows));
    let verdict = judge.verdict(&Circumstances::default());
    let (effect, rate) = (verdict.metrics[0].smallest_effect.unwrap(), verdict.metrics[0].stable.rate().unwrap());
    let share_found = |ratio: f64| {
        let found = summary(&Scenario { fault: Fault::NotReady((ratio - 1.0) * rate), ..clean.clone() }, 40).found();
        f64::from(u32::try_from(found).unwrap()) / 40.0
    };
    // Within 20 %, as a plan has to say it.
    assert!(share_found(effect / 1.2) < 0.5 && share_found(effect * 1.2) > 0.5, "{effect} of {rate}");
}

/// The designs that were found wrong, with what shows it.
mod drafts {
    use super::*;

    #[test]
    fn the_first_view_in_its_arm_compares_frequent_visitors_with_rare_ones() {
        let found = summary(&Scenario { draft: Draft::FirstInArm, ..Scenario::clean(1.0) }, 30);
        assert!(found.found() >= 5, "{found:?}");
    }

    #[test]
    fn a_row_cut_at_zero_counts_views_that_were_ready() {
        let network = Network { delay: 0.5, lost: 0.01, ..Network::USUAL };
        let slow = Scenario { network, ..Scenario::at("", 10.0, 5.0, 300, Fault::None) };
        let cut = summary(&Scenario { draft: Draft::CutNotReady, ..slow.clone() }, 12);
        assert!(cut.found() >= 1, "{cut:?}");
        assert_eq!(summary(&slow, 12).found(), 0);
    }

    #[test]
    fn views_in_two_minutes_leave_no_evidence() {
        let row = |minute, exposed, not_ready| Row {
            minute,
            ..row(Side { exposed, not_ready, ..Side::default() }, stable(100, 4))
        };
        let split =
            Judge::of_rows(Policy::default(), &[row(0, 5, 5), row(1, 0, -5)]).verdict(&Circumstances::default());
        let whole = Judge::of_rows(Policy::default(), &[row(0, 5, 0), row(1, 0, 0)]).verdict(&Circumstances::default());
        assert!((split.metrics[0].ln_e - whole.metrics[0].ln_e).abs() < 1e-9);
    }

    #[test]
    fn a_row_without_a_stable_view_is_evidence() {
        // With the share that came, 1, the factor would be 1.
        let bad = Side { exposed: 1, not_ready: 1, ..Side::default() };
        let verdict = Judge::of_rows(Policy::default(), &[row(bad, stable(0, 0))]).verdict(&Circumstances::default());
        assert!(verdict.metrics[0].ln_e > 1.0, "{verdict:?}");
    }

    #[test]
    fn the_share_that_came_is_slower() {
        let scenario = Scenario::at("", 1.0, 1.0, 300, Fault::NotReady(1.0));
        let realized = summary(&Scenario { draft: Draft::RealizedShare, ..scenario.clone() }, 200);
        let designed = summary(&scenario, 200);
        let (realized, designed) = (realized.minutes(), designed.minutes());
        assert!(realized.median.unwrap() > designed.median.unwrap() * 5 / 4, "{realized:?} {designed:?}");
    }

    fn stable(exposed: u64, not_ready: i64) -> Side {
        Side { exposed, not_ready, ..Side::default() }
    }

    fn row(canary: Side, control: Side) -> Row {
        let stratum = "chromium/desktop/new".into();
        Row { minute: 0, revision: 1, first: Comparison::Run, share: 0.01, stratum, canary, control }
    }
}

fn pick<T: Copy, const N: usize>(random: &mut Random, values: [T; N]) -> T {
    values[usize::try_from(random.below(N as u64)).unwrap()]
}

/// Steps whose data are missing or wrong in one way or another, with counts that would advance otherwise.
#[test]
fn no_data_never_advances() {
    let mut random = Random::new(SEED, 0);
    let (mut advanced, mut missing, mut held) = (0, 0, 0);
    for _ in 0..runs(20_000, 1_000_000) {
        let mut policy = Policy { min_views: random.below(400), ..Policy::default() };
        policy.on_sample_ratio = pick(&mut random, [OnSampleRatio::Hold, OnSampleRatio::RollBack, OnSampleRatio::Warn]);
        if random.happens(0.3) {
            let metric = MetricPolicy::of(pick(&mut random, Metric::ALL));
            policy.metrics = vec![MetricPolicy { action: Action::Hold, ..metric }];
        }
        let mut rows = Vec::new();
        // How many stable views there are for one of the canary.
        let others = pick(&mut random, [99, 19, 3, 1]);
        for minute in 0..random.below(4) {
            let side = |exposed: u64| Side {
                exposed,
                not_ready: i64::try_from(exposed / 30).unwrap(),
                left: exposed / 80,
                ..Side::default()
            };
            let canary = random.below(8_000 / (others + 1));
            let stratum = "chromium/desktop/new".to_owned();
            let share = 1.0 / f64::from(u32::try_from(others + 1).unwrap());
            let (canary, control) = (side(canary), side(canary * others));
            rows.push(Row {
                minute,
                revision: 1 + minute / 2,
                first: Comparison::Run,
                share,
                stratum,
                canary,
                control,
            });
        }
        let mut circumstances =
            Circumstances { is_step_over: random.happens(0.8), assigned: 10_000, ..Circumstances::default() };
        let (canary, control) = (Side::default(), Side::default());
        let last = rows.last().map_or(1, |row| row.revision);
        let wrong = random.below(7);
        match wrong {
            0 => circumstances.has_gap = true,
            1 => circumstances.missing_collectors = 1 + random.below(3),
            2 => rows.iter_mut().filter(|row| row.revision == last).for_each(|row| row.canary = canary.clone()),
            3 => rows.iter_mut().filter(|row| row.revision == last).for_each(|row| row.control = control.clone()),
            4 => rows.clear(),
            5 => circumstances.both = 101 + random.below(1_000),
            _ => {}
        }
        let decision = Judge::of_rows(policy.clone(), &rows).decide(None, &circumstances);
        let is_ignored = wrong == 5 && policy.on_sample_ratio == OnSampleRatio::Warn;
        match decision {
            Decision::Advance { .. } => {
                assert!(wrong == 6 || is_ignored, "{wrong} {policy:?} {rows:?} {circumstances:?}");
                advanced += 1;
            }
            Decision::NoData(
                NoData::Gap | NoData::Collectors(_) | NoData::Canary(_) | NoData::Stable(_) | NoData::Nothing,
            ) => missing += 1,
            Decision::Hold(Hold::FewViews(views)) => assert!(views < policy.min_views),
            Decision::Hold(_) | Decision::RollBack(_) => held += 1,
        }
    }
    // The control: without anything wrong such steps do advance.
    assert!(advanced > 500 && missing > 500 && held > 500, "{advanced} {missing} {held}");
}
