//! Events: when and how often they come, and listeners that are late, removed or fail.

use canary_e2e::atomic::Files;
use canary_e2e::bucket::{bucket, user_at};
use canary_e2e::fixture::{config, ran, site_files};
use canary_e2e::test_site::TestSite;
use serde_json::{Value, json};

/// Records the details of an event, past and future.
async fn listen(site: &TestSite, event: &str) {
    site.browser
        .eval(&format!("void canary.on('{event}', (detail) => (globalThis.told_{event} ??= []).push(detail))"))
        .await;
}

async fn told(site: &TestSite, event: &str) -> Value {
    site.browser.wait_for(&format!("globalThis.told_{event}")).await
}

/// What the browser does when the tab becomes visible.
async fn look(site: &TestSite) {
    site.browser.eval("void document.dispatchEvent(new Event('visibilitychange'))").await;
}

#[tokio::test]
async fn ready_reaches_early_and_late_listeners_once() {
    let files = site_files("", &config("100", &json!({})));
    let late = "import { canary } from '/runtime/canary.js';
        globalThis.canary = canary;
        globalThis.order = [];
        canary.on('ready', () => order.push(document.querySelector('script[src=\"/canary/main.js\"]') ? 'late' : 'early'));
        canary.ready.then((decision) => (globalThis.decision = decision));";
    files.write("late.js", late);
    let site = TestSite::new(files).await;
    site.goto("/").await;
    ran(&site.browser).await;
    // `on` calls no listener before it returns.
    let late = "(() => { let told = 0; canary.on('ready', () => told++); return told; })()";
    assert_eq!(site.browser.eval(late).await, 0);
    listen(&site, "ready").await;
    let decision = site.browser.eval("decision").await;
    assert_eq!(told(&site, "ready").await, json!([decision]));
    assert_eq!(site.browser.eval("order").await, json!(["early"]));
    // A listener that is removed at once is not called.
    let left = "new Promise((resolve) => {
        let told = 0;
        canary.on('ready', () => told++)();
        canary.on('ready', () => resolve(told));
    })";
    assert_eq!(site.browser.eval(left).await, 0);
    site.browser.assert_console(&[]).await;
}

#[tokio::test]
async fn one_exposure_for_each_flag_and_value() {
    let user = user_at("s", 60_000);
    let place = bucket("flag", "split", &user.id);
    let split = f64::from(place + 1) / 1_000.0;
    // A user who is outside the split that just includes the user of the page.
    let (other, other_place) = (0..1_000)
        .map(|number| format!("visitor-{number}"))
        .map(|id| (id.clone(), bucket("flag", "split", &id)))
        .find(|(_, other)| *other > place)
        .unwrap();
    let site =
        TestSite::new(site_files("", &config("5", &json!({ "split": split, "on": true, "none": 0, "all": 100 }))))
            .await;
    let browser = &site.browser;
    site.set_user(&user.id).await;
    site.goto("/").await;
    ran(browser).await;
    let bundle = json!({ "flagKey": null, "value": "rest", "variant": "stable", "reason": "SPLIT", "bucket": 60_000 });
    let exposure = |value: bool, bucket: u32| json!({ "flagKey": "split", "value": value, "variant": null, "reason": "SPLIT", "bucket": bucket });
    let read =
        "void ['split', 'split', 'on', 'none', 'all', 'gone'].forEach((key) => canary.getBooleanValue(key, false))";
    // Reads before the listener count, and so does the bundle.
    browser.eval(read).await;
    listen(&site, "exposure").await;
    browser.wait_for("globalThis.told_exposure?.length >= 2").await;
    browser.eval(read).await;
    // A default, and a read for another user, are no exposures.
    browser
        .eval(
            "void [canary.getStringValue('split', ''), canary.evaluate('split', false, { targetingKey: 'somebody' })]",
        )
        .await;
    assert_eq!(told(&site, "exposure").await, json!([bundle, exposure(true, place)]));
    // Another value is another exposure when it is read. The first value again is none.
    browser.eval(&format!("void canary.identify({other:?})")).await;
    assert_eq!(browser.eval("told_exposure.length").await, 2);
    browser.eval(read).await;
    browser.eval("void canary.identify()").await;
    browser.eval(read).await;
    assert_eq!(told(&site, "exposure").await, json!([bundle, exposure(true, place), exposure(false, other_place)]));
    browser.assert_console(&[]).await;
}

