//! The plugin with the real Vite: its development server, and a build that `canaryctl serve` serves.

use super::project::{PROJECT, canaryctl, run};
use canary_e2e::files::{copy_tree, read};
use canary_e2e::process::Process;
use canary_e2e::site_files::SiteFiles;
use canary_e2e::test_site::TestSite;
use serde_json::{Value, json};
use std::path::Path;
use std::process::Command;
use tempfile::TempDir;

/// A copy of the app beside the packages, which a test may edit.
fn app() -> TempDir {
    let dir = tempfile::Builder::new().prefix("app-").tempdir_in(&*PROJECT).unwrap();
    copy_tree(&PROJECT.join("plugin"), dir.path());
    dir
}

fn vite(app: &TempDir, canaryctl: &Path) -> Command {
    let mut command = Command::new(PROJECT.join("node_modules/.bin/vite"));
    command.current_dir(app.path()).arg("build").env("CANARYCTL", canaryctl);
    command
}

#[track_caller]
fn edit(file: &Path, from: &str, to: &str) {
    let old = read(file);
    assert!(old.contains(from), "no {from} in {old}");
    std::fs::write(file, old.replace(from, to)).unwrap();
}

/// What the page of the app shows.
const SHOWN: &str = "['text', 'flag', 'arm'].map((id) => document.getElementById(id)?.textContent).join()";

#[tokio::test]
async fn the_development_server_has_flags_and_hot_reload() {
    let app = app();
    let mut command = Command::new("node");
    command.current_dir(app.path()).arg("dev.js");
    let mut server = Process::spawn("vite", command);
    let url = server.first_line();
    let site = TestSite::new(SiteFiles::empty()).await;
    let browser = &site.browser;
    browser.goto(&url).await;
    // The config's 100 % are for a build, and the flags are its own.
    browser.wait_for(&format!("{SHOWN} === 'first text,true,stable'")).await;
    assert_eq!(browser.eval("[early, document.documentElement.dataset.canaryVariant]").await, json!([true, "stable"]));

    // An edit of a component keeps the page and its state.
    browser.eval("void document.querySelector('button').click()").await;
    browser.wait_for("document.querySelector('button').textContent === '1'").await;
    edit(&app.path().join("src/App.jsx"), "first text", "second text");
    browser.wait_for(&format!("{SHOWN} === 'second text,true,stable'")).await;
    assert_eq!(browser.eval("document.querySelector('button').textContent").await, "1");
    // An edit of the config loads the page again.
    edit(&app.path().join("config.yaml"), r#""new-checkout": true"#, r#""new-checkout": false"#);
    browser.wait_for(&format!("{SHOWN} === 'second text,false,stable'")).await;
    assert_eq!(browser.eval("early").await, false);
    browser.assert_console(&[]).await;

    edit(&app.path().join("config.yaml"), "config.json: |", "config.json: >");
    browser
        .wait_for("globalThis.early === false && performance.getEntriesByType('navigation')[0].type === 'reload'")
        .await;
    let message = "config.yaml: expected JSON, or a ConfigMap with \"config.json: |\"; flags have their defaults";
    canary_e2e::wait::until("the message", canary_e2e::wait::DEADLINE, || {
        server.tail().contains(message).then_some(())
    });
}

#[tokio::test]
async fn a_build_is_served_as_stable_and_as_canary() {
    let app = app();
    let printed = run(&mut vite(&app, &canaryctl()));
    let dist = app.path().join("dist");
    let page = read(&dist.join("index.html"));
    assert!(
        page.contains(r#"<script type="module" async src="/runtime/canary.js" data-root="main"></script>"#),
        "{page}"
    );
    let guard: Value =
        serde_json::from_str(&run(Command::new(canaryctl()).args(["guard", "--output", "json"]))).unwrap();
    let line = format!("canary-runtime: script-src {}", guard["scriptSrc"].as_str().unwrap());
    assert!(printed.contains(&line), "{line} in {printed}");

    let assets: Value = serde_json::from_str(&read(&dist.join(".vite/canary-assets.json"))).unwrap();
    assert_eq!(assets["version"], "2.0.0");
    let file = app.path().join("config.json");
    let config = |percentage: u32| {
        let config = json!({ "CANARY_PERCENTAGE": percentage, "FEATURE_FLAGS": { "new-checkout": percentage > 0 }, "ASSETS": { "canary": assets } });
        std::fs::write(&file, config.to_string()).unwrap();
    };
    config(0);
    let mut command = Command::new(canaryctl());
    // The runtime that the plugin has copied.
    command
        .arg("serve")
        .arg(&dist)
        .arg("--runtime")
        .arg(dist.join("runtime"))
        .arg("--config")
        .arg(&file)
        .args(["--port", "0"]);
    let mut server = Process::spawn("canaryctl", command);
    let url = server.first_line();
    let site = TestSite::new(SiteFiles::empty()).await;
    let browser = &site.browser;
    for (percentage, shown) in [(0, "first text,false,stable"), (100, "first text,true,canary")] {
        config(percentage);
        browser.goto(&url).await;
        browser.wait_for(&format!("{SHOWN} === '{shown}'")).await;
    }
    assert_eq!(browser.eval("document.documentElement.dataset.canaryVariant").await, "canary");
    browser.assert_console(&[]).await;
}

/// What a page has besides the guard is printed as `canaryctl inject` prints it.
#[test]
fn a_build_prints_the_hashes_of_inline_styles() {
    let app = app();
    edit(&app.path().join("index.html"), "<main>", "<style>main { color: red }</style><main style=\"margin: 0\">");
    let printed = run(&mut vite(&app, &canaryctl()));
    let mut command = Command::new(canaryctl());
    command.arg("inject").arg(app.path().join("dist/index.html")).args(["--output", "json"]);
    let report: Value = serde_json::from_str(&run(&mut command)).unwrap();
    let sources: Vec<_> =
        report["styleSrc"].as_array().unwrap().iter().map(|it| it["source"].as_str().unwrap()).collect();
    assert_eq!(sources.len(), 2, "{report}");
    let line = format!("canary-runtime: style-src {}\n", sources.join(" "));
    assert!(printed.contains(&line), "{line} in {printed}");
}

#[test]
fn a_build_without_canaryctl_says_what_is_missing() {
    let app = app();
    let output = vite(&app, Path::new("/nowhere/canaryctl")).output().unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    let message = "canary-runtime: cannot find /nowhere/canaryctl: install canaryctl on the PATH, or name its path with the option canaryctl";
    assert!(!output.status.success() && errors.contains(message), "{errors}");
    // Any other refusal has canaryctl's own words.
    edit(&app.path().join("vite.config.js"), "data: { root", r#"args: ["--no-such-option"], data: { root"#);
    let output = vite(&app, &canaryctl()).output().unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    let message = "canary-runtime: canaryctl inject failed: error: unexpected argument '--no-such-option' found";
    assert!(!output.status.success() && errors.contains(message), "{errors}");
}
