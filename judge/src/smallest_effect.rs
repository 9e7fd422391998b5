//! The smallest ratio that a run's traffic could have shown.

use libm::{exp, log};

use crate::count_test::{Factors, PerAlternative, add};
use crate::e_process::ln_mean;
use crate::groups::ShareCounts;
use crate::log_space::{ln_add, ln_sum, real};
use crate::row::Count;
use crate::two_by_two::Line;

/// How ln of a product depends on the canary's rate: `base` + rate `slope`, for each alternative.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct ExpectedProduct {
    base: PerAlternative,
    slope: PerAlternative,
}

impl ExpectedProduct {
    /// That of a count metric.
    pub(crate) fn of_counts(counts: &[ShareCounts], rho: f64, delta: f64) -> Self {
        let mut expected = Self::default();
        for ShareCounts { share, canary, stable } in counts {
            let factors = Factors::new(*share, rho);
            add(&mut expected.base, &factors.ln_factor(delta, Count { bad: 0.0, of: canary.of }, *stable));
            let slope = factors.ln_factor(0.0, Count { bad: canary.of, of: 0.0 }, Count::default());
            add(&mut expected.slope, &slope);
        }
        expected
    }

    /// Adds a row of a web vital.
    pub(crate) fn add_line(&mut self, line: &Line, canary_views: f64) {
        add(&mut self.base, &line.base);
        for (sum, slope) in self.slope.iter_mut().zip(&line.slope) {
            *sum += canary_views * slope;
        }
    }

    /// ln E at a rate, as if every minute had its expected number of bad views.
    fn ln_e(&self, rate: f64) -> f64 {
        let mut product = self.base;
        for (product, slope) in product.iter_mut().zip(&self.slope) {
            *product += rate * slope;
        }
        // Restarts that find nothing count 1.
        ln_add(log(0.8) + ln_mean(&product), log(0.2))
    }
}

/// The ratio at which the expected E reaches its line, which about half of such runs find; absent where none would.
///
/// `parts` has one product for each of a metric's thresholds, with stable's views above it.
pub(crate) fn smallest_effect(parts: &[(ExpectedProduct, Count)], ln_line: f64) -> Option<f64> {
    let rate = |stable: Count| (stable.bad.max(0.0) + 0.5) / (stable.of + 1.0);
    let is_found = |ln_ratio: f64| {
        let terms = parts.iter().map(|(product, stable)| product.ln_e(f64::min(exp(ln_ratio) * rate(*stable), 1.0)));
        ln_sum(terms) - log(real(parts.len() as u64)) >= ln_line
    };
    // The largest ratio: every view is bad.
    let highest = parts.iter().map(|(_, stable)| -log(rate(*stable))).fold(0.0, f64::max);
    if !is_found(highest) {
        return None;
    }
    let (mut low, mut high) = (0.0, highest);
    while high - low > 1e-9 {
        let middle = f64::midpoint(low, high);
        if is_found(middle) { high = middle } else { low = middle }
    }
    Some(exp(high))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn effect(canary: f64, stable: Count) -> Option<f64> {
        let share = canary / (canary + stable.of);
        let counts = [ShareCounts { share, canary: Count { bad: 0.0, of: canary }, stable }];
        smallest_effect(&[(ExpectedProduct::of_counts(&counts, 1.1, 0.0005), stable)], log(2_000.0))
    }

    #[test]
    fn more_traffic_shows_smaller_effects() {
        let stable = Count { bad: 400.0, of: 10_000.0 };
        let found = [100.0, 1_000.0, 10_000.0].map(|canary| effect(canary, stable).unwrap());
        assert!(found.is_sorted_by(|a, b| a > b) && found.iter().all(|ratio| *ratio > 1.1), "{found:?}");
        assert_eq!(effect(1.0, stable), None);
    }
}
