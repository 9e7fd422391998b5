//! Row 37: the mark of a canary that began, by which the next page view knows what became of it.

use super::{CLASSIC, PATIENT, SHORT, WAITS, quarantined};
use canary_e2e::engine::Engine;
use canary_e2e::fault_server::Reply;
use canary_e2e::fault_site::fallback::page;
use canary_e2e::fault_site::{CANARY, CANARY_BUNDLE, FaultStage, STABLE, bundle};
use canary_e2e::page_log::FOLDER;
use canary_e2e::wait::{DEADLINE, until};
use serde_json::json;

/// Has a mark in the storage that was made for so many milliseconds from now.
async fn mark(stage: &FaultStage, version: &str, milliseconds: i64) {
    stage.forget().await;
    stage.be("somebody").await;
    let mark = format!("{{ version: '{version}', until: Date.now() + {milliseconds}, tab: 1 }}");
    stage.browser.eval(&format!("void (localStorage.canary_mark = JSON.stringify({mark}))")).await;
    stage.open().await;
}

pub(crate) async fn row_37_mark(engine: Engine) {
    let stage = FaultStage::with_canary(engine, &page(&format!("{PATIENT}, {CLASSIC}"))).await;
    mark(&stage, "1", -1).await;
    stage.shows(STABLE).await;
    stage.says(&["E405"]).await;
    assert_eq!(stage.decision()["reason"], "CACHED");
    assert_eq!((stage.ran(), stage.requests(CANARY_BUNDLE).len()), (vec![STABLE.to_owned()], 0));
    assert_eq!(stage.browser.eval("localStorage.canary_mark ?? null").await, json!(null));
    stage.stays_with_stable(CANARY_BUNDLE).await;
    // Somebody else is at it, or it is of another version.
    mark(&stage, "1", 60_000).await;
    stage.stays_with_canary().await;
    mark(&stage, "0", -1).await;
    stage.shows(CANARY).await;
    stage.says(&["E405"]).await;
    assert!(!stage.lines()[0].1.contains("stable loads"), "{:?}", stage.lines());
}

pub(crate) async fn row_37_loops_forever(engine: Engine) {
    let stage = FaultStage::with_canary(engine, &page(SHORT)).await;
    stage.forget().await;
    stage.be("somebody").await;
    let client = stage.browser.client();
    let sound = client.window().await.unwrap();
    let lost = client.new_window(true).await.unwrap().handle;
    client.switch_to_window(lost.clone()).await.unwrap();
    stage.server.on(CANARY_BUNDLE, Reply::sound().body("globalThis.e2e.tell('ran', 'half'); for (;;);"));
    client.goto(&stage.server.url("/?lost")).await.unwrap();
    until("the loop", DEADLINE, || stage.ran().contains(&"half".to_owned()).then_some(()));
    client.switch_to_window(sound).await.unwrap();
    // Nobody is put off as long as it may still come up.
    stage.browser.wait_for("JSON.parse(localStorage.canary_mark).until < Date.now()").await;
    stage.open().await;
    stage.shows(STABLE).await;
    stage.says(&["E405"]).await;
    assert_eq!((stage.ran(), stage.views()), (vec![STABLE.to_owned()], 1));
    assert_eq!(stage.decision()["reason"], "CACHED");
    stage.stays_with_stable(CANARY_BUNDLE).await;
}

/// Leaves the page as a user does, and finds the canary again.
pub(crate) async fn row_37_bounce(engine: Engine) {
    let stage = FaultStage::with_canary(engine, &page(PATIENT)).await;
    let leave = format!("void (location.href = '{FOLDER}blank.html?left')");
    for (awaits, reply) in [
        (false, Reply::sound().hanging()),
        (false, Reply::sound().hanging_after(9)),
        (true, Reply::sound().body(WAITS)),
        (false, Reply::sound().body("import './part.js';")),
    ] {
        stage.server.on("/canary/part.js", Reply::sound().hanging());
        // That one is up there: `import()` waits for no top-level await.
        for reload in if engine == Engine::WebKit && awaits { &[][..] } else { &[false, true] } {
            let reload = *reload;
            stage.server.on(CANARY_BUNDLE, reply.clone());
            stage.visit().await;
            stage.browser.wait_for("localStorage.canary_mark").await;
            until("the request", DEADLINE, || (!stage.requests(CANARY_BUNDLE).is_empty()).then_some(()));
            if reload {
                stage.server.on(CANARY_BUNDLE, Reply::sound());
                stage.browser.eval("void location.reload()").await;
                stage.shows(CANARY).await;
            } else {
                stage.browser.eval(&leave).await;
                stage.browser.wait_for("document.title === 'blank'").await;
            }
            stage.browser.wait_for("!localStorage.canary_mark").await;
            assert_eq!(quarantined(&stage).await, json!(null));
            // WebKitGTK fails what a page still loads as soon as it is left, and the page has the time to say so.
            assert!(engine == Engine::WebKit || stage.lines().is_empty(), "{:?}", stage.lines());
            assert_eq!(stage.views(), 1 + usize::from(reload));
            stage.server.on(CANARY_BUNDLE, Reply::sound());
            stage.open().await;
            stage.stays_with_canary().await;
        }
    }
}

/// Twenty at once, each in a frame of its own, which share what the browser remembers.
pub(crate) async fn row_37_tabs(engine: Engine) {
    let stage = FaultStage::with_canary(engine, &page(PATIENT)).await;
    let frames = r#"<iframe src="/?frame"></iframe>"#.repeat(20);
    stage
        .site
        .write("tabs.html", format!("<!doctype html><title>tabs</title><script>e2e = {{ view: 1 }}</script>{frames}"));
    let ran = |marker: &str| stage.ran().iter().filter(|ran| *ran == marker).count();
    for script in [bundle(CANARY), WAITS.to_owned()] {
        stage.forget().await;
        stage.be("somebody").await;
        let before = stage.ran().len();
        stage.server.on(CANARY_BUNDLE, Reply::sound().body(&script));
        stage.browser.goto(&stage.server.url("/tabs.html")).await;
        until("all of them", DEADLINE * 2, || (stage.ran().len() == before + 20).then_some(()));
        stage.server.restore();
        stage.browser.goto(&stage.server.url(&format!("{FOLDER}blank.html?after"))).await;
        stage.browser.wait_for("location.search === '?after' && document.title === 'blank'").await;
        assert_eq!(stage.browser.eval("localStorage.canary_mark ?? null").await, json!(null));
        stage.open().await;
        stage.stays_with_canary().await;
        assert_eq!(ran(STABLE), 0);
    }
}
