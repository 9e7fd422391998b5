//! Page views of stable's Service in a browser.

use canary_cluster::kubectl;
use canary_e2e::browser::Browser;
use canary_e2e::bucket::{User, users_in};
use canary_e2e::demo::{self, Arm};
use canary_e2e::driver::Driver;
use std::time::{Duration, Instant};
use tokio::runtime::{Builder, Runtime};
use tokio::time::timeout;

/// The `SALT` of production's config.
const SALT: &str = "release-1.5.0";

/// How long a page may take to draw a bundle; longer than any of the page's own timeouts.
const DRAW_TIMEOUT: Duration = Duration::from_secs(5);

/// The outcome of a page view while requests may fail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// A bundle drew the page.
    Bundle,
    /// The page loaded, but no bundle drew it.
    Blank,
    /// The browser could not load the page.
    NoPage,
}

/// A browser whose user is in the canary from 25 % upwards.
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
        Self { browser, url: kubectl::service_url("frontend", "frontend-stable"), user, runtime, _driver: driver }
    }

    /// Opens the page with empty browser storage; returns the arm that it shows.
    pub(crate) fn view(&self) -> Arm {
        self.runtime.block_on(self.browser.clear_site_data());
        self.view_again()
    }

    /// Opens the page with what earlier page views have stored; returns the arm that it shows.
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

    /// Opens the page with empty browser storage, while requests may fail.
    pub(crate) fn try_view(&self) -> Outcome {
        self.runtime.block_on(async {
            let browser = &self.browser;
            browser.clear_site_data().await;
            browser.set_cookie("canary_id", &self.user.id, &self.url).await;
            if let Err(e) = browser.client().goto(&format!("{}/", self.url)).await {
                assert!(e.to_string().contains("net::ERR_"), "cannot open the page: {e}");
                return Outcome::NoPage;
            }
            let drawn = browser.wait_for("document.getElementById('app')?.dataset.bundle");
            timeout(DRAW_TIMEOUT, drawn).await.map_or(Outcome::Blank, |_| Outcome::Bundle)
        })
    }

    /// The status of a file that the open page fetches, bypassing the browser's cache.
    pub(crate) fn status(&self, path: &str) -> u64 {
        let script = format!("fetch({path:?}, {{ cache: 'no-store' }}).then((response) => response.status)");
        self.runtime.block_on(self.browser.eval(&script)).as_u64().unwrap()
    }

    /// Opens the page again and again until it shows `arm`; returns when that page view started.
    pub(crate) fn view_until(&self, arm: Arm) -> Instant {
        let deadline = Instant::now() + canary_cluster::kubectl::DEADLINE;
        loop {
            let start = Instant::now();
            if self.view() == arm {
                return start;
            }
            assert!(start < deadline, "no page view shows {}", arm.name);
        }
    }

    /// Console errors and warnings since the last call, except Chromium's about every page without TLS, and about stable's
    /// preload in a page view of the canary that stays open for some seconds.
    pub(crate) fn console_errors(&self) -> Vec<String> {
        let entries = self.runtime.block_on(self.browser.console());
        let expected = [
            "The Cross-Origin-Opener-Policy header has been ignored",
            "/assets/1.4.2/main.css was preloaded using link preload but not used",
            "/assets/1.4.2/main.js was preloaded using link preload but not used",
        ];
        canary_e2e::console::unexpected(&entries, &expected).iter().map(ToString::to_string).collect()
    }
}
