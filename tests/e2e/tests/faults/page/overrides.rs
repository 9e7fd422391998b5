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

/// An address gives a flag only what it declares, and nothing at all where the canary is off.
pub(crate) async fn e701_undeclared_values(engine: Engine) {
    let flags = r#"{"on": true, "api": {"variants": {"a": {"weight": 1, "value": "/v1"}, "b": {"weight": 0, "value": "/v2"}}},
        "size": {"default": 10, "rules": [{"if": {"no": 1}, "serve": 20}]}}"#;
    let config = |percentage: u8| {
        format!(r#"{{"CANARY_PERCENTAGE": {percentage}, "FEATURE_FLAGS": {flags}, "OVERRIDES": {{"query": true}}}}"#)
    };
    let site = FaultSite::new(engine, &page().config(config(100))).await;
    site.set_user("somebody").await;
    let values = format!(
        "[{RUNTIME}.getStringValue('api', ''), {RUNTIME}.getNumberValue('size', 0), {RUNTIME}.getBooleanValue('on', false)]"
    );
    for flag in
        ["api:%22https://evil.example/%22", "api:%22a%22", "api:7", "size:11", "size:%2220%22", "size:true", "on:1"]
    {
        is_ignored(&site, &format!("/?canary.flag={flag}")).await;
        assert_eq!(site.browser.eval(&values).await, json!(["/v1", 10, true]), "{flag}");
    }
    let declared = "canary.flag=api:%22/v2%22&canary.flag=size:20&canary.flag=on:false";
    site.opens_at_with(&format!("/?{declared}"), CANARY, &[]).await;
    assert_eq!(site.browser.eval(&values).await, json!(["/v2", 20, false]));
    // The kill switch holds for overrides as well.
    site.set_page(&page().config(config(0)));
    site.opens_at_with(&format!("/?canary=canary&{declared}"), STABLE, &["I120", "E701"]).await;
    assert_eq!(site.browser.eval(&values).await, json!(["/v1", 10, true]));
    assert_eq!(site.decided(&["reason"]), json!(["DISABLED"]));
}

/// Who opens a QA link gets the canary for the session, is not counted, and leaves no token in the address.
pub(crate) async fn e701_qa_link(engine: Engine) {
    // printf qa:a-token | sha256sum
    let hash = "sha256:33cc80c00b0eef326858b6039f8af3d34a88d04b90a382a39db05fbd246c4a0b";
    let config = |percentage: u8, entry: &str| {
        config(&percentage.to_string(), &format!(r#", "OVERRIDES": {{"tokens": [{{"hash": "{hash}"{entry}}}]}}"#))
    };
    let site = FaultSite::new(engine, &page().config(config(1, ""))).await;
    // In bucket 69560.
    site.set_user("user-69560").await;
    site.opens_with(STABLE, &[]).await;
    let decision = ["variant", "cohort", "reason", "eligible"];
    let by_token = json!(["canary", "canary", "TARGETING_MATCH", false]);
    site.opens_at_with("/?a=1&canary.qa=a-token&b#top", CANARY, &[]).await;
    assert_eq!(site.decided(&decision), by_token);
    assert_eq!(site.browser.eval("location.search + location.hash").await, "?a=1&b#top");
    // The session goes on without the token in the address.
    site.opens_with(CANARY, &[]).await;
    assert_eq!(site.decided(&decision), by_token);
    let remembered = "JSON.parse(localStorage.canary_memory ?? '{}').arm ?? null";
    assert_eq!(site.browser.eval(remembered).await, "stable");
    // The kill switch ends it, but for a token that says `always`.
    site.set_page(&page().config(config(0, "")));
    site.opens_with(STABLE, &["I120", "E701"]).await;
    site.set_page(&page().config(config(0, r#", "always": true"#)));
    site.opens_with(CANARY, &[]).await;
    assert_eq!(site.decided(&["variant", "eligible"]), json!(["canary", false]));
    // A token that is not listed any more is dropped, and a wrong one is never taken.
    site.set_page(&page().config(config_without_tokens()));
    site.opens_with(STABLE, &["E701"]).await;
    site.set_page(&page().config(config(1, "")));
    site.opens_with(STABLE, &[]).await;
    site.opens_at_with("/?canary.qa=another", STABLE, &["E701"]).await;
    assert_eq!(site.browser.eval("location.search").await, "");
}

fn config_without_tokens() -> String {
    config("1", r#", "OVERRIDES": {"query": true}"#)
}
