//! Factors of an e-process for counts of bad views, of which many are expected: the two-by-two table.

use libm::{log, sqrt};

use crate::count_test::{ALTERNATIVES, PerAlternative};
use crate::row::Count;

/// The highest rate that an alternative gives the canary.
const MAX_RATE: f64 = 0.95;

/// How a row's factor depends on the canary's bad views: ln factor = `base` + bad `slope`, for each alternative.
#[derive(Clone, Copy, Debug, Default)]
pub struct Line {
    /// ln of the factor without a bad view on the canary.
    pub base: PerAlternative,
    /// The logarithm that each bad view on the canary adds.
    pub slope: PerAlternative,
}

impl Line {
    /// Against a canary whose rate is at most `rho` times stable's. `past` are stable's views in earlier minutes.
    ///
    /// The rates that the factor expects come from the past alone, so a row never judges itself. Without a past, or
    /// with one side empty, the factor is 1.
    #[must_use]
    pub fn new(rho: f64, past: Count, canary_views: f64, stable: Count) -> Self {
        let mut line = Self::default();
        if past.of <= 0.0 || canary_views <= 0.0 || stable.of <= 0.0 {
            return line;
        }
        let expected = (past.bad + 0.5) / (past.of + 1.0);
        if rho * expected >= MAX_RATE {
            return line;
        }
        let (n_c, n_s) = (canary_views, stable.of);
        for ((base, slope), r) in line.base.iter_mut().zip(&mut line.slope).zip(ALTERNATIVES) {
            let canary_rate = f64::min(rho * r * expected, MAX_RATE);
            // The rate of stable within the null hypothesis that comes nearest to both rates: the smaller root of a
            // quadratic equation, in the form that loses no digits.
            let square = rho * (n_c + n_s);
            let linear = n_c * (canary_rate + rho) + n_s * (1.0 + rho * expected);
            let constant = n_c * canary_rate + n_s * expected;
            let discriminant = linear * linear - 4.0 * square * constant;
            let nearest = 2.0 * constant / (linear + sqrt(discriminant.max(0.0)));
            let good = log((1.0 - canary_rate) / (1.0 - rho * nearest));
            *slope = log(canary_rate / (rho * nearest)) - good;
            *base = n_c * good
                + stable.bad * log(expected / nearest)
                + (n_s - stable.bad) * log((1.0 - expected) / (1.0 - nearest));
        }
        line
    }

    /// ln of the factor with so many bad views on the canary.
    #[must_use]
    pub fn ln_factor(&self, bad: f64) -> PerAlternative {
        let mut factor = self.base;
        for (factor, slope) in factor.iter_mut().zip(&self.slope) {
            *factor += bad * slope;
        }
        factor
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const STABLE: Count = Count { bad: 20.0, of: 100.0 };

    #[test]
    fn says_nothing_without_a_past_or_a_side() {
        let past = Count { bad: 20.0, of: 100.0 };
        for line in [
            Line::new(1.05, Count::default(), 10.0, STABLE),
            Line::new(1.05, past, 0.0, STABLE),
            Line::new(1.05, past, 10.0, Count::default()),
            Line::new(1.05, Count { bad: 95.0, of: 100.0 }, 10.0, STABLE),
        ] {
            assert!(line.ln_factor(5.0).iter().all(|factor| *factor == 0.0), "{line:?}");
        }
        assert!(Line::new(1.05, past, 10.0, STABLE).ln_factor(9.0).iter().all(|factor| *factor > 0.0));
    }
}
