//! The context of a page view: attributes of the runtime and of the page, and the identified user.

use canary_e2e::bucket::{bucket, user_at};
use canary_e2e::fixture::{config, ran, site_files};
use canary_e2e::test_site::TestSite;
use serde_json::{Value, json};

/// A flag that is true where `condition` holds.
fn when(condition: &Value) -> Value {
    json!({ "rules": [{ "if": condition, "serve": true }], "default": false })
}

fn values(keys: &str) -> String {
    format!("Object.fromEntries({keys:?}.split(' ').map((key) => [key, canary.getBooleanValue(key, false)]))")
}

#[tokio::test]
async fn rules_see_the_attributes_of_the_runtime() {
    let site = TestSite::new(site_files("", "")).await;
    let browser = &site.browser;
    let host = site.nginx.origin().replace("http://", "");
    site.files.mount_config(&config(
        "5",
        &json!({
            "path": when(&json!({ "url.path": "/index.html" })),
            "host": when(&json!({ "url.host": host })),
            "language": when(&json!({ "language": "de-AT" })),
            "device": when(&json!({ "device": "desktop" })),
            "cookie": when(&json!({ "cookie.seen": "a=b" })),
            "query": when(&json!({ "query.ref": "mail & more" })),
            "second": when(&json!({ "query.ref": "second" })),
            "dotted": when(&json!({ "cookie.toJSON": "x" })),
        }),
    ));
    browser
        .cdp(
            "Emulation.setUserAgentOverride",
            json!({ "userAgent": "Mozilla/5.0 (X11; Linux x86_64)", "acceptLanguage": "de-AT" }),
        )
        .await;
    for (name, value) in [("seen", "a=b"), ("toJSON", "x")] {
        browser.set_cookie(name, value, &site.nginx.origin()).await;
    }
    site.goto("/index.html?ref=mail%20%26+more&ref=second&toJSON=x").await;
    ran(browser).await;
    assert_eq!(
        browser.eval(&values("path host language device cookie query second dotted")).await,
        json!({ "path": true, "host": true, "language": true, "device": true, "cookie": true, "query": true, "second": false, "dotted": true })
    );
    browser.assert_console(&[]).await;
}

#[tokio::test]
async fn device_types_are_distinguished() {
    let flags = json!({
        "mobile": when(&json!({ "device": "mobile" })),
        "tablet": when(&json!({ "device": "tablet" })),
        "desktop": when(&json!({ "device": "desktop" })),
    });
    let site = TestSite::new(site_files("", &config("5", &flags))).await;
    let browser = &site.browser;
    for (agent, touch_points, device) in [
        ("Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/120.0.0.0 Safari/537.36", 10, "desktop"),
        (
            "Mozilla/5.0 (Linux; Android 14; Pixel 8) AppleWebKit/537.36 Chrome/120.0.0.0 Mobile Safari/537.36",
            5,
            "mobile",
        ),
        ("Mozilla/5.0 (Linux; Android 14; SM-X710) AppleWebKit/537.36 Chrome/120.0.0.0 Safari/537.36", 5, "tablet"),
        (
            "Mozilla/5.0 (iPhone; CPU iPhone OS 17_0 like Mac OS X) AppleWebKit/605.1.15 Version/17.0 Mobile/15E148 Safari/604.1",
            5,
            "mobile",
        ),
        (
            "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 Version/17.0 Safari/605.1.15",
            5,
            "tablet",
        ),
        (
            "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 Version/17.0 Safari/605.1.15",
            0,
            "desktop",
        ),
        ("Mozilla/5.0 (Android 14; Tablet; rv:120.0) Gecko/120.0 Firefox/120.0", 5, "tablet"),
    ] {
        browser.cdp("Emulation.setUserAgentOverride", json!({ "userAgent": agent })).await;
        let touch = if touch_points == 0 {
            json!({ "enabled": false })
        } else {
            json!({ "enabled": true, "maxTouchPoints": touch_points })
        };
        browser.cdp("Emulation.setTouchEmulationEnabled", touch).await;
        site.goto("/").await;
        ran(browser).await;
        let seen = "['mobile', 'tablet', 'desktop'].filter((key) => canary.getBooleanValue(key, false))";
        assert_eq!(browser.eval(seen).await, json!([device]), "{agent}");
    }
    browser.assert_console(&[]).await;
}

#[tokio::test]
async fn attributes_of_the_page_override_those_of_the_runtime() {
    let flags = json!({ "pro": when(&json!({ "plan": "pro" })), "klingon": when(&json!({ "language": "tlh" })), "deep": when(&json!({ "a.b.0": 1 })) });
    let rules = r#"{"CANARY_RULES": [{"if": {"plan": "pro"}, "serve": "canary"}], "#;
    let text = config("5", &flags).replacen('{', rules, 1);
    let attributes = r#"data-attributes='{"plan": "pro", "language": "tlh", "a": {"b": [1]}}'"#;
    let site = TestSite::new(site_files(attributes, &text)).await;
    site.set_user(&user_at("s", 60_000).id).await;
    site.goto("/").await;
    assert_eq!(ran(&site.browser).await, json!(["canary"]));
    assert_eq!(site.browser.eval("decision.reason").await, "TARGETING_MATCH");
    assert_eq!(
        site.browser.eval(&values("pro klingon deep")).await,
        json!({ "pro": true, "klingon": true, "deep": true })
    );
    site.browser.assert_console(&[]).await;
}

