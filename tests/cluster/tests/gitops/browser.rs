//! Page views against the Service of stable.

use canary_cluster::kubectl;
use canary_e2e::browser::Browser;
use canary_e2e::bucket::{User, users_in};
use canary_e2e::demo::{self, Arm};
use canary_e2e::driver::Driver;
use std::time::{Duration, Instant};
use tokio::runtime::{Builder, Runtime};
use tokio::time::timeout;

/// The salt of production's config.
const SALT: &str = "release-1.5.0";

/// Longer than the page waits for anything before it helps itself.
const PATIENCE: Duration = Duration::from_secs(5);

/// What comes of a page view some of whose requests fail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Seen {
    /// A bundle drew the page.
    Bundle,
    /// The page came, and no bundle.
    Blank,
    /// The browser shows a page of its own.
    NoPage,
}

/// A browser whose user is in the canary from 25 % on.
pub(crate) struct Visitor {
    browser: Browser,
    url: String,
    user: User,
    runtime: Runtime,
    _driver: Driver,
}

impl Visitor {
    pub(crate) fn new() -> Self {
        let runtime = Builder::new_current_thread().enable_all().build().unwrap();
        let driver = Driver::chromium();
        let browser = runtime.block_on(Browser::new(&driver));
        let user = users_in(SALT, std::slice::from_ref(&(20_000..25_000))).remove(0);
        Self { browser, url: kubectl::service("frontend", "frontend-stable"), user, runtime, _driver: driver }
    }

    /// One page view by somebody who was never here, and what it showed.
    pub(crate) fn view(&self) -> Arm {
        self.runtime.block_on(self.browser.clear_site_data());
        self.view_again()
    }

    /// One more page view by the same visitor.
    pub(crate) fn view_again(&self) -> Arm {
        self.runtime.block_on(async {
            let browser = &self.browser;
            browser.set_cookie("canary_id", &self.user.id, &self.url).await;
            browser.goto(&format!("{}/", self.url)).await;
            let shown = demo::shown(browser).await;
            [demo::STABLE, demo::CANARY].into_iter().find(|arm| arm.shown() == shown).unwrap_or_else(|| {
                panic!("the page shows neither arm: {shown:?}");
            })
        })
    }

    /// One page view by somebody who was never here, while requests may fail.
    pub(crate) fn glance(&self) -> Seen {
        self.runtime.block_on(async {
            let browser = &self.browser;
            browser.clear_site_data().await;
            browser.set_cookie("canary_id", &self.user.id, &self.url).await;
            if let Err(e) = browser.client().goto(&format!("{}/", self.url)).await {
                assert!(e.to_string().contains("net::ERR_"), "cannot open the page: {e}");
                return Seen::NoPage;
            }
            let drawn = browser.wait_for("document.getElementById('app')?.dataset.bundle");
            timeout(PATIENCE, drawn).await.map_or(Seen::Blank, |_| Seen::Bundle)
        })
    }

    /// What the page that is open gets for a file, past the browser's cache.
    pub(crate) fn status(&self, path: &str) -> u64 {
        let asked = format!("fetch({path:?}, {{ cache: 'no-store' }}).then((answer) => answer.status)");
        self.runtime.block_on(self.browser.eval(&asked)).as_u64().unwrap()
    }

    /// Views the page until it shows `arm`; returns when the view began that did.
    pub(crate) fn view_until(&self, arm: Arm) -> Instant {
        let deadline = Instant::now() + canary_cluster::kubectl::DEADLINE;
        loop {
            let begin = Instant::now();
            if self.view() == arm {
                return begin;
            }
            assert!(begin < deadline, "no page view shows {}", arm.name);
        }
    }

    /// Errors and warnings on the console since the last call, but for what Chromium says of every page without TLS.
    pub(crate) fn complaints(&self) -> Vec<String> {
        let entries = self.runtime.block_on(self.browser.console());
        canary_e2e::console::unexpected(&entries, &["The Cross-Origin-Opener-Policy header has been ignored"])
            .iter()
            .map(ToString::to_string)
            .collect()
    }
}
