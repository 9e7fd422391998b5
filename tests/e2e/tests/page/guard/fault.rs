//! A fault of `canary.js`, with the guard and without it.

use super::page::{GUARD, STATE, TAG, shown, site_files, write_runtime};
use canary_e2e::nginx::Config;
use canary_e2e::site_files::SiteFiles;
use canary_e2e::test_site::TestSite;
use serde_json::json;

/// A short decision budget in milliseconds.
const BUDGET: u32 = 400;

/// Twice the budget, and time for the guard, have passed.
const OVER: &str = "performance.now() > 1500";

/// A fault that keeps `canary.js` from running, and its lines on the console.
pub(crate) struct Fault {
    /// The line of the guard.
    pub(crate) line: &'static str,
    /// The lines of the browser.
    browser: &'static [&'static str],
    /// Attributes of the tag.
    attributes: String,
    files: Box<dyn Fn(&SiteFiles)>,
    nginx: Box<dyn Fn(&mut Config)>,
}

pub(crate) const FAILED: &str = "[canary] E201 canary.js did not load; stable loads";

pub(crate) const NOT_FOUND: &str = "the server responded with a status of 404";

impl Fault {
    pub(crate) fn new(browser: &'static [&'static str]) -> Self {
        let attributes = format!("data-decision-budget={BUDGET}");
        Self { line: FAILED, browser, attributes, files: Box::new(|_| ()), nginx: Box::new(|_| ()) }
    }

    pub(crate) fn files(self, files: impl Fn(&SiteFiles) + 'static) -> Self {
        let others = self.files;
        let files = move |site: &SiteFiles| {
            others(site);
            files(site);
        };
        Self { files: Box::new(files), ..self }
    }

    pub(crate) fn nginx(self, nginx: impl Fn(&mut Config) + 'static) -> Self {
        Self { nginx: Box::new(nginx), ..self }
    }

    /// Replaces `canary.js`.
    pub(crate) fn script(self, text: &'static str) -> Self {
        self.files(move |files| write_runtime(files, text))
    }

    pub(crate) async fn site(&self, guard: &str) -> TestSite {
        let files = site_files(&format!("{guard}{TAG} {}></script>", self.attributes));
        (self.files)(&files);
        let site = TestSite::with(files, |config| (self.nginx)(config)).await;
        site.goto("/").await;
        site.browser.wait_for(OVER).await;
        site
    }

    /// Checks for stable with the guard, and for a blank page without it.
    pub(crate) async fn leads_to_stable(self) -> TestSite {
        let bare = self.site("").await;
        assert_eq!(bare.browser.eval(STATE).await, json!({ "variant": null, "ran": [], "scripts": 0 }));
        drop(bare);

        let site = self.site(&GUARD).await;
        assert_eq!(site.browser.eval(STATE).await, shown("stable"));
        let entries = site.browser.assert_console(&[&[self.line], self.browser].concat()).await;
        let lines: Vec<_> = entries.iter().filter(|entry| entry.text.contains("[canary]")).collect();
        assert_eq!(lines.len(), 1, "{lines:?}");
        site
    }
}
