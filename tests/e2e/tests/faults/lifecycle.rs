//! Rows 35 to 38, 41 and 42, with the rules 2, 3 and 9: a canary whose code runs, and what becomes of it.
//!
//! Each fault meets a user who has the canary on the same page without it.

mod blank_screen;
mod crash_marker;
mod error;
mod lazy_chunk;
mod timeout;
mod unrecorded_reload;

use blank_screen::{row_38_crashes, row_38_is_no_crash, row_38_what_is_empty};
use canary_e2e::fault_site::{CANARY, FaultSite};
use crash_marker::{row_37_bounce, row_37_loops_forever, row_37_mark, row_37_tabs};
use error::{row_35_errors_of_others, row_35_one_reload, row_35_quarantine, row_35_throws};
use fantoccini::Locator;
use lazy_chunk::{row_41_chunk_missing, row_41_leaving};
use timeout::{row_36_started, row_36_too_late, row_36_under_the_hands, row_36_waits_forever};
use unrecorded_reload::row_42_nothing_can_be_noted;

canary_e2e::rows! {
    row_35_throws: make_test [Chromium, Firefox, WebKit];
    row_35_quarantine: make_test [Chromium];
    row_35_errors_of_others: make_test [Chromium, WebKit];
    row_35_one_reload: make_test [Chromium];
    row_36_waits_forever: make_test [Chromium, Firefox, WebKit];
    row_36_started: make_test [Chromium];
    row_36_too_late: make_test [Chromium, Firefox];
    row_36_under_the_hands: make_test [Chromium, Firefox];
    row_37_mark: make_test [Chromium, Firefox, WebKit];
    row_37_loops_forever: make_test [Chromium];
    row_37_bounce: make_test [Chromium, Firefox];
    row_37_tabs: make_test [Chromium];
    row_38_crashes: make_test [Chromium, Firefox, WebKit];
    row_38_is_no_crash: make_test [Chromium];
    row_38_what_is_empty: make_test [Chromium, WebKit];
    row_41_chunk_missing: make_test [Chromium, Firefox, WebKit];
    row_41_leaving: make_test [Chromium, WebKit];
    row_42_nothing_can_be_noted: make_test [Chromium, Firefox, WebKit];
}

/// A time-out that no sound canary meets, also on a busy machine.
const PATIENT: &str = r#""GUARD": {"readyTimeoutMs": 15000}"#;

/// One that is awaited.
const SHORT: &str = r#""GUARD": {"readyTimeoutMs": 1500}"#;

/// A canary that runs and gets no further.
const WAITS: &str = "globalThis.e2e.log('ran', 'half'); await new Promise(() => {});";

/// A canary that runs and throws.
const THROWS: &str = "globalThis.e2e.log('ran', 'half'); throw new Error('boom');";

/// A canary of one classic script.
const CLASSIC: &str =
    r#""ASSETS": {"canary": {"version": "1", "scripts": [{"src": "/canary/main.js", "type": "classic"}]}}"#;

/// What the browser remembers of a failed canary.
async fn quarantined(site: &FaultSite) -> serde_json::Value {
    site.browser.eval("JSON.parse(localStorage.canary_memory ?? '{}').bad ?? null").await
}

/// Waits until a canary that is on the screen is up.
async fn is_up(site: &FaultSite) {
    site.shows(CANARY).await;
    site.browser.wait_for("!localStorage.canary_mark").await;
}

/// Lets so much of the page's time go by.
async fn pass(site: &FaultSite, milliseconds: u32) {
    let until = site.browser.eval(&format!("performance.now() + {milliseconds}")).await;
    site.browser.wait_for(&format!("performance.now() > {until}")).await;
}

async fn click(site: &FaultSite, selector: &str) {
    site.browser.client().find(Locator::Css(selector)).await.unwrap().click().await.unwrap();
}

/// As a script of the page's own: nobody is told of the rejections of a driver's.
fn in_page(script: &str) -> String {
    let text = serde_json::to_string(script).unwrap();
    format!("void document.head.append(Object.assign(document.createElement('script'), {{ textContent: {text} }}))")
}
