//! The lengths of minutes and horizons, and what follows from them.

/// How long a minute and the horizon of a view are. Times are milliseconds since 1970.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Timing {
    window_ms: f64,
    horizon_ms: f64,
}

impl Timing {
    /// Makes a timing of a minute and a horizon in seconds.
    #[must_use]
    pub fn new(window: u32, horizon: u32) -> Self {
        Self { window_ms: f64::from(window.max(1)) * 1e3, horizon_ms: f64::from(horizon.max(1)) * 1e3 }
    }

    /// Returns the length of a minute in seconds.
    #[must_use]
    pub fn window_seconds(self) -> u64 {
        truncate(self.window_ms / 1e3)
    }

    /// Returns the horizon in seconds.
    #[must_use]
    pub fn horizon_seconds(self) -> u64 {
        truncate(self.horizon_ms / 1e3)
    }

    /// Returns the minute of a time.
    #[must_use]
    pub fn minute(self, time: f64) -> u64 {
        truncate(time / self.window_ms)
    }

    /// Returns the time at which a minute begins.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "minutes are far below 2^53")]
    pub fn start(self, minute: u64) -> f64 {
        minute as f64 * self.window_ms
    }

    /// Returns the age in milliseconds above which a report is too late.
    #[must_use]
    pub fn max_age(self) -> f64 {
        self.horizon_ms * 1.25
    }

    /// Returns the minute from which a report that arrives now can be.
    #[must_use]
    pub fn first_open(self, now: f64) -> u64 {
        self.minute(now - self.max_age())
    }

    /// Returns the last minute that is final: it ended at least one and a half horizons ago.
    #[must_use]
    pub fn last_final(self, now: f64) -> u64 {
        self.minute(now - self.horizon_ms * 1.5).saturating_sub(1)
    }

    /// Returns how far a clock may step without a minute becoming wrong: half of what a minute waits beyond late reports.
    #[must_use]
    pub fn step(self) -> f64 {
        self.horizon_ms * 0.125
    }

    /// Returns the first minute that is kept: 48 hours back.
    #[must_use]
    pub fn first_kept(self, now: f64) -> u64 {
        self.minute(now - 48.0 * 3_600_000.0)
    }
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "saturates: a time before 1970 is minute 0"
)]
fn truncate(number: f64) -> u64 {
    number as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_minute_is_final_after_the_last_report_that_can_be_in_it() {
        for timing in [Timing::new(60, 60), Timing::new(5, 10), Timing::new(60, 10), Timing::new(5, 60)] {
            for second in 0..200 {
                let now = 1_800_000_000_000.0 + f64::from(second) * 997.0;
                assert!(timing.last_final(now) < timing.first_open(now - timing.step()), "{timing:?} {now}");
            }
        }
    }

    #[test]
    fn a_minute_is_final_one_and_a_half_horizons_after_its_end() {
        let timing = Timing::new(60, 60);
        let end = timing.start(101);
        assert_eq!(timing.last_final(end + 89_999.0), 99);
        assert_eq!(timing.last_final(end + 90_000.0), 100);
        assert_eq!(timing.first_kept(timing.start(3_000)), 120);
        assert_eq!((timing.minute(-5.0), timing.last_final(0.0)), (0, 0));
    }
}
