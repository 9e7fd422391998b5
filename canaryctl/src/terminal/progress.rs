//! A progress bar on standard error, for runs that take longer than half a second.

use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// The interval between two updates.
pub(crate) const TICK: Duration = Duration::from_millis(100);

/// The number of ticks before the bar appears.
const DELAY: u64 = 5;

const TEMPLATE: &str = "[{bar:30}] {percent:>3} % of {human_len} {msg}, {eta} left";

/// The progress of a run. Without a terminal it is invisible.
#[derive(Debug)]
pub(crate) struct Progress {
    bar: ProgressBar,
    ticks: u64,
}

impl Progress {
    /// The progress of a run over so many things, such as "users".
    pub(crate) fn new(count: u64, noun: &'static str) -> Self {
        let bar = ProgressBar::with_draw_target(Some(count), ProgressDrawTarget::hidden()).with_message(noun);
        let style = ProgressStyle::with_template(TEMPLATE).unwrap_or_else(|_| ProgressStyle::default_bar());
        bar.set_style(style.progress_chars("# "));
        Self { bar, ticks: 0 }
    }

    /// Updates the bar after a tick.
    pub(crate) fn tick(&mut self, done: u64) {
        self.ticks = self.ticks.saturating_add(1);
        if self.ticks == DELAY {
            self.bar.set_draw_target(ProgressDrawTarget::stderr());
        }
        self.bar.set_position(self.bar.length().map_or(done, |count| done.min(count)));
    }

    /// Removes the bar.
    pub(crate) fn clear(&self) {
        self.bar.finish_and_clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    use std::io;
    use std::sync::{Arc, Mutex};

    use indicatif::TermLike;

    /// A terminal that records the last line.
    #[derive(Clone, Debug, Default)]
    struct Recorder(Arc<Mutex<String>>);

    impl TermLike for Recorder {
        fn width(&self) -> u16 {
            120
        }
        fn move_cursor_up(&self, _: usize) -> io::Result<()> {
            Ok(())
        }
        fn move_cursor_down(&self, _: usize) -> io::Result<()> {
            Ok(())
        }
        fn move_cursor_right(&self, _: usize) -> io::Result<()> {
            Ok(())
        }
        fn move_cursor_left(&self, _: usize) -> io::Result<()> {
            Ok(())
        }
        fn write_line(&self, line: &str) -> io::Result<()> {
            self.write_str(line)
        }
        fn write_str(&self, text: &str) -> io::Result<()> {
            self.0.lock().unwrap().push_str(text);
            Ok(())
        }
        fn clear_line(&self) -> io::Result<()> {
            self.0.lock().unwrap().clear();
            Ok(())
        }
        fn flush(&self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn the_bar_has_share_and_total() {
        for (done, expected) in [
            (0, "[                              ]   0 % of 10,000,000 users, 0s left"),
            (2_500_000, "[#######                       ]  25 % of 10,000,000 users, "),
            (11_000_000, "[##############################] 100 % of 10,000,000 users, 0s left"),
        ] {
            let (mut progress, terminal) = (Progress::new(10_000_000, "users"), Recorder::default());
            progress.bar.set_draw_target(ProgressDrawTarget::term_like(Box::new(terminal.clone())));
            progress.tick(done);
            let line = terminal.0.lock().unwrap().clone();
            assert!(line.trim_end().starts_with(expected), "{line}");
            progress.clear();
            assert_eq!(*terminal.0.lock().unwrap(), "");
        }
    }
}
