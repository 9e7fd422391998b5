//! A chunk of the app that is gone when the page imports it.

use super::support::{PATIENT, click, in_page, is_up, pass, quarantined};
use canary_e2e::engine::Engine;
use canary_e2e::fault_server::Reply;
use canary_e2e::fault_site::{CANARY, CANARY_BUNDLE, CONFIG, FaultSite, STABLE, STABLE_BUNDLE, bundle};
use canary_e2e::fault_site::{config, page};
use canary_e2e::page_log::FOLDER;
use canary_e2e::wait::{DEADLINE, until};
use serde_json::json;
use std::time::Duration;

/// A bundle that imports a missing chunk when it is told to.
pub(crate) fn chunked(marker: &str) -> String {
    format!("{} globalThis.more = () => void import('./gone.js');", bundle(marker))
}

pub(crate) const MORE: &str = "globalThis.more()";

/// The page gets the event `stale`, and nothing else happens.
pub(crate) async fn left_to_page(site: &FaultSite, views: usize, lines: usize) {
    until("the event", DEADLINE, || (site.events("stale").len() == 1).then_some(()));
    site.settle().await;
    assert_eq!(site.events("stale")[0]["code"], "E409");
    let (_, line) = site.lines().pop().unwrap();
    assert!(line.starts_with("[canary] E409 ") && line.ends_with("; it is left to the page"), "{line}");
    assert_eq!((site.views(), site.lines().len()), (views, lines));
}

pub(crate) async fn e409_lazy_chunk_404(engine: Engine) {
    let site = FaultSite::with_canary(engine, &page(PATIENT)).await;
    site.files.write(CANARY_BUNDLE, chunked(CANARY));
    site.files.write(STABLE_BUNDLE, chunked(STABLE));
    let vite = "void dispatchEvent(Object.assign(new Event('vite:preloadError', { cancelable: true }), { payload: new Error('no style') }))";
    for (marker, percentage) in [(CANARY, "100"), (STABLE, "0")] {
        site.server.on(CONFIG, Reply::sound().body(config(percentage, PATIENT)));
        let codes = if marker == STABLE { ["I120", "E409", "I120"].as_slice() } else { &["E409"] };
        for lost in [MORE, vite] {
            site.visit().await;
            site.shows(marker).await;
            site.browser.wait_for("!localStorage.canary_mark && localStorage.canary_good").await;
            site.browser.eval(lost).await;
            until("the page again", DEADLINE, || (site.ran() == [marker, marker]).then_some(()));
            site.browser.wait_for("globalThis.more && !localStorage.canary_mark").await;
            site.says(codes).await;
            let lines = site.lines();
            let line = lines.iter().find(|(_, line)| line.contains("E409")).unwrap();
            assert!(line.1.ends_with("; the page loads again"), "{lines:?}");
            assert_eq!((site.views(), site.events("stale").len()), (2, 0));
            assert_eq!(quarantined(&site).await, json!(null));
            // Not twice within half a minute.
            site.browser.wait_for("globalThis.more && !localStorage.canary_mark").await;
            site.settle().await;
            site.browser.eval(lost).await;
            left_to_page(&site, 2, codes.len() + 1).await;
        }
    }
    // Not after input.
    site.server.restore();
    site.visit().await;
    is_up(&site).await;
    click(&site, "p").await;
    site.browser.eval(MORE).await;
    left_to_page(&site, 1, 1).await;
    // An import whose failure the page handles, and a rejection that is no missing chunk.
    site.visit().await;
    is_up(&site).await;
    site.browser.eval("void import('/canary/gone.js').catch(() => {})").await;
    site.browser.eval(&in_page("Promise.reject(new Error('some other matter'))")).await;
    pass(&site, 2600).await;
    assert_eq!((site.views(), site.lines(), site.events("stale").len()), (1, vec![], 0));
}

/// A chunk that a navigation cancels is not missing.
pub(crate) async fn e409_chunk_canceled_by_navigation(engine: Engine) {
    let site = FaultSite::with_canary(engine, &page(PATIENT)).await;
    site.files.write(CANARY_BUNDLE, chunked(CANARY));
    site.server.on("/canary/gone.js", Reply::sound().hanging());
    // The next page is slow, as a real one is.
    site.server.on(&format!("{FOLDER}blank.html"), Reply::sound().delayed(Duration::from_millis(300)));
    for leave in [format!("void (location.href = '{FOLDER}blank.html?left')"), "void location.reload()".to_owned()] {
        site.visit().await;
        is_up(&site).await;
        site.browser.eval(MORE).await;
        until("the request", DEADLINE, || (!site.requests("/canary/gone.js").is_empty()).then_some(()));
        site.browser.eval(&leave).await;
        if leave.contains("blank") {
            site.browser.wait_for("document.title === 'blank'").await;
            assert_eq!(site.views(), 1);
        } else {
            until("the page again", DEADLINE, || (site.ran().len() == 2).then_some(()));
            is_up(&site).await;
            assert_eq!(site.views(), 2);
        }
        pass(&site, 1200).await;
        assert_eq!((site.lines(), site.events("stale").len()), (vec![], 0));
        let noted = site.browser.eval("sessionStorage.canary_reload ?? null").await;
        assert_eq!(noted, json!(null));
    }
}
