//! Figures of a state: views, shares, the ladder and its clock, commits, faults, and the age of the data.

use std::collections::BTreeMap;

use canary_judge::windows::Cohort;
use canary_judge::{Comparison, Row};
use canary_rollout::evidence::Evidence;
use canary_rollout::{Phase, Run, time};
use serde::Serialize;
use serde_json::Value;

use crate::rollout::report::number;
use crate::rollout::repository::Repository;
use crate::rollout::status::look::{Look, begin, rounded};

/// The minutes over which rates are taken.
const MINUTES: u64 = 10;

/// The evidence against the share at which the alarm is raised, as the judge has it.
const SAMPLE_RATIO_LINE: f64 = 1000.0;

/// The age from which data are stale, in seconds.
const STALE: i64 = 300;

/// Judged views: the first of each browser in the run.
#[derive(Clone, Copy, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Views {
    pub(crate) canary: Option<u64>,
    pub(crate) stable: Option<u64>,
    pub(crate) needed: u64,
    /// All views of the site in a second, over the last ten final minutes.
    pub(crate) per_second: Option<f64>,
    /// The seconds until enough have come, at the present rate.
    pub(crate) left: Option<i64>,
}

/// The canary's share of those who take part, in percent.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Share {
    pub(crate) set: Value,
    /// The share among the views of the step.
    pub(crate) seen: Option<f64>,
    pub(crate) sample_ratio: Option<SampleRatio>,
}

/// Whether the canary has as many views as the hash gives it.
#[derive(Clone, Copy, Debug, Serialize)]
pub(crate) struct SampleRatio {
    pub(crate) ok: bool,
    pub(crate) e: f64,
    /// The E of the alarm.
    pub(crate) line: f64,
    pub(crate) canary: u64,
    pub(crate) expected: f64,
}

/// A step of the ladder.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Rung {
    pub(crate) step: usize,
    pub(crate) weight: Value,
    /// `done`, `now` or `next`.
    pub(crate) state: &'static str,
    /// When it was committed.
    pub(crate) at: Option<String>,
    /// When it was first seen in browsers.
    pub(crate) seen: Option<String>,
}

/// The clock of the step. The seconds left and the ends are absent while it stands still.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Time {
    pub(crate) covered: u64,
    pub(crate) needed: u64,
    pub(crate) step_left: Option<i64>,
    pub(crate) step_ends: Option<String>,
    pub(crate) run_left: Option<i64>,
    pub(crate) run_ends: Option<String>,
}

/// A commit of the run.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Commit {
    #[serde(rename = "commit")]
    pub(crate) hash: String,
    pub(crate) at: String,
    pub(crate) subject: String,
    pub(crate) author: String,
    /// Whether it has a signature, which is not checked here.
    pub(crate) signed: bool,
    pub(crate) phase: &'static str,
    pub(crate) step: usize,
    pub(crate) weight: Value,
    pub(crate) revision: u64,
    /// When it was first seen in browsers.
    pub(crate) seen: Option<String>,
}

/// Faults of the last hour by their code.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Fault {
    pub(crate) code: String,
    pub(crate) canary: u64,
    pub(crate) stable: u64,
}

/// The age of the data, and what is missing.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Data {
    pub(crate) through: Option<String>,
    /// Seconds since the last final minute ended.
    pub(crate) age: Option<i64>,
    pub(crate) stale: bool,
    pub(crate) collectors: Option<Collectors>,
    pub(crate) missing: Vec<String>,
    /// Lost minutes: the begin of the first and the end of the last.
    pub(crate) gaps: Vec<(String, String)>,
    pub(crate) minutes: Option<Minutes>,
}

/// The collectors that answered in time, of those that have to.
#[derive(Clone, Copy, Debug, Serialize)]
pub(crate) struct Collectors {
    pub(crate) seen: u64,
    pub(crate) expected: u64,
}

/// Final minutes of the step, and those that it needs.
#[derive(Clone, Copy, Debug, Serialize)]
pub(crate) struct Minutes {
    pub(crate) covered: u64,
    pub(crate) needed: u64,
}

