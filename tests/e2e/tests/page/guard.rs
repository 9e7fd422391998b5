//! The inline guard, which loads stable where `canary.js` cannot.
//!
//! Negative control: without the guard, the same page stays blank.

mod comments;
mod fault;
mod hanging;
pub(crate) mod page;
mod stable;

use canary_e2e::files::{read, repo};
use canary_e2e::fixture;
use canary_e2e::nginx::{self, Config};
use canary_e2e::site_files::SiteFiles;
use canary_e2e::test_site::TestSite;
use canary_e2e::wait::DEADLINE;
use fault::{FAILED, Fault, NOT_FOUND};
use hanging::HangingServer;
use page::{EARLY, GUARD, STATE, TAG, page, remove_runtime, runtime_location, shown, site_files};
use serde_json::{Value, json};
use stable::{INSERTED, hash, inserted, module};
use std::time::Duration;

#[tokio::test]
async fn runtime_missing() {
    let site = Fault::new(&[NOT_FOUND]).files(remove_runtime).leads_to_stable().await;
    assert_eq!(site.browser.eval("violations").await, json!([]), "the policy of the repository allows it all");
}

#[tokio::test]
async fn connection_closed() {
    Fault::new(&["net::ERR_CONNECTION_RESET"])
        .nginx(|config| runtime_location(config, "return 444;"))
        .leads_to_stable()
        .await;
}

#[tokio::test]
async fn syntax_error() {
    Fault::new(&["Uncaught SyntaxError"]).script("export const = {").leads_to_stable().await;
}

#[tokio::test]
async fn error_at_top_level() {
    Fault::new(&["Uncaught Error: boom"]).script("throw new Error('boom');").leads_to_stable().await;
}

const HTML_REFUSED: &str =
    "Expected a JavaScript-or-Wasm module script but the server responded with a MIME type of \"text/html\"";

#[tokio::test]
async fn script_is_html() {
    let html = r#"types { } default_type text/html; return 200 "<!doctype html><title>app</title>";"#;
    Fault::new(&[HTML_REFUSED]).nginx(|config| runtime_location(config, html)).leads_to_stable().await;
    Fault::new(&["Uncaught SyntaxError"]).script("<!doctype html><title>app</title>").leads_to_stable().await;
}

#[tokio::test]
async fn script_blocked_by_csp() {
    let block = |config: &mut Config| {
        nginx::replace(config, "headers.conf", "script-src 'self'", "script-src 127.0.0.1:*/stable/ 'nonce-n'");
    };
    let site =
        Fault::new(&["violates the following Content Security Policy directive"]).nginx(block).leads_to_stable().await;
    let violations = site.browser.eval("violations").await;
    let address = site.nginx.url("/runtime/canary.js");
    assert_eq!(violations, json!([format!("script-src-elem {address}")]));
}

#[tokio::test]
async fn runtime_never_decides() {
    let mut fault = Fault::new(&[]).script("globalThis[Symbol.for('canary-runtime')] = {};");
    fault.line = "[canary] E103 no decision within 800 ms; stable loads";
    fault.leads_to_stable().await;
}

/// Stable begins with events of the page, which are over when the guard inserts it.
#[tokio::test]
async fn late_listeners() {
    const APP: &str = "globalThis.ran = [];
        document.addEventListener('DOMContentLoaded', ({ type }) => ran.push(type));
        document.addEventListener('readystatechange', ({ type }) => ran.push(type));
        addEventListener('load', ({ type }) => ran.push(type));
        addEventListener('load', { handleEvent() {} });
        window.onload = () => ran.push('onload');";
    let mut fault = Fault::new(&[])
        .script("globalThis[Symbol.for('canary-runtime')] = {};")
        .files(|files| files.write("stable/main.js", APP));
    fault.line = "[canary] E103 no decision within 800 ms; stable loads";
    let site = fault.site(&GUARD).await;
    site.browser.wait_for("globalThis.ran?.length === 4").await;
    let ran = json!(["DOMContentLoaded", "readystatechange", "load", "onload"]);
    assert_eq!(site.browser.eval("globalThis.ran").await, ran);
    site.browser.assert_console(&[fault.line]).await;
}

