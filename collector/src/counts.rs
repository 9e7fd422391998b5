//! The exact counts of a group of page views.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::report::{Event, Report};

/// The thresholds above which Largest Contentful Paint is poor, in milliseconds.
pub(crate) const LCP: [f64; 3] = [2_500.0, 4_000.0, 6_000.0];
/// The thresholds above which Interaction to Next Paint is poor, in milliseconds.
pub(crate) const INP: [f64; 3] = [200.0, 500.0, 1_000.0];
/// The thresholds above which Cumulative Layout Shift is poor.
pub(crate) const CLS: [f64; 3] = [0.1, 0.25, 0.5];

/// The counts of one group in one minute.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Counts {
    /// Exposures.
    pub exposed: u64,
    /// Exposures of browsers that moved between cohorts `canary` and `control`.
    pub both: u64,
    /// Views that were up.
    pub ready: u64,
    /// Views with a fault.
    pub failed: u64,
    /// Views that were left before they were up.
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

/// The counts of a web vital.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
pub struct Vital {
    /// Views that measured it.
    pub measured: u64,
    /// Views among them above each threshold.
    pub above: [u64; 3],
}

impl Vital {
    fn count(&mut self, value: Option<f64>, thresholds: [f64; 3]) {
        let Some(value) = value else { return };
        increase(&mut self.measured);
        for (above, threshold) in self.above.iter_mut().zip(thresholds) {
            *above = above.saturating_add(u64::from(value > threshold));
        }
    }

    fn add(&mut self, other: &Self) {
        self.measured = self.measured.saturating_add(other.measured);
        for (above, more) in self.above.iter_mut().zip(other.above) {
            *above = above.saturating_add(more);
        }
    }
}

impl Counts {
    /// Counts a report. `code` is the code to count a fault by.
    pub fn count(&mut self, report: &Report, code: &str) {
        match report.event {
            Event::Exposure { .. } => {
                increase(&mut self.exposed);
                self.both = self.both.saturating_add(u64::from(report.both));
            }
            Event::Ready { .. } => increase(&mut self.ready),
            Event::Left => increase(&mut self.left),
            Event::Failed { .. } => {
                increase(&mut self.failed);
                match self.codes.get_mut(code) {
                    Some(count) => increase(count),
                    None => drop(self.codes.insert(code.to_owned(), 1)),
                }
            }
            Event::Error { own: true } => increase(&mut self.errors),
            Event::Error { own: false } => increase(&mut self.foreign_errors),
            Event::Vitals { is_final: true, .. } => {}
            Event::Vitals { lcp, inp, cls, is_final: false } => {
                self.lcp.count(lcp, LCP);
                self.inp.count(inp, INP);
                self.cls.count(cls, CLS);
            }
        }
    }

    /// Adds the counts of another group.
    pub fn add(&mut self, other: &Self) {
        let sums = [
            (&mut self.exposed, other.exposed),
            (&mut self.both, other.both),
            (&mut self.ready, other.ready),
            (&mut self.failed, other.failed),
            (&mut self.left, other.left),
            (&mut self.errors, other.errors),
            (&mut self.foreign_errors, other.foreign_errors),
        ];
        for (sum, more) in sums {
            *sum = sum.saturating_add(more);
        }
        for (code, count) in &other.codes {
            let sum = self.codes.entry(code.clone()).or_default();
            *sum = sum.saturating_add(*count);
        }
        self.lcp.add(&other.lcp);
        self.inp.add(&other.inp);
        self.cls.add(&other.cls);
    }

    /// Returns the exposures without an outcome. It is negative where reports of a view fall into two minutes.
    #[must_use]
    pub fn silent(&self) -> i64 {
        let signed = |count: u64| i64::try_from(count).unwrap_or(i64::MAX);
        let seen = signed(self.ready).saturating_add(signed(self.failed)).saturating_add(signed(self.left));
        signed(self.exposed).saturating_sub(seen)
    }
}

fn increase(count: &mut u64) {
    *count = count.saturating_add(1);
}
