//! What differs from one browser to the next.

use crate::console::Level;
use crate::process::find_program;
use fantoccini::wd::WebDriverCompatibleCommand;
use serde_json::{Map, Value, json};
use std::process::Command;
use url::{ParseError, Url};

/// A browser engine and its driver.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Engine {
    /// Chromium, by chromedriver.
    Chromium,
}

/// How long a page may load and a script may run, in milliseconds.
const TIMEOUT_MS: u32 = 20_000;

/// Quiet, without a window, and startable by root in a container.
const CHROMIUM_ARGS: [&str; 13] = [
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-quic",
    "--no-first-run",
    "--no-default-browser-check",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-default-apps",
    "--disable-extensions",
    "--disable-sync",
    // A browser on a pipe ends with its driver; on a port it would outlive it.
    "--remote-debugging-pipe",
];

impl Engine {
    /// The driver's name, for messages.
    pub(crate) fn driver_name(self) -> &'static str {
        match self {
            Self::Chromium => "chromedriver",
        }
    }

    /// The driver, listening on `port` of the loopback interface alone.
    #[track_caller]
    pub(crate) fn driver(self, port: u16) -> Command {
        let mut command = Command::new(find_program(self.driver_name()));
        match self {
            // Without --allowed-ips it serves local connections only.
            Self::Chromium => command.arg(format!("--port={port}")),
        };
        command
    }

    /// What to ask of a new session. Each gets a fresh profile from its driver.
    pub(crate) fn capabilities(self) -> Map<String, Value> {
        let own = match self {
            Self::Chromium => json!({
                "goog:chromeOptions": { "args": CHROMIUM_ARGS },
                "goog:loggingPrefs": { "browser": "ALL" },
            }),
        };
        let mut capabilities =
            Map::from_iter([("timeouts".to_owned(), json!({ "pageLoad": TIMEOUT_MS, "script": TIMEOUT_MS }))]);
        if let Value::Object(own) = own {
            capabilities.extend(own);
        }
        capabilities
    }

    /// Reads and empties the console's log.
    pub(crate) fn read_console(self) -> DriverCommand {
        match self {
            Self::Chromium => DriverCommand { path: "se/log", body: json!({ "type": "browser" }) },
        }
    }

    /// How bad the driver says an entry is.
    pub(crate) fn console_level(self, name: &str) -> Level {
        match self {
            Self::Chromium => match name {
                "SEVERE" => Level::Error,
                "WARNING" => Level::Warning,
                "INFO" => Level::Info,
                _ => Level::Debug,
            },
        }
    }

    /// A command of the browser's own debugging protocol.
    pub(crate) fn debug(self, command: &str, params: &Value) -> DriverCommand {
        match self {
            Self::Chromium => {
                DriverCommand { path: "goog/cdp/execute", body: json!({ "cmd": command, "params": params }) }
            }
        }
    }
}

/// A command that is no part of the `WebDriver` standard.
#[derive(Debug)]
pub(crate) struct DriverCommand {
    path: &'static str,
    body: Value,
}

impl WebDriverCompatibleCommand for DriverCommand {
    fn endpoint(&self, base: &Url, session: Option<&str>) -> Result<Url, ParseError> {
        base.join(&format!("session/{}/{}", session.unwrap_or_default(), self.path))
    }

    fn method_and_body(&self, _: &Url) -> (::http::Method, Option<String>) {
        (::http::Method::POST, Some(self.body.to_string()))
    }
}
