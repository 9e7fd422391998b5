//! Reads the panel and presses its buttons.

use canary_e2e::fixture::ran;
use canary_e2e::test_site::TestSite;
use serde_json::{Value, json};

/// The value of an expression with the panel as `root`; none while there is no panel.
pub(crate) fn panel(expression: &str) -> String {
    format!("((root) => root && ({expression}))(document.querySelector('canary-panel')?.shadowRoot)")
}

pub(crate) async fn see(site: &TestSite, expression: &str) -> Value {
    site.browser.eval(&panel(expression)).await
}

/// Presses the element of a selector when it is there.
pub(crate) async fn press(site: &TestSite, selector: &str) {
    site.browser.wait_for(&panel(&format!("root.querySelector({selector:?})"))).await;
    see(site, &format!("void root.querySelector({selector:?}).click()")).await;
}

pub(crate) async fn press_text(site: &TestSite, text: &str) {
    see(site, &format!("void [...root.querySelectorAll('button')].find((it) => it.textContent === {text:?}).click()"))
        .await;
}

/// Types into the field of a flag and leaves it.
pub(crate) async fn enter(site: &TestSite, key: &str, text: &str) {
    let set = format!(
        "void ((it) => {{ it.value = {text:?}; it.dispatchEvent(new Event('change')); }})(root.querySelector('[data-flag={key}] input'))"
    );
    see(site, &set).await;
}

pub(crate) async fn goto(site: &TestSite, path: &str) {
    site.goto(path).await;
    ran(&site.browser).await;
    site.browser.wait_for(&panel("root.querySelector('.body')")).await;
}

/// A config that allows overrides.
pub(crate) fn config(percentage: f64, flags: &Value) -> String {
    json!({ "CANARY_PERCENTAGE": percentage, "REVISION": 7, "SALT": "s", "OVERRIDES": { "query": true }, "FEATURE_FLAGS": flags })
        .to_string()
}

/// A flag for each kind of control in the panel.
pub(crate) fn flags() -> Value {
    json!({
        "on": true,
        "rank": { "variants": { "v1": { "weight": 1, "value": "first" }, "v2": { "weight": 0, "value": "second" } } },
        "size": { "rules": [{ "if": { "no": true }, "serve": 2 }], "default": 12 },
    })
}
