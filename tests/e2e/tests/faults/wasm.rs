//! Faults of the WebAssembly modules and of the lifecycle script: stable loads, and one line on the console says why.
//!
//! The words for what is wrong with a config have a module of their own. Without it, a line has the code alone.

use canary_e2e::engine::Engine;
use canary_e2e::fault_server::Reply;
use canary_e2e::fault_site::{CANARY, CANARY_BUNDLE, CONFIG, FaultSite, Page, STABLE};
use serde_json::{Value, json};
use std::fs;
use std::path::PathBuf;

canary_e2e::fault_tests! {
    e201_wasm_not_loaded: test [chromium firefox webkit];
    e201_diagnostics_not_loaded: test [chromium] long [firefox webkit];
    e201_patterns_not_loaded: test [chromium firefox webkit];
    e202_wasm_corrupt: test [chromium firefox webkit];
    e202_lifecycle_of_another_build: test [chromium firefox webkit];
    e203_no_webassembly: test [chromium webkit] long [firefox];
    e204_csp_blocks_wasm: test [chromium firefox webkit];
    e205_wasm_traps: test [chromium firefox] long [webkit];
    e205_flags_trap: test [chromium webkit] long [firefox];
    e206_wasm_of_another_build: test [chromium webkit] long [firefox];
}

/// The engine: the module that decides and evaluates flags.
const WASM: &str = "/runtime/canary_*.wasm";

/// The smallest valid module, without the exports that the glue needs.
const EMPTY: &[u8] = b"\0asm\x01\0\0\0";

/// A site whose page has just shown the canary.
async fn site(engine: Engine, page: &Page) -> FaultSite {
    let site = FaultSite::new(engine, page).await;
    visit_has_canary(&site).await;
    site
}

/// A new user gets the canary and the flag of the config.
async fn visit_has_canary(site: &FaultSite) {
    site.visit_has_canary().await;
    assert_eq!(flag(site).await, json!([true, "STATIC", null]));
    assert_eq!(site.errors(), [""; 0]);
}

/// The value, the reason and the error of the config's flag.
async fn flag(site: &FaultSite) -> Value {
    let read = "globalThis[Symbol.for('canary-runtime')].getBooleanDetails('on', false)";
    site.browser.eval(&format!("(({{ value, reason, errorCode }}) => [value, reason, errorCode])({read})")).await
}

/// A new user gets stable, is not counted, and finds one line on the console.
async fn visit_falls_back(site: &FaultSite, code: &str) {
    site.visit().await;
    fell_back(site, code).await;
}

/// The open page has fallen back to stable without a request for the canary.
async fn fell_back(site: &FaultSite, code: &str) {
    site.shows(STABLE).await;
    site.says(&[code]).await;
    assert!(site.lines()[0].1.ends_with("; stable loads"), "{:?}", site.lines());
    let decision = site.decision();
    let members = ["variant", "reason", "errorCode", "eligible", "bucket"].map(|name| decision[name].clone());
    assert_eq!(json!(members), json!(["stable", "ERROR", "GENERAL", false, null]));
    assert_eq!(site.events("error").iter().map(|event| event["code"].clone()).collect::<Vec<_>>(), [code]);
    assert!(site.events("exposure").is_empty() && site.events("fallback").is_empty());
    assert_eq!((site.ran(), site.views()), (vec![STABLE.to_owned()], 1));
    assert!(site.requests(CANARY_BUNDLE).is_empty());
    assert_eq!(flag(site).await, json!([false, "ERROR", "GENERAL"]));
    assert_eq!(site.errors(), [""; 0]);
}

/// The bytes of the file of the runtime whose name has this beginning and extension.
fn file(site: &FaultSite, name: &str, extension: &str) -> Vec<u8> {
    fs::read(path(site, name, extension)).unwrap()
}

/// The path of that file.
fn path(site: &FaultSite, name: &str, extension: &str) -> PathBuf {
    let files = fs::read_dir(site.files.root().join("runtime")).unwrap().map(|entry| entry.unwrap().path());
    let is_it = |file: &str| file.starts_with(name);
    let mut found = files
        .filter(|path| path.extension().is_some_and(|type_| type_ == extension))
        .filter(|path| is_it(&path.file_name().unwrap().to_string_lossy()));
    found.next().unwrap()
}

