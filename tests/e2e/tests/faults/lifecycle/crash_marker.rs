//! The crash marker: stored when a canary starts, removed when it is up, found by the next page view after a crash.

use super::support::{CLASSIC, PATIENT, SHORT, WAITS, pass, quarantined};
use canary_e2e::engine::Engine;
use canary_e2e::fault_server::Reply;
use canary_e2e::fault_site::page;
use canary_e2e::fault_site::{CANARY, CANARY_BUNDLE, FaultSite, STABLE, bundle};
use canary_e2e::page_log::FOLDER;
use canary_e2e::wait::{DEADLINE, until};
use serde_json::json;

/// Opens the page with a marker in the storage that expires so many milliseconds from now.
async fn open_with_marker(site: &FaultSite, version: &str, milliseconds: i64) {
    site.clear_data().await;
    site.set_user("somebody").await;
    let mark = format!("{{ version: '{version}', until: Date.now() + {milliseconds}, tab: 1 }}");
    site.browser.eval(&format!("void (localStorage.canary_mark = JSON.stringify({mark}))")).await;
    site.open().await;
}

pub(crate) async fn e405_expired_crash_marker(engine: Engine) {
    let site = FaultSite::with_canary(engine, &page(&format!("{PATIENT}, {CLASSIC}"))).await;
    open_with_marker(&site, "1", -1).await;
    site.shows(STABLE).await;
    site.says(&["E405"]).await;
    assert_eq!(site.decision()["reason"], "CACHED");
    assert_eq!((site.ran(), site.requests(CANARY_BUNDLE).len()), (vec![STABLE.to_owned()], 0));
    assert_eq!(site.browser.eval("localStorage.canary_mark ?? null").await, json!(null));
    site.keeps_quarantine(CANARY_BUNDLE).await;
    // The marker has not expired, or belongs to another version.
    open_with_marker(&site, "1", 60_000).await;
    site.has_canary().await;
    open_with_marker(&site, "0", -1).await;
    site.shows(CANARY).await;
    site.says(&["E405"]).await;
    assert!(!site.lines()[0].1.contains("stable loads"), "{:?}", site.lines());
}

pub(crate) async fn e405_canary_loops_forever(engine: Engine) {
    let mut site = FaultSite::with_canary(engine, &page(PATIENT)).await;
    site.set_page(&page(SHORT));
    site.clear_data().await;
    site.set_user("somebody").await;
    // Nothing ends its loop but the end of the browser.
    site.browser.discard();
    let client = site.browser.client();
    let sound = client.window().await.unwrap();
    let lost = client.new_window(true).await.unwrap().handle;
    client.switch_to_window(lost.clone()).await.unwrap();
    site.server.on(CANARY_BUNDLE, Reply::sound().body("globalThis.e2e.log('ran', 'half'); for (;;);"));
    client.goto(&site.server.url("/?lost")).await.unwrap();
    until("the loop", DEADLINE, || site.ran().contains(&"half".to_owned()).then_some(()));
    client.switch_to_window(sound).await.unwrap();
    // Before it expires, the canary may still come up.
    site.browser.wait_for("JSON.parse(localStorage.canary_mark).until < Date.now()").await;
    site.open().await;
    site.shows(STABLE).await;
    site.says(&["E405"]).await;
    assert_eq!((site.ran(), site.views()), (vec![STABLE.to_owned()], 1));
    assert_eq!(site.decision()["reason"], "CACHED");
    site.keeps_quarantine(CANARY_BUNDLE).await;
}

/// A user who leaves while the canary loads gets the canary again.
pub(crate) async fn e405_quick_leave(engine: Engine) {
    let imports = Reply::sound().body("import './part.js';");
    leaves_without_quarantine(engine, &[Reply::sound().hanging(), Reply::sound().hanging_after(9), imports]).await;
}

pub(crate) async fn e405_quick_leave_while_awaiting(engine: Engine) {
    leaves_without_quarantine(engine, &[Reply::sound().body(WAITS)]).await;
}

async fn leaves_without_quarantine(engine: Engine, replies: &[Reply]) {
    let site = FaultSite::with_canary(engine, &page(PATIENT)).await;
    let leave = format!("void (location.href = '{FOLDER}blank.html?left')");
    for reply in replies {
        site.server.on("/canary/part.js", Reply::sound().hanging());
        for reload in [false, true] {
            site.server.on(CANARY_BUNDLE, reply.clone());
            site.visit().await;
            site.browser.wait_for("localStorage.canary_mark").await;
            until("the request", DEADLINE, || (!site.requests(CANARY_BUNDLE).is_empty()).then_some(()));
            pass(&site, 300).await;
            assert_ne!(site.browser.eval("localStorage.canary_mark ?? null").await, json!(null), "not up yet");
            if reload {
                site.server.on(CANARY_BUNDLE, Reply::sound());
                site.browser.eval("void location.reload()").await;
                site.shows(CANARY).await;
            } else {
                site.browser.eval(&leave).await;
                site.browser.wait_for("document.title === 'blank'").await;
            }
            site.browser.wait_for("!localStorage.canary_mark").await;
            assert_eq!(quarantined(&site).await, json!(null));
            // WebKitGTK reports the requests that leaving a page cancels while the page can still print a line.
            assert!(engine == Engine::WebKit || site.lines().is_empty(), "{:?}", site.lines());
            assert_eq!(site.views(), 1 + usize::from(reload));
            site.server.on(CANARY_BUNDLE, Reply::sound());
            site.open().await;
            site.has_canary().await;
        }
    }
}

/// Twenty page views at once, in frames that share one storage.
pub(crate) async fn e405_twenty_frames(engine: Engine) {
    let site = FaultSite::with_canary(engine, &page(PATIENT)).await;
    let frames = r#"<iframe src="/?frame"></iframe>"#.repeat(20);
    site.files
        .write("tabs.html", format!("<!doctype html><title>tabs</title><script>e2e = {{ view: 1 }}</script>{frames}"));
    let ran = |marker: &str| site.ran().iter().filter(|ran| *ran == marker).count();
    for script in [bundle(CANARY), WAITS.to_owned()] {
        site.clear_data().await;
        site.set_user("somebody").await;
        let before = site.ran().len();
        site.server.on(CANARY_BUNDLE, Reply::sound().body(&script));
        site.browser.goto(&site.server.url("/tabs.html")).await;
        until("all of them", DEADLINE * 2, || (site.ran().len() == before + 20).then_some(()));
        site.server.restore();
        site.browser.goto(&site.server.url(&format!("{FOLDER}blank.html?after"))).await;
        site.browser.wait_for("location.search === '?after' && document.title === 'blank'").await;
        assert_eq!(site.browser.eval("localStorage.canary_mark ?? null").await, json!(null));
        site.open().await;
        site.has_canary().await;
        assert_eq!(ran(STABLE), 0);
    }
}
