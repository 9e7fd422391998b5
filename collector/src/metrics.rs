//! The counts since the process started, for Prometheus.

use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::sync::Arc;

use prometheus_client::encoding::{DescriptorEncoder, MetricEncoder, NoLabelSet};
use prometheus_client::metrics::MetricType;
use prometheus_client::registry::Unit;

use crate::counts::{CLS, Counts, INP, LCP};
use crate::group::{Group, Revision};
use crate::histogram::Histogram;
use crate::labels::{self, CODES, ConfigLabels, Labels, OTHER};
use crate::report::{Arm, Cohort, Event, Refusal, Report};
use crate::windows::Drop;

/// The largest number of label sets of views, and of arms with their versions.
const MAX_VIEWS: usize = 200;
const MAX_BUNDLES: usize = 30;

const LCP_SECONDS: &[f64] = &[0.5, 1.0, 1.5, 2.0, 2.5, 3.0, 4.0, 6.0, 10.0];
const INP_SECONDS: &[f64] = &[0.05, 0.1, 0.2, 0.35, 0.5, 1.0, 2.0];
const CLS_SCORE: &[f64] = &[0.01, 0.05, 0.1, 0.15, 0.25, 0.5, 1.0];
const DECISION_SECONDS: &[f64] = &[0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0];
const READY_SECONDS: &[f64] = &[0.1, 0.25, 0.5, 1.0, 2.0, 4.0, 8.0, 15.0];

/// All that `/metrics` shows.
#[derive(Debug)]
pub struct Metrics {
    views: BTreeMap<Views, ViewCounts>,
    bundles: BTreeMap<Bundle, BundleCounts>,
    failures: BTreeMap<(&'static str, Arm), u64>,
    refused: HashMap<Refusal, u64>,
    dropped: HashMap<Drop, u64>,
    capped: u64,
    write_errors: u64,
    final_minute_seconds: u64,
}

#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
struct Views {
    arm: Arm,
    cohort: Cohort,
    version: Option<Arc<str>>,
    revision: Option<Revision>,
}

#[derive(Clone, Debug, Default)]
struct ViewCounts {
    exposures: u64,
    ready: u64,
    failed: u64,
    left: u64,
    silent: u64,
    /// Outcomes that came before their exposures, at the edge of two minutes.
    early: i64,
}

#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
struct Bundle {
    arm: Arm,
    version: Option<Arc<str>>,
}

#[derive(Clone, Debug)]
struct BundleCounts {
    own_errors: u64,
    other_errors: u64,
    poor: [u64; 3],
    decision: Histogram,
    ready: Histogram,
    /// Vitals within the horizon, and final ones.
    vitals: [[Histogram; 3]; 2],
}

impl Default for BundleCounts {
    fn default() -> Self {
        let vitals = [LCP_SECONDS, INP_SECONDS, CLS_SCORE].map(Histogram::new);
        Self {
            own_errors: 0,
            other_errors: 0,
            poor: [0; 3],
            decision: Histogram::new(DECISION_SECONDS),
            ready: Histogram::new(READY_SECONDS),
            vitals: [vitals.clone(), vitals],
        }
    }
}

impl Default for Metrics {
    fn default() -> Self {
        let codes = CODES.into_iter().chain([OTHER]);
        Self {
            views: BTreeMap::new(),
            bundles: BTreeMap::new(),
            failures: codes.flat_map(|code| [((code, Arm::Canary), 0), ((code, Arm::Stable), 0)]).collect(),
            refused: HashMap::new(),
            dropped: HashMap::new(),
            capped: 0,
            write_errors: 0,
            final_minute_seconds: 0,
        }
    }
}

impl Metrics {
    /// Creates the series of the newest config at 0, and removes those of configs that are no longer known.
    pub fn set_labels(&mut self, labels: &Labels) {
        self.views.retain(|views, _| labels.has_revision(views.revision) && labels.has_version(views.version.as_ref()));
        self.bundles.retain(|bundle, _| labels.has_version(bundle.version.as_ref()));
        let Some(ConfigLabels { revision, version, .. }) = labels.configs().first() else { return };
        let revision = revision.map(Revision::Known);
        let stable: Vec<_> = labels.stable_versions().cloned().map(Some).collect();
        let stable = if stable.is_empty() { vec![None] } else { stable };
        self.create(Views { arm: Arm::Canary, cohort: Cohort::Canary, version: version.clone(), revision });
        for version in stable {
            for cohort in [Cohort::Canary, Cohort::Control, Cohort::Rest] {
                self.create(Views { arm: Arm::Stable, cohort, version: version.clone(), revision });
            }
        }
    }

