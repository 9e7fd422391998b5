//! Preloads of a page that `canaryctl inject` has written: of the config, the runtime's files, and stable.

use super::support::{config, page};
use canary_e2e::engine::Engine;
use canary_e2e::fault_server::Reply;
use canary_e2e::fault_site::{CANARY, CONFIG, FaultSite, Page, STABLE, STABLE_BUNDLE};
use canary_e2e::files::{read, repo};
use canary_e2e::site_files::SiteFiles;
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

/// What `canaryctl inject` writes before the tag of the runtime.
fn injected(files: &SiteFiles) -> String {
    files.write(
        "built.html",
        format!("<!doctype html>\n<script type=\"module\" src=\"{STABLE_BUNDLE}\"></script>\n<body>"),
    );
    let built = files.root().join("built.html");
    let canaryctl = std::env::var_os("CANARYCTL").map_or_else(|| repo("target/release/canaryctl"), PathBuf::from);
    let output = Command::new(canaryctl).arg("inject").arg(&built).output().expect("canaryctl runs");
    assert!(output.status.success(), "{output:?}");
    let html = read(&built);
    let lines = html.lines().filter(|line| line.starts_with("<link") || line.contains("data-canary-"));
    lines.collect::<Vec<_>>().join("\n")
}

/// A site with such a page, whose files may be cached.
async fn preloading(engine: Engine, page: Page) -> FaultSite {
    let site = FaultSite::new(engine, &page).await;
    site.set_page(&page.head(injected(&site.files)));
    let kept = Reply::sound().header("Cache-Control", "public, max-age=31536000, immutable").without("Vary");
    for path in ["/canary/*", "/stable/*", "/runtime/*"] {
        site.server.on(path, kept.clone());
    }
    site
}

pub(crate) async fn preloads_requested_once(engine: Engine) {
    let site = preloading(engine, page()).await;
    let lifecycle = read(&site.files.root().join("built.html"));
    let lifecycle = lifecycle.split('"').find(|text| text.starts_with("/runtime/lifecycle_")).expect("a preload");
    let paths = [CONFIG, &site.files.module(), lifecycle, STABLE_BUNDLE];
    let asked = || paths.map(|path| site.requests(path).len());

    // Stable does not run for a user of the canary, though it was preloaded.
    site.set_new_user("somebody").await;
    site.opens_with(CANARY, &[]).await;
    // WebKit requests again what is still on its way.
    let most = if engine == Engine::WebKit { 2 } else { 1 };
    assert!(asked().iter().all(|count| (1..=most).contains(count)), "{paths:?} {:?}", asked());

    site.server.on(CONFIG, Reply::sound().body(config("0", "")));
    site.clear_data().await;
    site.opens_with(STABLE, &["I120"]).await;
    assert!(asked().iter().all(|count| *count <= most), "{paths:?} {:?}", asked());
}

/// The page is older than the runtime, whose files have other names.
pub(crate) async fn preloads_of_another_release(engine: Engine) {
    let site = preloading(engine, page()).await;
    let module = site.files.module();
    let older = "/runtime/canary_0123456789abcdef.wasm";
    site.set_page(&page().head(injected(&site.files).replace(&module, older)));
    site.set_new_user("somebody").await;
    site.open().await;
    site.shows(CANARY).await;
    site.says(&[]).await;
    assert_eq!((site.ran(), site.views()), (vec![CANARY.to_owned()], 1));
    assert_eq!([older, &module].map(|path| site.requests(path).len()), [1, 1]);
}

/// Stable has changed since the page was written.
pub(crate) async fn preload_keeps_integrity(engine: Engine) {
    let site = preloading(engine, page().config(config("0", ""))).await;
    site.visit().await;
    site.shows(STABLE).await;
    site.says(&["I120"]).await;
    let other = preloading(engine, page().config(config("0", ""))).await;
    other.server.on(STABLE_BUNDLE, Reply::sound().body("e2e.log('ran', 'other');"));
    other.visit().await;
    other.says(&["I120", "E501"]).await;
    let site = other;
    assert!(site.ran().is_empty(), "{:?}", site.ran());
}

/// The page's last part comes seconds after the decision budget.
pub(crate) async fn slow_html(engine: Engine) {
    for attribute in ["async", ""] {
        let attributes = r#"data-decision-budget="1000" data-slow"#;
        let patient = page();
        let site = FaultSite::new(engine, &patient).await;
        let slow = page().attributes(attributes).head(injected(&site.files)).body(" ".repeat(4096));
        site.set_page(&slow);
        let html = slow.html().replace("module\" async", &format!("module\" {attribute}"));
        let begin = html.find("<body>").expect("a body");
        let pause = Reply::sound()
            .header("Content-Type", "text/html")
            .body(&html)
            .trickling(begin + 1024, Duration::from_secs(3));
        site.server.on("/", pause);
        site.set_new_user("somebody").await;
        site.open().await;
        site.shows(CANARY).await;
        site.says(&[]).await;
        assert_eq!((site.ran(), site.views()), (vec![CANARY.to_owned()], 1), "{attribute:?}");
    }
}
