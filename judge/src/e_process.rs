//! Evidence that may be looked at after every minute: a product of factors, each of which is 1 on average while the
//! canary is no worse.

use libm::log;

use crate::count_test::{ALTERNATIVES, PerAlternative, add};
use crate::log_space::{ln_add, ln_sum, real};

/// The part of the product that begins with the run.
const WHOLE_RUN: f64 = 0.8;

/// The part of the products that begin later.
const RESTARTED: f64 = 1.0 - WHOLE_RUN;

/// Minutes from one restart to the next.
pub(crate) const RESTART_MINUTES: u64 = 10;

/// An e-process: a mixture over the alternatives, and over restarts that find a late breakage under a good history.
///
/// Restart i begins ten minutes times i after the run and has the weight 0.2 / (i (i + 1)). For each alternative only
/// one sum is kept: that of the weights over what the product was when their restart began.
#[derive(Clone, Copy, Debug)]
pub(crate) struct EProcess {
    /// ln of the product since the run began.
    product: PerAlternative,
    /// ln of the sum over beginnings of weight / product at the beginning.
    beginnings: PerAlternative,
    /// Restarts that have begun.
    begun: u64,
}

impl EProcess {
    pub(crate) fn new() -> Self {
        Self { product: PerAlternative::default(), beginnings: [log(WHOLE_RUN); ALTERNATIVES.len()], begun: 0 }
    }

    /// Multiplies it by a row's factor, in a minute in which so many restarts have begun.
    pub(crate) fn multiply(&mut self, begun: u64, ln_factor: &PerAlternative) {
        self.begin(begun);
        add(&mut self.product, ln_factor);
    }

    /// Begins the restarts since the last factor; the product has not changed in between, so they begin alike, and
    /// their weights telescope.
    fn begin(&mut self, begun: u64) {
        if begun <= self.begun {
            return;
        }
        let weight = log(RESTARTED * (1.0 / later(self.begun) - 1.0 / later(begun)));
        for (beginnings, product) in self.beginnings.iter_mut().zip(&self.product) {
            *beginnings = ln_add(*beginnings, weight - product);
        }
        self.begun = begun;
    }

    /// ln E.
    pub(crate) fn ln_e(&self) -> f64 {
        let alternatives = ln_mean_of(self.product.iter().zip(&self.beginnings).map(|(product, sum)| product + sum));
        ln_add(alternatives, log(RESTARTED / later(self.begun)))
    }
}

/// 1 over the weight, up to a factor, of all restarts after the first so many.
fn later(begun: u64) -> f64 {
    real(begun) + 1.0
}

/// ln of the mean over alternatives.
pub(crate) fn ln_mean(ln_values: &PerAlternative) -> f64 {
    ln_mean_of(ln_values.iter().copied())
}

fn ln_mean_of(ln_values: impl Iterator<Item = f64> + Clone) -> f64 {
    ln_sum(ln_values) - log(real(ALTERNATIVES.len() as u64))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::vec::Vec;

    /// The definition, with every restart kept apart.
    fn ln_e(factors: &[(u64, PerAlternative)], now: u64) -> f64 {
        let from = |start: f64| {
            let mut product = PerAlternative::default();
            let later = factors.iter().filter(|(minute, _)| real(*minute) >= start);
            later.for_each(|(_, factor)| add(&mut product, factor));
            libm::exp(ln_mean(&product))
        };
        let begun = now / 10;
        let restarts = (1..=begun).map(real).map(|i| 0.2 / (i * (i + 1.0)) * from(10.0 * i));
        log(0.8 * from(0.0) + restarts.sum::<f64>() + 0.2 / (real(begun) + 1.0))
    }

    #[test]
    fn restarts_as_each_of_them_alone() {
        let factor = |minute: u64| {
            let mut factor = PerAlternative::default();
            for (place, r) in factor.iter_mut().zip(ALTERNATIVES) {
                *place = libm::sin(real(minute) * r) + if minute > 70 { 0.3 } else { -0.2 };
            }
            factor
        };
        let mut process = EProcess::new();
        let mut past = Vec::new();
        // With a pause of half an hour, in which restarts begin without a factor.
        for minute in (0..40).chain(70..130) {
            process.multiply(minute / 10, &factor(minute));
            past.push((minute, factor(minute)));
            let expected = ln_e(&past, minute);
            assert!((process.ln_e() - expected).abs() < 1e-12, "{minute}: {} {expected}", process.ln_e());
        }
    }

    #[test]
    fn never_underflows() {
        let mut process = EProcess::new();
        process.multiply(0, &[-1e6; 8]);
        assert!((process.ln_e() - log(0.2)).abs() < 1e-12);
        process.multiply(1, &[1e6; 8]);
        assert!(process.ln_e() > 9e5);
    }
}