    fn create(&mut self, views: Views) {
        self.bundle(views.arm, views.version.as_ref());
        self.views(views);
    }

    fn views(&mut self, mut views: Views) -> &mut ViewCounts {
        if self.views.len() >= MAX_VIEWS && !self.views.contains_key(&views) {
            (views.version, views.revision) = (Some(OTHER.into()), Some(Revision::OTHER));
        }
        self.views.entry(views).or_default()
    }

    fn bundle(&mut self, arm: Arm, version: Option<&Arc<str>>) -> &mut BundleCounts {
        let mut bundle = Bundle { arm, version: version.cloned() };
        if self.bundles.len() >= MAX_BUNDLES && !self.bundles.contains_key(&bundle) {
            bundle.version = Some(OTHER.into());
        }
        self.bundles.entry(bundle).or_default()
    }

    /// Counts a report.
    pub fn count(&mut self, group: &Group, report: &Report) {
        let Group { arm, cohort, version, revision, .. } = group;
        if matches!(report.event, Event::Exposure { .. }) {
            let views = Views { arm: *arm, cohort: *cohort, version: version.clone(), revision: *revision };
            increase(&mut self.views(views).exposures, 1);
        }
        if let Event::Failed { code } = &report.event {
            increase(self.failures.entry((labels::code(code), *arm)).or_default(), 1);
        }
        let bundle = self.bundle(*arm, version.as_ref());
        match report.event {
            Event::Exposure { decision_ms: Some(time) } => bundle.decision.observe(time / 1e3),
            Event::Ready { ready_ms: Some(time) } => bundle.ready.observe(time / 1e3),
            Event::Error { own: true } => increase(&mut bundle.own_errors, 1),
            Event::Error { own: false } => increase(&mut bundle.other_errors, 1),
            Event::Vitals { lcp, inp, cls, is_final } => {
                let [within, finals] = &mut bundle.vitals;
                let histograms = if is_final { finals } else { within };
                let seconds = [lcp.map(|time| time / 1e3), inp.map(|time| time / 1e3), cls];
                for (histogram, value) in histograms.iter_mut().zip(seconds) {
                    if let Some(value) = value {
                        histogram.observe(value);
                    }
                }
                let is_poor = [lcp.map(|lcp| lcp > LCP[0]), inp.map(|inp| inp > INP[0]), cls.map(|cls| cls > CLS[0])];
                for (poor, is_poor) in bundle.poor.iter_mut().zip(is_poor) {
                    increase(poor, u64::from(is_poor == Some(true) && !is_final));
                }
            }
            _ => {}
        }
    }

    /// Counts the outcomes of a group in a final minute.
    pub fn count_outcomes(&mut self, group: &Group, counts: &Counts) {
        let Group { arm, cohort, version, revision, .. } = group;
        let key = Views { arm: *arm, cohort: *cohort, version: version.clone(), revision: *revision };
        let views = self.views(key);
        increase(&mut views.ready, counts.ready);
        increase(&mut views.failed, counts.failed);
        increase(&mut views.left, counts.left);
        let silent = counts.silent().saturating_add(views.early);
        increase(&mut views.silent, u64::try_from(silent).unwrap_or(0));
        views.early = silent.min(0);
    }

