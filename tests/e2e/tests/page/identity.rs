//! The user id: made, stored, given by the page, or not made.

use canary_e2e::browser::Browser;
use canary_e2e::bucket::{bucket, user_at};
use canary_e2e::fixture::{config, ran, site_files};
use canary_e2e::test_site::TestSite;
use serde_json::{Value, json};

/// Turns Global Privacy Control on.
const PRIVATE: &str = "Object.defineProperty(Navigator.prototype, 'globalPrivacyControl', { get: () => true });";

/// The id cookie with its attributes, and the copy in localStorage.
async fn stored(browser: &Browser) -> (Value, Value) {
    let cookies = browser.cdp("Network.getCookies", json!({})).await;
    let is_id = |cookie: &&Value| cookie["name"] == "canary_id";
    let cookie = cookies["cookies"].as_array().unwrap().iter().find(is_id).cloned().unwrap_or_default();
    (cookie, browser.eval("localStorage.getItem('canary_id')").await)
}

fn is_new_id(id: &Value) -> bool {
    let id = id.as_str().unwrap_or_default();
    id.len() == 32 && id.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte))
}

#[tokio::test]
async fn an_id_is_created_once_and_stored() {
    let site = TestSite::new(site_files("", &config("5", &json!({})))).await;
    let browser = &site.browser;
    let visit = async || {
        site.goto("/").await;
        ran(browser).await;
        stored(browser).await
    };
    let (cookie, copy) = visit().await;
    let id = cookie["value"].clone();
    assert!(is_new_id(&id) && id == copy, "{cookie} {copy}");
    let about = ["path", "sameSite", "secure", "httpOnly", "domain"].map(|key| &cookie[key]);
    assert_eq!(about.map(Value::to_string), ["\"/\"", "\"Lax\"", "false", "false", "\"127.0.0.1\""]);
    let left = cookie["expires"].as_f64().unwrap() - browser.eval("Date.now() / 1000").await.as_f64().unwrap();
    let days = left / (24.0 * 60.0 * 60.0);
    assert!((89.9..=90.0).contains(&days), "{days}");
    assert_eq!(browser.eval("decision.bucket").await, bucket("canary", "s", id.as_str().unwrap()));

    // The second visit renews the cookie.
    let (again, copy) = visit().await;
    assert!(again["value"] == id && copy == id && again["expires"].as_f64() > cookie["expires"].as_f64());

    // The cookie restores the copy, and the copy restores the cookie.
    browser.cdp("Network.clearBrowserCookies", json!({})).await;
    let (restored, copy) = visit().await;
    assert!(restored["value"] == id && copy == id, "{restored} {copy}");
    browser.eval("localStorage.clear()").await;
    let (kept, copy) = visit().await;
    assert!(kept["value"] == id && copy == id, "{kept} {copy}");

    // Invalid values in both are replaced.
    for bad in ["no.id", "", &"x".repeat(129)] {
        site.set_user(bad).await;
        browser.eval(&format!("localStorage.setItem('canary_id', {bad:?})")).await;
        let (cookie, copy) = visit().await;
        assert!(is_new_id(&copy) && copy != id && cookie["value"] == copy, "{bad:?}: {cookie} {copy}");
    }
    browser.assert_console(&["[canary] E303 what this browser remembered was damaged; it is made anew"]).await;
}

#[tokio::test]
async fn two_browsers_have_different_ids() {
    let site = TestSite::new(site_files("", &config("5", &json!({})))).await;
    let other = site.another_browser().await;
    let mut ids = Vec::new();
    for browser in [&site.browser, &other] {
        browser.goto(&site.nginx.url("/")).await;
        ran(browser).await;
        ids.push(stored(browser).await.1);
        browser.assert_console(&[]).await;
    }
    assert!(is_new_id(&ids[0]) && is_new_id(&ids[1]) && ids[0] != ids[1], "{ids:?}");
}

