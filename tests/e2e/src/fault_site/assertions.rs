//! The outcomes of a page view that most fault tests expect.
//!
//! The pages here count the automated browser, so that tests can see which views count.

use super::page::{CANARY, Page, STABLE};
use super::site::FaultSite;
use crate::engine::Engine;
use serde_json::Value;

/// A page on which everyone has the canary, with these members added to the config.
#[must_use]
pub fn page(members: &str) -> Page {
    Page::patient().config(config("100", members))
}

/// The config of such a page.
#[must_use]
pub fn config(percentage: &str, members: &str) -> String {
    let comma = if members.is_empty() { "" } else { ", " };
    format!(
        r#"{{"CANARY_PERCENTAGE": {percentage}, "FEATURE_FLAGS": {{}}, "TELEMETRY": {{"countAutomation": true, "sampleRate": 0}}{comma}{members}}}"#
    )
}

impl FaultSite {
    /// A site whose page has just shown the canary: the negative control of what follows.
    pub async fn with_canary(engine: Engine, page: &Page) -> Self {
        let site = Self::new(engine, page).await;
        site.visit_has_canary().await;
        site
    }

    /// A new user gets the canary, is counted, and the console stays empty.
    pub async fn visit_has_canary(&self) {
        self.visit().await;
        self.has_canary().await;
    }

    /// The open page has the canary, is counted once, and the console stays empty.
    pub async fn has_canary(&self) {
        self.shows(CANARY).await;
        self.says(&[]).await;
        assert_eq!((self.ran(), self.views()), (vec![CANARY.to_owned()], 1));
        assert_eq!(self.counted_arms(), ["canary"]);
        assert!(self.events("fallback").is_empty());
    }

    /// The open page has replaced the canary by stable in the same document. It counts as a view of the canary.
    pub async fn fell_back_in_place(&self, codes: &[&str]) {
        self.shows(STABLE).await;
        self.says(codes).await;
        assert!(self.lines().iter().any(|(_, line)| line.ends_with("; stable loads")), "{:?}", self.lines());
        assert_eq!((self.ran().last().map(String::as_str), self.views()), (Some(STABLE), 1));
        assert_eq!((self.counted_arms(), self.events("fallback").len()), (vec!["canary".to_owned()], 1));
        assert_eq!(self.events("fallback")[0]["variant"], "canary");
        assert_eq!(self.variant().await, "stable");
    }

    /// The open page has reloaded itself once and has stable now. It counts once, as a view of the canary.
    pub async fn fell_back_by_reload(&self, codes: &[&str]) {
        self.shows(STABLE).await;
        self.says(codes).await;
        let reloading = |(_, line): &(String, String)| line.ends_with("; the page loads again, with stable");
        assert!(self.lines().iter().any(reloading), "{:?}", self.lines());
        assert_eq!(self.views(), 2, "{:?}", self.page_log());
        assert_eq!(self.ran().iter().filter(|marker| *marker == STABLE).count(), 1);
        assert_eq!(self.counted_arms(), ["canary"]);
        assert_eq!(self.decided(&["variant", "reason", "eligible"]), serde_json::json!(["stable", "CACHED", false]));
        assert_eq!(self.variant().await, "stable");
    }

    /// The next page view has stable from the start: it does not request `canary`, and the console stays empty.
    pub async fn keeps_quarantine(&self, canary: &str) {
        self.open().await;
        self.shows(STABLE).await;
        self.says(&[]).await;
        assert_eq!(self.decided(&["variant", "reason"]), serde_json::json!(["stable", "CACHED"]));
        assert_eq!((self.ran(), self.views()), (vec![STABLE.to_owned()], 1));
        assert!(self.requests(canary).is_empty());
    }

    /// Loads the page, which runs the bundle of `arm` once and prints these codes.
    pub async fn opens_with(&self, arm: &str, codes: &[&str]) {
        self.opens_at_with("/", arm, codes).await;
    }

    /// The same at another path.
    pub async fn opens_at_with(&self, path: &str, arm: &str, codes: &[&str]) {
        self.open_at(path).await;
        self.shows(arm).await;
        self.says(codes).await;
        assert_eq!((self.ran(), self.views(), self.errors()), (vec![arm.to_owned()], 1, Vec::new()), "{path}");
        assert_eq!(self.events("ready").len(), 1);
    }

    /// These members of the present decision, as one value.
    #[must_use]
    pub fn decided(&self, names: &[&str]) -> Value {
        let decision = self.decision();
        names.iter().map(|name| decision[*name].clone()).collect()
    }

    /// The arms of the page views that were counted since the page was opened.
    #[must_use]
    pub fn counted_arms(&self) -> Vec<String> {
        let exposures = self.events("exposure").into_iter().filter(|exposure| exposure["flagKey"].is_null());
        exposures.map(|exposure| exposure["variant"].as_str().unwrap_or_default().to_owned()).collect()
    }

    /// The arm that the document is marked with.
    async fn variant(&self) -> Value {
        self.browser.eval("document.documentElement.dataset.canaryVariant").await
    }
}
