//! A share of all users, counted in buckets.

use crate::bucketing::bucket::BUCKETS;

/// From 0 to 100 percent in steps of 0.001, that is of one bucket.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Percentage(u32);

impl Percentage {
    /// Nobody.
    pub const NONE: Self = Self(0);
    /// Everybody.
    pub const ALL: Self = Self(BUCKETS);

    /// Takes a number of percent, or nothing if it lies outside 0 to 100 or has more than three decimals.
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
        // The text 1.005 is a double just below it: rounding finds its bucket, dividing back proves it.
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "0 to 100_000 by the check above")]
        let buckets = (percent * 1000.0 + 0.5) as u32;
        #[expect(clippy::float_cmp, reason = "the contract is exact equality of doubles")]
        let exact = f64::from(buckets) / 1000.0 == percent;
        exact.then_some(Self(buckets))
    }

    /// How many buckets it takes.
    #[must_use]
    pub fn buckets(self) -> u32 {
        self.0
    }

    /// Whether `bucket` is inside. Raising a percentage never moves a bucket out.
    #[must_use]
    pub fn contains(self, bucket: u32) -> bool {
        bucket < self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_all_legal_values() {
        for buckets in 0..=BUCKETS {
            assert_eq!(Percentage::new(f64::from(buckets) / 1000.0), Some(Percentage(buckets)));
        }
    }

    #[test]
    fn refuses_what_is_no_percentage() {
        for percent in [f64::NAN, f64::INFINITY, -0.001, 100.001, 0.0001, 1e-9, 1e308] {
            assert_eq!(Percentage::new(percent), None, "{percent}");
        }
    }
}
