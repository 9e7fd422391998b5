//! How far a long run is, on a terminal.

use std::io::{self, IsTerminal, Write};
use std::time::Duration;

use crate::terminal::chart::bar;
use crate::terminal::format::thousands;

/// How often it is drawn.
pub(crate) const TICK: Duration = Duration::from_millis(100);

/// How many ticks a run may take before it counts as long.
const PATIENCE: u64 = 5;

/// The width of the bar, in characters.
const WIDTH: usize = 30;

/// A line on standard error that is drawn over and over. Time is counted in ticks, so no clock is needed, and the
/// threads that work know nothing of it.
#[derive(Debug)]
pub(crate) struct Progress {
    total: u64,
    ticks: u64,
    is_terminal: bool,
    noun: &'static str,
}

impl Progress {
    /// Of a run over so many users.
    pub(crate) fn of(total: u64) -> Self {
        Self::of_noun(total, "users")
    }

    /// Of a run over so many of anything.
    pub(crate) fn of_noun(total: u64, noun: &'static str) -> Self {
        Self { total, ticks: 0, is_terminal: io::stderr().is_terminal(), noun }
    }

    /// A tick has passed.
    pub(crate) fn tick(&mut self, done: u64) {
        self.ticks = self.ticks.saturating_add(1);
        if self.is_visible() {
            let _ = write!(io::stderr(), "\r{}\x1b[K", line(done.min(self.total), self.total, self.noun, self.ticks));
        }
    }

    /// The run has ended: its line goes.
    pub(crate) fn clear(&self) {
        if self.is_visible() {
            let _ = write!(io::stderr(), "\r\x1b[K");
        }
    }

    fn is_visible(&self) -> bool {
        self.is_terminal && self.ticks >= PATIENCE
    }
}

fn line(done: u64, total: u64, noun: &str, ticks: u64) -> String {
    let share = |of: u64| of.saturating_mul(done).checked_div(total).unwrap_or(0);
    let left = total.saturating_sub(done).saturating_mul(ticks).checked_div(done.saturating_mul(10));
    let left = left.map_or(String::new(), |seconds| format!(", {} s left", seconds.saturating_add(1)));
    #[expect(clippy::cast_precision_loss, reason = "a bar has few places")]
    let bar = bar(done as f64 / total.max(1) as f64, WIDTH, true);
    format!("[{bar:WIDTH$}] {:3} % of {} {noun}{left}", share(100), thousands(total))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn says_what_is_left() {
        for (done, ticks, expected) in [
            (0, 5, "[                              ]   0 % of 10,000,000 users"),
            (2_500_000, 10, "[########                      ]  25 % of 10,000,000 users, 4 s left"),
            (10_000_000, 40, "[##############################] 100 % of 10,000,000 users, 1 s left"),
        ] {
            assert_eq!(line(done, 10_000_000, "users", ticks), expected);
        }
    }
}
