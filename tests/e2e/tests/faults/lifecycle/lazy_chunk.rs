//! Row 41: a part of the app that is gone when the page asks for it.

use super::{PATIENT, click, in_page, is_up, pass, quarantined};
use canary_e2e::engine::Engine;
use canary_e2e::fault_server::Reply;
use canary_e2e::fault_site::fallback::{config, page};
use canary_e2e::fault_site::{CANARY, CANARY_BUNDLE, CONFIG, FaultStage, STABLE, STABLE_BUNDLE, bundle};
use canary_e2e::page_log::FOLDER;
use canary_e2e::wait::{DEADLINE, until};
use serde_json::json;
use std::time::Duration;

/// A bundle that asks for a part of it later.
pub(crate) fn chunked(marker: &str) -> String {
    format!("{} globalThis.more = () => void import('./gone.js');", bundle(marker))
}

pub(crate) const MORE: &str = "globalThis.more()";

/// The page is told, and nothing else is done.
pub(crate) async fn is_told(stage: &FaultStage, views: usize, lines: usize) {
    until("the event", DEADLINE, || (stage.events("stale").len() == 1).then_some(()));
    stage.settle().await;
    assert_eq!(stage.events("stale")[0]["code"], "E409");
    let (_, line) = stage.lines().pop().unwrap();
    assert!(line.starts_with("[canary] E409 ") && line.ends_with("; it is left to the page"), "{line}");
    assert_eq!((stage.views(), stage.lines().len()), (views, lines));
}

pub(crate) async fn row_41_chunk_missing(engine: Engine) {
    let stage = FaultStage::with_canary(engine, &page(PATIENT)).await;
    stage.site.write(CANARY_BUNDLE, chunked(CANARY));
    stage.site.write(STABLE_BUNDLE, chunked(STABLE));
    let vite = "void dispatchEvent(Object.assign(new Event('vite:preloadError', { cancelable: true }), { payload: new Error('no style') }))";
    for (marker, percentage) in [(CANARY, "100"), (STABLE, "0")] {
        stage.server.on(CONFIG, Reply::sound().body(config(percentage, PATIENT)));
        let codes = if marker == STABLE { ["I120", "E409", "I120"].as_slice() } else { &["E409"] };
        for lost in [MORE, vite] {
            stage.visit().await;
            stage.shows(marker).await;
            stage.browser.wait_for("!localStorage.canary_mark && localStorage.canary_good").await;
            stage.browser.eval(lost).await;
            until("the page again", DEADLINE, || (stage.ran() == [marker, marker]).then_some(()));
            stage.browser.wait_for("globalThis.more && !localStorage.canary_mark").await;
            stage.says(codes).await;
            let lines = stage.lines();
            let line = lines.iter().find(|(_, line)| line.contains("E409")).unwrap();
            assert!(line.1.ends_with("; the page loads again"), "{lines:?}");
            assert_eq!((stage.views(), stage.events("stale").len()), (2, 0));
            assert_eq!(quarantined(&stage).await, json!(null));
            // Not twice within half a minute.
            stage.browser.wait_for("globalThis.more && !localStorage.canary_mark").await;
            stage.settle().await;
            stage.browser.eval(lost).await;
            is_told(&stage, 2, codes.len() + 1).await;
        }
    }
    // Not under the hands of somebody.
    stage.server.restore();
    stage.visit().await;
    is_up(&stage).await;
    click(&stage, "p").await;
    stage.browser.eval(MORE).await;
    is_told(&stage, 1, 1).await;
    // What the page takes care of itself, and what is something else.
    stage.visit().await;
    is_up(&stage).await;
    stage.browser.eval("void import('/canary/gone.js').catch(() => {})").await;
    stage.browser.eval(&in_page("Promise.reject(new Error('some other matter'))")).await;
    pass(&stage, 2600).await;
    assert_eq!((stage.views(), stage.lines(), stage.events("stale").len()), (1, vec![], 0));
}

/// Whoever leaves a page cuts off what it loads: that is no part that is gone.
pub(crate) async fn row_41_leaving(engine: Engine) {
    let stage = FaultStage::with_canary(engine, &page(PATIENT)).await;
    stage.site.write(CANARY_BUNDLE, chunked(CANARY));
    stage.server.on("/canary/gone.js", Reply::sound().hanging());
    // The next page takes its time, as a real one does.
    stage.server.on(&format!("{FOLDER}blank.html"), Reply::sound().delayed(Duration::from_millis(300)));
    for leave in [format!("void (location.href = '{FOLDER}blank.html?left')"), "void location.reload()".to_owned()] {
        stage.visit().await;
        is_up(&stage).await;
        stage.browser.eval(MORE).await;
        until("the request", DEADLINE, || (!stage.requests("/canary/gone.js").is_empty()).then_some(()));
        stage.browser.eval(&leave).await;
        if leave.contains("blank") {
            stage.browser.wait_for("document.title === 'blank'").await;
            assert_eq!(stage.views(), 1);
        } else {
            until("the page again", DEADLINE, || (stage.ran().len() == 2).then_some(()));
            is_up(&stage).await;
            assert_eq!(stage.views(), 2);
        }
        pass(&stage, 1200).await;
        assert_eq!((stage.lines(), stage.events("stale").len()), (vec![], 0));
        let noted = stage.browser.eval("sessionStorage.canary_reload ?? null").await;
        assert_eq!(noted, json!(null));
    }
}
