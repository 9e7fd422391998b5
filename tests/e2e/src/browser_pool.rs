//! Browsers that the tests of one process use in turn: a start takes seconds, a clean-up milliseconds.
//!
//! A test that passes gives its browser back, and the next one gets it without cookies, cached files and other
//! windows. Storage needs no clean-up: it belongs to an origin, and every server of a test has a port of its own. A test
//! that fails closes its browser. All pooled browsers end with the process.

use crate::browser::Browser;
use crate::driver::Driver;
use crate::engine::{Engine, Patience};
use serde_json::json;
use std::ops::Deref;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

/// A browser from the pool. On drop it goes back there.
#[derive(Debug)]
pub struct PooledBrowser {
    /// There until drop.
    session: Option<Session>,
    is_discarded: bool,
}

/// A browser and the driver that it depends on.
#[derive(Debug)]
struct Session {
    // Closed before the driver stops.
    browser: Browser,
    driver: Arc<Driver>,
}

/// Those that no test uses at the moment.
static IDLE: Mutex<Vec<Session>> = Mutex::new(Vec::new());

impl PooledBrowser {
    /// An idle browser, or a new one where there is none.
    pub(crate) async fn take(engine: Engine, patience: Patience) -> Self {
        while let Some(session) = take_idle(engine, patience) {
            // One that cannot be cleaned up is closed here.
            if clean(&session.browser).await.is_ok() {
                return Self::of(session);
            }
        }
        let driver = driver(engine);
        let browser = Browser::start(&driver, patience).await;
        Self::of(Session { browser, driver })
    }

    fn of(session: Session) -> Self {
        Self { session: Some(session), is_discarded: false }
    }

    /// One more browser beside this one, which shares nothing with it. Chromium only: other drivers have one at a time.
    pub async fn another(&self) -> Browser {
        Browser::new(&self.session().driver).await
    }

    /// Closes the browser on drop, because no clean-up makes up for what the test does to it.
    pub fn discard(&mut self) {
        self.is_discarded = true;
    }

    fn session(&self) -> &Session {
        self.session.as_ref().unwrap_or_else(|| unreachable!("a session until drop"))
    }
}

impl Deref for PooledBrowser {
    type Target = Browser;

    fn deref(&self) -> &Browser {
        &self.session().browser
    }
}

impl Drop for PooledBrowser {
    fn drop(&mut self) {
        let Some(session) = self.session.take() else { return };
        // The page must not go on while nobody looks.
        if !self.is_discarded && !std::thread::panicking() && session.browser.leave_page() {
            idle().push(session);
        }
    }
}

fn idle() -> MutexGuard<'static, Vec<Session>> {
    IDLE.lock().unwrap_or_else(PoisonError::into_inner)
}

fn take_idle(engine: Engine, patience: Patience) -> Option<Session> {
    let mut idle = idle();
    let index = idle.iter().position(|Session { browser, .. }| browser.is(engine, patience))?;
    Some(idle.swap_remove(index))
}

/// Chromium's driver serves all browsers of the process, the other drivers one each.
fn driver(engine: Engine) -> Arc<Driver> {
    static CHROMIUM: OnceLock<Arc<Driver>> = OnceLock::new();
    let start = || Arc::new(Driver::start_for_process(engine));
    if engine == Engine::Chromium { CHROMIUM.get_or_init(start).clone() } else { start() }
}

/// Removes what the test before has left: windows, and in Chromium everything that `DevTools` has set for its window,
/// cookies, cached files and lines on the console.
async fn clean(browser: &Browser) -> Result<(), fantoccini::error::CmdError> {
    let client = browser.client();
    let mut windows = client.windows().await?;
    let kept =
        if browser.engine() == Engine::Chromium { client.new_window(true).await?.handle } else { windows.remove(0) };
    for window in windows {
        if window != kept {
            client.switch_to_window(window).await?;
            client.close_window().await?;
        }
    }
    client.switch_to_window(kept).await?;
    if browser.engine() == Engine::Chromium {
        browser.cdp("Network.clearBrowserCookies", json!({})).await;
        browser.cdp("Network.clearBrowserCache", json!({})).await;
        browser.console().await;
    }
    Ok(())
}
