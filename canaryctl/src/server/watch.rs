//! Tells of every change of the config.

use std::convert::Infallible;
use std::io::{self, Write};
use std::path::Path;
use std::time::Duration;

use tokio::time::sleep;

use crate::config::configmap;
use crate::platform::clock;
use crate::server::config_status::Report;
use crate::terminal::output::Output;

/// How often the config is looked at. Reading a small file costs less than what it takes to be told of its changes,
/// and misses none: not a swapped link, not an edit within the resolution of the file system's clock.
const INTERVAL: Duration = Duration::from_millis(250);

/// Prints a report of the config, and another one whenever it has changed, for ever.
pub(crate) async fn watch(path: &Path, output: Output) -> Infallible {
    let mut last = Last::default();
    loop {
        let now = configmap::read(path).map_err(|error| format!("{error:#}"));
        if let Some(report) = last.update(now) {
            // Whoever started the server may have read the address and nothing more: that is no reason to stop.
            let _ = print(&report, output);
        }
        sleep(INTERVAL).await;
    }
}

/// The config as it was last seen, or why there was none.
#[derive(Debug, Default)]
struct Last(Option<Result<Vec<u8>, String>>);

impl Last {
    /// Remembers the config of now, and reports it if it is another one.
    fn update(&mut self, now: Result<Vec<u8>, String>) -> Option<Report> {
        if self.0.as_ref() == Some(&now) {
            return None;
        }
        let report = Report::of(now.as_deref().map_err(String::as_str), clock::now());
        self.0 = Some(now);
        Some(report)
    }
}

fn print(report: &Report, output: Output) -> io::Result<()> {
    let mut out = io::stdout().lock();
    match output {
        Output::Text => writeln!(out, "{report}")?,
        Output::Json => writeln!(out, "{}", report.json())?,
    }
    out.flush()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reports_changes_alone() {
        let mut last = Last::default();
        for now in [Ok(b"{}".to_vec()), Ok(b"[]".to_vec()), Err("gone".to_owned()), Ok(b"{}".to_vec())] {
            assert!(last.update(now.clone()).is_some(), "{now:?}");
            assert_eq!(last.update(now), None);
        }
    }
}
