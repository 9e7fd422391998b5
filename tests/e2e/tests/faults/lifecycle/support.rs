//! Canaries and actions that the tests of this folder share.

use canary_e2e::fault_site::{CANARY, FaultSite};
use fantoccini::Locator;

/// A time-out that no healthy canary exceeds, also on a busy machine.
pub(crate) const PATIENT: &str = r#""GUARD": {"readyTimeoutMs": 15000}"#;

/// A time-out that tests wait for.
pub(crate) const SHORT: &str = r#""GUARD": {"readyTimeoutMs": 1500}"#;

/// A canary that runs and awaits forever.
pub(crate) const WAITS: &str = "globalThis.e2e.log('ran', 'half'); await new Promise(() => {});";

/// A canary that runs and throws.
pub(crate) const THROWS: &str = "globalThis.e2e.log('ran', 'half'); throw new Error('boom');";

/// A canary of one classic script.
pub(crate) const CLASSIC: &str =
    r#""ASSETS": {"canary": {"version": "1", "scripts": [{"src": "/canary/main.js", "type": "classic"}]}}"#;

/// The versions that the browser has in quarantine.
pub(crate) async fn quarantined(site: &FaultSite) -> serde_json::Value {
    site.browser.eval("JSON.parse(localStorage.canary_memory ?? '{}').bad ?? null").await
}

/// Waits until the canary is on the screen and up.
pub(crate) async fn is_up(site: &FaultSite) {
    site.shows(CANARY).await;
    site.browser.wait_for("!localStorage.canary_mark").await;
}

/// Waits until so much of the page's time has passed.
pub(crate) async fn pass(site: &FaultSite, milliseconds: u32) {
    let until = site.browser.eval(&format!("performance.now() + {milliseconds}")).await;
    site.browser.wait_for(&format!("performance.now() > {until}")).await;
}

pub(crate) async fn click(site: &FaultSite, selector: &str) {
    site.browser.client().find(Locator::Css(selector)).await.unwrap().click().await.unwrap();
}

/// Runs as a script of the page: rejections in scripts of the driver are not reported.
pub(crate) fn in_page(script: &str) -> String {
    in_document("document", script)
}

/// The same in another document, such as that of a frame.
pub(crate) fn in_document(document: &str, script: &str) -> String {
    let text = serde_json::to_string(script).unwrap();
    format!("void {document}.head.append(Object.assign({document}.createElement('script'), {{ textContent: {text} }}))")
}
