//! Factors of an e-process for counts of bad views, of which few are expected.
//!
//! A view is in the canary with probability f, by the hash. Bad views carry the factor a on the canary and b on stable,
//! where (1 - f)(1 - b) = rho f (a - 1), so that a row's expected factor is at most 1 wherever the canary's rate is at
//! most rho times stable's plus delta.

use alloc::vec::Vec;

use libm::log1p;

use crate::row::Count;

/// The ratios, beyond the accepted one, that evidence is looked for.
pub const ALTERNATIVES: [f64; 8] = [1.15, 1.3, 1.6, 2.0, 3.0, 5.0, 10.0, 30.0];

/// One value for each alternative.
pub type PerAlternative = [f64; 8];

/// The factors at one share and one accepted ratio.
#[derive(Clone, Copy, Debug, Default)]
pub struct Factors {
    /// ln a: that of a bad view on the canary.
    pub ln_a: PerAlternative,
    /// ln b: that of a bad view on stable.
    pub ln_b: PerAlternative,
    /// a - 1: times delta, what any view on the canary costs.
    pub excess: PerAlternative,
}

impl Factors {
    /// At the canary's designed share, for the accepted ratio `rho`. Where one side has no share all factors are 1.
    #[must_use]
    pub fn new(share: f64, rho: f64) -> Self {
        let mut factors = Self::default();
        if share <= 0.0 || share >= 1.0 {
            return factors;
        }
        let rest = 1.0 - share;
        let places = factors.ln_a.iter_mut().zip(&mut factors.ln_b).zip(&mut factors.excess);
        for (((ln_a, ln_b), excess), r) in places.zip(ALTERNATIVES) {
            let all = rho * r * share + rest;
            *excess = (r - 1.0) * rest / all;
            *ln_a = log1p(*excess);
            *ln_b = log1p(-(r - 1.0) * rho * share / all);
        }
        factors
    }

    /// ln of the factor of bad views, with what `delta` takes off, for each alternative.
    #[must_use]
    pub fn ln_factor(&self, delta: f64, canary: Count, stable: Count) -> PerAlternative {
        let mut factor = PerAlternative::default();
        let places = self.ln_a.iter().zip(&self.ln_b).zip(&self.excess);
        for (factor, ((ln_a, ln_b), excess)) in factor.iter_mut().zip(places) {
            *factor = canary.bad * ln_a + stable.bad * ln_b - delta * canary.of * excess;
        }
        factor
    }
}

/// The factors of one metric at all shares of a run.
#[derive(Clone, Debug)]
pub(crate) struct CountTest {
    rho: f64,
    delta: f64,
    by_share: Vec<(f64, Factors)>,
}

impl CountTest {
    pub(crate) const fn new(rho: f64, delta: f64) -> Self {
        Self { rho, delta, by_share: Vec::new() }
    }

    /// ln of a row's factor.
    pub(crate) fn ln_factor(&mut self, share: f64, canary: Count, stable: Count) -> PerAlternative {
        let known = self.by_share.iter().find(|(known, _)| known.to_bits() == share.to_bits());
        let factors = if let Some((_, factors)) = known {
            *factors
        } else {
            let factors = Factors::new(share, self.rho);
            self.by_share.push((share, factors));
            factors
        };
        factors.ln_factor(self.delta, canary, stable)
    }
}

/// Adds the logarithms of factors: a product.
pub(crate) fn add(sum: &mut PerAlternative, terms: &PerAlternative) {
    for (sum, term) in sum.iter_mut().zip(terms) {
        *sum += term;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_sided_shares_say_nothing() {
        let count = Count { bad: 3.0, of: 5.0 };
        for share in [0.0, 1.0] {
            let factor = Factors::new(share, 1.1).ln_factor(0.1, count, count);
            assert!(factor.iter().all(|factor| *factor == 0.0), "{factor:?}");
        }
    }

    #[test]
    fn follows_the_definition() {
        let (f, rho, delta) = (0.05, 1.1, 0.0005);
        let (canary, stable) = (Count { bad: 3.0, of: 40.0 }, Count { bad: 7.0, of: 800.0 });
        let found = Factors::new(f, rho).ln_factor(delta, canary, stable);
        for (r, found) in ALTERNATIVES.into_iter().zip(found) {
            let p0 = rho * f / (rho * f + 1.0 - f);
            let pk = rho * r * f / (rho * r * f + 1.0 - f);
            let (a, b) = (pk / p0, (1.0 - pk) / (1.0 - p0));
            let expected = 3.0 * libm::log(a) + 7.0 * libm::log(b) - delta * 40.0 * (a - 1.0);
            assert!((found - expected).abs() < 1e-12, "{r}: {found} {expected}");
        }
    }
}