async fn e201_wasm_not_loaded(engine: Engine) {
    let site = site(engine, &Page::patient()).await;
    for reply in [Reply::sound().status(404), Reply::sound().status(500), Reply::sound().reset()] {
        site.server.restore();
        site.server.on(WASM, reply);
        visit_falls_back(&site, "E201").await;
    }
    // The content type of a module does not matter.
    for type_ in ["text/plain", "text/html; charset=utf-8", "application/octet-stream"] {
        site.server.restore();
        site.server.on("/runtime/*.wasm", Reply::sound().header("Content-Type", type_));
        visit_has_canary(&site).await;
    }
    site.server.on("/runtime/*.wasm", Reply::sound().without("Content-Type"));
    visit_has_canary(&site).await;
}

async fn e201_diagnostics_not_loaded(engine: Engine) {
    let site = site(engine, &Page::patient()).await;
    for part in ["/runtime/diagnostics_*.js", "/runtime/diagnostics_*.wasm"] {
        site.server.restore();
        site.server.on(part, Reply::sound().status(404));
        site.server
            .on("/config/canary.json", Reply::sound().body(r#"{"CANARY_PERCENTAGE": 101, "FEATURE_FLAGS": {}}"#));
        site.visit().await;
        site.shows(STABLE).await;
        site.says(&["E109"]).await;
        assert!(site.lines()[0].1.ends_with("E109 the config is refused; stable loads"), "{:?}", site.lines());
    }
}

/// A config with a regular expression is decided by with the script that checks it, and never without. Others do not load it.
async fn e201_patterns_not_loaded(engine: Engine) {
    let site = site(engine, &Page::patient()).await;
    let name = path(&site, "patterns_", "js").file_name().unwrap().to_str().unwrap().to_owned();
    let patterns = format!("/runtime/{name}");
    assert!(site.requests(&patterns).is_empty());
    // A key may be written with an escape.
    let config = r#"{
        "CANARY_PERCENTAGE": 100,
        "CANARY_RULES": [{ "if": { "url.path": { "\u0024regex": "^/none$" } }, "serve": "stable" }],
        "FEATURE_FLAGS": { "on": { "rules": [{ "if": { "url.path": { "$regex": "^/$" } }, "serve": true }], "default": false } }
    }"#;
    site.server.on(CONFIG, Reply::sound().body(config));
    site.visit().await;
    site.shows(CANARY).await;
    assert_eq!(flag(&site).await, json!([true, "TARGETING_MATCH", null]));
    assert_eq!((site.requests(&patterns).len(), site.errors()), (1, Vec::new()));
    for reply in [Reply::sound().status(404), Reply::sound().body("nonsense(")] {
        site.server.on(&patterns, reply);
        visit_falls_back(&site, "E201").await;
    }
}

async fn e202_wasm_corrupt(engine: Engine) {
    let site = site(engine, &Page::patient()).await;
    let damages = |whole: Vec<u8>| {
        let cut = whole[..whole.len() / 2].to_vec();
        let mut altered = whole;
        let middle = altered.len() / 2;
        altered[middle..middle + 64].fill(0xff);
        [cut, altered, Vec::new(), b"<!doctype html><title>a page</title>".to_vec()]
    };
    let sound = file(&site, "canary_", "wasm");
    // A module that works as well, with a section that says nothing.
    let other = [sound.clone(), vec![0, 2, 1, b'x']].concat();
    for body in damages(sound).into_iter().chain([other, EMPTY.to_vec()]) {
        site.server.on(WASM, Reply::sound().body(body));
        visit_falls_back(&site, "E202").await;
    }
}

/// It does not run. Nor does one that is not there, and stable can do without.
async fn e202_lifecycle_of_another_build(engine: Engine) {
    let site = site(engine, &Page::patient()).await;
    let script = file(&site, "lifecycle_", "js");
    let other = [b"globalThis.isOther = true;", script.as_slice()].concat();
    for (reply, code) in [(Reply::sound().body(other), "E202"), (Reply::sound().status(404), "E201")] {
        site.server.on("/runtime/lifecycle_*.js", reply);
        site.visit().await;
        site.shows(STABLE).await;
        site.says(&[code]).await;
        assert_eq!((site.ran(), site.views()), (vec![STABLE.to_owned()], 1));
        assert_eq!(site.browser.eval("typeof isOther").await, "undefined");
    }
}

async fn e203_no_webassembly(engine: Engine) {
    let site = site(engine, &Page::patient()).await;
    for script in ["delete globalThis.WebAssembly;", "globalThis.WebAssembly = undefined;"] {
        site.set_page(&Page::patient().first(script));
        visit_falls_back(&site, "E203").await;
        assert_eq!(site.browser.eval("typeof window.WebAssembly").await, "undefined");
    }
}

async fn e204_csp_blocks_wasm(engine: Engine) {
    let site = site(engine, &Page::patient()).await;
    let policy = |more: &str| {
        Reply::sound().header("Content-Security-Policy", format!("default-src 'self'; script-src 'self'{more}"))
    };
    site.server.on("/", policy(" 'wasm-unsafe-eval'"));
    visit_has_canary(&site).await;
    site.server.on("/", policy(""));
    visit_falls_back(&site, "E204").await;
}

/// A function `trap()` that fails as a trapping module does.
const TRAP: &str = "
    const code = [0, 97, 115, 109, 1, 0, 0, 0, 1, 4, 1, 96, 0, 0, 3, 2, 1, 0, 7, 5, 1, 1, 116, 0, 0, 10, 5, 1, 3, 0, 0, 11];
    const { t: trap } = new WebAssembly.Instance(new WebAssembly.Module(new Uint8Array(code))).exports;";

/// A script that makes the module that decides trap, and counts how often it is entered.
fn trapping() -> String {
    let wrap = "
        globalThis.entered = 0;
        const { instantiate } = WebAssembly;
        WebAssembly.instantiate = async (...values) => {
            const { exports } = (await instantiate(...values)).instance;
            return { instance: { exports: { ...exports, decide() { entered++; trap(); } } } };
        };";
    format!("{{ {TRAP} {wrap} }}")
}

async fn e205_wasm_traps(engine: Engine) {
    let site = site(engine, &Page::patient()).await;
    // The last good config is neither tried with the failed module nor deleted.
    for good in [false, true] {
        site.set_page(&Page::patient().first(trapping()));
        site.clear_data().await;
        site.set_user("somebody").await;
        if good {
            let record =
                "{ at: Date.now(), now: Date.now(), text: '{\"CANARY_PERCENTAGE\": 100, \"FEATURE_FLAGS\": {}}' }";
            site.browser.eval(&format!("void localStorage.setItem('canary_good', JSON.stringify({record}))")).await;
        }
        site.open().await;
        fell_back(&site, "E205").await;
        site.browser.eval("void document.dispatchEvent(new Event('visibilitychange'))").await;
        site.settle().await;
        assert_eq!(
            site.browser.eval("[entered, localStorage.getItem('canary_good') !== null]").await,
            json!([1, good])
        );
        assert_eq!(site.lines().len(), 1, "{:?}", site.lines());
    }
    site.set_page(&Page::patient());
    visit_has_canary(&site).await;
}

async fn e205_flags_trap(engine: Engine) {
    let wrap = "
        globalThis.entered = 0;
        const { instantiate } = WebAssembly;
        WebAssembly.instantiate = async (...values) => {
            const { exports } = (await instantiate(...values)).instance;
            return { instance: { exports: { ...exports, evaluate() { entered++; trap(); } } } };
        };";
    let site = site(engine, &Page::patient()).await;
    site.set_page(&Page::patient().first(format!("{{ {TRAP} {wrap} }}")));
    site.visit().await;
    site.shows(CANARY).await;
    site.says(&[]).await;
    for _ in 0..2 {
        assert_eq!(flag(&site).await, json!([false, "ERROR", "GENERAL"]));
        let other = "globalThis[Symbol.for('canary-runtime')].getBooleanValue('other', true)";
        assert_eq!(site.browser.eval(&format!("[entered, {other}]")).await, json!([1, true]));
    }
    site.says(&["E205"]).await;
    assert!(site.lines()[0].1.ends_with("; flags have their defaults"), "{:?}", site.lines());
    assert_eq!((site.ran(), site.errors()), (vec![CANARY.to_owned()], Vec::new()));
}

async fn e206_wasm_of_another_build(engine: Engine) {
    let site = site(engine, &Page::patient()).await;
    // Without digests, as on a page of http.
    site.set_page(&Page::patient().first("Object.defineProperty(Crypto.prototype, 'subtle', { value: undefined });"));
    visit_has_canary(&site).await;
    for body in [EMPTY.to_vec(), file(&site, "diagnostics_", "wasm")] {
        site.server.on(WASM, Reply::sound().body(body));
        visit_falls_back(&site, "E206").await;
    }
}