#[tokio::test]
async fn runtime_hangs() {
    let server = HangingServer { patience: Duration::from_secs(1), answer: None };
    let bare = server.site("", "data-decision-budget=400").await;
    assert_eq!(bare.browser.eval(STATE).await, json!({ "variant": null, "ran": [], "scripts": 0 }));
    drop(bare);

    for (attributes, budget) in [
        ("data-decision-budget=400", 400),
        ("data-decision-budget=60001", 1500),
        ("data-decision-budget=0", 1500),
        ("data-decision-budget=soon", 1500),
    ] {
        let server = HangingServer { patience: DEADLINE, answer: None };
        let site = server.site(&GUARD, attributes).await;
        site.browser.wait_for("globalThis.ran").await;
        assert_eq!(site.browser.eval(STATE).await, shown("stable"), "{attributes}");
        let waited = site.browser.eval("ranAt - globalThis[Symbol.for('canary-guard')]").await.as_f64().unwrap();
        assert!(waited > f64::from(budget), "{attributes}: {waited}");
        let line = format!("[canary] E103 no decision within {budget} ms; stable loads");
        // The browser reports the closed connection later, after the line of the guard.
        let entries = site.browser.assert_console(&[&line, "status of 502"]).await;
        assert_eq!(entries.iter().filter(|entry| entry.text.contains("[canary]")).count(), 1, "{entries:?}");
    }
}

#[tokio::test]
async fn a_late_runtime_inserts_nothing() {
    let server = HangingServer { patience: DEADLINE, answer: Some(read(&repo("pkg/canary.js"))) };
    let site = server.site(&GUARD, "data-decision-budget=400").await;
    site.browser.wait_for(&format!("{}.ready", fixture::CANARY)).await;
    site.browser.wait_for("performance.now() > 3000").await;
    assert_eq!(site.browser.eval(STATE).await, shown("stable"));
}

/// After the decision, the timer and the listener of the guard do nothing.
#[tokio::test]
async fn the_guard_does_nothing_on_a_healthy_page() {
    let elements = format!("{}{TAG} data-decision-budget=3000></script><p>shop</p>", *GUARD);
    let site = TestSite::new(site_files(&elements)).await;
    let browser = &site.browser;
    site.set_user("somebody").await;
    site.goto("/").await;
    browser.wait_for("globalThis.ran").await;
    assert_eq!(browser.eval("globalThis[Symbol.for('canary-guard')] < performance.now()").await, true);
    // Until the timer of the guard fires.
    browser.wait_for("performance.now() > ranAt + 200").await;
    let fail = "delete document.documentElement.dataset.canaryVariant;
        const tag = document.querySelector('[type=module]');
        tag.dispatchEvent(new Event('error'));
        dispatchEvent(new ErrorEvent('error', { filename: tag.src }));";
    browser.eval(&format!("(() => {{ {fail} }})()")).await;
    browser.wait_for("performance.now() > 6500").await;
    assert_eq!(browser.eval(STATE).await, json!({ "variant": null, "ran": ["canary"], "scripts": 1 }));
    browser.assert_console(&[]).await;
    assert_eq!(browser.eval("violations").await, json!([]));
}

/// Errors of other scripts and stylesheets do not load stable.
#[tokio::test]
async fn errors_of_other_scripts_do_not_load_stable() {
    let elements = format!(
        r#"{}<script src="/none.js"></script><script src="/throws.js"></script>{TAG}></script>
        <script type="module" src="/none.mjs"></script><link rel="stylesheet" href="/none.css">"#,
        *GUARD
    );
    let files = site_files(&elements);
    files.write("throws.js", "setTimeout(() => { throw new Error('of another'); });\nthrow new Error('of another');");
    let site = TestSite::new(files).await;
    site.set_user("somebody").await;
    site.goto("/").await;
    site.browser.wait_for("globalThis.ran").await;
    assert_eq!(site.browser.eval(STATE).await, shown("canary"));
    site.browser.assert_console(&["none.js", "none.mjs", "none.css", "of another"]).await;
}

