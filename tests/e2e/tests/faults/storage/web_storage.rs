//! Storage that is blocked, full, corrupt or cleared.

use super::support::{flag, ids, is_new_id, page, store, stored, stores_config};
use canary_e2e::engine::Engine;
use canary_e2e::fault_server::Reply;
use canary_e2e::fault_site::{CANARY, CANARY_BUNDLE, CONFIG, FaultSite, STABLE};
use canary_e2e::fixture::{CANARY as RUNTIME, PATIENT};
use canary_e2e::wait::{DEADLINE, until};
use serde_json::{Value, json};

pub(crate) async fn e301_storage_blocked(engine: Engine) {
    let blocked = async |site: &FaultSite| {
        for _ in 0..2 {
            site.opens_with(STABLE, &["E301"]).await;
            assert!(site.lines()[0].1.ends_with("; stable loads"), "{:?}", site.lines());
            assert_eq!(site.decided(&["reason", "bucket", "eligible"]), json!(["DISABLED", null, false]));
            assert_eq!((flag(site).await, site.requests(CANARY_BUNDLE).len()), (json!(true), 0));
            assert!(site.events("exposure").is_empty());
        }
    };
    let site = FaultSite::new(engine, &page()).await;
    site.set_new_user("somebody").await;
    site.opens_with(CANARY, &[]).await;
    assert_eq!(site.decided(&["eligible"]), json!([true]));
    site.set_page(&page().first(
        "Object.defineProperty(Document.prototype, 'cookie', { get: () => '', set() {} });
        for (const name of ['localStorage', 'sessionStorage']) {
            Object.defineProperty(window, name, { get() { throw new DOMException('no', 'SecurityError'); } });
        }",
    ));
    blocked(&site).await;

    // A sandboxed page without an origin, where the getters throw.
    site.set_page(&page());
    for path in ["/runtime/*", "/config/*", "/stable/*", "/canary/*", "/.e2e/*"] {
        site.server.on(path, Reply::sound().header("Access-Control-Allow-Origin", "*"));
    }
    site.set_new_user("somebody").await;
    site.opens_with(CANARY, &[]).await;
    site.server.on("/", Reply::sound().header("Content-Security-Policy", "sandbox allow-scripts"));
    blocked(&site).await;
}

/// A script that fills `localStorage`.
const FILL: &str = "{
    let count = 0;
    for (let piece = 'x'.repeat(1 << 22); piece; ) {
        try {
            localStorage.setItem(`fill${count++}`, piece);
        } catch {
            piece = piece.slice(piece.length / 2 + 0.5);
        }
    }
}";

pub(crate) async fn e302_quota_exceeded(engine: Engine) {
    let site = FaultSite::new(engine, &page().first(FILL)).await;
    site.set_new_user("somebody").await;
    for _ in 0..2 {
        site.opens_with(CANARY, &["E302"]).await;
        assert!(site.lines()[0].1.ends_with("; this page goes on"), "{:?}", site.lines());
        assert_eq!(site.decided(&["variant", "eligible"]), json!(["canary", true]));
        assert_eq!(site.events("exposure").len(), 1);
        let left = "[document.cookie, Object.keys(localStorage).filter((key) => !key.startsWith('fill'))]";
        assert_eq!(site.browser.eval(left).await, json!(["canary_id=somebody", []]));
    }
    // Negative control: with free space everything is stored.
    site.set_page(&page());
    site.set_new_user("somebody").await;
    site.opens_with(CANARY, &[]).await;
    stores_config(&site).await;
}

