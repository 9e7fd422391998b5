//! From collectors' windows to the judge's rows.
//!
//! `GET /windows` answers JSON lines: a [`Header`], then one [`Window`] for each final minute and group that has any
//! count. [`fold`] adds up what several collectors counted, and makes rows of the views that are units of a comparison.

use alloc::collections::BTreeMap;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use crate::row::{Comparison, Row, Side, Vital};
use crate::verdict::Circumstances;

/// The first line of a collector's answer.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize, serde::Serialize))]
pub struct Header {
    /// The collector.
    pub collector: String,
    /// The length of a minute, in seconds: 60, except for demonstrations.
    pub window: u64,
    /// The first minute that is answered for.
    pub since: u64,
    /// The last final minute.
    pub through: u64,
    /// Minutes that were lost, as inclusive ranges.
    pub gaps: Vec<(u64, u64)>,
}

/// One final minute of views that have all of these in common.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize, serde::Serialize))]
pub struct Window {
    /// Unix time divided by the length of a minute.
    pub minute: u64,
    /// The run.
    pub salt: Option<String>,
    /// The config's revision.
    pub revision: Option<Revision>,
    /// The cohort that was assigned.
    pub cohort: Cohort,
    /// The comparison that the views are units of.
    pub first: Option<Comparison>,
    /// Whether the browser had any bundle of the app up before.
    pub returning: bool,
    /// The browser's engine.
    pub engine: String,
    /// The kind of device.
    pub device: String,
    /// All counts.
    #[cfg_attr(feature = "serde", serde(flatten))]
    pub counts: Counts,
    /// The counts without those that a client sent beyond its cap, where they differ.
    #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "Option::is_none"))]
    pub capped: Option<Counts>,
}

/// A revision, or what stands for one that no known config has.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize, serde::Serialize), serde(untagged))]
pub enum Revision {
    /// One of a known config.
    Known(u64),
    /// `other`.
    Other(String),
}

/// The assignment by the hash.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize, serde::Serialize), serde(rename_all = "lowercase"))]
pub enum Cohort {
    /// The canary's range.
    Canary,
    /// A range of the same size that loads stable.
    Control,
    /// Everybody else, who loads stable.
    Rest,
}

/// The counts of a window.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize, serde::Serialize), serde(rename_all = "camelCase", default))]
pub struct Counts {
    /// All views.
    pub exposed: u64,
    /// Views of a browser that was in the other cohort before.
    pub both: u64,
    /// Views that were up.
    pub ready: u64,
    /// Views with a fault.
    pub failed: u64,
    /// Views left before they were up.
    pub left: u64,
    /// Views with an error of the bundle's own files.
    pub errors: u64,
    /// Views with any other error.
    pub foreign_errors: u64,
    /// Views with a fault, by its code.
    pub codes: BTreeMap<String, u64>,
    /// Largest Contentful Paint.
    pub lcp: Vital,
    /// Interaction to Next Paint.
    pub inp: Vital,
    /// Cumulative Layout Shift.
    pub cls: Vital,
}

/// All that one collector answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// Its first line.
    pub header: Header,
    /// The other lines.
    pub windows: Vec<Window>,
}

/// The run that rows are made for.
#[derive(Clone, Debug, PartialEq)]
pub struct Run<'a> {
    /// Its salt.
    pub salt: &'a str,
    /// Its first minute; minutes before it do not count.
    pub since: u64,
    /// The percentage of each of its revisions.
    pub percentages: &'a BTreeMap<u64, f64>,
    /// Views of cohort `rest` send nothing (`TELEMETRY.cohorts: "balanced"`).
    pub is_balanced: bool,
}

/// The judge's rows, and what else the windows say.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Fold {
    /// Rows by the capped counts, sorted by minute: the judge decides by these.
    pub rows: Vec<Row>,
    /// Rows by all counts, where any differ.
    pub uncapped: Option<Vec<Row>>,
    /// The last minute that is final in all collectors.
    pub through: Option<u64>,
    /// Minutes since the run began that any collector lost, as inclusive ranges.
    pub gaps: Vec<(u64, u64)>,
    /// Views of cohorts `canary` and `control`, by the capped counts.
    pub assigned: u64,
    /// Views among them of a browser that was in the other cohort before.
    pub both: u64,
    /// Views of the run whose revision is none of its own; they are in no row.
    pub foreign: u64,
    /// The canary's faults, by code.
    pub codes: BTreeMap<String, u64>,
}

impl Fold {
    /// The circumstances of a verdict, in which any lost minute counts.
    #[must_use]
    pub const fn circumstances(&self, is_step_over: bool, missing_collectors: u64) -> Circumstances {
        Circumstances {
            is_step_over,
            has_gap: !self.gaps.is_empty(),
            missing_collectors,
            assigned: self.assigned,
            both: self.both,
        }
    }
}

/// What rows have in common that add up.
type Key = (u64, u64, Comparison, String);

