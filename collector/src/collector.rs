//! The collector without I/O: reports, configs and the time go in; rows and metrics come out.

use crate::cap::{Cap, Key};
use crate::group::{Group, Row};
use crate::labels::{self, ConfigLabels, Labels};
use crate::metrics::Metrics;
use crate::report::{Event, Refusal, Report};
use crate::timing::Timing;
use crate::windows::{Drop, Windows};

/// The counts, labels and rates of one process. Times are milliseconds since 1970.
#[derive(Debug)]
pub struct Collector {
    timing: Timing,
    labels: Labels,
    windows: Windows,
    cap: Cap,
    metrics: Metrics,
}

/// Who sent a report.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Sender {
    /// The client's network.
    pub client: u64,
    /// The number of the page view.
    pub nonce: Option<u64>,
}

/// What became of a report.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Outcome {
    /// It is counted.
    Counted,
    /// It is not valid.
    Refused(Refusal),
    /// It is valid and lost.
    Dropped(Drop),
}

/// What is stored at one moment.
#[derive(Debug)]
pub struct Snapshot {
    /// The time.
    pub time: f64,
    /// The last final minute.
    pub through: u64,
    /// Minutes with all their rows, which replace what is stored.
    pub minutes: Vec<(u64, Vec<Row>)>,
    /// All gaps.
    pub gaps: Vec<(u64, u64)>,
    /// All labels.
    pub labels: Labels,
}

impl Collector {
    /// Starts to count into windows, with the labels that an earlier process knew.
    #[must_use]
    pub fn new(windows: Windows, labels: Labels, cap: u32, nonce_key: Key) -> Self {
        let timing = windows.timing();
        let mut metrics = Metrics::default();
        metrics.set_labels(&labels);
        Self { timing, labels, windows, cap: Cap::new(timing, cap, nonce_key), metrics }
    }

    /// Makes a config the current one.
    pub fn set_config(&mut self, config: ConfigLabels) {
        if self.labels.add_config(config) {
            self.metrics.set_labels(&self.labels);
        }
    }

    /// Returns the labels.
    #[must_use]
    pub const fn labels(&self) -> &Labels {
        &self.labels
    }

    /// Returns the windows.
    #[must_use]
    pub const fn windows(&self) -> &Windows {
        &self.windows
    }

    /// Returns the metrics.
    #[must_use]
    pub const fn metrics(&self) -> &Metrics {
        &self.metrics
    }

    /// Returns the metrics, to count what is not a report.
    pub const fn metrics_mut(&mut self) -> &mut Metrics {
        &mut self.metrics
    }

    /// Counts the body of a request.
    pub fn take(&mut self, body: &[u8], sender: Sender, now: f64) -> Outcome {
        self.advance(now);
        match Report::parse(body, self.timing.max_age()) {
            Ok(report) => match self.count(&report, sender, now) {
                Ok(()) => Outcome::Counted,
                Err(drop) => {
                    self.metrics.count_dropped(drop);
                    Outcome::Dropped(drop)
                }
            },
            Err(refusal) => {
                self.metrics.count_refused(refusal);
                Outcome::Refused(refusal)
            }
        }
    }

    fn count(&mut self, report: &Report, Sender { client, nonce }: Sender, now: f64) -> Result<(), Drop> {
        let group = Group {
            salt: self.labels.salt(&report.salt),
            revision: self.labels.revision(report.revision),
            cohort: report.cohort,
            arm: report.arm,
            version: self.labels.version(report.arm, report.version.as_deref(), now),
            first: report.first,
            returning: report.returning,
            engine: report.engine,
            device: report.device,
        };
        if !matches!(report.event, Event::Vitals { is_final: true, .. }) {
            let minute = self.timing.minute(now - report.age);
            let is_capped = self.cap.is_capped(client, nonce, minute);
            self.cap.count(client, &report.event, now);
            let code = if let Event::Failed { code } = &report.event { labels::code(code) } else { "" };
            self.windows.count(minute, group.clone(), report, code, is_capped)?;
            if is_capped {
                self.metrics.count_capped();
            }
        }
        self.metrics.count(&group, report);
        Ok(())
    }

    /// Counts a report that the server drops unread. Its minute is not known, so all that it can be in are gaps.
    pub fn drop_unread(&mut self, now: f64) {
        self.windows.add_gap(self.timing.first_open(now), self.timing.minute(now));
        self.metrics.count_dropped(Drop::Overload);
    }

    /// Takes note of the time.
    pub fn advance(&mut self, now: f64) {
        self.cap.advance(now);
        for minute in self.windows.advance(now) {
            for (group, counts) in self.windows.groups(minute) {
                // A config that is no longer known gets no series back.
                if self.labels.has_revision(group.revision) && self.labels.has_version(group.version.as_ref()) {
                    self.metrics.count_outcomes(group, counts);
                }
            }
        }
        let end = self.windows.through().saturating_add(1).saturating_mul(self.timing.window_seconds());
        self.metrics.set_final_minute(end);
    }

    /// Takes note that nothing was accepted any more from some time on.
    pub fn stop(&mut self, since: f64) {
        self.windows.add_gap(self.timing.minute(since), self.timing.minute(since));
    }

    /// Takes note that the clock was set.
    pub fn set_clock(&mut self, before: f64, after: f64) {
        self.windows.set_clock(before, after);
        self.advance(after);
    }

    /// Returns what is to be stored. `is_kept_open` says whether minutes that are not final are stored as well.
    pub fn snapshot(&mut self, now: f64, is_kept_open: bool) -> Snapshot {
        self.advance(now);
        let through = self.windows.through();
        let changed: Vec<u64> = self.windows.changed().filter(|minute| is_kept_open || *minute <= through).collect();
        let rows = |minute: u64| self.windows.rows(minute).unwrap_or_default();
        let minutes = changed.iter().map(|minute| (*minute, rows(*minute))).collect();
        for minute in changed {
            self.windows.set_written(minute);
        }
        let gaps = self.windows.gaps().ranges().to_vec();
        Snapshot { time: now, through, minutes, gaps, labels: self.labels.clone() }
    }

    /// Takes note of whether a snapshot was stored. What is stored and final is no longer kept here.
    pub fn confirm(&mut self, minutes: &[u64], is_stored: bool) {
        if is_stored {
            self.windows.forget_written();
        } else {
            for minute in minutes {
                self.windows.set_changed(*minute);
            }
            self.metrics.count_write_error();
        }
    }
}