impl Views {
    pub(crate) fn new(look: Look<'_>) -> Self {
        let needed = look.file.rollout.analysis.judge.min_views;
        let none = Self { canary: None, stable: None, needed, per_second: None, left: None };
        let Some(evidence) = look.evidence else { return none };
        let (canary, stable) = (evidence.verdict.canary_views.0, evidence.verdict.stable_views);
        let views = Self { canary: Some(canary), stable: Some(stable), ..none };
        let Some(through) = evidence.through.filter(|_| look.is_running) else { return views };
        let begin = through.saturating_sub(MINUTES.saturating_sub(1));
        let windows = look.collected.answers.iter().flat_map(|answer| &answer.windows);
        let windows = windows.filter(|row| (begin..=through).contains(&row.minute));
        let all: u64 = windows.map(|row| row.counts.exposed).sum();
        // Minutes that a collector counted: a new one has fewer, and those that it lost are no minutes without views.
        let counted = look.collected.answers.iter().map(|answer| {
            let header = &answer.header;
            let lost = |minute: &u64| header.gaps.iter().any(|(from, to)| (from..=to).contains(&minute));
            (begin.max(header.since)..=through).filter(|minute| !lost(minute)).count() as u64
        });
        let counted = real(counted.max().unwrap_or_default().max(1).saturating_mul(evidence.window));
        // A step that has just been seen has fewer minutes.
        let since = begin.max(evidence.seen.unwrap_or(begin));
        let recent = evidence.rows.iter().filter(|row| row.minute >= since).map(|row| row.canary.exposed).sum::<u64>();
        let seconds = |since: u64| {
            let minutes = through.saturating_add(1).saturating_sub(since).max(1);
            real(minutes.saturating_mul(evidence.window))
        };
        let missing = needed.saturating_sub(canary);
        #[expect(clippy::cast_possible_truncation, reason = "it is a number of seconds")]
        let left = (missing > 0 && recent > 0).then(|| (real(missing) * seconds(since) / real(recent)).ceil() as i64);
        Self { per_second: Some(rounded(real(all) / counted)), left, ..views }
    }
}

impl Share {
    pub(crate) fn new(look: Look<'_>) -> Self {
        let set = number(look.history.head.percentage);
        let Some(evidence) = look.evidence else { return Self { set, seen: None, sample_ratio: None } };
        let verdict = &evidence.verdict;
        let last = evidence.rows.last().map(|row| row.revision);
        let rows = evidence.rows.iter().filter(|row| Some(row.revision) == last);
        let weight = last.and_then(|last| percentage(look, last));
        let sample_ratio = SampleRatio {
            ok: verdict.ln_sample_ratio < SAMPLE_RATIO_LINE.ln(),
            e: rounded(verdict.ln_sample_ratio.exp().min(1e300)),
            line: SAMPLE_RATIO_LINE,
            canary: verdict.canary_views.0,
            expected: rounded(verdict.canary_views.1),
        };
        Self { set, seen: weight.and_then(|weight| seen(rows, weight)), sample_ratio: Some(sample_ratio) }
    }
}

/// The percentage of a revision.
pub(crate) fn percentage(look: Look<'_>, revision: u64) -> Option<f64> {
    let known = look.history.head.revisions.get(&revision).copied();
    let commits = look.history.run.as_ref().map(|run| run.commits.as_slice()).unwrap_or_default();
    known.or_else(|| commits.iter().find(|commit| commit.revision == revision).map(|commit| commit.trailers.weight))
}

/// The canary's share of all views, in percent, of rows with a percentage. Where only the two cohorts report, it is scaled.
pub(crate) fn seen<'a>(rows: impl Iterator<Item = &'a Row>, percentage: f64) -> Option<f64> {
    let (mut canary, mut expected) = (0.0, 0.0);
    for row in rows.filter(|row| row.first == Comparison::Run) {
        canary += real(row.canary.exposed);
        expected += row.share * real(row.canary.exposed.saturating_add(row.control.exposed));
    }
    (expected > 0.0).then(|| rounded(percentage * canary / expected))
}

/// The ladder with the times of its steps.
pub(crate) fn ladder(look: Look<'_>, commits: &[Commit]) -> Vec<Rung> {
    let weight = look.history.head.percentage;
    let is_over = look.phase().is_over();
    let (ladder, run) = (&look.file.rollout.analysis.ladder, look.history.run.as_ref());
    let rung = |(step, rung): (usize, &f64)| {
        let at = run.into_iter().flat_map(|run| run.commits.iter().zip(commits));
        let mut at = at.filter(|(commit, _)| commit.trailers.phase == Phase::Progressing);
        let found = at.find(|(commit, _)| (commit.trailers.weight - rung).abs() < 1e-9).map(|(_, shown)| shown);
        let state = match found {
            Some(_) if is_over || weight > *rung => "done",
            _ if !is_over && ladder.step_of(weight) == step => "now",
            _ if !is_over && weight > *rung => "done",
            _ => "next",
        };
        let (at, seen) = found.map_or((None, None), |found| (Some(found.at.clone()), found.seen.clone()));
        Rung { step, weight: number(*rung), state, at, seen }
    };
    (1..).zip(&ladder.0).map(rung).collect()
}

