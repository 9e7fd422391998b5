//! A browser with a fresh profile, driven as a user's would be.
//!
//! ```no_run
//! # async fn example() {
//! use canary_e2e::{browser::Browser, driver::Driver};
//! let driver = Driver::chromium();
//! let browser = Browser::new(&driver).await;
//! browser.goto("http://127.0.0.1:20000/").await;
//! browser.wait_for("document.title === 'stable'").await;
//! browser.assert_console(&[]).await;
//! # }
//! ```

use crate::console::{self, Entry};
use crate::driver::{Driver, close_session};
use crate::engine::{Engine, Patience};
use crate::{http, wait};
use fantoccini::{Client, ClientBuilder};
use hyper_util::client::legacy::connect::HttpConnector;
use serde_json::Value;
use std::cell::RefCell;
use std::fmt::{self, Display};
use std::panic::Location;
use std::rc::Rc;
use std::sync::LazyLock;
use std::time::{Duration, Instant};
use tokio::runtime::{self, Runtime};

/// The runtime of all clients, which lives as long as the process.
static RUNTIME: LazyLock<Runtime> = LazyLock::new(|| {
    let runtime = runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build();
    runtime.unwrap_or_else(|e| panic!("cannot make a runtime: {e}"))
});

/// One session: a browser of its own, closed on drop.
#[derive(Debug)]
pub struct Browser {
    engine: Engine,
    patience: Patience,
    client: Client,
    session_url: String,
}

impl Browser {
    /// Starts a browser with an empty profile.
    #[track_caller]
    pub fn new(driver: &Driver) -> impl Future<Output = Self> {
        Self::start(driver, Patience::Load)
    }

    /// The same, but no command waits for a page to load: it may never be done.
    #[track_caller]
    pub fn impatient(driver: &Driver) -> impl Future<Output = Self> {
        Self::start(driver, Patience::None)
    }

    #[track_caller]
    pub(crate) fn start(driver: &Driver, patience: Patience) -> impl Future<Output = Self> {
        let (engine, url) = (driver.engine(), driver.url());
        let capabilities = engine.capabilities(patience);
        let starting = async move {
            let connecting = {
                let url = url.clone();
                // The client's task outlives the runtime of the test that starts it.
                RUNTIME.spawn(async move {
                    ClientBuilder::new(HttpConnector::new()).capabilities(capabilities).connect(&url).await
                })
            };
            let client = connecting.await.unwrap_or_else(|e| panic!("cannot wait for the browser: {e}"))?;
            let session = client.session_id().await.ok().flatten().unwrap_or_default();
            let session_url = format!("{url}/session/{session}");
            driver.opened(session_url.clone());
            Ok::<_, fantoccini::error::NewSessionError>(Self { engine, patience, client, session_url })
        };
        must("start a browser".to_owned(), starting)
    }

    /// The engine.
    #[must_use]
    pub fn engine(&self) -> Engine {
        self.engine
    }

    /// Whether it has this engine and patience.
    pub(crate) fn is(&self, engine: Engine, patience: Patience) -> bool {
        (self.engine, self.patience) == (engine, patience)
    }

    /// Goes to a blank page and returns whether that worked. It needs no runtime, so `drop` can call it.
    pub(crate) fn leave_page(&self) -> bool {
        let body = br#"{"url": "about:blank"}"#;
        let answer = http::request("POST", &format!("{}/url", self.session_url), &[], body);
        answer.is_ok_and(|answer| answer.status == 200)
    }

    /// The client itself, for what this type has no method for, such as clicks.
    #[must_use]
    pub fn client(&self) -> &Client {
        &self.client
    }

    /// Loads a page and waits for its `load` event, unless the browser is [impatient](Browser::impatient).
    #[track_caller]
    pub fn goto(&self, url: &str) -> impl Future<Output = ()> {
        must(format!("go to {url}"), self.client.goto(url))
    }

    /// The value of a JavaScript expression in the page; a promise is awaited.
    ///
    /// No content security policy keeps it from running.
    #[track_caller]
    pub fn eval(&self, expression: &str) -> impl Future<Output = Value> {
        must(format!("evaluate {expression}"), self.execute(expression))
    }

