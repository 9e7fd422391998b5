//! Rules of the page for the files that a config may name.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use canary_e2e::engine::Engine;
use canary_e2e::fault_server::Reply;
use canary_e2e::fault_site::{CANARY, CANARY_BUNDLE, CONFIG, FaultSite, Page, STABLE};
use serde_json::{Value, json};
use sha2::{Digest, Sha384};

/// A script that another user has uploaded.
const UPLOAD: &str = "/uploads/evil.js";

fn page(attributes: &str, config: &str) -> Page {
    Page::new().attributes(format!("data-decision-budget=15000 {attributes}")).config(config)
}

fn config(percentage: u8, script: &Value) -> String {
    let bundle = json!({"version": "1", "scripts": [script]});
    json!({"CANARY_PERCENTAGE": percentage, "FEATURE_FLAGS": {}, "ASSETS": {"canary": bundle}}).to_string()
}

async fn is_refused(site: &FaultSite, codes: &[&str]) {
    site.opens_with(STABLE, codes).await;
    assert_eq!((site.requests(UPLOAD).len(), site.requests(CANARY_BUNDLE).len()), (0, 0));
}

pub(crate) async fn e113_asset_rules(engine: Engine) {
    let site = FaultSite::new(engine, &page("", "{}")).await;
    site.set_user("somebody").await;
    let text = canary_e2e::fault_site::bundle(CANARY);
    let integrity = format!("sha384-{}", STANDARD.encode(Sha384::digest(text)));
    let checked = json!({"src": CANARY_BUNDLE, "integrity": integrity});
    let plain = json!({"src": CANARY_BUNDLE});
    for (attributes, script) in [("data-integrity=required", &checked), ("data-canary-base=/canary/", &plain)] {
        site.set_page(&page(attributes, &config(100, script)));
        site.opens_with(CANARY, &[]).await;
    }
    let upload = json!({"src": UPLOAD});
    for (attributes, script) in
        [("data-integrity=required", &plain), ("data-integrity=", &plain), ("data-canary-base=/canary/", &upload)]
    {
        site.set_page(&page(attributes, &config(100, script)));
        site.set_new_user("somebody").await;
        is_refused(&site, &["E113"]).await;
        let line = &site.lines()[0].1;
        assert!(line.contains(script["src"].as_str().unwrap()) && line.contains("data-"), "{line}");
    }
    // Without ASSETS the canary would be the default path.
    let bare = r#"{"CANARY_PERCENTAGE": 100, "FEATURE_FLAGS": {}}"#;
    for attributes in ["data-integrity=required", "data-canary-base=/assets/"] {
        site.set_page(&page(attributes, bare));
        site.set_new_user("somebody").await;
        is_refused(&site, &["E113"]).await;
    }
    site.set_page(&page("data-canary-base=/canary", bare));
    site.opens_with(CANARY, &[]).await;
}

/// A page takes the bundle of its `data-entry` alone.
pub(crate) async fn e119_missing_entry(engine: Engine) {
    let bundle = |src: &str| json!({"version": "1", "scripts": [{"src": src}]});
    let with = |percentage: u8, assets: &Value| {
        json!({"CANARY_PERCENTAGE": percentage, "FEATURE_FLAGS": {}, "ASSETS": assets}).to_string()
    };
    let (own, other) = (json!({"entries": {"admin": bundle(CANARY_BUNDLE)}}), json!({"canary": bundle(CANARY_BUNDLE)}));
    let site = FaultSite::new(engine, &page("data-entry=admin", &with(100, &own))).await;
    site.set_user("somebody").await;
    site.opens_with(CANARY, &[]).await;
    for (attributes, assets) in [
        ("data-entry=shop", &own),
        ("data-entry=constructor", &own),
        ("data-entry=admin", &other),
        ("data-entry", &other),
    ] {
        site.set_page(&page(attributes, &with(100, assets)));
        site.set_new_user("somebody").await;
        is_refused(&site, &["E119"]).await;
        assert_eq!(
            site.lines()[0].1,
            "[canary] E119 ASSETS.entries has no bundle for the data-entry of this page; stable loads"
        );
    }
    // At 0 % no page needs a canary. Negative control: a page without the attribute has that of the config.
    site.set_page(&page("data-entry=shop", &with(0, &own)));
    is_refused(&site, &["I120"]).await;
    site.set_page(&page("", &with(100, &other)));
    site.opens_with(CANARY, &[]).await;
}

/// Somebody has stored a last good config of their own, and the config fails.
pub(crate) async fn e113_forged_last_good_config(engine: Engine) {
    let site = FaultSite::new(engine, &page("", "{}")).await;
    let forge = async || {
        site.set_new_user("somebody").await;
        let text = config(100, &json!({"src": UPLOAD}));
        let store = format!(
            "void (localStorage.canary_good = JSON.stringify({{ at: Date.now(), now: Date.now(), text: {} }}), localStorage.canary_memory = '{{\"arm\":\"canary\"}}')",
            Value::from(text)
        );
        site.browser.eval(&store).await;
        site.server.on(CONFIG, Reply::sound().status(500));
    };
    forge().await;
    site.set_page(&page("data-canary-base=/canary/", "{}"));
    site.server.on(CONFIG, Reply::sound().status(500));
    is_refused(&site, &["E101", "E303"]).await;
    // Negative control: a page without rules loads it.
    forge().await;
    site.set_page(&page("", "{}"));
    site.server.on(CONFIG, Reply::sound().status(500));
    site.open().await;
    canary_e2e::wait::until("the forged script", canary_e2e::wait::DEADLINE, || {
        (!site.requests(UPLOAD).is_empty()).then_some(())
    });
}
