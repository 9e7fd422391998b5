//! What it looks like when a canary gives way to stable, as all its rows have it.
//!
//! The page counts the machine that drives it, so that what is counted can be seen.

use crate::engine::Engine;
use crate::fault_site::{CANARY, FaultStage, Page, STABLE};
use serde_json::Value;

/// A page on which everybody has this canary, with other members of the config as well.
#[must_use]
pub fn page(members: &str) -> Page {
    // A budget that is enough on a busy machine, so that no fault is taken for another.
    Page::new().attributes(r#"data-decision-budget="15000""#).config(config("100", members))
}

/// The page's config.
#[must_use]
pub fn config(percentage: &str, members: &str) -> String {
    let comma = if members.is_empty() { "" } else { ", " };
    format!(
        r#"{{"CANARY_PERCENTAGE": {percentage}, "FEATURE_FLAGS": {{}}, "TELEMETRY": {{"countAutomation": true}}{comma}{members}}}"#
    )
}

impl FaultStage {
    /// A stage on which everybody has the canary, as has just been shown.
    pub async fn with_canary(engine: Engine, page: &Page) -> Self {
        let stage = Self::new(engine, page).await;
        stage.has_canary().await;
        stage
    }

    /// The negative control: a new browser has the canary, is counted, and nothing is said.
    pub async fn has_canary(&self) {
        self.visit().await;
        self.stays_with_canary().await;
    }

    /// The page that was opened has the canary, is counted once, and says nothing.
    pub async fn stays_with_canary(&self) {
        self.shows(CANARY).await;
        self.says(&[]).await;
        assert_eq!((self.ran(), self.views()), (vec![CANARY.to_owned()], 1));
        assert_eq!(self.counted(), ["canary"]);
        assert!(self.events("fallback").is_empty());
    }

    /// The page that was opened has stable in the canary's place, in the same document. It is counted as the canary's.
    pub async fn fell_in_place(&self, codes: &[&str]) {
        self.shows(STABLE).await;
        self.says(codes).await;
        assert!(self.lines().iter().any(|(_, line)| line.ends_with("; stable loads")), "{:?}", self.lines());
        assert_eq!((self.ran().last().map(String::as_str), self.views()), (Some(STABLE), 1));
        assert_eq!((self.counted(), self.events("fallback").len()), (vec!["canary".to_owned()], 1));
        assert_eq!(self.events("fallback")[0]["variant"], "canary");
        assert_eq!(self.variant().await, "stable");
    }

    /// The page that was opened has loaded itself again, once, with stable. It is counted once, as the canary's.
    pub async fn fell_by_reload(&self, codes: &[&str]) {
        self.shows(STABLE).await;
        self.says(codes).await;
        let reloading = |(_, line): &(String, String)| line.ends_with("; the page loads again, with stable");
        assert!(self.lines().iter().any(reloading), "{:?}", self.lines());
        assert_eq!(self.views(), 2, "{:?}", self.told());
        assert_eq!(self.ran().iter().filter(|marker| *marker == STABLE).count(), 1);
        assert_eq!(self.counted(), ["canary"]);
        let decision = self.decision();
        let seen = ["variant", "reason"].map(|name| decision[name].as_str().unwrap_or_default().to_owned());
        assert_eq!((seen, &decision["eligible"]), (["stable", "CACHED"].map(str::to_owned), &Value::Bool(false)));
        assert_eq!(self.variant().await, "stable");
    }

    /// The next page view has stable from the start: this canary is not asked for, and nothing is said.
    pub async fn stays_with_stable(&self, canary: &str) {
        self.open().await;
        self.shows(STABLE).await;
        self.says(&[]).await;
        let decision = self.decision();
        let seen = ["variant", "reason"].map(|name| decision[name].as_str().unwrap_or_default().to_owned());
        assert_eq!(seen, ["stable", "CACHED"]);
        assert_eq!((self.ran(), self.views()), (vec![STABLE.to_owned()], 1));
        assert!(self.requests(canary).is_empty());
    }

    /// The arms of the page views that were counted since the page was opened.
    #[must_use]
    pub fn counted(&self) -> Vec<String> {
        let exposures = self.events("exposure").into_iter().filter(|exposure| exposure["flagKey"].is_null());
        exposures.map(|exposure| exposure["variant"].as_str().unwrap_or_default().to_owned()).collect()
    }

    /// Whose bundle the page says it has.
    async fn variant(&self) -> Value {
        self.browser.eval("document.documentElement.dataset.canaryVariant").await
    }
}
