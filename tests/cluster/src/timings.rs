//! How long things took: told, never judged.

use std::time::Duration;

/// Times of one kind.
#[derive(Debug)]
pub struct Times {
    what: String,
    seconds: Vec<f64>,
}

impl Times {
    /// None yet.
    #[must_use]
    pub fn new(what: &str) -> Self {
        Self { what: what.to_owned(), seconds: Vec::new() }
    }

    /// One more.
    pub fn add(&mut self, time: Duration) {
        self.seconds.push(time.as_secs_f64());
    }

    /// Prints how many, the least, the middle one, that which 95 of 100 stay within, and the most.
    pub fn print(&self) {
        let mut seconds = self.seconds.clone();
        seconds.sort_by(f64::total_cmp);
        let at =
            |share: usize| seconds.get((seconds.len() * share).div_ceil(100).max(1) - 1).copied().unwrap_or(f64::NAN);
        println!(
            "{:<44} {:>3} times  min {:6.2}  median {:6.2}  p95 {:6.2}  max {:6.2} s",
            self.what,
            seconds.len(),
            at(0),
            at(50),
            at(95),
            at(100)
        );
    }
}
