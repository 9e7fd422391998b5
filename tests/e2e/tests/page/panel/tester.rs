//! A tester: who looks at the panel, and presses what is in it.

use canary_e2e::fixture::ran;
use canary_e2e::test_site::TestSite;
use serde_json::Value;

/// What an expression is in the panel, `root`; nothing while there is none.
pub(crate) fn panel(expression: &str) -> String {
    format!("((root) => root && ({expression}))(document.querySelector('canary-panel')?.shadowRoot)")
}

pub(crate) async fn see(site: &TestSite, expression: &str) -> Value {
    site.browser.eval(&panel(expression)).await
}

/// What a selector finds is pressed, once it is there.
pub(crate) async fn press(site: &TestSite, selector: &str) {
    site.browser.wait_for(&panel(&format!("root.querySelector({selector:?})"))).await;
    see(site, &format!("void root.querySelector({selector:?}).click()")).await;
}

pub(crate) async fn press_text(site: &TestSite, text: &str) {
    see(site, &format!("void [...root.querySelectorAll('button')].find((it) => it.textContent === {text:?}).click()"))
        .await;
}

/// Types into a flag's field as somebody who then leaves it.
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