#[tokio::test]
async fn attributes_that_are_no_object_are_ignored() {
    let flags = json!({ "on": true, "desktop": when(&json!({ "device": "desktop" })) });
    for text in ["{", "[]", "null", "5", "plan"] {
        let site = TestSite::new(site_files(&format!("data-attributes='{text}'"), &config("5", &flags))).await;
        site.goto("/").await;
        ran(&site.browser).await;
        assert_eq!(site.browser.eval(&values("on desktop")).await, json!({ "on": true, "desktop": true }));
        let expected = "[canary] I118 data-attributes: expected a JSON object; it is ignored";
        let entries = site.browser.assert_console(&[]).await;
        assert!(entries.iter().any(|entry| entry.text.contains(expected)), "{text}: {entries:?}");
    }
}

#[tokio::test]
async fn identify_changes_flags_and_not_the_bundle() {
    let user = user_at("s", 0);
    // A percentage that includes one of the two users, by their buckets for this flag.
    let buckets = ["user-7", user.id.as_str()].map(|id| bucket("flag", "split", id));
    let split = f64::from(buckets[0].min(buckets[1]) + 1) / 1_000.0;
    let has = |place: usize| f64::from(buckets[place]) / 1_000.0 < split;
    let flags = json!({ "split": split, "pro": when(&json!({ "plan": "pro" })), "shop": when(&json!({ "shop": "de" })), "on": true });
    let site = TestSite::new(site_files(r#"data-attributes='{"shop": "de"}'"#, &config("5", &flags))).await;
    let browser = &site.browser;
    site.set_user(&user.id).await;
    site.goto("/").await;
    ran(browser).await;
    browser.eval("void canary.on('configurationChanged', ({ flagsChanged }) => (globalThis.changed ??= []).push(flagsChanged.sort()))").await;
    let all = values("split pro shop on");
    let seen = |split: bool, pro: bool, shop: bool| json!({ "split": split, "pro": pro, "shop": shop, "on": true });
    assert_eq!(browser.eval(&all).await, seen(has(1), false, true));

    browser.eval("void canary.identify('user-7', { plan: 'pro' })").await;
    assert_eq!(browser.eval(&all).await, seen(has(0), true, true));
    // The attributes of the user before are gone. Those of the page stay unless they are replaced.
    browser.eval("void canary.identify('user-7', { shop: 'fr' })").await;
    assert_eq!(browser.eval(&all).await, seen(has(0), false, false));
    // Without an id: the user that the page began with.
    browser.eval("void canary.identify()").await;
    assert_eq!(browser.eval(&all).await, seen(has(1), false, true));
    assert_eq!(browser.eval("changed").await, json!([["pro", "split"], ["pro", "shop"], ["shop", "split"]]));
    let here = browser.eval("[ran, decision.variant, document.documentElement.dataset.canaryVariant]").await;
    assert_eq!(here, json!([["canary"], "canary", "canary"]));
    browser.assert_console(&[]).await;
}

#[tokio::test]
async fn an_invalid_user_gets_default_values() {
    let site = TestSite::new(site_files("", &config("5", &json!({ "on": true })))).await;
    let browser = &site.browser;
    site.goto("/").await;
    ran(browser).await;
    for call in [
        "identify(42)",
        "identify({})",
        "identify('u', [])",
        "identify('u', null)",
        "identify('u', 'pro')",
        "identify('u', { n: 1n })",
        "identify('u', { window })",
        "identify('u', Array(80).fill().reduce((deep) => ({ deep }), {}))",
    ] {
        browser.eval(&format!("void canary.{call}")).await;
        let details = browser.eval("details('on', false)").await;
        assert_eq!([&details["value"], &details["errorCode"]], [&json!(false), &json!("INVALID_CONTEXT")], "{call}");
        let entries = browser.assert_console(&[]).await;
        let expected = "[canary] I118 identify: expected a text and a JSON object; flags have their defaults";
        assert!(entries.iter().any(|entry| entry.text.contains(expected)), "{call}: {entries:?}");
        browser.eval("void canary.identify('u', { since: new Date() })").await;
        assert_eq!(browser.eval("canary.getBooleanValue('on', false)").await, true, "{call}");
    }
}

#[tokio::test]
async fn identify_before_the_decision_does_not_change_the_bundle() {
    let (inside, outside) = (user_at("s", 0), user_at("s", 60_000));
    let flag = f64::from(bucket("flag", "split", &outside.id) + 1) / 1_000.0;
    let files = site_files("", &config("5", &json!({ "split": flag, "pro": when(&json!({ "plan": "pro" })) })));
    let late = format!(
        "import {{ canary }} from '/runtime/canary.js';
        globalThis.canary = canary;
        canary.identify({:?}, {{ plan: 'pro' }});
        canary.ready.then((decision) => (globalThis.decision = decision));",
        outside.id
    );
    files.write("late.js", late);
    let site = TestSite::new(files).await;
    site.set_user(&inside.id).await;
    site.goto("/").await;
    assert_eq!(ran(&site.browser).await, json!(["canary"]));
    assert_eq!(site.browser.eval("decision.bucket").await, 0);
    assert_eq!(site.browser.eval(&values("split pro")).await, json!({ "split": true, "pro": true }));
    site.browser.assert_console(&[]).await;
}
