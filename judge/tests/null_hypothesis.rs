//! While the canary is no worse, a factor is at most 1 on average, whatever the rates, shares and parameters.

#![allow(clippy::indexing_slicing, reason = "a panic is how a test fails")]

use canary_judge::{Count, Factors, Line};

const SETS: usize = 400_000;

/// The rounding that is allowed, in ln.
const ROUNDING: f64 = 1e-12;

/// A generator of numbers between 0 and 1: splitmix64.
struct Random(u64);

impl Random {
    #[expect(clippy::cast_precision_loss, reason = "53 bits fit")]
    fn unit(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        ((mixed ^ (mixed >> 31)) >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// Of all magnitudes from `low` to 1 alike.
    fn magnitude(&mut self, low: f64) -> f64 {
        (low.ln() * self.unit()).exp()
    }

    /// The edge of the null hypothesis half of the time, and else below.
    fn below(&mut self, edge: f64) -> f64 {
        edge.min(1.0) * if self.unit() < 0.5 { 1.0 } else { self.unit() }
    }
}

#[test]
fn one_view_of_a_count() {
    let mut random = Random(1);
    let mut worst = f64::NEG_INFINITY;
    for _ in 0..SETS {
        let f = if random.unit() < 0.5 { random.unit() } else { random.magnitude(1e-6) };
        let rho = 0.3 + 3.0 * random.unit();
        let delta = if random.unit() < 0.3 { 0.0 } else { random.magnitude(1e-6) * 0.1 };
        let stable = random.magnitude(1e-6);
        let canary = random.below(rho * stable + delta);
        let factors = Factors::new(f, rho);
        for r in 0..8 {
            let excess = factors.excess[r];
            let expected = f * (1.0 + canary * factors.ln_a[r].exp_m1()) * (-delta * excess).exp()
                + (1.0 - f) * (1.0 + stable * factors.ln_b[r].exp_m1());
            worst = worst.max(expected.ln());
        }
    }
    assert!(worst <= ROUNDING, "{worst:e}");
    assert!(worst >= -1e-3, "the edge is not reached: {worst:e}");
}

#[test]
fn one_view_of_a_two_by_two_table() {
    let mut random = Random(2);
    let mut worst = f64::NEG_INFINITY;
    for _ in 0..SETS {
        let rho = 0.3 + 3.0 * random.unit();
        let of = (1000.0 * random.unit()).ceil();
        let past = Count { bad: (of * random.magnitude(1e-3)).floor(), of };
        // The table's size scales out: a share of the canary, and all views together one.
        let w = 0.001 + 0.998 * random.unit();
        let stable = random.magnitude(1e-6);
        let canary = random.below(rho * stable);
        let line = |bad| Line::new(rho, past, w, Count { bad, of: 1.0 - w });
        let (none, all) = (line(0.0), line(1.0 - w));
        for r in 0..8 {
            // A view of stable that is bad adds this to the factor of one that is not.
            let of_stable = (all.base[r] - none.base[r]) / (1.0 - w);
            let expected = none.base[r]
                + w * (canary * line(0.0).slope[r].exp_m1()).ln_1p()
                + (1.0 - w) * (stable * of_stable.exp_m1()).ln_1p();
            worst = worst.max(expected);
        }
    }
    assert!(worst <= ROUNDING, "{worst:e}");
    assert!(worst >= -1e-2, "the edge is not reached: {worst:e}");
}

#[test]
fn a_worse_canary_is_seen() {
    let (f, rho, rate) = (0.05, 1.1, 0.04);
    let factors = Factors::new(f, rho);
    // The control of the tests above: beyond the edge the same sum is above 1.
    let expected =
        f * (1.0 + rho * rate * 2.0 * factors.ln_a[3].exp_m1()) + (1.0 - f) * (1.0 + rate * factors.ln_b[3].exp_m1());
    assert!(expected.ln() > 1e-4, "{expected}");
}
