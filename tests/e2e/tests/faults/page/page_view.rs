//! A page that comes back from the bfcache, and one that is prerendered.

use super::support::{config, page};
use canary_e2e::engine::Engine;
use canary_e2e::fault_server::Reply;
use canary_e2e::fault_site::{CANARY, CONFIG, FaultSite};
use canary_e2e::fixture::CANARY as RUNTIME;
use canary_e2e::page_log::Kind;
use canary_e2e::wait::{DEADLINE, until};
use serde_json::Value;

/// The numbers of page views, events of one type and requests for the config.
fn counts(site: &FaultSite, event: &str) -> [usize; 3] {
    [
        site.page_log().iter().filter(|entry| entry.kind == Kind::View).count(),
        site.events(event).len(),
        site.requests(CONFIG).len(),
    ]
}

/// After `back` the restored page is the same page view, and its flags follow the config, which has changed.
async fn is_not_counted_again(site: &FaultSite, back: impl AsyncFn()) {
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

pub(crate) async fn i413_bfcache_restore(engine: Engine) {
    let site = FaultSite::new(engine, &page()).await;
    // A `no-store` page does not enter the bfcache.
    site.server.on("/", Reply::sound().header("Cache-Control", "no-cache"));
    site.files.write("other.html", "<!doctype html><title>other</title>");
    is_not_counted_again(&site, async || {
        // Nor does a page that is still loading, or whose requests are under way.
        site.browser.wait_for("document.readyState === 'complete'").await;
        site.settle().await;
        site.browser.eval("void (location.href = '/other.html')").await;
        site.browser.wait_for("document.title === 'other'").await;
        site.browser.eval("void history.back()").await;
        site.browser.wait_for("document.title === 'faults'").await;
    })
    .await;
}

/// The event alone, in place of a restored page.
pub(crate) async fn i413_pageshow_event(engine: Engine) {
    let site = FaultSite::new(engine, &page()).await;
    let tell = async |persisted: bool| {
        let event = format!("new PageTransitionEvent('pageshow', {{ persisted: {persisted} }})");
        site.browser.eval(&format!("void dispatchEvent({event})")).await;
    };
    is_not_counted_again(&site, async || {
        // The event that follows every load.
        tell(false).await;
        site.settle().await;
        assert_eq!((site.lines(), counts(&site, "exposure")), (Vec::new(), [1, 1, 1]));
        tell(true).await;
    })
    .await;
}

pub(crate) async fn i414_prerendered(engine: Engine) {
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
    // A page that is never shown.
    prerender().await;
    assert_eq!(site.browser.eval("document.title").await, "start");
    site.set_user("somebody").await;
    assert_eq!(site.events("exposure").len(), 0);
    // A page that is shown counts then, once.
    prerender().await;
    site.browser.eval("void (location.href = '/')").await;
    site.shows(CANARY).await;
    until("the exposure", DEADLINE, || (site.events("exposure").len() == 1).then_some(()));
    site.settle().await;
    assert_eq!((site.events("exposure").len(), site.views(), site.ran()), (1, 1, vec![CANARY.to_owned()]));
}

/// The property and the event alone, in place of a prerendered page.
pub(crate) async fn i414_prerenderingchange_event(engine: Engine) {
    let ahead =
        "Object.defineProperty(document, 'prerendering', { get: () => !globalThis.isShown, configurable: true });";
    let site = FaultSite::new(engine, &page()).await;
    site.set_new_user("somebody").await;
    site.opens_with(CANARY, &[]).await;
    assert_eq!(site.events("exposure").len(), 1);
    site.set_page(&page().first(ahead));
    site.opens_with(CANARY, &["I414"]).await;
    assert_eq!(site.events("exposure").len(), 0);
    // A prerendered page that is never shown leaves no crash marker.
    assert_eq!(site.browser.eval("localStorage.getItem('canary_mark')").await, Value::Null);
    for _ in 0..2 {
        site.browser
            .eval("void [globalThis.isShown = true, document.dispatchEvent(new Event('prerenderingchange'))]")
            .await;
        site.settle().await;
        assert_eq!(site.events("exposure").len(), 1);
    }
}
