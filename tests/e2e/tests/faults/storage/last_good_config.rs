//! Rows 1 to 4, 17 and 29: the last good config, which stands in for one that cannot be had.

use super::{config, flag, keeps, page, store, stored};
use canary_e2e::engine::Engine;
use canary_e2e::fault_server::Reply;
use canary_e2e::fault_site::{CANARY, CANARY_BUNDLE, CONFIG, FaultSite, Page, STABLE};
use serde_json::{Value, json};
use std::time::Duration;

const MINUTE: i64 = 60_000;

/// Makes what the browser remembers of a good config so much older.
async fn age(site: &FaultSite, ms: i64) {
    let key = "canary_good";
    let older =
        format!("(({{ at, ...rest }}) => ({{ at: at - {ms}, ...rest }}))(JSON.parse(localStorage.getItem('{key}')))");
    store(site, key, &older).await;
}

/// With a last good config the fault changes neither arm nor flags for 10 minutes, and no flags for a day. The arm does
/// not become the canary where it was not.
async fn last_good_config_stands_in(site: &FaultSite, code: &str, fault: impl Fn() -> Reply) {
    let begin = async || {
        site.server.restore();
        site.set_new_user("somebody").await;
        site.opens_with(CANARY, &[]).await;
        keeps(site).await;
        site.server.on(CONFIG, fault());
    };
    let members = ["variant", "reason", "errorCode", "eligible"];
    begin().await;
    site.opens_with(CANARY, &[code]).await;
    assert!(site.lines()[0].1.ends_with("; the last good config holds"), "{:?}", site.lines());
    assert_eq!(site.decided(&members), json!(["canary", "STALE", null, false]));
    assert_eq!((flag(site).await, site.events("error").len()), (json!(true), 1));

    // It does not get younger by that.
    age(site, 9 * MINUTE).await;
    site.opens_with(CANARY, &[code]).await;
    age(site, MINUTE).await;
    site.opens_with(STABLE, &[code]).await;
    assert_eq!(site.decided(&members), json!(["stable", "ERROR", "GENERAL", false]));
    assert_eq!((flag(site).await, site.requests(CANARY_BUNDLE).len()), (json!(true), 0));
    age(site, (23 * 60 + 45) * MINUTE).await;
    site.opens_with(STABLE, &[code]).await;
    assert_eq!(flag(site).await, true);
    age(site, 10 * MINUTE).await;
    site.opens_with(STABLE, &[code]).await;
    assert_eq!((flag(site).await, site.decided(&["reason"])), (json!(false), json!(["ERROR"])));

    begin().await;
    store(site, "canary_memory", "{ arm: 'stable' }").await;
    site.opens_with(STABLE, &[code]).await;
    assert_eq!(site.decided(&members), json!(["stable", "STALE", null, false]));
    assert_eq!((flag(site).await, site.requests(CANARY_BUNDLE).len()), (json!(true), 0));
    // Nor where it came from nowhere.
    site.browser.eval("void localStorage.removeItem('canary_memory')").await;
    site.opens_with(STABLE, &[code]).await;

    // One from the future is none.
    begin().await;
    age(site, -MINUTE).await;
    site.opens_with(STABLE, &[code]).await;
    assert_eq!(flag(site).await, false);
}

pub(crate) async fn row_01_last_good_config(engine: Engine) {
    let site = FaultSite::new(engine, &page()).await;
    last_good_config_stands_in(&site, "E101", || Reply::sound().status(500)).await;
}

pub(crate) async fn row_02_last_good_config(engine: Engine) {
    let site = FaultSite::new(engine, &page()).await;
    last_good_config_stands_in(&site, "E102", || Reply::sound().reset()).await;
}

