//! Random numbers that a seed fixes for ever.

use libm::{exp, log};

/// Splitmix64: one addition and one mix a number, the same on every platform.
#[derive(Clone, Debug)]
pub struct Random(u64);

/// Spreads a number over all 64 bits.
pub(crate) const fn mix(number: u64) -> u64 {
    let mixed = (number ^ (number >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    mixed ^ (mixed >> 31)
}

impl Random {
    /// The numbers of one of many runs under a seed.
    #[must_use]
    pub const fn new(seed: u64, run: u64) -> Self {
        Self(mix(seed.wrapping_add(1)) ^ mix(run.wrapping_mul(0x9E37_79B9_7F4A_7C15).wrapping_add(2)))
    }

    /// The next 64 bits.
    pub const fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        mix(self.0)
    }

    /// A number from 0, included, to 1.
    #[expect(clippy::cast_precision_loss, reason = "53 bits fit")]
    pub const fn unit(&mut self) -> f64 {
        (self.bits() >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// Whether something of that probability happens.
    pub fn happens(&mut self, probability: f64) -> bool {
        self.unit() < probability
    }

    /// A whole number below another.
    pub const fn below(&mut self, end: u64) -> u64 {
        // The high half of a product: no division, and no bias that a simulation could see.
        let product = (self.bits() as u128).wrapping_mul(end as u128);
        (product >> 64) as u64
    }

    /// The time until something that happens once in `mean` on average.
    pub fn wait(&mut self, mean: f64) -> f64 {
        -mean * log(1.0 - self.unit())
    }

    /// How many of something happen, of which `mean` are expected.
    pub fn count(&mut self, mean: f64) -> u64 {
        let (limit, mut product, mut count) = (exp(-mean), self.unit(), 0_u64);
        while product > limit {
            product *= self.unit();
            count = count.saturating_add(1);
        }
        count
    }
}