    /// Waits until an expression is truthy, also across navigations; returns its value.
    #[track_caller]
    pub fn wait_for(&self, expression: &str) -> impl Future<Output = Value> {
        let last = Rc::new(RefCell::new(String::new()));
        let seen = last.clone();
        let what = fmt::from_fn(move |f| write!(f, "{expression} to be truthy; last: {}", seen.borrow()));
        wait::until_async(what, wait::DEADLINE, async move || {
            let answer = self.execute(expression).await;
            *last.borrow_mut() = answer.as_ref().map_or_else(ToString::to_string, ToString::to_string);
            answer.ok().filter(is_truthy)
        })
    }

    /// The entries of the console since the last call, in an engine whose driver keeps them: Chromium.
    ///
    /// What pages say in the others a [`FaultSite`](crate::fault_site::FaultSite) knows.
    #[track_caller]
    pub fn console(&self) -> impl Future<Output = Vec<Entry>> {
        let reading = must("read the console".to_owned(), self.read_console());
        async move {
            let answer = reading.await;
            let entries = answer.as_array().into_iter().flatten();
            let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
            let level = |value: &Value| Engine::console_level(&text(value));
            entries.map(|e| Entry { level: level(&e["level"]), text: text(&e["message"]) }).collect()
        }
    }

    /// Checks the errors and warnings on the console since the last call: each must
    /// contain one of the `expected` texts, and each of those must be there. An
    /// expected one may still come within the deadline. Returns all entries.
    #[track_caller]
    pub fn assert_console(&self, expected: &[&str]) -> impl Future<Output = Vec<Entry>> {
        let caller = Location::caller();
        async move {
            let mut entries = self.console().await;
            let start = Instant::now();
            while !console::missing(&entries, expected).is_empty() && start.elapsed() < wait::DEADLINE {
                tokio::time::sleep(Duration::from_millis(20)).await;
                entries.extend(self.console().await);
            }
            let (missing, all) = (console::missing(&entries, expected), console::unexpected(&entries, &[]));
            let unexpected = console::unexpected(&entries, expected);
            let shown: String = all.iter().flat_map(|entry| ["\n  ".to_owned(), entry.to_string()]).collect();
            assert!(missing.is_empty(), "the console lacks {missing:?}, at {caller}; it has:{shown}");
            assert!(unexpected.is_empty(), "the console has what was not expected, at {caller}:{shown}");
            entries
        }
    }

    /// A picture of the page as PNG.
    #[track_caller]
    pub fn screenshot(&self) -> impl Future<Output = Vec<u8>> {
        must("take a screenshot".to_owned(), self.client.screenshot())
    }

    /// Closes the browser, as drop does, and fails the test if that fails.
    #[track_caller]
    pub fn close(self) -> impl Future<Output = ()> {
        must("close the browser".to_owned(), self.client.clone().close())
    }

    pub(crate) async fn execute(&self, expression: &str) -> Result<Value, fantoccini::error::CmdError> {
        self.client.execute(&format!("return (\n{expression}\n);"), Vec::new()).await
    }

    /// Reads after a script, so that all earlier entries are there.
    async fn read_console(&self) -> Result<Value, fantoccini::error::CmdError> {
        self.execute("0").await?;
        let command = self.engine.read_console().unwrap_or_else(|| panic!("{} tells no console", self.engine));
        self.client.issue_cmd(command).await
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        close_session(&self.session_url);
    }
}

/// Awaits `action`. Its failure fails the test with the location of the call.
#[track_caller]
pub(crate) fn must<T, E: Display>(what: String, action: impl Future<Output = Result<T, E>>) -> impl Future<Output = T> {
    let caller = Location::caller();
    async move { action.await.unwrap_or_else(|e| panic!("cannot {what}: {e}, at {caller}")) }
}

fn is_truthy(value: &Value) -> bool {
    match value {
        Value::Null | Value::Bool(false) => false,
        Value::Number(number) => number.as_f64() != Some(0.0),
        Value::String(text) => !text.is_empty(),
        _ => true,
    }
}