/// A budget for which the module and the parts beside it are there on a busy machine.
fn short_of_patience() -> Page {
    page().attributes(r#"data-decision-budget="4000""#)
}

pub(crate) async fn row_03_last_good_config(engine: Engine) {
    let site = FaultSite::new(engine, &short_of_patience()).await;
    last_good_config_stands_in(&site, "E103", || Reply::sound().hanging()).await;
}

pub(crate) async fn row_04_last_good_config(engine: Engine) {
    let site = FaultSite::new(engine, &short_of_patience()).await;
    last_good_config_stands_in(&site, "E103", || Reply::sound().trickling(1, Duration::from_secs(1))).await;
}

pub(crate) async fn row_17_last_good_config(engine: Engine) {
    let site = FaultSite::new(engine, &page()).await;
    let expired = config("100", r#", "EXPIRES_AT": "2020-01-01T00:00:00Z""#);
    last_good_config_stands_in(&site, "E115", || Reply::sound().body(&expired)).await;

    // The last good one expires as well.
    site.set_new_user("somebody").await;
    store(&site, "canary_memory", "{ arm: 'canary' }").await;
    let text = serde_json::to_string(&expired).unwrap();
    let record = |now: &str| format!("{{ at: Date.now() - {MINUTE}, now: {now}, text: {text} }}");
    store(&site, "canary_good", &record("Date.parse('2019-12-31T23:58:00Z')")).await;
    site.opens_with(CANARY, &["E115"]).await;
    store(&site, "canary_good", &record("Date.parse('2019-12-31T23:59:30Z')")).await;
    site.opens_with(STABLE, &["E115"]).await;
    assert_eq!(stored(&site, "canary_good").await, Value::Null);
}

pub(crate) async fn row_01_last_good_is_what_was_healthy(engine: Engine) {
    let site = FaultSite::new(engine, &page()).await;
    let visit = async |arm: &str, codes: &[&str]| {
        site.set_new_user("somebody").await;
        site.opens_with(arm, codes).await;
        site.settle().await;
        let kept = stored(&site, "canary_good").await;
        kept["text"].as_str().map(str::to_owned)
    };
    let whole = config("100", "");
    let filled = |size: usize| whole.clone() + &" ".repeat(size - whole.len());
    for size in [whole.len(), 65_536] {
        site.set_page(&page().config(filled(size)));
        site.set_new_user("somebody").await;
        site.opens_with(CANARY, &[]).await;
        keeps(&site).await;
        assert_eq!(stored(&site, "canary_good").await["text"], filled(size));
    }
    site.set_page(&page().config(filled(65_537)));
    assert_eq!(visit(CANARY, &[]).await, None);
    // One whose canary failed, although stable came up.
    site.set_page(&page().config(&whole));
    site.server.on(CANARY_BUNDLE, Reply::sound().status(404));
    assert_eq!(visit(STABLE, &["E401"]).await, None);
    // One that was refused.
    site.server.restore();
    site.server.on(CONFIG, Reply::sound().body(&whole[..whole.len() - 1]));
    assert_eq!(visit(STABLE, &["E105"]).await, None);
    // And one that nobody may keep.
    site.server.restore();
    site.set_page(&page().config(&whole).attributes(r#"data-consent="required" data-decision-budget="15000""#));
    assert_eq!(visit(STABLE, &[]).await, None);
}

/// A module whose every decision traps.
const TRAPPING: &str = "{
    const code = [0, 97, 115, 109, 1, 0, 0, 0, 1, 4, 1, 96, 0, 0, 3, 2, 1, 0, 7, 5, 1, 1, 116, 0, 0, 10, 5, 1, 3, 0, 0, 11];
    const { Instance } = WebAssembly;
    const { t: trap } = new Instance(new WebAssembly.Module(new Uint8Array(code))).exports;
    globalThis.entered = 0;
    WebAssembly.Instance = function (...values) {
        const { exports } = new Instance(...values);
        return { exports: { ...exports, decide() { entered++; trap(); } } };
    };
}";

pub(crate) async fn row_29_last_good_traps(engine: Engine) {
    let site = FaultSite::new(engine, &page()).await;
    site.set_new_user("somebody").await;
    site.opens_with(CANARY, &[]).await;
    keeps(&site).await;
    // No other config is there to trap.
    site.server.on(CONFIG, Reply::sound().status(500));
    site.opens_with(CANARY, &["E101"]).await;

    site.set_page(&page().first(TRAPPING));
    site.opens_with(STABLE, &["E101", "E304"]).await;
    assert_eq!(site.browser.eval("entered").await, 1);
    assert_eq!((stored(&site, "canary_good").await, flag(&site).await), (Value::Null, json!(false)));
    // It is gone also for a module that would not trap.
    site.set_page(&page());
    site.opens_with(STABLE, &["E101"]).await;
}
