//! Files, the nginx that serves them and a Chromium: the start of most tests.

use crate::browser::Browser;
use crate::browser_pool::PooledBrowser;
use crate::engine::{Engine, Patience};
use crate::nginx::{Config, Nginx};
use crate::site_files::SiteFiles;

/// A served site and a browser. Both are gone when the test ends; the fields are dropped from the top.
#[derive(Debug)]
pub struct TestSite {
    /// A browser without data of this site.
    pub browser: PooledBrowser,
    /// The server.
    pub nginx: Nginx,
    /// What it serves.
    pub files: SiteFiles,
}

impl TestSite {
    /// Serves `files` with the configuration of the repository.
    pub async fn new(files: SiteFiles) -> Self {
        Self::with(files, |_| ()).await
    }

    /// Serves `files` with a configuration that `edit` has changed.
    pub async fn with(files: SiteFiles, edit: impl FnOnce(&mut Config)) -> Self {
        let nginx = Nginx::start_with(files.root(), edit);
        let browser = PooledBrowser::take(Engine::Chromium, Patience::Load).await;
        Self { browser, nginx, files }
    }

    /// One more browser, which shares nothing with the first one.
    pub async fn another_browser(&self) -> Browser {
        self.browser.another().await
    }

    /// Loads a page of the site and waits for its `load` event.
    pub async fn goto(&self, path: &str) {
        self.browser.goto(&self.nginx.url(path)).await;
    }

    /// Sets the user id, as the cookie that the server would set.
    pub async fn set_user(&self, id: &str) {
        self.browser.set_cookie("canary_id", id, &self.nginx.origin()).await;
    }
}
