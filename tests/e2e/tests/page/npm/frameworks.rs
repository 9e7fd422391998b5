//! The hooks with the real React, Vue and Svelte: rendered on a server, hydrated in Chromium.

use super::project::{PROJECT, run};
use canary_e2e::bucket::user_at;
use canary_e2e::files::{copy_tree, read};
use canary_e2e::fixture::{CANARY, PATIENT, config};
use canary_e2e::site_files::SiteFiles;
use canary_e2e::test_site::TestSite;
use serde_json::{Value, json};
use std::path::PathBuf;
use std::process::Command;
use std::sync::LazyLock;

/// Bundles of all frameworks, and the HTML that they render on a server.
static BUILT: LazyLock<PathBuf> = LazyLock::new(|| {
    run(Command::new("node").current_dir(&*PROJECT).arg("frameworks/build.js"));
    PROJECT.join("frameworks/dist")
});

/// A site with the bundles, a page that holds `html`, and one of them as stable.
fn files(stable: &str, html: &str, config: &str) -> SiteFiles {
    let files = SiteFiles::new();
    copy_tree(&BUILT, files.root());
    let tag = format!(
        r#"<script type="module" src="/runtime/canary.js" {PATIENT} data-root="main" data-stable="/{stable}.js" data-canary="/broken.js"></script>"#
    );
    let head = r#"<!doctype html><title>hooks</title><link rel="icon" href="data:,">"#;
    files.write("index.html", format!("{head}{tag}<body><main>{html}</main>"));
    files.mount_config(config);
    files
}

/// Shown values in the order of the page.
const SHOWN: &str = "['switch', 'theme', 'plan', 'decision'].map((id) => document.getElementById(id)?.textContent)";

fn flags(is_on: bool, accent: &str) -> Value {
    let serve = |condition: Value, value: Value| json!([{ "if": condition, "serve": value }]);
    json!({ "on": is_on, "theme": { "rules": serve(json!({}), json!({ "accent": accent })), "default": null },
        "plan": { "rules": serve(json!({ "plan": "pro" }), json!("pro")), "default": "basic" } })
}

/// Renders defaults on the server, takes the page over without a message, and renders readers of changed flags alone.
async fn check(framework: &str) {
    let html = read(&BUILT.join(format!("{framework}.html")));
    for text in [r#"<i id="switch">off</i>"#, r#"<p id="theme">none</p>"#, r#"<p id="decision">none</p>"#] {
        assert!(html.contains(text), "{framework}: {text} in {html}");
    }
    let site = TestSite::new(files(framework, &html, &config("0", &flags(true, "blue")))).await;
    let browser = &site.browser;
    site.goto("/").await;
    browser.wait_for("document.getElementById('switch')?.localName === 'b' && globalThis.renders?.app").await;
    browser.wait_for(&format!("{SHOWN}.join() === 'on,blue,basic,stable'")).await;
    browser.assert_console(&[]).await;
    // Svelte repairs what does not fit without a message.
    assert_eq!(browser.eval("first.switch").await, false, "{framework}");

    // A flag of one reader, by another user and by another config.
    let renders = || async { browser.eval("renders").await };
    let before = renders().await;
    browser.eval(&format!("void {CANARY}.identify('user-1', {{ plan: 'pro' }})")).await;
    browser.wait_for(&format!("{SHOWN}.join() === 'on,blue,pro,stable'")).await;
    let after = renders().await;
    let changed = |before: &Value, after: &Value| -> Vec<String> {
        let names = after.as_object().unwrap().keys();
        names.filter(|name| before[*name] != after[*name]).cloned().collect()
    };
    assert_eq!(changed(&before, &after), ["plan"], "{framework}");
    site.files.mount_config(&config("0", &flags(true, "red")));
    browser.eval("void document.dispatchEvent(new Event('visibilitychange'))").await;
    browser.wait_for(&format!("{SHOWN}.join() === 'on,red,pro,stable'")).await;
    assert_eq!(changed(&after, &renders().await), ["theme"], "{framework}");
    browser.assert_console(&[]).await;
}

#[tokio::test]
async fn react_hydrates_and_follows_flags() {
    check("react").await;
}

#[tokio::test]
async fn vue_hydrates_and_follows_flags() {
    check("vue").await;
}

#[tokio::test]
async fn svelte_hydrates_and_follows_flags() {
    check("svelte").await;
}

/// A canary that catches its own error looks well from outside, and is replaced all the same.
#[tokio::test]
async fn a_boundary_gives_up_a_broken_canary() {
    let html = read(&BUILT.join("react.html"));
    let site = TestSite::new(files("react", &html, &config("5", &flags(true, "blue")))).await;
    let browser = &site.browser;
    site.set_user(&user_at("s", 0).id).await;
    site.goto("/").await;
    // Up, or the failure would be one of the start.
    browser.wait_for("globalThis.explode && localStorage.canary_good").await;
    assert_eq!(browser.eval("document.documentElement.dataset.canaryVariant").await, "canary");
    browser.eval("void explode()").await;
    browser.wait_for("document.documentElement.dataset.canaryVariant === 'stable' && globalThis.renders?.app").await;
    browser.wait_for(&format!("{SHOWN}.join() === 'on,blue,basic,stable'")).await;
    browser.assert_console(&["[canary] E406 the canary reports that it failed: Error: the tree is broken; the page loads again, with stable", "the tree is broken"]).await;
}

/// Any app can report its failure, also before it is up.
#[tokio::test]
async fn a_canary_that_reports_a_failure_while_it_starts_is_replaced() {
    let html = read(&BUILT.join("react.html"));
    let files = files("react", &html, &config("5", &flags(true, "blue")));
    let canary = "document.dispatchEvent(new CustomEvent('canary:failed', { detail: 'no session' }));";
    files.write("broken.js", canary);
    let site = TestSite::new(files).await;
    let browser = &site.browser;
    site.set_user(&user_at("s", 0).id).await;
    site.goto("/").await;
    browser.wait_for("document.documentElement.dataset.canaryVariant === 'stable' && globalThis.renders?.app").await;
    browser
        .assert_console(&["[canary] E403 canary threw while it started: no session; the page loads again, with stable"])
        .await;
}

/// In stable there is nothing to fall back to: the page shows what the app gives for it.
#[tokio::test]
async fn a_boundary_shows_its_fallback_in_stable() {
    let site = TestSite::new(files("broken", "", &config("0", &json!({})))).await;
    let browser = &site.browser;
    site.goto("/").await;
    browser.wait_for("globalThis.explode && localStorage.canary_good").await;
    browser.eval("void explode()").await;
    assert_eq!(browser.wait_for("document.getElementById('fallback')?.textContent").await, "one moment");
    browser.assert_console(&["the tree is broken"]).await;
    assert_eq!(browser.eval("document.documentElement.dataset.canaryVariant").await, "stable");
}