pub(crate) async fn e303_corrupt_id(engine: Engine) {
    let site = FaultSite::new(engine, &page()).await;
    // Negative control: a valid id is used.
    site.set_new_user("somebody").await;
    for _ in 0..2 {
        site.opens_with(CANARY, &[]).await;
    }
    assert_eq!(ids(&site).await, ["somebody", "somebody"]);

    // 4 MB, because browsers refuse to store 10.
    for id in ["'x'.repeat(4e6)", "'<script>'", "'a b'", "'\u{0}'"] {
        site.clear_data().await;
        site.browser.eval(&format!("void localStorage.setItem('canary_id', {id})")).await;
        site.opens_with(CANARY, &["E303"]).await;
        let [cookie, copy] = ids(&site).await;
        assert!(is_new_id(&cookie) && cookie == copy, "{id}: {cookie} {copy}");
        site.opens_with(CANARY, &[]).await;
        assert_eq!(ids(&site).await, [cookie, copy]);
    }
}

pub(crate) async fn e303_corrupt_memory(engine: Engine) {
    let site = FaultSite::new(engine, &page()).await;
    for key in ["canary_memory", "canary_mark"] {
        for value in ["'{'", "''", "'5'", "'[]'", "'null'", "'\"text\"'", "'['.repeat(1e5)", "'x'.repeat(4e6)"] {
            site.set_new_user("somebody").await;
            site.browser.eval(&format!("void localStorage.setItem('{key}', {value})")).await;
            site.opens_with(CANARY, &["E303"]).await;
            stores_config(&site).await;
            assert_eq!(stored(&site, "canary_memory").await["arm"], "canary", "{key} {value}");
            site.opens_with(CANARY, &[]).await;
        }
    }
}

pub(crate) async fn e303_corrupt_last_good_config(engine: Engine) {
    let site = FaultSite::new(engine, &page()).await;
    // It is read where the config fails.
    site.server.on(CONFIG, Reply::sound().status(500));
    let now = "at: Date.now(), now: Date.now()";
    let records = ["text: 5", "text: {}", "text: 'x'.repeat(4e6)", "text: ' '.repeat(4e6)", "other: 1"];
    let records = records.map(|member| format!("JSON.stringify({{ {now}, {member} }})"));
    let texts = ["'{'", "'5'", "'[]'", "'null'", "'x'.repeat(4e6)"].map(str::to_owned);
    for value in records.iter().chain(&texts) {
        site.set_new_user("somebody").await;
        store(&site, "canary_memory", "{ arm: 'canary' }").await;
        site.browser.eval(&format!("void localStorage.setItem('canary_good', {value})")).await;
        site.opens_with(STABLE, &["E101", "E303"]).await;
        assert_eq!(stored(&site, "canary_good").await, Value::Null, "{value}");
    }
}

pub(crate) async fn i305_storage_cleared(engine: Engine) {
    let site = FaultSite::new(engine, &page().attributes(format!(r#"data-refresh="1" {PATIENT}"#))).await;
    let refreshes = async |count: usize| {
        let before = site.requests(CONFIG).len();
        until("refreshes", DEADLINE, || (site.requests(CONFIG).len() >= before + count).then_some(()));
        site.settle().await;
    };
    site.set_new_user("somebody").await;
    site.opens_with(CANARY, &[]).await;
    stores_config(&site).await;
    refreshes(2).await;
    site.says(&[]).await;

    let forgetting = site.browser.client().delete_all_cookies().await;
    forgetting.unwrap();
    site.browser.eval("void [localStorage.clear(), sessionStorage.clear()]").await;
    refreshes(2).await;
    site.says(&["I305"]).await;
    assert_eq!((site.shown().await.as_deref(), site.ran()), (Some(CANARY), vec![CANARY.to_owned()]));
    assert_eq!((site.events("ready").len(), site.events("exposure").len(), site.views()), (1, 1, 1));
    assert_eq!((flag(&site).await, ids(&site).await), (json!(true), [String::new(), String::new()]));

    // The next page view is that of a new user. The runtime stops first, so that the navigation cancels no refresh.
    site.browser.eval(&format!("{RUNTIME}.stop()")).await;
    site.settle().await;
    site.open().await;
    site.shows(CANARY).await;
    site.says(&[]).await;
    let [cookie, copy] = ids(&site).await;
    assert!(is_new_id(&cookie) && cookie == copy, "{cookie} {copy}");
}