#[tokio::test]
async fn error_events_match_the_console() {
    let site = TestSite::new(site_files("", "{")).await;
    let browser = &site.browser;
    let boot = async |code: &str| {
        site.goto("/").await;
        ran(browser).await;
        listen(&site, "error").await;
        let told = told(&site, "error").await;
        assert_eq!((told[0]["code"].as_str(), told[1].is_null()), (Some(code), true), "{told}");
        let line = format!("[canary] {code} {}; stable loads", told[0]["message"].as_str().unwrap());
        browser.assert_console(&[line.as_str(), "404"][..if code == "E101" { 2 } else { 1 }]).await;
    };
    boot("E105").await;
    site.files.mount(&Files::new());
    boot("E101").await;
    // Without a bucket there is no exposure.
    listen(&site, "exposure").await;
    listen(&site, "ready").await;
    told(&site, "ready").await;
    assert_eq!(browser.eval("globalThis.told_exposure === undefined").await, true);

    // A valid config ends the error, although no value changes.
    listen(&site, "configurationChanged").await;
    listen(&site, "stale").await;
    look(&site).await;
    browser.assert_console(&["[canary] E101 ", "404"]).await;
    site.files.mount_config(&config("5", &json!({})));
    look(&site).await;
    assert_eq!(told(&site, "configurationChanged").await, json!([{ "flagsChanged": [] }]));
    assert_eq!(browser.eval("globalThis.told_stale === undefined").await, true);
}

#[tokio::test]
async fn stale_fires_once_until_a_refresh_succeeds() {
    let good = config("5", &json!({ "on": true }));
    let site = TestSite::new(site_files("", &good)).await;
    let browser = &site.browser;
    site.goto("/").await;
    ran(browser).await;
    for event in ["stale", "error", "configurationChanged"] {
        listen(&site, event).await;
    }
    assert_eq!(browser.eval("canary.getBooleanValue('on', false)").await, true);
    for _ in 0..2 {
        site.files.mount_config("{");
        look(&site).await;
        browser.assert_console(&["[canary] E105 "]).await;
        assert_eq!(browser.eval("canary.getBooleanValue('on', false)").await, true);
    }
    let events = told(&site, "stale").await;
    assert_eq!((&events[0]["code"], events.as_array().map(Vec::len)), (&json!("E105"), Some(1)), "{events}");
    site.files.mount_config(&good);
    look(&site).await;
    assert_eq!(told(&site, "configurationChanged").await, json!([{ "flagsChanged": [] }]));
    site.files.mount_config("{");
    look(&site).await;
    browser.wait_for("told_stale.length === 2").await;
    assert_eq!(browser.eval("globalThis.told_error === undefined").await, true);
    browser.assert_console(&["[canary] E105 "]).await;
}

#[tokio::test]
async fn a_refresh_reports_changes_of_any_type() {
    let flag = |value: Value| json!({ "variants": { "v": { "weight": 1, "value": value } } });
    let flags = |size: Value, theme: Value| json!({ "size": flag(size), "theme": flag(theme), "same": flag(json!({ "a": [1] })) });
    let site = TestSite::new(site_files("", &config("5", &flags(json!(1), json!({ "a": 1 }))))).await;
    let browser = &site.browser;
    site.goto("/").await;
    ran(browser).await;
    listen(&site, "configurationChanged").await;
    browser.eval("void [canary.getNumberValue('size', 0), canary.getObjectValue('theme', {}), canary.getObjectValue('same', {}), canary.getObjectValue('gone', {})]").await;
    site.files.mount_config(&config("5", &flags(json!(2), json!({ "a": 2 }))));
    look(&site).await;
    assert_eq!(told(&site, "configurationChanged").await, json!([{ "flagsChanged": ["size", "theme"] }]));
    assert_eq!(
        browser.eval("[canary.getNumberValue('size', 0), canary.getObjectValue('theme', {})]").await,
        json!([2, { "a": 2 }])
    );
    browser.assert_console(&[]).await;
}

#[tokio::test]
async fn a_failing_listener_affects_no_other() {
    let site = TestSite::new(site_files("", &config("5", &json!({ "on": true })))).await;
    let browser = &site.browser;
    site.goto("/").await;
    ran(browser).await;
    let listeners = "(() => {
        globalThis.told = [];
        const count = () => told.push('shared');
        canary.on('configurationChanged', () => { throw new Error('the page itself'); });
        const [off] = [canary.on('configurationChanged', count), canary.on('configurationChanged', count)];
        canary.getBooleanValue('on', false);
        canary.setOverride('on', false);
        off(); off();
        canary.clearOverrides();
        canary.stop();
        canary.setOverride('on', false);
        return told;
    })()";
    assert_eq!(browser.eval(listeners).await, json!(vec!["shared"; 3]));
    let entries = browser.assert_console(&["the page itself"]).await;
    assert_eq!(entries.iter().filter(|entry| entry.text.contains("the page itself")).count(), 2, "{entries:?}");
}
