//! A fault of `canary.js`, met with the guard and without it.

use super::page::{GUARD, STATE, TAG, shown, site, write_runtime};
use canary_e2e::nginx::Config;
use canary_e2e::site_files::Site;
use canary_e2e::test_site::Stage;
use serde_json::json;

/// A short budget, in milliseconds, for what has to pass.
const BUDGET: u32 = 400;

/// Both budgets have passed, and the guard has had time to see it.
const OVER: &str = "performance.now() > 1500";

/// What keeps `canary.js` from running, and what is said of it.
pub(crate) struct Fault {
    /// The guard's line.
    pub(crate) line: &'static str,
    /// What the browser says.
    browser: &'static [&'static str],
    /// Attributes of the tag.
    attributes: String,
    site: Box<dyn Fn(&Site)>,
    nginx: Box<dyn Fn(&mut Config)>,
}

pub(crate) const FAILED: &str = "[canary] E201 canary.js did not load; stable loads";

pub(crate) const NOT_FOUND: &str = "the server responded with a status of 404";

impl Fault {
    pub(crate) fn new(browser: &'static [&'static str]) -> Self {
        let attributes = format!("data-decision-budget={BUDGET}");
        Self { line: FAILED, browser, attributes, site: Box::new(|_| ()), nginx: Box::new(|_| ()) }
    }

    pub(crate) fn site(self, site: impl Fn(&Site) + 'static) -> Self {
        Self { site: Box::new(site), ..self }
    }

    pub(crate) fn nginx(self, nginx: impl Fn(&mut Config) + 'static) -> Self {
        Self { nginx: Box::new(nginx), ..self }
    }

    /// Something else in the place of `canary.js`.
    pub(crate) fn script(self, text: &'static str) -> Self {
        self.site(move |site| write_runtime(site, text))
    }

    async fn stage(&self, guard: &str) -> Stage {
        let site = site(&format!("{guard}{TAG} {}></script>", self.attributes));
        (self.site)(&site);
        let stage = Stage::with(site, |config| (self.nginx)(config)).await;
        stage.goto("/").await;
        stage.browser.wait_for(OVER).await;
        stage
    }

    /// Sees stable with the guard, and a blank page without it.
    pub(crate) async fn leads_to_stable(self) -> Stage {
        let bare = self.stage("").await;
        assert_eq!(bare.browser.eval(STATE).await, json!({ "variant": null, "ran": [], "scripts": 0 }));
        drop(bare);

        let stage = self.stage(&GUARD).await;
        assert_eq!(stage.browser.eval(STATE).await, shown("stable"));
        let entries = stage.browser.assert_console(&[&[self.line], self.browser].concat()).await;
        let lines: Vec<_> = entries.iter().filter(|entry| entry.text.contains("[canary]")).collect();
        assert_eq!(lines.len(), 1, "{lines:?}");
        stage
    }
}
