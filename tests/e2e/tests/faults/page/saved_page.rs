//! A page that a prerenderer has saved once it was drawn, with everything that the runtime or the guard has added.

use super::support::{config, page};
use canary_e2e::engine::Engine;
use canary_e2e::fault_server::Reply;
use canary_e2e::fault_site::{CANARY, FaultSite, Page, STABLE};
use canary_e2e::fixture::guard;
use canary_e2e::wait::{DEADLINE, until};

/// Both arms have a stylesheet.
fn arms(percentage: &str) -> Page {
    let canary =
        r#"{"version": "2", "scripts": [{"src": "/canary/main.js"}], "styles": [{"href": "/canary/main.css"}]}"#;
    let block = r#"<script type="application/json" data-canary-stable>{"scripts": [{"src": "/stable/main.js"}],
        "styles": [{"href": "/stable/main.css"}]}</script>"#;
    page().config(config(percentage, &format!(r#", "ASSETS": {{"canary": {canary}}}"#))).head(block)
}

async fn site(engine: Engine, page: &Page) -> FaultSite {
    let site = FaultSite::new(engine, page).await;
    site.files.write("stable/main.css", "p { color: rgb(0, 128, 0); }");
    site.files.write("canary/main.css", "p { background-color: rgb(0, 0, 128); }");
    site
}

/// Saves the page that is open, in the place of the page, once `bundle` has loaded.
async fn save(site: &FaultSite, bundle: &str) {
    let is_inert = format!("document.querySelector('script[src$=\"{bundle}\"]').type");
    until("the script to have run", DEADLINE, || (!site.ran().is_empty()).then_some(()));
    site.browser.wait_for(&format!("!['', 'module'].includes({is_inert})")).await;
    let html = site.browser.eval("document.documentElement.outerHTML").await;
    site.files.write("index.html", format!("<!doctype html>{}", html.as_str().unwrap()));
}

/// The saved page runs the bundle that is decided on, and no other.
async fn runs_once(site: &FaultSite, arm: &str) {
    site.visit().await;
    until(arm, DEADLINE, || site.ran().contains(&arm.to_owned()).then_some(()));
    site.browser.wait_for("document.readyState === 'complete'").await;
    site.settle().await;
    assert_eq!(site.ran(), [arm], "{:?}", site.lines());
}

/// Saved with the canary; the canary is switched off later.
pub(crate) async fn saved_page_of_canary(engine: Engine) {
    let site = site(engine, &arms("100")).await;
    site.visit().await;
    site.shows(CANARY).await;
    save(&site, "/canary/main.js").await;
    site.files.mount_config(&config("0", ""));
    runs_once(&site, STABLE).await;
    // It has the styles of stable, and not those of the canary.
    let style =
        "(({ color, backgroundColor }) => [color, backgroundColor])(getComputedStyle(document.querySelector('p')))";
    site.browser.wait_for(&format!("`${{{style}}}` === 'rgb(0, 128, 0),rgba(0, 0, 0, 0)'")).await;
    // Saved with stable; the canary is switched on later.
    save(&site, "/stable/main.js").await;
    let canary = r#"{"version": "2", "scripts": [{"src": "/canary/main.js"}]}"#;
    site.files.mount_config(&config("100", &format!(r#", "ASSETS": {{"canary": {canary}}}"#)));
    runs_once(&site, CANARY).await;
}

/// Saved from a folder without the runtime, as by react-snap in a build.
pub(crate) async fn saved_page_of_guard(engine: Engine) {
    let site = FaultSite::new(engine, &page().head(guard())).await;
    site.server.on("/runtime/canary.js", Reply::sound().status(404));
    site.open().await;
    site.shows(STABLE).await;
    save(&site, "/stable/main.js").await;
    site.server.restore();
    runs_once(&site, CANARY).await;
}

/// Saved where the lifecycle script was missing.
pub(crate) async fn saved_page_without_lifecycle(engine: Engine) {
    let site = FaultSite::new(engine, &page()).await;
    site.server.on("/runtime/lifecycle_*.js", Reply::sound().status(404));
    site.visit().await;
    site.shows(STABLE).await;
    save(&site, "/stable/main.js").await;
    site.server.restore();
    runs_once(&site, CANARY).await;
}