#[tokio::test]
async fn a_user_id_of_the_page_needs_no_device_id() {
    let user = user_at("s", 4_999);
    let attributes = format!(r#"data-user-id="{}""#, user.id);
    let site = TestSite::new(site_files(&attributes, &config("5", &json!({})))).await;
    site.goto("/").await;
    assert_eq!(ran(&site.browser).await, json!(["canary"]));
    assert_eq!(site.browser.eval("decision.bucket").await, user.bucket);
    assert_eq!(stored(&site.browser).await, (Value::Null, Value::Null));
    site.browser.assert_console(&[]).await;
}

#[tokio::test]
async fn without_consent_nothing_is_stored() {
    let flags = json!({ "on": true, "split": 50 });
    for (attributes, script) in [(r#"data-consent="required""#, ""), (r#"data-consent="Requierd""#, ""), ("", PRIVATE)]
    {
        let site = TestSite::new(site_files(attributes, &config("100", &flags))).await;
        let browser = &site.browser;
        browser.cdp("Page.addScriptToEvaluateOnNewDocument", json!({ "source": script })).await;
        site.goto("/").await;
        assert_eq!(ran(browser).await, json!(["stable"]));
        assert_eq!(stored(browser).await, (Value::Null, Value::Null));
        assert_eq!(
            browser.eval("[decision.reason, decision.bucket, decision.eligible]").await,
            json!(["DISABLED", null, false])
        );
        let flags = browser
            .eval("['on', 'split'].map((key) => details(key, false)).map((d) => [d.value, d.reason, d.errorCode])");
        assert_eq!(flags.await, json!([[true, "STATIC", null], [false, "ERROR", "TARGETING_KEY_MISSING"]]));
        browser.assert_console(&[]).await;
    }
}

#[tokio::test]
async fn consent_takes_effect_with_the_next_page_view() {
    for attributes in [r#"data-consent="required""#, ""] {
        let site = TestSite::new(site_files(attributes, &config("100", &json!({})))).await;
        let browser = &site.browser;
        let visit = async || {
            site.goto("/").await;
            ran(browser).await
        };
        visit().await;
        browser.eval("void canary.setConsent(true)").await;
        let (cookie, id) = stored(browser).await;
        assert!(is_new_id(&id) && cookie["value"] == id, "{cookie} {id}");
        assert_eq!(visit().await, json!(["canary"]), "{attributes}");
        assert_eq!(stored(browser).await.1, id);

        // After consent is withdrawn, both stay empty, also where the tag does not require consent.
        for withdraw in ["false", "'yes'"] {
            browser.eval(&format!("void canary.setConsent({withdraw})")).await;
            assert_eq!(stored(browser).await, (Value::Null, Value::Null));
            assert_eq!(browser.eval("[ran, decision.variant]").await, json!([["canary"], "canary"]));
            assert_eq!(visit().await, json!(["stable"]), "{attributes}");
            assert_eq!(stored(browser).await, (Value::Null, Value::Null));
            assert_eq!(browser.eval("decision.reason").await, "DISABLED");
            browser.eval("void canary.setConsent(true)").await;
            assert_eq!(visit().await, json!(["canary"]), "{attributes}");
        }
        let entries = browser.assert_console(&[]).await;
        let told = "[canary] I801 consent is withdrawn: the id is deleted; stable loads at the next page view";
        assert!(entries.iter().any(|entry| entry.text.contains(told)), "{entries:?}");
    }
}

#[tokio::test]
async fn consent_creates_no_id_with_privacy_control_or_a_user_id() {
    for (attributes, script) in [("", PRIVATE), (r#"data-user-id="user-1""#, "")] {
        let site = TestSite::new(site_files(attributes, &config("100", &json!({})))).await;
        let browser = &site.browser;
        browser.cdp("Page.addScriptToEvaluateOnNewDocument", json!({ "source": script })).await;
        site.goto("/").await;
        ran(browser).await;
        browser.eval("void canary.setConsent(true)").await;
        assert_eq!(stored(browser).await, (Value::Null, Value::Null));
        browser.assert_console(&[]).await;
    }
}
