//! Counts of views, as the judge reads them.

use alloc::string::String;

use crate::log_space::real;
use crate::metric::Metric;

/// The comparison that a view is a unit of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize, serde::Serialize), serde(rename_all = "lowercase"))]
pub enum Comparison {
    /// The browser's first view since the run began: canary against everything stable.
    Run,
    /// The browser's first view in cohort `canary` or `control` after `rest`: canary against control.
    Cohort,
}

/// One final minute, revision, comparison and stratum.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize, serde::Serialize), serde(deny_unknown_fields))]
pub struct Row {
    /// Unix time divided by 60.
    pub minute: u64,
    /// The config's `REVISION`.
    pub revision: u64,
    /// The comparison.
    pub first: Comparison,
    /// The canary's designed share of both sides together, from 0 to 1.
    #[cfg_attr(feature = "serde", serde(deserialize_with = "share"))]
    pub share: f64,
    /// Facts known before the assignment: engine, device, `new` or `returning`.
    pub stratum: String,
    /// Views assigned to the canary.
    pub canary: Side,
    /// Views on the stable side of the comparison.
    pub control: Side,
}

/// The views of one side.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Deserialize, serde::Serialize),
    serde(rename_all = "kebab-case", deny_unknown_fields)
)]
pub struct Side {
    /// All views.
    pub exposed: u64,
    /// Views neither ready nor left; negative where their reports fell into two minutes.
    pub not_ready: i64,
    /// Views with an error of the bundle's own files.
    pub error: u64,
    /// Views left before they were up.
    pub left: u64,
    /// Largest Contentful Paint.
    pub lcp: Vital,
    /// Interaction to Next Paint.
    pub inp: Vital,
    /// Cumulative Layout Shift.
    pub cls: Vital,
}

/// The views of one side on which a web vital was measured.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize, serde::Serialize), serde(try_from = "VitalCounts"))]
pub struct Vital {
    /// Views that lived long enough to measure it.
    pub measured: u64,
    /// Views above each of the three thresholds.
    pub above: [u64; 3],
}

/// A web vital as it is written.
#[cfg(feature = "serde")]
#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct VitalCounts {
    measured: u64,
    above: [u64; 3],
}

#[cfg(feature = "serde")]
impl TryFrom<VitalCounts> for Vital {
    type Error = String;

    fn try_from(VitalCounts { measured, above }: VitalCounts) -> Result<Self, String> {
        match above.into_iter().find(|count| *count > measured) {
            None => Ok(Self { measured, above }),
            Some(count) => Err(alloc::format!("found above {count}, expected at most measured {measured}")),
        }
    }
}

#[cfg(feature = "serde")]
fn share<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<f64, D::Error> {
    let share: f64 = serde::Deserialize::deserialize(deserializer)?;
    if (0.0..=1.0).contains(&share) {
        Ok(share)
    } else {
        Err(serde::de::Error::custom(format_args!("found share {share}, expected a number from 0 to 1")))
    }
}

impl Side {
    /// Adds the counts of another row.
    pub fn add(&mut self, other: &Self) {
        self.exposed = self.exposed.saturating_add(other.exposed);
        self.not_ready = self.not_ready.saturating_add(other.not_ready);
        self.error = self.error.saturating_add(other.error);
        self.left = self.left.saturating_add(other.left);
        self.lcp.add(other.lcp);
        self.inp.add(other.inp);
        self.cls.add(other.cls);
    }

    /// The web vital behind a metric, where there is one.
    #[must_use]
    pub const fn vital(&self, metric: Metric) -> Option<Vital> {
        match metric {
            Metric::PoorLcp => Some(self.lcp),
            Metric::PoorInp => Some(self.inp),
            Metric::PoorCls => Some(self.cls),
            Metric::NotReady | Metric::Error | Metric::Left => None,
        }
    }

    /// The views that a metric counts, and how many of them are bad: of a web vital, above its first threshold.
    #[must_use]
    pub fn count(&self, metric: Metric) -> Count {
        let exposed = |bad| Count { bad, of: real(self.exposed) };
        let measured = |vital: Vital| {
            let [first, ..] = vital.above;
            Count { bad: real(first), of: real(vital.measured) }
        };
        match metric {
            #[expect(clippy::cast_precision_loss, reason = "2^53 views take longer than any run")]
            Metric::NotReady => exposed(self.not_ready as f64),
            Metric::Error => exposed(real(self.error)),
            Metric::Left => exposed(real(self.left)),
            Metric::PoorLcp => measured(self.lcp),
            Metric::PoorInp => measured(self.inp),
            Metric::PoorCls => measured(self.cls),
        }
    }
}

impl Vital {
    /// Adds the counts of another row.
    pub fn add(&mut self, other: Self) {
        self.measured = self.measured.saturating_add(other.measured);
        for (sum, above) in self.above.iter_mut().zip(other.above) {
            *sum = sum.saturating_add(above);
        }
    }
}

/// Bad views of so many.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Count {
    /// Bad ones.
    pub bad: f64,
    /// All of them.
    pub of: f64,
}

impl Count {
    /// Adds the views of another group.
    pub(crate) fn add(&mut self, other: Self) {
        self.bad += other.bad;
        self.of += other.of;
    }

    /// The share of bad ones, where there are views.
    #[must_use]
    pub fn rate(self) -> Option<f64> {
        (self.of > 0.0).then(|| self.bad / self.of)
    }
}
