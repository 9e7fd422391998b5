//! A config that changes while a page is open: flags follow, the bundle stays.

use canary_e2e::bucket::{User, user_at};
use canary_e2e::fixture::{CANARY, CONFIG, config, ran, settle, site_files};
use canary_e2e::test_site::TestSite;
use canary_e2e::wait::DEADLINE;
use serde_json::{Value, json};
use std::io::ErrorKind;
use std::net::TcpListener;

/// A page that records changes of the config.
async fn listening(attributes: &str, config: &str, user: &User) -> TestSite {
    let site = TestSite::new(site_files(attributes, config)).await;
    site.set_user(&user.id).await;
    site.goto("/").await;
    ran(&site.browser).await;
    let listen = "void ['configurationChanged', 'superseded'].forEach((t) => CANARY.on(t, (detail) => (globalThis[t] ??= []).push(detail)))";
    site.browser.eval(&listen.replace("CANARY", CANARY)).await;
    site
}

/// What the browser does when the tab becomes visible.
async fn look(site: &TestSite) {
    site.browser.eval("void document.dispatchEvent(new Event('visibilitychange'))").await;
}

#[tokio::test]
async fn a_visible_tab_refreshes_the_config() {
    let user = user_at("s", 30_000);
    let site = listening("", &config("5", &json!({ "a": false, "b": true, "c": false })), &user).await;
    let TestSite { browser, nginx, files, .. } = &site;
    let values = "['a', 'b'].map((key) => details(key, false).value)";
    assert_eq!(browser.eval(values).await, json!([false, true]));

    let log = nginx.access_log();
    let mark = log.mark();
    files.mount_config(&config("50", &json!({ "a": true, "b": true, "c": true })));
    look(&site).await;
    // Only flags that the page has read: it has not read `c`.
    assert_eq!(browser.wait_for("globalThis.configurationChanged").await, json!([{ "flagsChanged": ["a"] }]));
    let superseded = browser.wait_for("globalThis.superseded").await;
    assert_eq!(
        (&superseded[0]["variant"], &superseded[0]["bucket"], &superseded[1]),
        (&json!("canary"), &json!(30_000), &Value::Null)
    );
    assert_eq!(browser.eval(values).await, json!([true, true]));
    let here = browser.eval("[ran, decision.variant, document.documentElement.dataset.canaryVariant]").await;
    assert_eq!(here, json!([["stable"], "stable", "stable"]));
    settle(&site, mark).await;
    let asked: Vec<_> =
        log.since(mark).into_iter().map(|line| line.path).filter(|path| !path.starts_with("/late")).collect();
    let names: Vec<_> = asked.iter().map(|path| path.split('_').next().unwrap()).collect();
    assert_eq!(names, ["/runtime/refresh", "/runtime/refresh", CONFIG], "{asked:?}");

    // An equal config changes nothing, and the module is not requested again.
    let mark = log.mark();
    look(&site).await;
    log.wait_for("a refresh", mark, DEADLINE, |line| line.path == CONFIG);
    settle(&site, mark).await;
    assert_eq!(log.since(mark).len(), 3);
    browser.assert_console(&[]).await;

    // A malformed config is reported once and changes nothing.
    files.mount_config("{");
    look(&site).await;
    let entries = browser.assert_console(&["[canary] E105 "]).await;
    assert!(entries.len() == 1 && entries[0].text.contains("; the config before it holds"), "{entries:?}");
    assert_eq!(browser.eval(values).await, json!([true, true]));
    assert_eq!(browser.eval("configurationChanged.length").await, 1);

    // A hidden tab does not request the config, nor does a page after `stop`.
    files.mount_config(&config("50", &json!({ "a": false, "b": false })));
    let mark = log.mark();
    browser.eval("Object.defineProperty(document, 'hidden', { value: true, configurable: true })").await;
    look(&site).await;
    settle(&site, mark).await;
    assert!(log.requests_for(CONFIG, mark).is_empty());
    browser.eval("delete document.hidden").await;
    look(&site).await;
    browser.wait_for("configurationChanged.length === 2").await;
    browser.eval(&format!("{CANARY}.stop()")).await;
    files.mount_config(&config("50", &json!({ "a": true, "b": true })));
    let mark = log.mark();
    look(&site).await;
    settle(&site, mark).await;
    assert!(log.requests_for(CONFIG, mark).is_empty());
    assert_eq!(browser.eval(values).await, json!([false, false]));
    browser.assert_console(&[]).await;
}

