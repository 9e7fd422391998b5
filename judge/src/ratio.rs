//! How many times stable's rate the canary's is: a range that holds at every look.

use libm::{exp, log};

use crate::count_test::{Factors, PerAlternative, add};
use crate::e_process::ln_mean;
use crate::groups::ShareCounts;

/// The E that excludes a ratio: 2.5 % on each side.
const EXCLUDED: f64 = 40.0;

/// The widest range of ln rho that is looked at.
const LIMIT: f64 = 100.0;

/// How close to a bound the search gets, in ln rho.
const CLOSE: f64 = 1e-12;

/// The ratio of which "no worse" is the opposite.
const NO_WORSE: f64 = 1.5;

/// The ratio of the canary's rate to stable's.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Ratio {
    /// By Mantel and Haenszel; absent where stable has no bad view.
    pub estimate: Option<f64>,
    /// Smaller ratios are excluded; 0 where none is.
    pub low: f64,
    /// Larger ratios are excluded; absent where none is.
    pub high: Option<f64>,
}

impl Ratio {
    /// The range around an estimate, by the count formula.
    pub(crate) fn new(counts: &[ShareCounts], estimate: Option<f64>) -> Self {
        let above = |ln_rho: f64| ln_evidence(counts, exp(ln_rho)) - log(EXCLUDED);
        // Exchanged sides fall with 1 / rho as these do with rho.
        let below = |ln_inverse: f64| ln_exchanged(counts, exp(ln_inverse)) - log(EXCLUDED);
        let is_monotone = counts.iter().all(|count| count.canary.bad >= 0.0 && count.stable.bad >= 0.0);
        Self {
            estimate,
            low: last_positive(above, is_monotone).map_or(0.0, exp),
            high: last_positive(below, is_monotone).map(|ln_inverse| exp(-ln_inverse)),
        }
    }
}

/// ln of the evidence that the canary is not even 1.5 times worse.
pub(crate) fn ln_no_worse(counts: &[ShareCounts]) -> f64 {
    ln_exchanged(counts, 1.0 / NO_WORSE)
}

/// ln E against a canary of at most `rho` times stable's rate.
fn ln_evidence(counts: &[ShareCounts], rho: f64) -> f64 {
    let mut product = PerAlternative::default();
    for ShareCounts { share, canary, stable } in counts {
        add(&mut product, &Factors::new(*share, rho).ln_factor(0.0, *canary, *stable));
    }
    ln_mean(&product)
}

/// The same with canary and stable exchanged.
fn ln_exchanged(counts: &[ShareCounts], rho: f64) -> f64 {
    let mut product = PerAlternative::default();
    for ShareCounts { share, canary, stable } in counts {
        add(&mut product, &Factors::new(1.0 - share, rho).ln_factor(0.0, *stable, *canary));
    }
    ln_mean(&product)
}

/// The largest place at which a function, which falls unless told otherwise, is not negative.
fn last_positive(function: impl Fn(f64) -> f64, falls: bool) -> Option<f64> {
    /// How finely a function that may rise again is looked at.
    const STEP: f64 = 0.05;
    let (mut low, mut high) = (-LIMIT, LIMIT);
    if falls {
        if function(low) < 0.0 {
            return None;
        }
    } else {
        low = high;
        while function(low) < 0.0 {
            (low, high) = (low - STEP, low);
            if low < -LIMIT {
                return None;
            }
        }
    }
    while high - low > CLOSE {
        let middle = f64::midpoint(low, high);
        if middle <= low || middle >= high {
            break;
        }
        if function(middle) < 0.0 { high = middle } else { low = middle }
    }
    Some(low)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::row::Count;

    const fn counts(share: f64, canary: f64, stable: f64) -> ShareCounts {
        ShareCounts { share, canary: Count { bad: canary, of: 100.0 }, stable: Count { bad: stable, of: 100.0 } }
    }

    #[test]
    fn finds_the_last_place() {
        let found = last_positive(|x| 2.0 - x, true).unwrap();
        assert!((found - 2.0).abs() < 1e-11, "{found}");
        assert_eq!(last_positive(|_| -1.0, true), None);
        let wave = last_positive(|x| libm::cos(x) - 0.2 * x, false).unwrap();
        assert!((libm::cos(wave) - 0.2 * wave).abs() < 1e-11 && wave > 1.0, "{wave}");
    }

    #[test]
    fn few_views_exclude_nothing() {
        let ratio = Ratio::new(&[counts(0.5, 0.0, 1.0)], Some(0.0));
        assert_eq!((ratio.low, ratio.high), (0.0, None));
    }

    #[test]
    fn exchanging_the_sides_turns_the_range_over() {
        let there = Ratio::new(&[counts(0.2, 30.0, 50.0)], None);
        let back = Ratio::new(&[counts(0.8, 50.0, 30.0)], None);
        assert!((there.low * back.high.unwrap() - 1.0).abs() < 1e-9, "{there:?} {back:?}");
        assert!((there.high.unwrap() * back.low - 1.0).abs() < 1e-9, "{there:?} {back:?}");
    }

    #[test]
    fn sums_below_zero_still_have_a_range() {
        let ratio = Ratio::new(&[counts(0.5, 40.0, 5.0), counts(0.1, -1.0, 0.0)], None);
        assert!(ratio.low > 1.0 && ratio.low < 10.0, "{ratio:?}");
    }
}
