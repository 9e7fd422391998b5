//! The cohorts of a canary rollout: canary, control and rest.

use core::ops::Range;

use crate::bucketing::bucket::BUCKETS;
use crate::bucketing::percentage::Percentage;

/// The group that a bucket is assigned to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cohort {
    /// Gets the canary.
    Canary,
    /// Gets stable, and is compared with the canary: a concurrent group of the same size.
    Control,
    /// Gets stable.
    Rest,
}

impl Cohort {
    /// Returns the cohort of a bucket.
    #[must_use]
    pub fn of(percentage: Percentage, bucket: u32) -> Self {
        if percentage.contains(bucket) {
            Self::Canary
        } else if Self::control(percentage).contains(&bucket) {
            Self::Control
        } else {
            Self::Rest
        }
    }

    /// Returns the buckets of the control.
    ///
    /// There are as many as the canary's, starting in the middle, so that raising the percentage up to 50 never moves
    /// anyone between the two. Above 50 %, the control is all that the canary leaves.
    #[must_use]
    pub fn control(percentage: Percentage) -> Range<u32> {
        const MIDDLE: u32 = BUCKETS / 2;
        let canary = percentage.buckets();
        canary.max(MIDDLE)..canary.saturating_add(MIDDLE).min(BUCKETS)
    }

    /// Returns the name.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Canary => "canary",
            Self::Control => "control",
            Self::Rest => "rest",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_control_starts_in_the_middle() {
        for (percent, control) in [
            (0.0, 50_000..50_000),
            (0.001, 50_000..50_001),
            (5.0, 50_000..55_000),
            (50.0, 50_000..100_000),
            (50.001, 50_001..100_000),
            (99.999, 99_999..100_000),
            (100.0, 100_000..100_000),
        ] {
            assert_eq!(Cohort::control(Percentage::new(percent).unwrap()), control, "{percent}");
        }
    }

    #[test]
    fn every_bucket_has_a_cohort() {
        for (percent, bucket, cohort) in [
            (5.0, 0, Cohort::Canary),
            (5.0, 4_999, Cohort::Canary),
            (5.0, 5_000, Cohort::Rest),
            (5.0, 49_999, Cohort::Rest),
            (5.0, 50_000, Cohort::Control),
            (5.0, 54_999, Cohort::Control),
            (5.0, 55_000, Cohort::Rest),
            (5.0, 99_999, Cohort::Rest),
            (50.0, 50_000, Cohort::Control),
            (50.0, 99_999, Cohort::Control),
            (50.001, 50_000, Cohort::Canary),
            (50.001, 50_001, Cohort::Control),
            (60.0, 59_999, Cohort::Canary),
            (60.0, 60_000, Cohort::Control),
            (99.999, 99_999, Cohort::Control),
        ] {
            assert_eq!(Cohort::of(Percentage::new(percent).unwrap(), bucket), cohort, "{percent} {bucket}");
        }
    }
}
