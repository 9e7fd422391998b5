//! Reports changes of the config.

use std::convert::Infallible;
use std::io::{self, Write};
use std::path::Path;
use std::time::Duration;

use tokio::time::sleep;

use crate::config::loaded::Loaded;
use crate::platform::clock;
use crate::server::config_status::ConfigStatus;
use crate::terminal::output::Output;

/// The interval between two reads of the config. Reading a small file is cheaper than watching it, and misses no change:
/// neither a replaced symbolic link nor an edit within the resolution of the file system's clock.
const INTERVAL: Duration = Duration::from_millis(250);

/// Prints the status of the config now and after each change, until the program ends.
pub(crate) async fn watch(path: &Path, output: Output) -> Infallible {
    let mut last = LastSeen::default();
    loop {
        let config = Loaded::read(path).map_err(|error| format!("{error:#}"));
        if let Some(status) = last.update(config.as_ref().map_err(String::as_str)) {
            // The reader may have closed standard output after the address; the server goes on.
            let _ = print(&status, output);
        }
        sleep(INTERVAL).await;
    }
}

/// The config of the last read, or the error.
#[derive(Debug, Default)]
struct LastSeen(Option<Result<Vec<u8>, String>>);

impl LastSeen {
    /// Stores the config, and returns its status if it has changed.
    fn update(&mut self, config: Result<&Loaded, &str>) -> Option<ConfigStatus> {
        let bytes = config.map(|config| config.bytes.clone()).map_err(str::to_owned);
        if self.0.as_ref() == Some(&bytes) {
            return None;
        }
        self.0 = Some(bytes);
        Some(ConfigStatus::of(config, clock::now()))
    }
}

fn print(status: &ConfigStatus, output: Output) -> io::Result<()> {
    let mut out = io::stdout().lock();
    match output {
        Output::Text => writeln!(out, "{status}")?,
        Output::Json => writeln!(out, "{}", status.json())?,
    }
    out.flush()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_changes_are_reported() {
        let mut last = LastSeen::default();
        for config in [Ok("{}"), Ok("[]"), Err("gone"), Ok("{}")] {
            let config = config.map(|text| Loaded::parse("config".to_owned(), text.as_bytes()));
            let config = config.as_ref().map_err(|error| *error);
            assert!(last.update(config).is_some(), "{config:?}");
            assert_eq!(last.update(config), None);
        }
    }
}
