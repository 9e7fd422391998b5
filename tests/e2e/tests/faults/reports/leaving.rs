//! Page views that are left, hidden, restored or prerendered.

use super::support::{arrive, deliver, kinds, page, report, reports, site, throw_elsewhere};
use canary_e2e::engine::Engine;
use canary_e2e::fault_server::Reply;
use canary_e2e::fault_site::{CANARY, CANARY_BUNDLE, CONFIG, FaultSite};
use canary_e2e::wait::{DEADLINE, until};
use serde_json::json;

/// Opens the page, whose bundle does not arrive.
async fn waits_for_bundle(site: &FaultSite) {
    site.server.on(CANARY_BUNDLE, Reply::sound().hanging());
    site.visit().await;
    arrive(site, &["exposure"]).await;
}

pub(crate) async fn left_by_navigation(engine: Engine) {
    let site = site(engine, &page()).await;
    waits_for_bundle(&site).await;
    site.files.write("other.html", "<!doctype html><title>other</title>");
    site.browser.eval("void (location.href = '/other.html')").await;
    until("the report", DEADLINE, || (kinds(&site).len() == 2).then_some(()));
    assert_eq!(kinds(&site), ["exposure", "left"]);
    site.browser.wait_for("document.title === 'other'").await;

    // The tab is closed. WebKitGTK's driver opens tabs in the background, where each view is left from its beginning.
    let client = site.browser.client();
    let first = client.window().await.expect("a window");
    let tab = client.new_window(true).await.expect("a tab").handle;
    client.switch_to_window(tab).await.expect("the tab");
    site.open().await;
    arrive(&site, if engine == Engine::WebKit { &["exposure", "left"] } else { &["exposure"] }).await;
    client.close_window().await.expect("to close it");
    client.switch_to_window(first).await.expect("the first tab");
    arrive(&site, &["exposure", "left"]).await;
}

/// Opens another tab, in which `scenario` runs, and closes it.
async fn in_another_tab(site: &FaultSite, scenario: impl AsyncFnOnce()) {
    let client = site.browser.client();
    let first = client.window().await.expect("a window");
    let tab = client.new_window(true).await.expect("a tab").handle;
    client.switch_to_window(tab).await.expect("the tab");
    scenario().await;
    client.close_window().await.expect("to close it");
    client.switch_to_window(first).await.expect("the first tab");
}

/// Kills tabs as soon as their bundle is inserted. `keepalive` alone makes the exposure arrive, and the view stays one that never
/// came up: a canary that takes its process along must not seem left.
pub(crate) async fn killed_tab_is_exposed_and_not_left(engine: Engine) {
    const TABS: usize = 8;
    let site = site(engine, &page()).await;
    site.server.on(CANARY_BUNDLE, Reply::sound().hanging());
    for number in 1..=TABS {
        in_another_tab(&site, async || {
            site.open().await;
            site.browser.wait_for(&format!("document.querySelector('script[src=\"{CANARY_BUNDLE}\"]')")).await;
            site.browser.crash().await;
        })
        .await;
        until(format!("the exposure of tab {number}"), DEADLINE, || (!kinds(&site).is_empty()).then_some(()));
        assert_eq!(kinds(&site), ["exposure"]);
    }
}

/// The browser hides a tab before it freezes it.
pub(crate) async fn frozen_tab_is_left(engine: Engine) {
    let site = site(engine, &page()).await;
    site.set_new_user("somebody").await;
    in_another_tab(&site, async || {
        site.server.on(CANARY_BUNDLE, Reply::sound().hanging());
        site.open().await;
        arrive(&site, &["exposure"]).await;
        site.browser.set_frozen(true).await;
        until("the report", DEADLINE, || (kinds(&site).len() == 2).then_some(()));
        deliver(&site);
        site.browser.set_frozen(false).await;
        site.shows(CANARY).await;
        arrive(&site, &["exposure", "left"]).await;
    })
    .await;
    // A view that is up reports its vitals.
    in_another_tab(&site, async || {
        site.open().await;
        site.shows(CANARY).await;
        arrive(&site, &["exposure", "ready"]).await;
        site.browser
            .wait_for("performance.getEntriesByType('resource').some(({ name }) => name.includes('vitals_'))")
            .await;
        site.settle().await;
        site.browser.set_frozen(true).await;
        assert_eq!(report(&site, "vitals")["final"], json!(null));
        site.browser.set_frozen(false).await;
        arrive(&site, &["exposure", "ready"]).await;
    })
    .await;
}