#[tokio::test]
async fn stable_from_the_attributes() {
    let integrity = format!("sha256-{}", hash(&module("b")));
    let elements = format!(
        r#"{}{TAG} nonce="n" data-stable="/b.js" data-stable-integrity="{integrity}" data-stable-styles=" /a.css  /b.css"></script>"#,
        *GUARD
    );
    let site = inserted(&elements, |_| (), &[]).await;
    site.browser.wait_for("document.querySelectorAll('script[type=\"0\"]').length === 1").await;
    assert_eq!(
        site.browser.eval(INSERTED).await,
        json!([
            ["link", "/a.css", "", "", "n", null],
            ["link", "/b.css", "", "", "n", null],
            ["script", "/b.js", "0", integrity, "n", "anonymous"]
        ])
    );
    let styles = "getComputedStyle(document.body).getPropertyValue('--a') + getComputedStyle(document.body).getPropertyValue('--b')";
    site.browser.wait_for(&format!("{styles} === '11'")).await;
    assert_eq!(site.browser.eval("globalThis.ran").await, json!(["b"]));
}

#[tokio::test]
async fn stable_with_a_wrong_hash_does_not_run() {
    let integrity = format!("sha256-{}", hash("another"));
    let elements = format!("{}{TAG} data-stable=/b.js data-stable-integrity={integrity}></script>", *GUARD);
    let said = ["Failed to find a valid digest", "/b.js did not load"];
    let site = inserted(&elements, |_| (), &said).await;
    assert_eq!(site.browser.eval("globalThis.ran ?? null").await, Value::Null);
}

/// Stable is missing: the page shows the error page, whose button loads it again.
#[tokio::test]
async fn stable_missing_too() {
    let elements = format!("{}{TAG} data-stable=/gone.js></script>", *GUARD);
    let site = inserted(&elements, |_| (), &["[canary] E501 ", "gone.js"]).await;
    let browser = &site.browser;
    browser.wait_for("document.body.innerText.trim() === 'This page could not be loaded. Try again'").await;
    site.files.write("gone.js", "globalThis.ran = ['late'];");
    browser.eval("document.querySelector('button').click()").await;
    browser.wait_for("globalThis.ran?.[0] === 'late'").await;

    // A page with content keeps it.
    let failures = "addEventListener('error', ({ target }) => (globalThis.failed = target.src), true);";
    site.files.write("early.js", format!("{EARLY} {failures}"));
    site.files.write("index.html", page(&format!("{elements}<p>shop</p>").replace("gone", "none")));
    site.goto("/").await;
    browser.wait_for("globalThis.failed?.endsWith('/none.js')").await;
    assert_eq!(browser.eval("document.body.innerText.trim()").await, "shop");
}

#[tokio::test]
async fn stable_from_the_block_in_the_page() {
    let block = r#"{"version": "1", "scripts": [{"src": "/b.js"}, {"src": "/classic.js", "type": "classic"},
        {"src": "/a.js", "type": "module"}], "styles": [{"href": "/a.css"}], "preload": [{"href": "/x.js"}]}"#;
    let elements = format!(
        r#"{}<script type="application/json" data-canary-stable>{block}</script>{TAG} data-stable="/none.js"></script>"#,
        *GUARD
    );
    let site = inserted(&elements, |_| (), &[]).await;
    site.browser.wait_for("globalThis.ran?.length === 3").await;
    assert_eq!(site.browser.eval("[globalThis.ran, globalThis.classic]").await, json!([["b", "classic", "a"], 1]));
    // Inert by now.
    site.browser.wait_for("document.querySelectorAll('script[type=\"0\"]').length === 3").await;
    let script = |address: &str| json!(["script", address, "0", "", "", null]);
    assert_eq!(
        site.browser.eval(INSERTED).await,
        json!([["link", "/a.css", "", "", "", null], script("/b.js"), script("/classic.js"), script("/a.js")])
    );
}

