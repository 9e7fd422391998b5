//! Rows 44 and 45: a page that comes back, and one that is made ahead.

use super::{RUNTIME, config, page};
use canary_e2e::engine::Engine;
use canary_e2e::fault_server::Reply;
use canary_e2e::fault_site::{CANARY, CONFIG, FaultSite};
use canary_e2e::page_log::Kind;
use canary_e2e::wait::{DEADLINE, until};
use serde_json::Value;

/// What the page's views were, its events of one kind, and its requests for the config.
fn counts(site: &FaultSite, event: &str) -> [usize; 3] {
    [
        site.page_log().iter().filter(|entry| entry.kind == Kind::View).count(),
        site.events(event).len(),
        site.requests(CONFIG).len(),
    ]
}

/// The page was away and is back, with another config since: it is the same page view, and flags follow.
async fn is_back_and_not_counted(site: &FaultSite, back: impl AsyncFn()) {
    site.set_new_user("somebody").await;
    site.opens_with(CANARY, &[]).await;
    let flag = format!("{RUNTIME}.getBooleanValue('on', false)");
    assert_eq!(site.browser.eval(&flag).await, true);
    assert_eq!(counts(site, "exposure"), [1, 1, 1]);
    site.files.mount_config(&config("0", "").replace("true", "false"));
    back().await;
    until("the config to be looked at again", DEADLINE, || (site.requests(CONFIG).len() > 1).then_some(()));
    site.says(&["I413"]).await;
    assert_eq!(site.browser.wait_for(&format!("!{flag}")).await, true);
    assert_eq!((counts(site, "exposure"), site.ran()), ([1, 1, 2], vec![CANARY.to_owned()]));
    assert_eq!((site.shown().await.as_deref(), site.events("ready").len()), (Some(CANARY), 1));
    assert_eq!(site.errors(), [""; 0]);
}

pub(crate) async fn row_44_back_from_the_browsers_memory(engine: Engine) {
    let site = FaultSite::new(engine, &page()).await;
    // What must not be stored is not kept in memory either.
    site.server.on("/", Reply::sound().header("Cache-Control", "no-cache"));
    site.files.write("other.html", "<!doctype html><title>other</title>");
    is_back_and_not_counted(&site, async || {
        site.browser.eval("void (location.href = '/other.html')").await;
        site.browser.wait_for("document.title === 'other'").await;
        site.browser.eval("void history.back()").await;
        site.browser.wait_for("document.title === 'faults'").await;
    })
    .await;
}

/// Stands in for the real thing: the event alone.
pub(crate) async fn row_44_told_that_it_is_back(engine: Engine) {
    let site = FaultSite::new(engine, &page()).await;
    let tell = async |persisted: bool| {
        let event = format!("new PageTransitionEvent('pageshow', {{ persisted: {persisted} }})");
        site.browser.eval(&format!("void dispatchEvent({event})")).await;
    };
    is_back_and_not_counted(&site, async || {
        // That of every load.
        tell(false).await;
        site.settle().await;
        assert_eq!((site.lines(), counts(&site, "exposure")), (Vec::new(), [1, 1, 1]));
        tell(true).await;
    })
    .await;
}

pub(crate) async fn row_45_prerendered(engine: Engine) {
    let site = FaultSite::new(engine, &page()).await;
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
        assert!(site.lines()[0].1.starts_with("[canary] I414 "), "{:?}", site.lines());
        assert_eq!((site.events("ready").len(), site.events("exposure").len()), (1, 0));
    };
    // Never shown.
    prerender().await;
    assert_eq!(site.browser.eval("document.title").await, "start");
    site.set_user("somebody").await;
    assert_eq!(site.events("exposure").len(), 0);
    // Shown: counted then, once.
    prerender().await;
    site.browser.eval("void (location.href = '/')").await;
    site.shows(CANARY).await;
    until("the exposure", DEADLINE, || (site.events("exposure").len() == 1).then_some(()));
    site.settle().await;
    assert_eq!((site.events("exposure").len(), site.views(), site.ran()), (1, 1, vec![CANARY.to_owned()]));
}

/// Stands in for the real thing: the property and the event alone.
pub(crate) async fn row_45_told_that_it_is_prerendered(engine: Engine) {
    let ahead =
        "Object.defineProperty(document, 'prerendering', { get: () => !globalThis.isShown, configurable: true });";
    let site = FaultSite::new(engine, &page()).await;
    site.set_new_user("somebody").await;
    site.opens_with(CANARY, &[]).await;
    assert_eq!(site.events("exposure").len(), 1);
    site.set_page(&page().first(ahead));
    site.opens_with(CANARY, &["I414"]).await;
    assert_eq!(site.events("exposure").len(), 0);
    // Who never sees it leaves no trace of a canary that did not come up.
    assert_eq!(site.browser.eval("localStorage.getItem('canary_mark')").await, Value::Null);
    for _ in 0..2 {
        site.browser
            .eval("void [globalThis.isShown = true, document.dispatchEvent(new Event('prerenderingchange'))]")
            .await;
        site.settle().await;
        assert_eq!(site.events("exposure").len(), 1);
    }
}
