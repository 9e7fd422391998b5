//! The judge's verdict on a run, from the rows that Git has and what the collectors answer.

use canary_judge::windows::{Answer, Fold, Revision, Run as Judged, fold};
use canary_judge::{Circumstances, Decision, Judge, NoData, Row, Verdict};

use crate::event::Windows;
use crate::run::{Head, Run};
use crate::spec::Analysis;

/// What the collectors answered.
#[derive(Clone, Debug, Default)]
pub struct Collected {
    /// The answers that came.
    pub answers: Vec<Answer>,
    /// Collectors that did not answer, and why.
    pub missing: Vec<String>,
    /// How many collectors have to answer.
    pub expected: u64,
}

/// A verdict and what it was made from.
#[derive(Clone, Debug)]
pub struct Evidence {
    /// The verdict.
    pub verdict: Verdict,
    /// The run's rows.
    pub rows: Vec<Row>,
    /// The rows by all counts, where they differ.
    pub uncapped: Vec<Row>,
    /// What was read this time, where there are new minutes.
    pub read: Option<Windows>,
    /// What was read in all: gaps, and the first minute of each revision.
    pub all: Windows,
    /// The last minute that was read.
    pub through: Option<u64>,
    /// The first minute with the revision of the step.
    pub seen: Option<u64>,
    /// Views of this run came since the step's commit.
    pub is_alive: bool,
    /// The length of a minute in seconds.
    pub window: u64,
    /// Final minutes since the step was seen, and those that it needs.
    pub covered: (u64, u64),
    /// Why collectors are missing or late.
    pub missing: Vec<String>,
}

/// The age from which a collector counts as missing, in seconds.
const STALE: i64 = 300;

/// The minute to ask the collectors from.
#[must_use]
pub fn since(run: &Run, window: u64) -> u64 {
    let read = run.windows();
    if read.window != 0 {
        return read.through.saturating_add(1);
    }
    minute(run.started().unwrap_or_default(), window)
}

fn minute(time: i64, window: u64) -> u64 {
    u64::try_from(time).unwrap_or_default().checked_div(window).unwrap_or_default()
}

fn end(minute: u64, window: u64) -> i64 {
    i64::try_from(minute.saturating_add(1).saturating_mul(window)).unwrap_or(i64::MAX)
}

impl Evidence {
    /// Judges a run.
    #[must_use]
    pub fn gather(analysis: &Analysis, run: &Run, head: &Head, collected: &Collected, now: i64) -> Self {
        let known = run.windows();
        let first = collected.answers.first();
        let window = first.map_or(known.window, |answer| answer.header.window).max(1);
        let mut missing = collected.missing.clone();
        for Answer { header, .. } in &collected.answers {
            if header.window != window || (known.window != 0 && header.window != known.window) {
                missing.push(format!("collector {} has minutes of {} s", header.collector, header.window));
            }
            let age = now.saturating_sub(end(header.through, window));
            if age > STALE {
                let minutes = age / 60;
                missing.push(format!("collector {} is {minutes} min behind", header.collector));
            }
        }
        let judged = Judged {
            salt: &run.salt,
            since: since(run, window),
            percentages: &head.revisions,
            is_balanced: head.is_balanced,
        };
        let fold = fold(&collected.answers, &judged);
        let read = read(&collected.answers, &judged, &fold, &known, window);
        let mut all = known.clone();
        if let Some(read) = &read {
            all.add(read);
        }
        let rows: Vec<Row> = run.rows.iter().chain(&fold.rows).cloned().collect();
        let uncapped = match &fold.uncapped {
            None if run.uncapped.is_empty() => Vec::new(),
            new => {
                let old = if run.uncapped.is_empty() { &run.rows } else { &run.uncapped };
                old.iter().chain(new.as_ref().unwrap_or(&fold.rows)).cloned().collect()
            }
        };
        let through = (all.window != 0).then_some(all.through);
        let step = run.commits.last().map_or((0, 0), |commit| (commit.revision, minute(commit.time, window)));
        let seen = all.seen.iter().filter(|(revision, _)| **revision >= step.0).map(|(_, minute)| *minute).min();
        let is_alive = collected
            .answers
            .iter()
            .flat_map(|answer| &answer.windows)
            .any(|row| row.salt.as_deref() == Some(&run.salt) && row.minute > step.1)
            || rows.iter().any(|row| row.minute > step.1);
        let covered = covered(&all, seen, analysis, window);
        let circumstances = Circumstances {
            is_step_over: seen.is_some() && covered.0 >= covered.1,
            has_gap: has_gap(&all, analysis, window),
            missing_collectors: missing.len() as u64,
            assigned: all.assigned,
            both: all.both,
        };
        let verdict = verdict(analysis, &rows, &uncapped, through, &circumstances, head.percentage >= 100.0);
        Self { verdict, rows, uncapped, read, all, through, seen, is_alive, window, covered, missing }
    }