/// The module for flags decides on later configs, because the module of the boot frees no memory.
#[tokio::test]
async fn a_module_that_traps_at_a_refresh_is_not_called_again() {
    let site = TestSite::new(site_files("", &config("5", &json!({ "a": true })))).await;
    let TestSite { browser, nginx, files, .. } = &site;
    let trap = "const { instantiate } = WebAssembly;
        let loads = 0;
        WebAssembly.instantiate = async (...arguments_) => {
            const exports = { ...(await instantiate(...arguments_)).instance.exports };
            const { load } = exports;
            exports.load = (...values) => {
                if (loads++) throw new WebAssembly.RuntimeError('unreachable');
                return load(...values);
            };
            return { instance: { exports } };
        };";
    browser.cdp("Page.addScriptToEvaluateOnNewDocument", json!({ "source": trap })).await;
    site.set_user(&user_at("s", 0).id).await;
    site.goto("/").await;
    assert_eq!(ran(browser).await, json!(["canary"]));
    assert_eq!(browser.eval("details('a', null).value").await, true);
    browser.assert_console(&[]).await;

    files.mount_config(&config("0", &json!({ "a": true })));
    look(&site).await;
    assert_eq!(browser.wait_for("details('a', null).errorCode").await, "GENERAL");
    let entries = browser.assert_console(&["[canary] E205 the engine failed; flags have their defaults"]).await;
    assert_eq!(entries.len(), 1, "{entries:?}");
    assert_eq!(ran(browser).await, json!(["canary"]));

    let mark = nginx.access_log().mark();
    look(&site).await;
    settle(&site, mark).await;
    assert!(nginx.access_log().requests_for(CONFIG, mark).is_empty());
    browser.assert_console(&[]).await;
}

