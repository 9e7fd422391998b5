//! Row 52: the strictest policy that a page can have.

use super::{RUNTIME, config, page};
use canary_e2e::engine::Engine;
use canary_e2e::fault_server::Reply;
use canary_e2e::fault_site::{CANARY, CANARY_BUNDLE, CONFIG, FaultStage, Page, STABLE};
use canary_e2e::wait::{DEADLINE, until};

/// The strictest policy that a page can have, but for the names of Trusted Types policies.
fn strict(names: &str) -> Reply {
    let scripts = "script-src 'nonce-n0nce' 'strict-dynamic' 'wasm-unsafe-eval'; object-src 'none'; base-uri 'none'";
    let policy = format!("{scripts}; require-trusted-types-for 'script'; trusted-types {names}");
    Reply::sound().header("Content-Security-Policy", policy)
}

/// A page that says what its policy reports.
fn guarded(config: impl Into<String>) -> Page {
    let report = "document.addEventListener('securitypolicyviolation', ({ violatedDirective, blockedURI, sample }) =>
        e2e.tell('error', 'error', `${violatedDirective} ${blockedURI} ${sample}`));";
    page().config(config).nonce("n0nce").first(report)
}

pub(crate) async fn row_52_strict_policy(engine: Engine) {
    let stage = FaultStage::new(engine, &guarded(config("100", ""))).await;
    stage.server.on("/", strict("canary-runtime"));
    stage.fresh("somebody").await;
    stage.leads_to(CANARY, &[]).await;
    assert_eq!(stage.browser.eval("typeof trustedTypes").await, "object");
    // With all that a bundle may have, by a canary that is replaced, and for stable.
    let bundle = r#""version": "1", "scripts": [{"src": "/canary/main.js"}], "preload": [{"href": "/canary/main.js", "as": "script"}]"#;
    stage.set_page(&guarded(config("100", &format!(r#", "ASSETS": {{"canary": {{{bundle}}}}}"#))));
    stage.leads_to(CANARY, &[]).await;
    stage.set_page(&guarded(config("0", "")));
    stage.fresh("somebody").await;
    stage.leads_to(STABLE, &["I120"]).await;
    stage.set_page(&guarded(config("100", "")));
    stage.server.on(CANARY_BUNDLE, Reply::sound().status(404));
    stage.fresh("somebody").await;
    stage.leads_to(STABLE, &["E401"]).await;
    // A refresh loads parts of its own.
    stage.browser.eval("void document.dispatchEvent(new Event('visibilitychange'))").await;
    until("a refresh", DEADLINE, || (stage.requests(CONFIG).len() == 2).then_some(()));
    stage.settle().await;
    assert_eq!((stage.lines().len(), stage.errors()), (1, Vec::new()));

    // The negative control: the policy is there, and reports.
    let add = "void attempt(() => Object.assign(document.createElement('script'), { src: '/stable/main.js' }))";
    let attempt = "((action) => { try { action(); } catch {} })";
    stage.browser.eval(&add.replace("attempt", attempt)).await;
    until("a report", DEADLINE, || stage.errors().pop().filter(|text| text.contains("require-trusted-types-for")));
}

pub(crate) async fn row_52_policy_name_refused(engine: Engine) {
    for (percentage, codes) in [("100", &["E702"][..]), ("0", &["E702", "I120"])] {
        let stage = FaultStage::new(engine, &guarded(config(percentage, ""))).await;
        stage.server.on("/", strict("another"));
        stage.fresh("somebody").await;
        stage.open().await;
        stage.shows(STABLE).await;
        stage.says(codes).await;
        let lines = stage.lines();
        assert!(
            lines.iter().any(|(_, line)| line.contains("] E702 ") && line.ends_with("; stable loads")),
            "{lines:?}"
        );
        assert_eq!((stage.ran(), stage.views()), (vec![STABLE.to_owned()], 1));
        // Stable itself did not load as it should, but as it may; the page's policy has something to report.
        assert!(
            !stage.errors().is_empty() && stage.errors().iter().all(|text| text.contains("trusted-types")),
            "{:?}",
            stage.errors()
        );
        assert_eq!(stage.browser.eval(&format!("{RUNTIME}.getBooleanValue('on', false)")).await, true);
    }
}