    /// Counts a report that is not taken.
    pub fn count_refused(&mut self, refusal: Refusal) {
        increase(self.refused.entry(refusal).or_default(), 1);
    }

    /// Counts a report that is dropped.
    pub fn count_dropped(&mut self, drop: Drop) {
        increase(self.dropped.entry(drop).or_default(), 1);
    }

    /// Counts a report that only the uncapped counts have.
    pub fn count_capped(&mut self) {
        increase(&mut self.capped, 1);
    }

    /// Counts a failure to write the windows.
    pub fn count_write_error(&mut self) {
        increase(&mut self.write_errors, 1);
    }

    /// Sets the end of the last final minute, in seconds since 1970.
    pub fn set_final_minute(&mut self, seconds: u64) {
        self.final_minute_seconds = seconds;
    }

    /// Encodes everything.
    ///
    /// # Errors
    ///
    /// Only those of the writer.
    pub fn encode(&self, mut encoder: DescriptorEncoder) -> fmt::Result {
        self.encode_views(&mut encoder)?;
        self.encode_bundles(&mut encoder)?;
        let mut family = counter(&mut encoder, "canary_failures", "Views with a fault, by its code")?;
        for ((code, arm), count) in &self.failures {
            add(&mut family, &[("arm", arm_name(*arm)), ("code", code)], *count)?;
        }
        let mut family = counter(&mut encoder, "canary_reports_refused", "Reports that are not counted")?;
        for refusal in Refusal::ALL {
            add(&mut family, &[("reason", refusal.as_str())], self.refused.get(&refusal).copied().unwrap_or(0))?;
        }
        let mut family =
            counter(&mut encoder, "canary_reports_dropped", "Reports that are lost; their minute is a gap")?;
        for drop in Drop::ALL {
            add(&mut family, &[("reason", drop.as_str())], self.dropped.get(&drop).copied().unwrap_or(0))?;
        }
        single(&mut encoder, "canary_reports_capped", "Reports that only the uncapped counts have", self.capped)?;
        single(
            &mut encoder,
            "canary_window_write_errors",
            "Times that windows could not be written",
            self.write_errors,
        )?;
        let mut gauge = encoder.encode_descriptor(
            "canary_final_minute_timestamp",
            "End of the last final minute",
            Some(&Unit::Seconds),
            MetricType::Gauge,
        )?;
        gauge.encode_gauge(&self.final_minute_seconds)
    }

    fn encode_views(&self, encoder: &mut DescriptorEncoder) -> fmt::Result {
        let mut family = counter(encoder, "canary_exposures", "Page views, when the bundle was inserted")?;
        for (views, counts) in &self.views {
            let labels = views.labels();
            family.encode_family(&labels)?.encode_counter::<NoLabelSet, _, u64>(&counts.exposures, None)?;
        }
        let mut family = counter(encoder, "canary_views", "Page views of final minutes, by outcome")?;
        for (views, counts) in &self.views {
            let ViewCounts { ready, failed, left, silent, .. } = counts;
            for (outcome, count) in [("failed", failed), ("left", left), ("ready", ready), ("silent", silent)] {
                let mut labels = views.labels();
                labels.push(("outcome", outcome.to_owned()));
                family.encode_family(&labels)?.encode_counter::<NoLabelSet, _, u64>(count, None)?;
            }
        }
        Ok(())
    }

