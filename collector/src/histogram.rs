//! Histograms with classic buckets.

/// The number of values up to each bound, and their sum.
#[derive(Clone, Debug)]
pub(crate) struct Histogram {
    bounds: &'static [f64],
    /// One for each bound, and one for what is above all of them.
    counts: Vec<u64>,
    sum: f64,
}

impl Histogram {
    /// Makes an empty histogram with sorted bounds.
    #[must_use]
    pub(crate) fn new(bounds: &'static [f64]) -> Self {
        Self { bounds, counts: vec![0; bounds.len().saturating_add(1)], sum: 0.0 }
    }

    /// Counts a value.
    pub(crate) fn observe(&mut self, value: f64) {
        let at = self.bounds.partition_point(|bound| *bound < value);
        if let Some(count) = self.counts.get_mut(at) {
            *count = count.saturating_add(1);
            // An invented value must not hide all others in the sum.
            self.sum += value.min(self.bounds.last().map_or(value, |bound| bound * 10.0));
        }
    }

    /// Returns the sum of all values.
    #[must_use]
    pub(crate) const fn sum(&self) -> f64 {
        self.sum
    }

    /// Returns the number of values.
    #[must_use]
    pub(crate) fn count(&self) -> u64 {
        self.counts.iter().fold(0, |sum, count| sum.saturating_add(*count))
    }

    /// Returns the number of values between each bound and the one before.
    #[must_use]
    pub(crate) fn buckets(&self) -> Vec<(f64, u64)> {
        let bounds = self.bounds.iter().copied().chain([f64::INFINITY]);
        bounds.zip(self.counts.iter().copied()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bound_belongs_to_its_bucket() {
        let mut histogram = Histogram::new(&[1.0, 2.5]);
        for value in [0.0, 1.0, 1.01, 2.5, 2.51, 1e300] {
            histogram.observe(value);
        }
        assert_eq!(histogram.buckets(), [(1.0, 2), (2.5, 2), (f64::INFINITY, 2)]);
        assert_eq!((histogram.count(), histogram.sum()), (6, 0.0 + 1.0 + 1.01 + 2.5 + 2.51 + 25.0));
    }
}
