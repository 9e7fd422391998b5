//! Rows 1 to 4 and 17 with a last good config, 15, 16, 19 and 26 to 32: what a browser remembers, and what where it cannot.

mod last_good_config;
mod percentage;
mod tabs;
mod web_storage;

use canary_e2e::fault_site::{FaultSite, Page};
use canary_e2e::fixture::CANARY as RUNTIME;
use last_good_config::{
    row_01_last_good_config, row_01_last_good_is_what_was_healthy, row_02_last_good_config, row_03_last_good_config,
    row_04_last_good_config, row_17_last_good_config, row_29_last_good_traps,
};
use percentage::{row_15_a_lower_percentage, row_16_pods_that_disagree, row_19_percentage_0_while_pages_load};
use serde_json::Value;
use tabs::{row_31_twenty_tabs_at_once, row_32_script_included_twice};
use web_storage::{
    row_26_storage_blocked, row_27_quota_exceeded, row_28_stored_values_corrupt, row_30_storage_cleared,
};

canary_e2e::rows! {
    row_01_last_good_config: make_test [Chromium, Firefox, WebKit];
    row_02_last_good_config: make_test [Chromium];
    row_03_last_good_config: make_test [Chromium, WebKit];
    row_04_last_good_config: make_test [Chromium];
    row_17_last_good_config: make_test [Chromium];
    row_01_last_good_is_what_was_healthy: make_test [Chromium, Firefox];
    row_15_a_lower_percentage: make_test [Chromium, Firefox, WebKit];
    row_16_pods_that_disagree: make_test [Chromium, WebKit];
    row_19_percentage_0_while_pages_load: make_test [Chromium, Firefox];
    row_26_storage_blocked: make_test [Chromium, Firefox, WebKit];
    row_27_quota_exceeded: make_test [Chromium, WebKit];
    row_28_stored_values_corrupt: make_test [Chromium, Firefox];
    row_29_last_good_traps: make_test [Chromium, WebKit];
    row_30_storage_cleared: make_test [Chromium, Firefox];
    row_31_twenty_tabs_at_once: make_test [Chromium, Firefox];
    row_32_script_included_twice: make_test [Chromium, Firefox, WebKit];
}

/// For tags that are not [`page`]'s own.
const PATIENT: &str = r#"data-decision-budget="15000""#;

/// Everybody has the canary, and a flag.
fn page() -> Page {
    Page::patient().config(config("100", ""))
}

fn config(percentage: &str, more: &str) -> String {
    let fixed = r#""FEATURE_FLAGS": {"on": true}, "TELEMETRY": {"countAutomation": true}"#;
    format!(r#"{{"CANARY_PERCENTAGE": {percentage}, {fixed}{more}}}"#)
}

/// What this browser remembers under a name, from a page of the site.
async fn stored(site: &FaultSite, key: &str) -> Value {
    site.browser.eval(&format!("JSON.parse(localStorage.getItem('{key}'))")).await
}

/// Remembers something there, from a page of the site.
async fn store(site: &FaultSite, key: &str, value: &str) {
    site.browser.eval(&format!("void localStorage.setItem('{key}', JSON.stringify({value}))")).await;
}

/// Waits until the page has kept its config, as it does when its bundle is up.
async fn keeps(site: &FaultSite) {
    site.browser.wait_for("localStorage.getItem('canary_good')").await;
}

async fn flag(site: &FaultSite) -> Value {
    site.browser.eval(&format!("{RUNTIME}.getBooleanValue('on', false)")).await
}

/// Ids as they are stored: the cookie's and that of localStorage.
async fn ids(site: &FaultSite) -> [String; 2] {
    let both = "[/canary_id=([^;]*)/.exec(document.cookie)?.[1], localStorage.getItem('canary_id')]";
    let found = site.browser.eval(both).await;
    [0, 1].map(|home| found[home].as_str().unwrap_or_default().to_owned())
}

fn is_new_id(id: &str) -> bool {
    id.len() == 32 && id.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte))
}
