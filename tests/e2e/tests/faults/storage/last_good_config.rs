//! The last good config, which replaces a config that is missing or rejected.

use super::support::{config, flag, page, store, stored, stores_config};
use canary_e2e::engine::Engine;
use canary_e2e::fault_server::Reply;
use canary_e2e::fault_site::{CANARY, CANARY_BUNDLE, CONFIG, FaultSite, Page, STABLE};
use serde_json::{Value, json};
use std::time::Duration;

const MINUTE: i64 = 60_000;

/// Makes the stored config so much older.
async fn age(site: &FaultSite, ms: i64) {
    let key = "canary_good";
    let older =
        format!("(({{ at, ...rest }}) => ({{ at: at - {ms}, ...rest }}))(JSON.parse(localStorage.getItem('{key}')))");
    store(site, key, &older).await;
}

/// The members of the decision that tell what it was made from.
const MEMBERS: [&str; 4] = ["variant", "reason", "errorCode", "eligible"];

/// A user with the canary and a stored config meets the fault.
async fn meet(site: &FaultSite, fault: &Reply) {
    site.server.restore();
    site.set_new_user("somebody").await;
    site.opens_with(CANARY, &[]).await;
    stores_config(site).await;
    site.server.on(CONFIG, fault.clone());
}

/// The last good config keeps the canary and the flags, and after 10 minutes the flags alone.
async fn last_good_config_holds(site: &FaultSite, code: &str, fault: &Reply) {
    meet(site, fault).await;
    site.opens_with(CANARY, &[code]).await;
    assert!(site.lines()[0].1.ends_with("; the last good config holds"), "{:?}", site.lines());
    assert_eq!(site.decided(&MEMBERS), json!(["canary", "STALE", null, false]));
    assert_eq!((flag(site).await, site.events("error").len()), (json!(true), 1));
    age(site, 10 * MINUTE).await;
    site.opens_with(STABLE, &[code]).await;
    assert_eq!(site.decided(&MEMBERS), json!(["stable", "ERROR", "GENERAL", false]));
    assert_eq!((flag(site).await, site.requests(CANARY_BUNDLE).len()), (json!(true), 0));
}

/// The last good config is good for 10 minutes for the arm and for a day for flags, and makes no canary of stable.
async fn last_good_config_ages(site: &FaultSite, code: &str, fault: &Reply) {
    meet(site, fault).await;
    // A view with it does not make it younger.
    age(site, 9 * MINUTE).await;
    site.opens_with(CANARY, &[code]).await;
    age(site, MINUTE).await;
    site.opens_with(STABLE, &[code]).await;
    age(site, (23 * 60 + 45) * MINUTE).await;
    site.opens_with(STABLE, &[code]).await;
    assert_eq!(flag(site).await, true);
    age(site, 10 * MINUTE).await;
    site.opens_with(STABLE, &[code]).await;
    assert_eq!((flag(site).await, site.decided(&["reason"])), (json!(false), json!(["ERROR"])));

    meet(site, fault).await;
    store(site, "canary_memory", "{ arm: 'stable' }").await;
    site.opens_with(STABLE, &[code]).await;
    assert_eq!(site.decided(&MEMBERS), json!(["stable", "STALE", null, false]));
    assert_eq!((flag(site).await, site.requests(CANARY_BUNDLE).len()), (json!(true), 0));
    // The same without a stored arm.
    site.browser.eval("void localStorage.removeItem('canary_memory')").await;
    site.opens_with(STABLE, &[code]).await;

    // A config from the future is ignored.
    meet(site, fault).await;
    age(site, -MINUTE).await;
    site.opens_with(STABLE, &[code]).await;
    assert_eq!(flag(site).await, false);
}

pub(crate) async fn e101_last_good_config(engine: Engine) {
    let site = FaultSite::new(engine, &page()).await;
    last_good_config_holds(&site, "E101", &Reply::sound().status(500)).await;
}

pub(crate) async fn e101_last_good_config_ages(engine: Engine) {
    let site = FaultSite::new(engine, &page()).await;
    last_good_config_ages(&site, "E101", &Reply::sound().status(500)).await;
}

pub(crate) async fn e102_last_good_config(engine: Engine) {
    let site = FaultSite::new(engine, &page()).await;
    last_good_config_holds(&site, "E102", &Reply::sound().reset()).await;
}

