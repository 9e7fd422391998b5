//! Rows 44 and 45: a page that comes back, and one that is made ahead.

use super::{RUNTIME, config, page};
use canary_e2e::engine::Engine;
use canary_e2e::fault_server::Reply;
use canary_e2e::fault_site::{CANARY, CONFIG, FaultStage};
use canary_e2e::page_log::Kind;
use canary_e2e::wait::{DEADLINE, until};
use serde_json::Value;

/// What the page's views were, its events of one kind, and its requests for the config.
fn counts(stage: &FaultStage, event: &str) -> [usize; 3] {
    [
        stage.told().iter().filter(|told| told.kind == Kind::View).count(),
        stage.events(event).len(),
        stage.requests(CONFIG).len(),
    ]
}

/// The page was away and is back, with another config since: it is the same page view, and flags follow.
async fn is_back_and_not_counted(stage: &FaultStage, back: impl AsyncFn()) {
    stage.fresh("somebody").await;
    stage.leads_to(CANARY, &[]).await;
    let flag = format!("{RUNTIME}.getBooleanValue('on', false)");
    assert_eq!(stage.browser.eval(&flag).await, true);
    assert_eq!(counts(stage, "exposure"), [1, 1, 1]);
    stage.site.mount_config(&config("0", "").replace("true", "false"));
    back().await;
    until("the config to be looked at again", DEADLINE, || (stage.requests(CONFIG).len() > 1).then_some(()));
    stage.says(&["I413"]).await;
    assert_eq!(stage.browser.wait_for(&format!("!{flag}")).await, true);
    assert_eq!((counts(stage, "exposure"), stage.ran()), ([1, 1, 2], vec![CANARY.to_owned()]));
    assert_eq!((stage.shown().await.as_deref(), stage.events("ready").len()), (Some(CANARY), 1));
    assert_eq!(stage.errors(), [""; 0]);
}

pub(crate) async fn row_44_back_from_the_browsers_memory(engine: Engine) {
    let stage = FaultStage::new(engine, &page()).await;
    // What must not be stored is not kept in memory either.
    stage.server.on("/", Reply::sound().header("Cache-Control", "no-cache"));
    stage.site.write("other.html", "<!doctype html><title>other</title>");
    is_back_and_not_counted(&stage, async || {
        stage.browser.eval("void (location.href = '/other.html')").await;
        stage.browser.wait_for("document.title === 'other'").await;
        stage.browser.eval("void history.back()").await;
        stage.browser.wait_for("document.title === 'faults'").await;
    })
    .await;
}

/// Stands in for the real thing: the event alone.
pub(crate) async fn row_44_told_that_it_is_back(engine: Engine) {
    let stage = FaultStage::new(engine, &page()).await;
    let tell = async |persisted: bool| {
        let event = format!("new PageTransitionEvent('pageshow', {{ persisted: {persisted} }})");
        stage.browser.eval(&format!("void dispatchEvent({event})")).await;
    };
    is_back_and_not_counted(&stage, async || {
        // That of every load.
        tell(false).await;
        stage.settle().await;
        assert_eq!((stage.lines(), counts(&stage, "exposure")), (Vec::new(), [1, 1, 1]));
        tell(true).await;
    })
    .await;
}

pub(crate) async fn row_45_prerendered(engine: Engine) {
    let stage = FaultStage::new(engine, &page()).await;
    stage.fresh("somebody").await;
    let rules =
        r#"<script type="speculationrules">{"prerender": [{"urls": ["/"], "eagerness": "immediate"}]}</script>"#;
    stage.site.write(
        "start.html",
        format!("<!doctype html><script src=\"/.e2e/recorder.js\"></script><title>start</title>{rules}"),
    );
    let prerender = async || {
        stage.open_at("/start.html").await;
        until("the bundle to run ahead", DEADLINE, || (stage.ran() == [CANARY]).then_some(()));
        until("the line", DEADLINE, || (stage.lines().len() == 1).then_some(()));
        stage.settle().await;
        assert!(stage.lines()[0].1.starts_with("[canary] I414 "), "{:?}", stage.lines());
        assert_eq!((stage.events("ready").len(), stage.events("exposure").len()), (1, 0));
    };
    // Never shown.
    prerender().await;
    assert_eq!(stage.browser.eval("document.title").await, "start");
    stage.be("somebody").await;
    assert_eq!(stage.events("exposure").len(), 0);
    // Shown: counted then, once.
    prerender().await;
    stage.browser.eval("void (location.href = '/')").await;
    stage.shows(CANARY).await;
    until("the exposure", DEADLINE, || (stage.events("exposure").len() == 1).then_some(()));
    stage.settle().await;
    assert_eq!((stage.events("exposure").len(), stage.views(), stage.ran()), (1, 1, vec![CANARY.to_owned()]));
}

/// Stands in for the real thing: the property and the event alone.
pub(crate) async fn row_45_told_that_it_is_prerendered(engine: Engine) {
    let ahead =
        "Object.defineProperty(document, 'prerendering', { get: () => !globalThis.isShown, configurable: true });";
    let stage = FaultStage::new(engine, &page()).await;
    stage.fresh("somebody").await;
    stage.leads_to(CANARY, &[]).await;
    assert_eq!(stage.events("exposure").len(), 1);
    stage.set_page(&page().first(ahead));
    stage.leads_to(CANARY, &["I414"]).await;
    assert_eq!(stage.events("exposure").len(), 0);
    // Who never sees it leaves no trace of a canary that did not come up.
    assert_eq!(stage.browser.eval("localStorage.getItem('canary_mark')").await, Value::Null);
    for _ in 0..2 {
        stage
            .browser
            .eval("void [globalThis.isShown = true, document.dispatchEvent(new Event('prerenderingchange'))]")
            .await;
        stage.settle().await;
        assert_eq!(stage.events("exposure").len(), 1);
    }
}
