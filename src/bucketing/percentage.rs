//! A percentage of users, counted in buckets.

use crate::bucketing::bucket::BUCKETS;

/// A percentage from 0 to 100 in steps of 0.001, the size of one bucket.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Percentage(u32);

impl Percentage {
    /// 0 %.
    pub const NONE: Self = Self(0);
    /// 100 %.
    pub const ALL: Self = Self(BUCKETS);

    /// Creates a percentage, unless the number is outside 0 to 100 or has more than three decimals.
    ///
    /// ```
    /// use canary_runtime::Percentage;
    ///
    /// assert_eq!(Percentage::new(1.005).map(Percentage::buckets), Some(1_005));
    /// assert_eq!(Percentage::new(33.3333), None);
    /// assert_eq!(Percentage::new(-1.0), None);
    /// ```
    #[must_use]
    pub fn new(percent: f64) -> Option<Self> {
        if !(0.0..=100.0).contains(&percent) {
            return None;
        }
        // The double of 1.005 is slightly less: rounding finds the bucket, dividing it again proves that it is exact.
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "0 to 100_000 by the check above")]
        let buckets = (percent * 1000.0 + 0.5) as u32;
        #[expect(clippy::float_cmp, reason = "the contract is exact equality of doubles")]
        let exact = f64::from(buckets) / 1000.0 == percent;
        exact.then_some(Self(buckets))
    }

    /// Returns the number of buckets.
    #[must_use]
    pub fn buckets(self) -> u32 {
        self.0
    }

    /// Returns whether `bucket` is within the percentage. Raising a percentage never excludes a bucket.
    #[must_use]
    pub fn contains(self, bucket: u32) -> bool {
        bucket < self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accepts_all_valid_values() {
        for buckets in 0..=BUCKETS {
            assert_eq!(Percentage::new(f64::from(buckets) / 1000.0), Some(Percentage(buckets)));
        }
    }

    #[test]
    fn rejects_other_numbers() {
        for percent in [f64::NAN, f64::INFINITY, -0.001, 100.001, 0.0001, 1e-9, 1e308] {
            assert_eq!(Percentage::new(percent), None, "{percent}");
        }
    }
}