impl Time {
    pub(crate) fn new(look: Look<'_>, state: &str, views_left: Option<i64>) -> Option<Self> {
        let evidence = look.evidence.filter(|_| look.is_running && look.phase() == Phase::Progressing)?;
        let analysis = &look.file.rollout.analysis;
        let (covered, needed) = (evidence.covered.0.min(evidence.covered.1), evidence.covered.1);
        let (covered, needed) = (covered.saturating_mul(evidence.window), needed.saturating_mul(evidence.window));
        let is_running = matches!(state, "Progressing" | "Collecting") && evidence.missing.is_empty();
        let end = evidence.next().filter(|_| is_running && evidence.seen.is_some() && analysis.iterations == 0);
        let left = end.map(|end| end.saturating_sub(look.now).max(views_left.unwrap_or_default()).max(0));
        let steps = analysis.ladder.0.iter().filter(|step| **step > look.history.head.percentage).count();
        // A minute is final one and a half of it after its end.
        let wait = i64::try_from(evidence.window.saturating_mul(3).div_ceil(2)).unwrap_or_default();
        let rest = analysis.step_duration.saturating_add(wait).saturating_mul(i64::try_from(steps).unwrap_or_default());
        let run_left = left.map(|left| left.saturating_add(rest));
        let at = |left: Option<i64>| left.map(|left| time::format(look.now.saturating_add(left)));
        Some(Self { covered, needed, step_left: left, step_ends: at(left), run_left, run_ends: at(run_left) })
    }
}

/// The run's commits with what Git knows of them.
pub(crate) fn commits(repository: &Repository, run: &Run, evidence: Option<&Evidence>) -> Vec<Commit> {
    let mut commits = Vec::new();
    for it in &run.commits {
        // A commit that the branch has lost may be unknown.
        let raw = repository.git(&["cat-file", "commit", &it.hash]).unwrap_or_default();
        let (header, message) = raw.split_once("\n\n").unwrap_or_default();
        let author = header.lines().find_map(|line| line.strip_prefix("author ")?.split(" <").next());
        let first = evidence.and_then(|evidence| {
            let minute = evidence.all.seen.get(&it.revision)?;
            // A pause keeps the revision, which browsers have seen before.
            let at = begin(*minute, evidence.window);
            (at.saturating_add(i64::try_from(evidence.window).unwrap_or_default()) > it.time).then_some(at)
        });
        commits.push(Commit {
            hash: it.hash.clone(),
            at: time::format(it.time),
            subject: message.lines().next().unwrap_or_default().to_owned(),
            author: author.unwrap_or_default().to_owned(),
            signed: header.lines().any(|line| line.starts_with("gpgsig")),
            phase: it.trailers.phase.name(),
            step: it.trailers.step.0,
            weight: number(it.trailers.weight),
            revision: it.revision,
            seen: first.map(time::format),
        });
    }
    commits
}

/// The run's faults of the last hour, the most frequent on the canary first.
pub(crate) fn faults(look: Look<'_>) -> Vec<Fault> {
    let mut sums: BTreeMap<&str, (u64, u64)> = BTreeMap::new();
    let salt = look.history.run.as_ref().map(|run| run.salt.as_str());
    for row in look.collected.answers.iter().flat_map(|answer| &answer.windows) {
        if row.salt.as_deref() != salt {
            continue;
        }
        for (code, count) in &row.capped.as_ref().unwrap_or(&row.counts).codes {
            let (canary, stable) = sums.entry(code).or_default();
            let side = if row.cohort == Cohort::Canary { canary } else { stable };
            *side = side.saturating_add(*count);
        }
    }
    let mut faults: Vec<_> =
        sums.into_iter().map(|(code, (canary, stable))| Fault { code: code.to_owned(), canary, stable }).collect();
    faults.sort_by_key(|fault| std::cmp::Reverse(fault.canary));
    faults
}

impl Data {
    pub(crate) fn new(look: Look<'_>) -> Self {
        let evidence = look.evidence;
        let through = evidence.and_then(|evidence| Some(begin(evidence.through?.saturating_add(1), evidence.window)));
        let age = through.filter(|_| look.is_running).map(|through| look.now.saturating_sub(through));
        let missing = evidence.map(|evidence| evidence.missing.clone()).unwrap_or_default();
        let expected = look.collected.expected;
        let collectors =
            look.is_running.then(|| Collectors { seen: expected.saturating_sub(missing.len() as u64), expected });
        let gap = |(window, (from, to)): (u64, &(u64, u64))| {
            (time::format(begin(*from, window)), time::format(begin(to.saturating_add(1), window)))
        };
        let gaps = evidence.map(|evidence| evidence.all.gaps.iter().map(|gap| (evidence.window, gap)));
        Self {
            through: through.map(time::format),
            age,
            stale: age.is_some_and(|age| age > STALE),
            collectors,
            missing,
            gaps: gaps.into_iter().flatten().map(gap).collect(),
            minutes: evidence.map(|evidence| Minutes { covered: evidence.covered.0, needed: evidence.covered.1 }),
        }
    }
}

#[expect(clippy::cast_precision_loss, reason = "rates are shown with two decimals")]
fn real(count: u64) -> f64 {
    count as f64
}
