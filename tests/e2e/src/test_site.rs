//! A site, nginx in front of it and a browser: what most tests begin with.

use crate::browser::Browser;
use crate::driver::Driver;
use crate::nginx::{Config, Nginx};
use crate::site_files::Site;

/// All three, gone when the test ends. The fields are dropped from the top.
#[derive(Debug)]
pub struct Stage {
    /// A browser with an empty profile.
    pub browser: Browser,
    driver: Driver,
    /// The server.
    pub nginx: Nginx,
    /// What it serves.
    pub site: Site,
}

impl Stage {
    /// Serves `site` with the configuration as it is in the repository.
    pub async fn new(site: Site) -> Self {
        Self::with(site, |_| ()).await
    }

    /// The same, after `edit` has changed the configuration's text.
    pub async fn with(site: Site, edit: impl FnOnce(&mut Config)) -> Self {
        let nginx = Nginx::start_with(site.root(), edit);
        let driver = Driver::chromium();
        let browser = Browser::new(&driver).await;
        Self { browser, driver, nginx, site }
    }

    /// One more browser that knows nothing of the others.
    pub async fn another_browser(&self) -> Browser {
        Browser::new(&self.driver).await
    }

    /// Loads a page of the site and waits for its `load` event.
    pub async fn goto(&self, path: &str) {
        self.browser.goto(&self.nginx.url(path)).await;
    }

    /// Makes the browser that of the user `id`.
    pub async fn be(&self, id: &str) {
        self.browser.set_cookie("canary_id", id, &self.nginx.origin()).await;
    }
}
