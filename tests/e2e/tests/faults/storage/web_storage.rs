//! Rows 26 to 28 and 30: storage that is blocked, full, damaged or cleared.

use super::{PATIENT, RUNTIME, flag, ids, is_new_id, keeps, page, store, stored};
use canary_e2e::engine::Engine;
use canary_e2e::fault_server::Reply;
use canary_e2e::fault_site::{CANARY, CANARY_BUNDLE, CONFIG, FaultStage, STABLE};
use canary_e2e::wait::{DEADLINE, until};
use serde_json::{Value, json};

pub(crate) async fn row_26_storage_blocked(engine: Engine) {
    let blocked = async |stage: &FaultStage| {
        for _ in 0..2 {
            stage.leads_to(STABLE, &["E301"]).await;
            assert!(stage.lines()[0].1.ends_with("; stable loads"), "{:?}", stage.lines());
            assert_eq!(stage.decided(&["reason", "bucket", "eligible"]), json!(["DISABLED", null, false]));
            assert_eq!((flag(stage).await, stage.requests(CANARY_BUNDLE).len()), (json!(true), 0));
            assert!(stage.events("exposure").is_empty());
        }
    };
    let stage = FaultStage::new(engine, &page()).await;
    stage.fresh("somebody").await;
    stage.leads_to(CANARY, &[]).await;
    assert_eq!(stage.decided(&["eligible"]), json!([true]));
    stage.set_page(&page().first(
        "Object.defineProperty(Document.prototype, 'cookie', { get: () => '', set() {} });
        for (const name of ['localStorage', 'sessionStorage']) {
            Object.defineProperty(window, name, { get() { throw new DOMException('no', 'SecurityError'); } });
        }",
    ));
    blocked(&stage).await;

    // A browser's own way: a page of no origin, where the getters of both throw.
    stage.set_page(&page());
    for path in ["/runtime/*", "/config/*", "/stable/*", "/canary/*", "/.e2e/*"] {
        stage.server.on(path, Reply::sound().header("Access-Control-Allow-Origin", "*"));
    }
    stage.fresh("somebody").await;
    stage.leads_to(CANARY, &[]).await;
    stage.server.on("/", Reply::sound().header("Content-Security-Policy", "sandbox allow-scripts"));
    blocked(&stage).await;
}

/// Leaves no room in localStorage.
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

pub(crate) async fn row_27_quota_exceeded(engine: Engine) {
    let stage = FaultStage::new(engine, &page().first(FILL)).await;
    stage.fresh("somebody").await;
    for _ in 0..2 {
        stage.leads_to(CANARY, &["E302"]).await;
        assert!(stage.lines()[0].1.ends_with("; this page goes on"), "{:?}", stage.lines());
        assert_eq!(stage.decided(&["variant", "eligible"]), json!(["canary", true]));
        assert_eq!(stage.events("exposure").len(), 1);
        let left = "[document.cookie, Object.keys(localStorage).filter((key) => !key.startsWith('fill'))]";
        assert_eq!(stage.browser.eval(left).await, json!(["canary_id=somebody", []]));
    }
    // The negative control: with room there all is kept.
    stage.set_page(&page());
    stage.fresh("somebody").await;
    stage.leads_to(CANARY, &[]).await;
    keeps(&stage).await;
}

pub(crate) async fn row_28_stored_values_corrupt(engine: Engine) {
    let stage = FaultStage::new(engine, &page()).await;
    // What is sound is taken without a word.
    stage.fresh("somebody").await;
    for _ in 0..2 {
        stage.leads_to(CANARY, &[]).await;
    }
    assert_eq!(ids(&stage).await, ["somebody", "somebody"]);

    // 4 MB of it: browsers take no 10.
    for id in ["'x'.repeat(4e6)", "'<script>'", "'a b'", "'\u{0}'"] {
        stage.forget().await;
        stage.browser.eval(&format!("void localStorage.setItem('canary_id', {id})")).await;
        stage.leads_to(CANARY, &["E303"]).await;
        let [cookie, copy] = ids(&stage).await;
        assert!(is_new_id(&cookie) && cookie == copy, "{id}: {cookie} {copy}");
        stage.leads_to(CANARY, &[]).await;
        assert_eq!(ids(&stage).await, [cookie, copy]);
    }
    for key in ["canary_memory", "canary_mark"] {
        for value in ["'{'", "''", "'5'", "'[]'", "'null'", "'\"text\"'", "'['.repeat(1e5)", "'x'.repeat(4e6)"] {
            stage.fresh("somebody").await;
            stage.browser.eval(&format!("void localStorage.setItem('{key}', {value})")).await;
            stage.leads_to(CANARY, &["E303"]).await;
            keeps(&stage).await;
            assert_eq!(stored(&stage, "canary_memory").await["arm"], "canary", "{key} {value}");
            stage.leads_to(CANARY, &[]).await;
        }
    }
    // The last good config is looked at when it is needed.
    stage.server.on(CONFIG, Reply::sound().status(500));
    let now = "at: Date.now(), now: Date.now()";
    let records = ["text: 5", "text: {}", "text: 'x'.repeat(4e6)", "text: ' '.repeat(4e6)", "other: 1"];
    let records = records.map(|member| format!("JSON.stringify({{ {now}, {member} }})"));
    let texts = ["'{'", "'5'", "'[]'", "'null'", "'x'.repeat(4e6)"].map(str::to_owned);
    for value in records.iter().chain(&texts) {
        stage.fresh("somebody").await;
        store(&stage, "canary_memory", "{ arm: 'canary' }").await;
        stage.browser.eval(&format!("void localStorage.setItem('canary_good', {value})")).await;
        stage.leads_to(STABLE, &["E101", "E303"]).await;
        assert_eq!(stored(&stage, "canary_good").await, Value::Null, "{value}");
    }
}

pub(crate) async fn row_30_storage_cleared(engine: Engine) {
    let stage = FaultStage::new(engine, &page().attributes(format!(r#"data-refresh="1" {PATIENT}"#))).await;
    let refreshes = async |count: usize| {
        let before = stage.requests(CONFIG).len();
        until("refreshes", DEADLINE, || (stage.requests(CONFIG).len() >= before + count).then_some(()));
        stage.settle().await;
    };
    stage.fresh("somebody").await;
    stage.leads_to(CANARY, &[]).await;
    keeps(&stage).await;
    refreshes(2).await;
    stage.says(&[]).await;

    let forgetting = stage.browser.client().delete_all_cookies().await;
    forgetting.unwrap();
    stage.browser.eval("void [localStorage.clear(), sessionStorage.clear()]").await;
    refreshes(2).await;
    stage.says(&["I305"]).await;
    assert_eq!((stage.shown().await.as_deref(), stage.ran()), (Some(CANARY), vec![CANARY.to_owned()]));
    assert_eq!((stage.events("ready").len(), stage.events("exposure").len(), stage.views()), (1, 1, 1));
    assert_eq!((flag(&stage).await, ids(&stage).await), (json!(true), [String::new(), String::new()]));

    // Somebody new, from the next page view on. A refresh that this one would cut off is none.
    stage.browser.eval(&format!("{RUNTIME}.stop()")).await;
    stage.settle().await;
    stage.open().await;
    stage.shows(CANARY).await;
    stage.says(&[]).await;
    let [cookie, copy] = ids(&stage).await;
    assert!(is_new_id(&cookie) && cookie == copy, "{cookie} {copy}");
}