/// A config that is rejected at a refresh leaves the engine with the one before, for flags that were read and for others.
#[tokio::test]
async fn a_rejected_config_at_a_refresh_changes_no_flag() {
    let flags = json!({ "a": true, "b": { "requires": { "a": true } } });
    let site = listening("", &config("5", &flags), &user_at("s", 0)).await;
    let TestSite { browser, files, .. } = &site;
    assert_eq!(browser.eval("details('a', null).value").await, true);
    let many: serde_json::Map<_, _> = (0..10_001).map(|number| (format!("flag-{number}"), json!(false))).collect();
    for (text, code) in [
        (config("5", &json!(many)), "E111"),
        (config("101", &json!({ "a": false, "b": false })), "E109"),
        (r#"{"CANARY_PERCENTAGE": 5, "FEATURE_FLAGS": {"a": 1, "a": 2}}"#.to_owned(), "E108"),
    ] {
        files.mount_config(&text);
        look(&site).await;
        browser.assert_console(&[&format!("[canary] {code} ")]).await;
        assert_eq!(
            browser.eval("['a', 'b', 'flag-1'].map((key) => details(key, null).value)").await,
            json!([true, true, null])
        );
    }
}

#[tokio::test]
async fn a_page_refreshes_at_its_interval_until_stop() {
    let site = listening(r#"data-refresh="1""#, &config("5", &json!({ "a": false })), &user_at("s", 0)).await;
    let TestSite { browser, nginx, files, .. } = &site;
    assert_eq!(browser.eval("details('a', false).value").await, false);
    files.mount_config(&config("0", &json!({ "a": true })));
    assert_eq!(browser.wait_for("globalThis.configurationChanged").await, json!([{ "flagsChanged": ["a"] }]));
    assert_eq!(browser.wait_for("globalThis.superseded").await[0]["variant"], "stable");
    assert_eq!(browser.eval("[ran, details('a', false).value]").await, json!([["canary"], true]));
    browser.eval(&format!("{CANARY}.stop()")).await;
    // Pending requests finish; then two intervals pass without a request.
    settle(&site, nginx.access_log().mark()).await;
    let mark = nginx.access_log().mark();
    browser.eval("new Promise((resolve) => setTimeout(resolve, 2000))").await;
    settle(&site, mark).await;
    assert!(nginx.access_log().requests_for(CONFIG, mark).is_empty());
    browser.assert_console(&[]).await;
}

#[tokio::test]
async fn a_listener_can_be_removed() {
    let site = listening("", &config("5", &json!({ "a": false })), &user_at("s", 0)).await;
    let TestSite { browser, files, .. } = &site;
    browser.eval("details('a', false)").await;
    let off = "void CANARY.on('configurationChanged', () => (globalThis.gone = true))()";
    browser.eval(&off.replace("CANARY", CANARY)).await;
    files.mount_config(&config("5", &json!({ "a": true })));
    look(&site).await;
    browser.wait_for("globalThis.configurationChanged").await;
    assert_eq!(browser.eval("globalThis.gone === undefined").await, true);
    browser.assert_console(&[]).await;
}

#[tokio::test]
async fn an_interval_out_of_range_is_ignored() {
    for interval in ["-5", "0", "0.001", "2592000", "Infinity", "often"] {
        let attribute = format!(r#"data-refresh="{interval}""#);
        let site = listening(&attribute, &config("5", &json!({ "a": false })), &user_at("s", 0)).await;
        let mark = site.nginx.access_log().mark();
        site.browser.eval("new Promise((resolve) => setTimeout(resolve, 100))").await;
        settle(&site, mark).await;
        assert!(site.nginx.access_log().requests_for(CONFIG, mark).is_empty(), "{interval}");
        let entries = site.browser.console().await;
        let expected = "[canary] I118 data-refresh: expected 1 to 86400; it is ignored";
        assert!(entries.iter().any(|entry| entry.text.contains(expected)), "{interval}: {entries:?}");
    }
}

#[tokio::test]
async fn a_config_of_another_origin_is_never_requested() {
    let other = TcpListener::bind("127.0.0.1:0").unwrap();
    other.set_nonblocking(true).unwrap();
    let address = format!("http://{}/config.json", other.local_addr().unwrap());
    for address in [address.as_str(), "http://["] {
        let site =
            listening(&format!(r#"data-config="{address}""#), &config("100", &json!({})), &user_at("s", 0)).await;
        assert_eq!(ran(&site.browser).await, json!(["stable"]));
        look(&site).await;
        settle(&site, site.nginx.access_log().mark()).await;
        assert_eq!(other.accept().unwrap_err().kind(), ErrorKind::WouldBlock, "{address}");
        site.browser.assert_console(&["[canary] E102 data-config is no address on this origin; stable loads"]).await;
    }
}

#[tokio::test]
async fn a_page_that_stops_before_the_decision_never_refreshes() {
    let files = site_files("", &config("100", &json!({ "a": false })));
    files.write(
        "late.js",
        r#"
        import { canary } from "/runtime/canary.js";
        canary.stop();
        canary.ready.then((decision) => (globalThis.decision = decision));
    "#,
    );
    let site = TestSite::new(files).await;
    site.goto("/").await;
    assert_eq!(ran(&site.browser).await, json!(["canary"]));
    let mark = site.nginx.access_log().mark();
    look(&site).await;
    settle(&site, mark).await;
    // The first request would be that for the refresh module.
    let lines = site.nginx.access_log().since(mark);
    assert!(lines.iter().all(|line| !line.path.starts_with("/runtime/")), "{lines:?}");
    site.browser.assert_console(&[]).await;
}