    /// Whether all collectors answered. If not, the minutes that were read are not kept, or the missing ones would be lost.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.missing.is_empty()
    }

    /// The time at which the step may be over.
    #[must_use]
    pub fn next(&self) -> Option<i64> {
        let last = self.seen?.saturating_add(self.covered.1).saturating_sub(1);
        // A minute is final one and a half of it after its end.
        let wait = i64::try_from(self.window.saturating_mul(3).div_ceil(2)).unwrap_or(90);
        Some(end(last, self.window).saturating_add(wait))
    }
}

/// The verdict on rows.
#[must_use]
pub fn verdict(
    analysis: &Analysis,
    rows: &[Row],
    uncapped: &[Row],
    through: Option<u64>,
    circumstances: &Circumstances,
    is_everyone: bool,
) -> Verdict {
    let judge = |rows: &[Row]| {
        let mut judge = Judge::of_rows(analysis.judge.clone(), rows);
        // Minutes without rows count: a canary may have fallen silent.
        if let (Some(through), Some(last)) = (through, judge.last_minute())
            && through > last
        {
            judge.add_minute(through, &[]);
        }
        judge
    };
    let beside = (!uncapped.is_empty()).then(|| judge(uncapped));
    let mut verdict = judge(rows).verdict_beside(beside.as_ref(), circumstances);
    // With everyone on the canary there is nothing to compare: time decides.
    if is_everyone && matches!(verdict.decision, Decision::NoData(NoData::Stable(_))) {
        verdict.decision = if circumstances.has_gap {
            Decision::NoData(NoData::Gap)
        } else if circumstances.missing_collectors > 0 {
            Decision::NoData(NoData::Collectors(circumstances.missing_collectors))
        } else if circumstances.is_step_over {
            Decision::Advance { is_early: false }
        } else {
            Decision::Hold(canary_judge::Hold::Step)
        };
    }
    verdict
}

fn read(answers: &[Answer], run: &Judged<'_>, fold: &Fold, known: &Windows, window: u64) -> Option<Windows> {
    let through = fold.through.filter(|through| *through >= run.since)?;
    let mut read = Windows {
        window,
        through,
        assigned: fold.assigned,
        both: fold.both,
        gaps: fold.gaps.clone(),
        ..Windows::default()
    };
    for row in answers.iter().flat_map(|answer| &answer.windows) {
        let is_of_run = row.salt.as_deref() == Some(run.salt) && (run.since..=through).contains(&row.minute);
        let Some(Revision::Known(revision)) = row.revision.as_ref().filter(|_| is_of_run) else { continue };
        if !known.seen.contains_key(revision) {
            let first = read.seen.entry(*revision).or_insert(row.minute);
            *first = row.minute.min(*first);
        }
    }
    Some(read)
}

fn covered(all: &Windows, seen: Option<u64>, analysis: &Analysis, window: u64) -> (u64, u64) {
    let needed = u64::try_from(analysis.step_duration).unwrap_or_default().div_ceil(window).max(1);
    let Some(seen) = seen else { return (0, needed) };
    let minutes = all.through.saturating_add(1).saturating_sub(seen);
    let lost = all.gaps.iter().map(|(from, to)| to.saturating_add(1).saturating_sub((*from).max(seen)));
    (minutes.saturating_sub(lost.sum()), needed)
}

/// Whether a minute of the last interval is lost.
fn has_gap(all: &Windows, analysis: &Analysis, window: u64) -> bool {
    let interval = u64::try_from(analysis.interval).unwrap_or_default().div_ceil(window);
    all.gaps.iter().any(|(_, to)| to.saturating_add(interval) > all.through)
}
