//! Overrides in the query of the page.

use super::support::{config, page};
use canary_e2e::engine::Engine;
use canary_e2e::fault_site::{CANARY, FaultSite, STABLE};
use canary_e2e::fixture::CANARY as RUNTIME;
use serde_json::json;

/// The page ignores an override with one line on the console, which repeats nothing of it, and so does the document.
async fn is_ignored(site: &FaultSite, path: &str) {
    site.opens_at_with(path, CANARY, &["E701"]).await;
    assert!(site.lines()[0].1.ends_with("; it is ignored"), "{path}: {:?}", site.lines());
    for part in ["evil", "xxx", "<", "unknown"] {
        assert!(!site.lines()[0].1.contains(part), "{:?}", site.lines());
    }
    assert_eq!(site.decided(&["reason"]), json!(["STATIC"]));
    let touched = "[globalThis.evil ?? ({}).evil ?? null, document.querySelector('img') !== null, RUNTIME.getBooleanValue('on', false)]";
    assert_eq!(site.browser.eval(&touched.replace("RUNTIME", RUNTIME)).await, json!([null, false, true]), "{path}");
    let reflected =
        "/evil|xxxx|unknown/.test(document.documentElement.outerHTML.replace(/<script[^]*?<\\/script>/g, ''))";
    assert_eq!(site.browser.eval(reflected).await, false, "{path}");
}

pub(crate) async fn e701_query_override_ignored(engine: Engine) {
    let site = FaultSite::new(engine, &page().config(config("100", r#", "OVERRIDES": {"query": true}"#))).await;
    site.set_user("somebody").await;
    for path in ["/?canary=%3Cscript%3EglobalThis.evil=1%3C/script%3E", "/?canary.flag=unknown:false"] {
        is_ignored(&site, path).await;
    }
}

pub(crate) async fn e701_query_overrides(engine: Engine) {
    let site = FaultSite::new(engine, &page()).await;
    site.set_new_user("somebody").await;
    let script = "%3Cscript%3EglobalThis.evil=1%3C/script%3E";
    let image = "%3Cimg%20src=x%20onerror=globalThis.evil=1%3E";
    let hostile = [
        format!("/?canary={script}"),
        format!("/?canary={image}"),
        format!("/?canary.flag=on:%22{script}%22"),
        format!("/?canary.flag={image}:true"),
        "/?canary=javascript:globalThis.evil=1".to_owned(),
        "/?canary=https://evil.example/main.js".to_owned(),
        "/?canary=".to_owned(),
        "/?canary=%FF%00".to_owned(),
        "/?canary.flag=__proto__:%7B%22evil%22:1%7D".to_owned(),
        "/?canary.flag=on".to_owned(),
        "/?canary.flag=unknown:false".to_owned(),
        format!("/?canary={}", "x".repeat(8000)),
    ];
    // A config that allows no overrides ignores valid ones too.
    let sound = ["/?canary=stable".to_owned(), "/?canary.flag=on:false".to_owned()];
    for (more, paths) in
        [("", [&hostile[..], &sound].concat()), (r#", "OVERRIDES": {"query": true}"#, hostile.to_vec())]
    {
        site.set_page(&page().config(config("100", more)));
        for path in paths.iter().filter(|path| more.is_empty() || !path.contains("on:%22")) {
            is_ignored(&site, path).await;
        }
    }
    // Negative control: the config that allows overrides applies valid ones.
    site.opens_at_with("/?canary=stable&canary.flag=on:false", STABLE, &[]).await;
    assert_eq!(site.decided(&["variant", "reason", "eligible"]), json!(["stable", "TARGETING_MATCH", false]));
    assert_eq!(site.browser.eval(&format!("{RUNTIME}.getBooleanValue('on', true)")).await, false);
    // They hold for one page view.
    site.opens_with(CANARY, &[]).await;
}
