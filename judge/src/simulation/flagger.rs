//! Flagger's rule on the same views: a check a minute, a fixed threshold, five failed checks.

use crate::log_space::real;

/// Failed checks before it rolls back; a good check in between takes none back.
const THRESHOLD: u32 = 5;

/// The share of failing views that it accepts.
const MAX: f64 = 0.01;

/// Its state, as Flagger has it, and without the rule that a minute without views is a failed check.
#[derive(Clone, Debug, Default)]
pub struct Flagger {
    failed: u32,
    failed_with_views: u32,
    /// The minute in which Flagger rolls back.
    pub rolled_back: Option<u64>,
    /// The minute in which it would, did it pass over minutes without views.
    pub rolled_back_by_views: Option<u64>,
}

impl Flagger {
    /// Checks a minute of the canary's views, units or not.
    pub fn check(&mut self, minute: u64, views: u64, failures: u64) {
        let is_bad = views > 0 && real(failures) > MAX * real(views);
        self.failed = self.failed.saturating_add(u32::from(is_bad || views == 0));
        self.failed_with_views = self.failed_with_views.saturating_add(u32::from(is_bad));
        let over = |failed: u32, before: Option<u64>| before.or_else(|| (failed >= THRESHOLD).then_some(minute));
        self.rolled_back = over(self.failed, self.rolled_back);
        self.rolled_back_by_views = over(self.failed_with_views, self.rolled_back_by_views);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_failed_checks_and_takes_none_back() {
        let mut flagger = Flagger::default();
        for minute in 0..20 {
            // Bad, silent and good minutes in turn.
            let (views, failures) = match minute % 3 {
                0 => (100, 2),
                1 => (0, 0),
                _ => (100, 1),
            };
            flagger.check(minute, views, failures);
        }
        assert_eq!((flagger.rolled_back, flagger.rolled_back_by_views), (Some(6), Some(12)));
    }
}