#[tokio::test]
async fn a_malformed_block_is_ignored() {
    let elements = |block: &str| {
        let block = format!(r#"<script type="application/json" data-canary-stable>{block}</script>"#);
        format!(r#"{}{block}{TAG} data-stable="/b.js"></script>"#, *GUARD)
    };
    let site = inserted(&elements("{"), |_| (), &[]).await;
    for block in [
        "",
        "null",
        "[]",
        r#"{"scripts": []}"#,
        r#"{"scripts": [{}]}"#,
        r#"{"scripts": [{"src": 1}]}"#,
        r#"{"scripts": [{"src": "/none.js"}], "styles": 1}"#,
        r#"{"scripts": [{"src": "/none.js"}], "styles": [{"href": 2}]}"#,
    ] {
        site.browser.wait_for("globalThis.ran").await;
        assert_eq!(site.browser.eval("globalThis.ran").await, json!(["b"]), "the one before {block}");
        site.files.write("index.html", page(&elements(block)));
        site.goto("/").await;
        site.browser.assert_console(&[NOT_FOUND, FAILED]).await;
    }
    site.browser.wait_for("globalThis.ran").await;
    assert_eq!(site.browser.eval("globalThis.ran").await, json!(["b"]));
}

/// A page without the tag of the runtime.
#[tokio::test]
async fn page_without_the_tag() {
    let site = TestSite::new(site_files(&GUARD)).await;
    site.goto("/").await;
    site.browser
        .eval("dispatchEvent(new ErrorEvent('error')) && document.body.dispatchEvent(new Event('error'))")
        .await;
    assert_eq!(site.browser.eval(STATE).await, json!({ "variant": null, "ran": [], "scripts": 0 }));
    site.browser.wait_for("globalThis.ran").await;
    assert_eq!(site.browser.eval(STATE).await, shown("stable"));
    site.browser.assert_console(&["[canary] E103 no decision within 1500 ms; stable loads"]).await;
}

/// The strictest policy: nonces and Trusted Types.
#[tokio::test]
async fn strict_policy() {
    let strict = |trusted: &'static str| {
        move |config: &mut Config| {
            let policy = format!(
                "script-src 'nonce-n' 'strict-dynamic'; require-trusted-types-for 'script'; trusted-types {trusted}; "
            );
            let text = config.get_mut("headers.conf").unwrap();
            let (before, rest) = text.split_once("script-src ").unwrap();
            let (_, after) = rest.split_once("; ").unwrap();
            *text = format!("{before}{policy}{after}");
        }
    };
    let guard = GUARD.replace("<script ", "<script nonce=\"n\" ");
    let elements = format!(r#"{guard}{TAG} nonce="n" data-stable="/b.js"></script>"#);
    let site = inserted(&elements, strict("canary-runtime"), &[]).await;
    site.browser.wait_for("globalThis.ran").await;
    assert_eq!(site.browser.eval("[ran, violations]").await, json!([["b"], []]));

    // Where the policy does not allow the name, nothing loads, and the page sees no error.
    let refused =
        ["Creating a TrustedTypePolicy named 'canary-runtime' violates", "requires 'TrustedScriptURL' assignment"];
    let files = site_files(&elements);
    files.write(
        "early.js",
        format!("{EARLY} globalThis.errors = []; addEventListener('error', (event) => errors.push(event.message));"),
    );
    remove_runtime(&files);
    let site = TestSite::with(files, strict("another")).await;
    site.goto("/").await;
    site.browser.assert_console(&[&[NOT_FOUND, FAILED], refused.as_slice()].concat()).await;
    assert_eq!(site.browser.eval("[globalThis.ran ?? null, errors]").await, json!([null, []]));
}

/// The page and the policy of the repository.
#[tokio::test]
async fn demo_without_the_runtime() {
    let files = SiteFiles::new();
    files.mount_config(&fixture::config("100", &json!({})));
    remove_runtime(&files);
    let site = TestSite::new(files).await;
    site.goto("/").await;
    let drawn = "document.querySelector('#app').dataset.bundle";
    assert_eq!(site.browser.wait_for(drawn).await, "stable");
    site.browser.wait_for("document.body.innerText.includes('Lamps for rooms you stay in')").await;
    // The page preloads the stylesheet as the runtime requests it, with CORS.
    let preload = "main.css' is found, but is not used because the request credentials mode does not match";
    site.browser.assert_console(&[NOT_FOUND, FAILED, preload]).await;
}
