//! Commands of the `DevTools` protocol, in Chromium alone: cookies before a page, caches, storage, the life of a tab.

use crate::browser::{Browser, must};
use serde_json::{Value, json};

impl Browser {
    /// Sets a cookie as a server at `url` would, before any page of it is loaded.
    #[track_caller]
    pub fn set_cookie(&self, name: &str, value: &str, url: &str) -> impl Future<Output = ()> {
        let setting = self.cdp("Network.setCookie", json!({ "name": name, "value": value, "url": url }));
        async { assert_eq!(setting.await["success"], true, "the browser refuses the cookie") }
    }

    /// Deletes all cookies, the HTTP cache, and the storage of the page's origin.
    pub async fn clear_site_data(&self) {
        self.cdp("Network.clearBrowserCookies", json!({})).await;
        self.cdp("Network.clearBrowserCache", json!({})).await;
        let origin = self.eval("location.origin").await;
        // `data:` and `about:` have no origin and no storage.
        if origin != "null" {
            self.eval("sessionStorage.clear()").await;
            self.cdp("Storage.clearDataForOrigin", json!({ "origin": origin, "storageTypes": "all" })).await;
        }
    }

    /// Switches the HTTP cache off or on.
    pub async fn set_cache_disabled(&self, disabled: bool) {
        self.cdp("Network.enable", json!({})).await;
        self.cdp("Network.setCacheDisabled", json!({ "cacheDisabled": disabled })).await;
    }

    /// Ends the process of the page at once, as the system does with one that takes too much memory.
    pub async fn crash(&self) {
        let command = self.engine().debug("Page.crash", &json!({})).expect("Chromium");
        // The answer never comes.
        let error = self.client().issue_cmd(command).await.expect_err("the page is gone");
        assert!(error.to_string().contains("crash"), "{error}");
    }

    /// Freezes the tab, or goes on with it. The tab is hidden from now on: take one that is closed afterwards.
    pub async fn set_frozen(&self, is_frozen: bool) {
        let state = if is_frozen { "frozen" } else { "active" };
        self.cdp("Page.setWebLifecycleState", json!({ "state": state })).await;
    }

    /// Sends a command of the `DevTools` protocol, in Chromium, and returns its result.
    #[track_caller]
    #[expect(clippy::needless_pass_by_value, reason = "callers write json!() in place")]
    pub fn cdp(&self, command: &str, params: Value) -> impl Future<Output = Value> {
        let debug =
            self.engine().debug(command, &params).unwrap_or_else(|| panic!("{} has no DevTools", self.engine()));
        must(format!("send {command}"), self.client().issue_cmd(debug))
    }
}
