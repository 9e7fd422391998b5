//! Durations of one kind, printed for the reader; no test fails because of them.

use std::time::Duration;

/// Durations that were measured for one thing.
#[derive(Debug)]
pub struct Timings {
    what: String,
    seconds: Vec<f64>,
}

impl Timings {
    /// An empty list; `what` says what is measured.
    #[must_use]
    pub fn new(what: &str) -> Self {
        Self { what: what.to_owned(), seconds: Vec::new() }
    }

    /// Adds a duration.
    pub fn add(&mut self, time: Duration) {
        self.seconds.push(time.as_secs_f64());
    }

    /// Prints the number of durations, minimum, median, 95th percentile and maximum.
    pub fn print(&self) {
        let mut seconds = self.seconds.clone();
        seconds.sort_by(f64::total_cmp);
        let percentile = |percent: usize| {
            seconds.get((seconds.len() * percent).div_ceil(100).max(1) - 1).copied().unwrap_or(f64::NAN)
        };
        println!(
            "{:<68} {:>3} times  min {:6.2}  median {:6.2}  p95 {:6.2}  max {:6.2} s",
            self.what,
            seconds.len(),
            percentile(0),
            percentile(50),
            percentile(95),
            percentile(100)
        );
    }
}

/// Prints a single duration, in the same columns.
pub fn print(what: &str, time: Duration) {
    let mut timings = Timings::new(what);
    timings.add(time);
    timings.print();
}
