//! Whether the canary gets as many views as the hash gives it.

use libm::{lgamma, log, log1p};

/// How closely the share is expected: as if so many views had been seen before.
const PRIOR: f64 = 2_000.0;

/// From here on the sum of four terms is exact.
const LARGE: f64 = 16.0;

/// ln of the evidence against the designed share, of one group of views with the same share.
///
/// This is ln of `B(k f + c, k (1 - f) + s) / B(k f, k (1 - f)) / (f^c (1 - f)^s)` for c canary and s stable views,
/// arranged so that nothing large is subtracted from anything large: with `lgamma` alone a billion views would leave five
/// digits.
#[must_use]
pub fn ln_sample_ratio(share: f64, canary: f64, stable: f64) -> f64 {
    if share <= 0.0 || share >= 1.0 {
        return 0.0;
    }
    let views = canary + stable;
    let (canary_prior, stable_prior) = (PRIOR * share, PRIOR * (1.0 - share));
    let (a, b, all) = (canary_prior + canary, stable_prior + stable, PRIOR + views);
    let surplus = canary - views * share;
    (a - 0.5) * log1p(surplus / (all * share)) + (b - 0.5) * log1p(-surplus / (all * (1.0 - share)))
        - 0.5 * log1p(views / PRIOR)
        + (remainder(a) + remainder(b) - remainder(all))
        - (remainder(canary_prior) + remainder(stable_prior) - remainder(PRIOR))
}

/// ln Γ(x) without the leading terms of Stirling's series, (x - 1/2) ln x - x + ln(2 π) / 2.
fn remainder(x: f64) -> f64 {
    /// ln(2 π) / 2
    const HALF_LN_TAU: f64 = 0.918_938_533_204_672_8;
    if x < LARGE {
        return lgamma(x) - ((x - 0.5) * log(x) - x + HALF_LN_TAU);
    }
    let square = x * x;
    (1.0 / 12.0 - (1.0 / 360.0 - (1.0 / 1260.0 - (1.0 / 1680.0 - 1.0 / (1188.0 * square)) / square) / square) / square)
        / x
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn remainders_meet() {
        for x in [LARGE, 20.0, 100.0] {
            let direct = lgamma(x) - ((x - 0.5) * log(x) - x + 0.918_938_533_204_672_8);
            assert!((remainder(x) - direct).abs() < 1e-12, "{x}");
        }
    }

    #[test]
    fn no_views_say_nothing() {
        for share in [0.0, 0.001, 0.5, 1.0] {
            assert!(ln_sample_ratio(share, 0.0, 0.0).abs() < 1e-12, "{share}");
        }
    }
}
