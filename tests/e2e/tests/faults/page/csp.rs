//! The strictest content security policy that a page can have.

use super::support::{config, page};
use canary_e2e::engine::Engine;
use canary_e2e::fault_server::Reply;
use canary_e2e::fault_site::{CANARY, CANARY_BUNDLE, CONFIG, FaultSite, Page, STABLE};
use canary_e2e::fixture::CANARY as RUNTIME;
use canary_e2e::wait::{DEADLINE, until};

/// An answer with the strictest policy, but for these names of Trusted Types policies.
fn strict(names: &str) -> Reply {
    let scripts = "script-src 'nonce-n0nce' 'strict-dynamic' 'wasm-unsafe-eval'; object-src 'none'; base-uri 'none'";
    let policy = format!("{scripts}; require-trusted-types-for 'script'; trusted-types {names}");
    Reply::sound().header("Content-Security-Policy", policy)
}

/// A page that logs violations of its policy as errors.
fn guarded(config: impl Into<String>) -> Page {
    let report = "document.addEventListener('securitypolicyviolation', ({ violatedDirective, blockedURI, sample }) =>
        e2e.log('error', 'error', `${violatedDirective} ${blockedURI} ${sample}`));";
    page().config(config).nonce("n0nce").first(report)
}

pub(crate) async fn e702_strict_csp(engine: Engine) {
    let site = FaultSite::new(engine, &guarded(config("100", ""))).await;
    site.server.on("/", strict("canary-runtime"));
    site.set_new_user("somebody").await;
    site.opens_with(CANARY, &[]).await;
    assert_eq!(site.browser.eval("typeof trustedTypes").await, "object");
    // Also for a bundle with preloads, for stable, and for a canary that stable replaces.
    let bundle = r#""version": "1", "scripts": [{"src": "/canary/main.js"}], "preload": [{"href": "/canary/main.js", "as": "script"}]"#;
    site.set_page(&guarded(config("100", &format!(r#", "ASSETS": {{"canary": {{{bundle}}}}}"#))));
    site.opens_with(CANARY, &[]).await;
    site.set_page(&guarded(config("0", "")));
    site.set_new_user("somebody").await;
    site.opens_with(STABLE, &["I120"]).await;
    site.set_page(&guarded(config("100", "")));
    site.server.on(CANARY_BUNDLE, Reply::sound().status(404));
    site.set_new_user("somebody").await;
    site.opens_with(STABLE, &["E401"]).await;
    // A refresh loads more scripts.
    site.browser.eval("void document.dispatchEvent(new Event('visibilitychange'))").await;
    until("a refresh", DEADLINE, || (site.requests(CONFIG).len() == 2).then_some(()));
    site.settle().await;
    assert_eq!((site.lines().len(), site.errors()), (1, Vec::new()));

    // Negative control: the policy reports a violation.
    let add = "void attempt(() => Object.assign(document.createElement('script'), { src: '/stable/main.js' }))";
    let attempt = "((action) => { try { action(); } catch {} })";
    site.browser.eval(&add.replace("attempt", attempt)).await;
    until("a report", DEADLINE, || site.errors().pop().filter(|text| text.contains("require-trusted-types-for")));
}

pub(crate) async fn e702_policy_name_refused(engine: Engine) {
    for (percentage, codes) in [("100", &["E702"][..]), ("0", &["E702", "I120"])] {
        let site = FaultSite::new(engine, &guarded(config(percentage, ""))).await;
        site.server.on("/", strict("another"));
        site.set_new_user("somebody").await;
        site.open().await;
        site.shows(STABLE).await;
        site.says(codes).await;
        let lines = site.lines();
        assert!(
            lines.iter().any(|(_, line)| line.contains("] E702 ") && line.ends_with("; stable loads")),
            "{lines:?}"
        );
        assert_eq!((site.ran(), site.views()), (vec![STABLE.to_owned()], 1));
        // Stable loads by other means, and the policy reports the attempt to create a policy.
        assert!(
            !site.errors().is_empty() && site.errors().iter().all(|text| text.contains("trusted-types")),
            "{:?}",
            site.errors()
        );
        assert_eq!(site.browser.eval(&format!("{RUNTIME}.getBooleanValue('on', false)")).await, true);
    }
}