    fn encode_bundles(&self, encoder: &mut DescriptorEncoder) -> fmt::Result {
        let mut family = counter(encoder, "canary_errors", "Views with an uncaught error")?;
        for (bundle, counts) in &self.bundles {
            for (own, count) in [("false", counts.other_errors), ("true", counts.own_errors)] {
                add(&mut family, &[("arm", bundle.arm()), ("version", bundle.version()), ("own", own)], count)?;
            }
        }
        let mut family = counter(encoder, "canary_poor_vitals", "Views with a web vital that is not good")?;
        for (bundle, counts) in &self.bundles {
            for (metric, count) in ["lcp", "inp", "cls"].into_iter().zip(counts.poor) {
                add(&mut family, &[("arm", bundle.arm()), ("metric", metric), ("version", bundle.version())], count)?;
            }
        }
        let vitals = [
            ("canary_lcp", "Largest Contentful Paint", Some(Unit::Seconds)),
            ("canary_inp", "Interaction to Next Paint", Some(Unit::Seconds)),
            ("canary_cls", "Cumulative Layout Shift", None),
        ];
        for (index, (name, help, unit)) in vitals.iter().enumerate() {
            let mut family = encoder.encode_descriptor(name, help, unit.as_ref(), MetricType::Histogram)?;
            for (bundle, counts) in &self.bundles {
                for (is_final, vitals) in ["false", "true"].into_iter().zip(&counts.vitals) {
                    let labels = [("arm", bundle.arm()), ("final", is_final), ("version", bundle.version())];
                    vitals.get(index).map_or(Ok(()), |histogram| observe(&mut family, &labels, histogram))?;
                }
            }
        }
        let name = "canary_decision";
        let mut family = histogram(encoder, name, "Time from the start of the runtime to the decision")?;
        for (bundle, counts) in &self.bundles {
            observe(&mut family, &[("arm", bundle.arm()), ("version", bundle.version())], &counts.decision)?;
        }
        let mut family = histogram(encoder, "canary_ready", "Time from the navigation until the bundle is up")?;
        for (bundle, counts) in &self.bundles {
            observe(&mut family, &[("arm", bundle.arm()), ("version", bundle.version())], &counts.ready)?;
        }
        Ok(())
    }
}

impl Views {
    fn labels(&self) -> Vec<(&'static str, String)> {
        let cohort = match self.cohort {
            Cohort::Canary => "canary",
            Cohort::Control => "control",
            Cohort::Rest => "rest",
        };
        let revision = match self.revision {
            None => String::new(),
            Some(Revision::Known(number)) => number.to_string(),
            Some(Revision::Other(_)) => OTHER.to_owned(),
        };
        let version = self.version.as_deref().unwrap_or("").to_owned();
        let arm = arm_name(self.arm).to_owned();
        vec![("arm", arm), ("cohort", cohort.to_owned()), ("revision", revision), ("version", version)]
    }
}

impl Bundle {
    const fn arm(&self) -> &'static str {
        arm_name(self.arm)
    }

    fn version(&self) -> &str {
        self.version.as_deref().unwrap_or("")
    }
}

const fn arm_name(arm: Arm) -> &'static str {
    match arm {
        Arm::Canary => "canary",
        Arm::Stable => "stable",
    }
}

fn increase(count: &mut u64, more: u64) {
    *count = count.saturating_add(more);
}

fn counter<'a>(encoder: &'a mut DescriptorEncoder, name: &'a str, help: &str) -> Result<MetricEncoder<'a>, fmt::Error> {
    encoder.encode_descriptor(name, help, None, MetricType::Counter)
}

fn histogram<'a>(
    encoder: &'a mut DescriptorEncoder,
    name: &'a str,
    help: &str,
) -> Result<MetricEncoder<'a>, fmt::Error> {
    encoder.encode_descriptor(name, help, Some(&Unit::Seconds), MetricType::Histogram)
}

fn single(encoder: &mut DescriptorEncoder, name: &str, help: &str, count: u64) -> fmt::Result {
    counter(encoder, name, help)?.encode_counter::<NoLabelSet, _, u64>(&count, None)
}

fn add(family: &mut MetricEncoder, labels: &[(&str, &str)], count: u64) -> fmt::Result {
    family.encode_family(&labels)?.encode_counter::<NoLabelSet, _, u64>(&count, None)
}

fn observe(family: &mut MetricEncoder, labels: &[(&str, &str)], histogram: &Histogram) -> fmt::Result {
    let mut encoder = family.encode_family(&labels)?;
    encoder.encode_histogram::<NoLabelSet>(histogram.sum(), histogram.count(), &histogram.buckets(), None)
}
