//! The time of this machine, which steps only where it is set.

use std::time::{Instant, SystemTime, UNIX_EPOCH};

/// The time by a monotonic clock, from a reading of the machine's time.
#[derive(Clone, Copy, Debug)]
pub struct Clock {
    anchor: f64,
    since: Instant,
}

impl Clock {
    /// Reads both clocks.
    #[must_use]
    #[expect(clippy::disallowed_methods, reason = "the collector's one source of time")]
    pub fn start() -> Self {
        let since_1970 = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Self { anchor: since_1970.as_secs_f64() * 1e3, since: Instant::now() }
    }

    /// Returns the milliseconds since 1970.
    #[must_use]
    pub fn now(&self) -> f64 {
        self.anchor + self.since.elapsed().as_secs_f64() * 1e3
    }

    /// Reads the machine's time again, and returns this clock's time and the machine's, where they differ by more than
    /// `step` milliseconds.
    pub fn follow(&mut self, step: f64) -> Option<(f64, f64)> {
        let before = self.now();
        *self = Self::start();
        let after = self.now();
        ((after - before).abs() > step).then_some((before, after))
    }
}
