//! Sums and means of numbers that are known by their logarithms.

use libm::{exp, log, log1p};

/// `ln(exp(a) + exp(b))`
pub(crate) fn ln_add(a: f64, b: f64) -> f64 {
    let (low, high) = if a < b { (a, b) } else { (b, a) };
    if low == f64::NEG_INFINITY { high } else { high + log1p(exp(low - high)) }
}

/// The logarithm of the sum of `exp` of all terms; of no terms, negative infinity.
pub(crate) fn ln_sum(terms: impl Iterator<Item = f64> + Clone) -> f64 {
    let high = terms.clone().fold(f64::NEG_INFINITY, f64::max);
    if high == f64::NEG_INFINITY { high } else { high + log(terms.map(|term| exp(term - high)).sum()) }
}

/// A count as a real number, exact up to 2^53.
#[expect(clippy::cast_precision_loss, reason = "2^53 views take longer than any run")]
pub(crate) const fn real(count: u64) -> f64 {
    count as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn close(found: f64, expected: f64) {
        assert!((found - expected).abs() <= 1e-12 * expected.abs().max(1.0), "{found} {expected}");
    }

    #[test]
    fn adds_beyond_the_range_of_a_float() {
        close(ln_add(2_000.0, 2_000.0), 2_000.0 + log(2.0));
        close(ln_add(f64::NEG_INFINITY, -5_000.0), -5_000.0);
        close(ln_add(0.0, -800.0), 0.0);
        close(ln_sum([5_000.0, 5_000.0, 5_000.0].into_iter()), 5_000.0 + log(3.0));
        assert!(ln_sum([].into_iter()).is_infinite());
    }
}
