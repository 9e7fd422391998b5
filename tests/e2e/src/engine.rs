//! Browser engines and their differences.

use crate::console::Level;
use crate::process::find_program;
use fantoccini::wd::WebDriverCompatibleCommand;
use serde_json::{Map, Value, json};
use std::path::PathBuf;
use std::process::Command;
use std::{fmt, fs};
use url::{ParseError, Url};

/// A browser engine and its driver.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Engine {
    /// Chromium, by chromedriver.
    Chromium,
    /// Firefox, by geckodriver.
    Firefox,
    /// The small browser of `WebKitGTK`, by its driver, on a virtual display.
    WebKit,
}

/// The time-out of page loads and scripts, in milliseconds.
const TIMEOUT_MS: u32 = 20_000;

/// Headless, without background requests, and as root in a container.
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
    // A browser on a pipe ends with its driver, one on a port does not.
    "--remote-debugging-pipe",
];

/// No requests, reports or pages that a test has not asked for.
const FIREFOX_PREFS: [(&str, bool); 7] = [
    ("app.normandy.enabled", false),
    ("browser.aboutwelcome.enabled", false),
    ("browser.region.update.enabled", false),
    ("datareporting.policy.dataSubmissionEnabled", false),
    ("network.captive-portal-service.enabled", false),
    ("network.connectivity-service.enabled", false),
    ("toolkit.telemetry.enabled", false),
];

/// How commands treat a page that is still loading.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Patience {
    /// Commands wait for its `load` event.
    Load,
    /// They do not wait: it may never come.
    None,
}

impl Engine {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Chromium, Self::Firefox, Self::WebKit];

    /// Its name in lowercase.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Chromium => "chromium",
            Self::Firefox => "firefox",
            Self::WebKit => "webkit",
        }
    }

    /// The driver's name, for messages.
    pub(crate) fn driver_name(self) -> &'static str {
        match self {
            Self::Chromium => "chromedriver",
            Self::Firefox => "geckodriver",
            Self::WebKit => "WebKitWebDriver",
        }
    }

    /// Whether it needs a display.
    pub(crate) fn needs_display(self) -> bool {
        self == Self::WebKit
    }

    /// The driver, listening on `port` of the loopback interface alone.
    #[track_caller]
    pub(crate) fn driver(self, port: u16) -> Command {
        let mut command = Command::new(find_program(self.driver_name()));
        match self {
            // Without --allowed-ips it serves local connections only.
            Self::Chromium => command.arg(format!("--port={port}")),
            Self::Firefox => command.args(["--host=127.0.0.1", &format!("--port={port}")]),
            // Its sandbox needs rights that root in a container lacks. There is no session bus.
            Self::WebKit => command
                .arg(format!("--port={port}"))
                .env("WEBKIT_DISABLE_SANDBOX_THIS_IS_DANGEROUS", "1")
                .env("NO_AT_BRIDGE", "1")
                .env("GSETTINGS_BACKEND", "memory"),
        };
        command
    }

    /// The capabilities of a new session, which gets a fresh profile from its driver.
    #[track_caller]
    pub(crate) fn capabilities(self, patience: Patience) -> Map<String, Value> {
        let own = match self {
            Self::Chromium => json!({
                "goog:chromeOptions": { "args": CHROMIUM_ARGS },
                "goog:loggingPrefs": { "browser": "ALL" },
            }),
            Self::Firefox => json!({
                "moz:firefoxOptions": { "args": ["-headless"], "prefs": FIREFOX_PREFS.into_iter().collect::<Prefs>() },
            }),
            Self::WebKit => json!({
                "webkitgtk:browserOptions": { "binary": mini_browser(), "args": ["--automation"] },
            }),
        };
        let strategy = match patience {
            Patience::Load => "normal",
            Patience::None => "none",
        };
        let mut capabilities = Map::from_iter([
            ("timeouts".to_owned(), json!({ "pageLoad": TIMEOUT_MS, "script": TIMEOUT_MS })),
            ("pageLoadStrategy".to_owned(), json!(strategy)),
            // Tests over https sign their certificates themselves.
            ("acceptInsecureCerts".to_owned(), json!(true)),
        ]);
        if let Value::Object(own) = own {
            capabilities.extend(own);
        }
        capabilities
    }

    /// The command that reads and empties the console's log, where the driver has one.
    pub(crate) fn read_console(self) -> Option<DriverCommand> {
        match self {
            Self::Chromium => Some(DriverCommand { path: "se/log", body: json!({ "type": "browser" }) }),
            Self::Firefox | Self::WebKit => None,
        }
    }

    /// The level of an entry by the driver's name for it.
    pub(crate) fn console_level(name: &str) -> Level {
        match name {
            "SEVERE" => Level::Error,
            "WARNING" => Level::Warning,
            "INFO" => Level::Info,
            _ => Level::Debug,
        }
    }

    /// A command of the browser's debugging protocol, where the driver has one.
    pub(crate) fn debug(self, command: &str, params: &Value) -> Option<DriverCommand> {
        match self {
            Self::Chromium => {
                Some(DriverCommand { path: "goog/cdp/execute", body: json!({ "cmd": command, "params": params }) })
            }
            Self::Firefox | Self::WebKit => None,
        }
    }
}

/// Preferences of Firefox by name.
type Prefs = std::collections::BTreeMap<&'static str, bool>;

impl fmt::Display for Engine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// The browser that comes with `WebKitGTK`, in the folder of the library for this machine's architecture.
#[track_caller]
fn mini_browser() -> PathBuf {
    let folders = fs::read_dir("/usr/lib").into_iter().flatten().filter_map(Result::ok);
    folders
        .map(|folder| folder.path().join("webkit2gtk-4.1/MiniBrowser"))
        .find(|candidate| candidate.is_file())
        .unwrap_or_else(|| panic!("MiniBrowser is not installed: not in /usr/lib/*/webkit2gtk-4.1"))
}

/// A command outside the `WebDriver` standard.
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