pub(crate) async fn left_by_hiding(engine: Engine) {
    let site = site(engine, &page()).await;
    waits_for_bundle(&site).await;
    let hide = async |is_hidden: bool| {
        site.browser
            .eval(&format!(
                "void [Object.defineProperty(document, 'hidden', {{ get: () => {is_hidden}, configurable: true }}),
                document.dispatchEvent(new Event('visibilitychange', {{ bubbles: true }}))]"
            ))
            .await;
    };
    hide(true).await;
    arrive(&site, &["exposure", "left"]).await;
    // What happens later is not known of views that were killed in the background, and so of none.
    hide(false).await;
    deliver(&site);
    site.shows(CANARY).await;
    hide(true).await;
    arrive(&site, &["exposure", "left"]).await;
    // A view that is up is not left any more.
    site.open().await;
    site.shows(CANARY).await;
    arrive(&site, &["exposure", "ready"]).await;
    hide(true).await;
    arrive(&site, &["exposure", "ready"]).await;
}

pub(crate) async fn bfcache_restore_reports_nothing(engine: Engine) {
    let site = site(engine, &page()).await;
    // A `no-store` page does not enter the bfcache.
    site.server.on("/", Reply::sound().header("Cache-Control", "no-cache"));
    site.files.write("other.html", "<!doctype html><title>other</title>");
    site.visit().await;
    site.shows(CANARY).await;
    arrive(&site, &["exposure", "ready"]).await;
    site.browser
        .wait_for("performance.getEntriesByType('resource').some(({ name }) => name.includes('vitals_'))")
        .await;
    for times in 1..=2 {
        site.browser.eval("void (location.href = '/other.html')").await;
        site.browser.wait_for("document.title === 'other'").await;
        site.browser.eval("void history.back()").await;
        site.browser.wait_for("document.title === 'faults'").await;
        until("the config to be looked at again", DEADLINE, || (site.requests(CONFIG).len() > times).then_some(()));
        site.settle().await;
    }
    site.says(&["I413", "I413"]).await;
    arrive(&site, &["exposure", "ready"]).await;
    let vitals: Vec<_> = reports(&site).into_iter().filter(|report| report["kind"] == "vitals").collect();
    assert!(vitals.len() < 3, "{vitals:?}");
    if engine == Engine::Chromium {
        assert_eq!((vitals.len(), &vitals[1]["final"]), (2, &json!(true)), "{vitals:?}");
    }
}

pub(crate) async fn prerendered_view_reports_when_shown(engine: Engine) {
    let site = site(engine, &page()).await;
    site.set_new_user("somebody").await;
    let rules =
        r#"<script type="speculationrules">{"prerender": [{"urls": ["/"], "eagerness": "immediate"}]}</script>"#;
    site.files.write(
        "start.html",
        format!("<!doctype html><script src=\"/.e2e/recorder.js\"></script><title>start</title>{rules}"),
    );
    let prerender = async || {
        site.open_at("/start.html").await;
        until("the bundle to run ahead", DEADLINE, || (site.ran() == [CANARY]).then_some(()));
        until("the line", DEADLINE, || (site.lines().len() == 1).then_some(()));
        site.settle().await;
        assert_eq!(kinds(&site), [""; 0]);
    };
    // A page that is never shown.
    prerender().await;
    site.set_user("somebody").await;
    assert_eq!(kinds(&site), [""; 0]);
    // A page that is shown reports then.
    site.set_new_user("somebody").await;
    prerender().await;
    site.browser.eval("void (location.href = '/')").await;
    site.shows(CANARY).await;
    arrive(&site, &["exposure", "ready"]).await;
    assert_eq!(report(&site, "ready")["readyMs"], 0);
    let exposure = report(&site, "exposure");
    assert_eq!([&exposure["first"], &exposure["returning"]], [&json!("run"), &json!(false)]);
}

/// The property and the event alone, in place of a prerendered page.
pub(crate) async fn prerenderingchange_begins_reports(engine: Engine) {
    let ahead =
        "Object.defineProperty(document, 'prerendering', { get: () => !globalThis.isShown, configurable: true });";
    let site = site(engine, &page().first(ahead)).await;
    site.visit().await;
    site.shows(CANARY).await;
    throw_elsewhere(&site, false).await;
    assert_eq!(kinds(&site), [""; 0]);
    assert_eq!(site.browser.eval("localStorage.getItem('canary_run')?.includes('salt') ?? false").await, false);
    for _ in 0..2 {
        site.browser
            .eval("void [globalThis.isShown = true, document.dispatchEvent(new Event('prerenderingchange'))]")
            .await;
        arrive(&site, &["exposure", "ready", "error"]).await;
    }
    assert_eq!(report(&site, "exposure")["returning"], false);
}
