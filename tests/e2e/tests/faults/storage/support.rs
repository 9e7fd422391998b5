//! The page and the storage of the tests in this folder.

use canary_e2e::fault_site::{FaultSite, Page};
use canary_e2e::fixture::CANARY as RUNTIME;
use serde_json::Value;

/// A page on which everyone has the canary and a flag.
pub(crate) fn page() -> Page {
    Page::patient().config(config("100", ""))
}

pub(crate) fn config(percentage: &str, more: &str) -> String {
    let fixed = r#""FEATURE_FLAGS": {"on": true}, "TELEMETRY": {"countAutomation": true, "sampleRate": 0}"#;
    format!(r#"{{"CANARY_PERCENTAGE": {percentage}, {fixed}{more}}}"#)
}

/// The JSON that this browser stores under a name, read by a page of the site.
pub(crate) async fn stored(site: &FaultSite, key: &str) -> Value {
    site.browser.eval(&format!("JSON.parse(localStorage.getItem('{key}'))")).await
}

/// Stores JSON under a name, by a page of the site.
pub(crate) async fn store(site: &FaultSite, key: &str, value: &str) {
    site.browser.eval(&format!("void localStorage.setItem('{key}', JSON.stringify({value}))")).await;
}

/// Waits until the page has stored its config as the last good one, which it does when its bundle is up.
pub(crate) async fn stores_config(site: &FaultSite) {
    site.browser.wait_for("localStorage.getItem('canary_good')").await;
}

pub(crate) async fn flag(site: &FaultSite) -> Value {
    site.browser.eval(&format!("{RUNTIME}.getBooleanValue('on', false)")).await
}

/// The stored ids: that of the cookie and that of `localStorage`.
pub(crate) async fn ids(site: &FaultSite) -> [String; 2] {
    let both = "[/canary_id=([^;]*)/.exec(document.cookie)?.[1], localStorage.getItem('canary_id')]";
    let found = site.browser.eval(both).await;
    [0, 1].map(|home| found[home].as_str().unwrap_or_default().to_owned())
}

pub(crate) fn is_new_id(id: &str) -> bool {
    id.len() == 32 && id.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte))
}