/// Adds up the answers of all collectors, in any order, and makes the judge's rows of them.
#[must_use]
pub fn fold(answers: &[Answer], run: &Run) -> Fold {
    let Some(through) = answers.iter().map(|answer| answer.header.through).min() else { return Fold::default() };
    let mut fold = Fold { through: Some(through), gaps: gaps(answers, run.since, through), ..Fold::default() };
    let (mut capped, mut all) = (BTreeMap::new(), BTreeMap::new());
    let mut differs = false;
    for window in answers.iter().flat_map(|answer| &answer.windows) {
        let is_of_run = window.salt.as_deref() == Some(run.salt) && (run.since..=through).contains(&window.minute);
        if !is_of_run {
            continue;
        }
        let counts = window.capped.as_ref().unwrap_or(&window.counts);
        differs |= window.capped.is_some();
        if window.cohort != Cohort::Rest {
            fold.assigned = fold.assigned.saturating_add(counts.exposed);
            fold.both = fold.both.saturating_add(counts.both);
        }
        if window.cohort == Cohort::Canary {
            for (code, count) in &counts.codes {
                let sum = fold.codes.entry(code.clone()).or_default();
                *sum = sum.saturating_add(*count);
            }
        }
        let Some((key, share)) = key(window, run, &mut fold.foreign) else { continue };
        add(&mut capped, &key, share, window, counts);
        add(&mut all, &key, share, window, &window.counts);
    }
    fold.rows = rows(capped);
    fold.uncapped = differs.then(|| rows(all));
    fold
}

/// Where a window's views belong, and the share there; nowhere, where they are no unit.
fn key(window: &Window, run: &Run, foreign: &mut u64) -> Option<(Key, f64)> {
    let percentage = match &window.revision {
        Some(Revision::Known(revision)) => run.percentages.get(revision).map(|percentage| (*revision, *percentage)),
        _ => None,
    };
    let Some((revision, percentage)) = percentage else {
        *foreign = foreign.saturating_add(window.counts.exposed);
        return None;
    };
    let first = window.first?;
    let is_compared = window.cohort != Cohort::Rest || (first == Comparison::Run && !run.is_balanced);
    if !is_compared || percentage <= 0.0 {
        return None;
    }
    // Canary and control grow alike up to half of all; beyond, control is all of stable.
    let is_even = (first == Comparison::Cohort || run.is_balanced) && percentage <= 50.0;
    let share = if is_even { 0.5 } else { percentage / 100.0 };
    let habit = if window.returning { "returning" } else { "new" };
    let stratum = format!("{}/{}/{habit}", window.engine, window.device);
    Some(((window.minute, revision, first, stratum), share))
}

fn add(rows: &mut BTreeMap<Key, (f64, Side, Side)>, key: &Key, share: f64, window: &Window, counts: &Counts) {
    if !rows.contains_key(key) {
        rows.insert(key.clone(), (share, Side::default(), Side::default()));
    }
    let Some((_, canary, control)) = rows.get_mut(key) else { return };
    let side = if window.cohort == Cohort::Canary { canary } else { control };
    side.add(&counts.side(window.returning));
}

fn rows(sums: BTreeMap<Key, (f64, Side, Side)>) -> Vec<Row> {
    let rows = sums.into_iter().map(|((minute, revision, first, stratum), (share, canary, control))| Row {
        minute,
        revision,
        first,
        share,
        stratum,
        canary,
        control,
    });
    let is_empty = |side: &Side| *side == Side::default();
    rows.filter(|row| !(is_empty(&row.canary) && is_empty(&row.control))).collect()
}

impl Counts {
    /// One side's counts. Stable's files are in the caches of returning browsers, so their vitals are left out.
    fn side(&self, is_returning: bool) -> Side {
        let vital = |vital: Vital| if is_returning { Vital::default() } else { vital };
        let signed = |count: u64| i64::try_from(count).unwrap_or(i64::MAX);
        Side {
            exposed: self.exposed,
            not_ready: signed(self.exposed).saturating_sub(signed(self.ready)).saturating_sub(signed(self.left)),
            error: self.errors,
            left: self.left,
            lcp: vital(self.lcp),
            inp: vital(self.inp),
            cls: vital(self.cls),
        }
    }
}

/// The minutes between two that any collector lost or does not keep, as sorted ranges that do not touch.
fn gaps(answers: &[Answer], since: u64, through: u64) -> Vec<(u64, u64)> {
    let mut lost = Vec::new();
    for Answer { header, .. } in answers {
        lost.extend(header.gaps.iter().copied());
        if let Some(before) = header.since.checked_sub(1) {
            lost.push((0, before));
        }
    }
    let clipped = lost.into_iter().map(|(from, to)| (from.max(since), to.min(through)));
    let mut lost: Vec<_> = clipped.filter(|(from, to)| from <= to).collect();
    lost.sort_unstable();
    let mut gaps: Vec<(u64, u64)> = Vec::new();
    for (from, to) in lost {
        match gaps.last_mut() {
            Some((_, end)) if from <= end.saturating_add(1) => *end = to.max(*end),
            _ => gaps.push((from, to)),
        }
    }
    gaps
}