pub(crate) async fn e102_last_good_config_ages(engine: Engine) {
    let site = FaultSite::new(engine, &page()).await;
    last_good_config_ages(&site, "E102", &Reply::sound().reset()).await;
}

/// A budget that tests wait for, and in which the module and the parts beside the bundle arrive on a busy machine.
fn short_budget() -> Page {
    page().attributes(r#"data-decision-budget="4000""#)
}

pub(crate) async fn e103_last_good_config_when_hanging(engine: Engine) {
    let site = FaultSite::new(engine, &short_budget()).await;
    last_good_config_holds(&site, "E103", &Reply::sound().hanging()).await;
}

pub(crate) async fn e103_last_good_config_when_hanging_ages(engine: Engine) {
    let site = FaultSite::new(engine, &short_budget()).await;
    last_good_config_ages(&site, "E103", &Reply::sound().hanging()).await;
}

pub(crate) async fn e103_last_good_config_when_trickling(engine: Engine) {
    let site = FaultSite::new(engine, &short_budget()).await;
    last_good_config_holds(&site, "E103", &Reply::sound().trickling(1, Duration::from_secs(1))).await;
}

pub(crate) async fn e115_last_good_config(engine: Engine) {
    let site = FaultSite::new(engine, &page()).await;
    let expired = config("100", r#", "EXPIRES_AT": "2020-01-01T00:00:00Z""#);
    last_good_config_holds(&site, "E115", &Reply::sound().body(&expired)).await;

    // The last good config has an expiry date too.
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

pub(crate) async fn e115_last_good_config_ages(engine: Engine) {
    let site = FaultSite::new(engine, &page()).await;
    let expired = config("100", r#", "EXPIRES_AT": "2020-01-01T00:00:00Z""#);
    last_good_config_ages(&site, "E115", &Reply::sound().body(&expired)).await;
}

pub(crate) async fn e101_last_good_config_was_healthy(engine: Engine) {
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
        stores_config(&site).await;
        assert_eq!(stored(&site, "canary_good").await["text"], filled(size));
    }
    site.set_page(&page().config(filled(65_537)));
    assert_eq!(visit(CANARY, &[]).await, None);
    // Not stored: a config whose canary failed, although stable is up.
    site.set_page(&page().config(&whole));
    site.server.on(CANARY_BUNDLE, Reply::sound().status(404));
    assert_eq!(visit(STABLE, &["E401"]).await, None);
    // A rejected config.
    site.server.restore();
    site.server.on(CONFIG, Reply::sound().body(&whole[..whole.len() - 1]));
    assert_eq!(visit(STABLE, &["E105"]).await, None);
    // A config that is not stored without consent.
    site.server.restore();
    site.set_page(&page().config(&whole).attributes(r#"data-consent="required" data-decision-budget="15000""#));
    assert_eq!(visit(STABLE, &[]).await, None);
}

/// A script that makes every decision of the module trap.
const TRAPPING: &str = "{
    const code = [0, 97, 115, 109, 1, 0, 0, 0, 1, 4, 1, 96, 0, 0, 3, 2, 1, 0, 7, 5, 1, 1, 116, 0, 0, 10, 5, 1, 3, 0, 0, 11];
    const { Instance, instantiate } = WebAssembly;
    const { t: trap } = new Instance(new WebAssembly.Module(new Uint8Array(code))).exports;
    globalThis.entered = 0;
    WebAssembly.instantiate = async (...values) => {
        const { exports } = (await instantiate(...values)).instance;
        return { instance: { exports: { ...exports, decide() { entered++; trap(); } } } };
    };
}";

pub(crate) async fn e304_last_good_config_traps(engine: Engine) {
    let site = FaultSite::new(engine, &page()).await;
    site.set_new_user("somebody").await;
    site.opens_with(CANARY, &[]).await;
    stores_config(&site).await;
    // The last good config is the only one.
    site.server.on(CONFIG, Reply::sound().status(500));
    site.opens_with(CANARY, &["E101"]).await;

    site.set_page(&page().first(TRAPPING));
    site.opens_with(STABLE, &["E101", "E304"]).await;
    assert_eq!(site.browser.eval("entered").await, 1);
    assert_eq!((stored(&site, "canary_good").await, flag(&site).await), (Value::Null, json!(false)));
    // It stays deleted for a module that does not trap.
    site.set_page(&page());
    site.opens_with(STABLE, &["E101"]).await;
}
