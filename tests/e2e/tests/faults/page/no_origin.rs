//! Pages without an origin: in a sandbox, or of a file. Browsers load no module scripts there, but classic ones.

use super::support::page;
use canary_e2e::engine::Engine;
use canary_e2e::fault_server::Reply;
use canary_e2e::fault_site::{FaultSite, STABLE, STABLE_BUNDLE, bundle};
use canary_e2e::fixture::guard;
use canary_e2e::page_log::FOLDER;
use canary_e2e::wait::{DEADLINE, until};
use sha2::{Digest, Sha384};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

const STYLE: &str = "p { color: rgb(0, 128, 0); }";

/// Stable of classic scripts, as of webpack, which says when it is styled.
fn app() -> String {
    let styled = "const color = () => getComputedStyle(document.querySelector('p')).color;
        const look = setInterval(() => {
            if (color() !== 'rgb(0, 128, 0)') return;
            clearInterval(look);
            globalThis.styled = true;
            globalThis.e2e?.log('event', 'styled', location.pathname);
        }, 20);";
    format!("{} {styled}", bundle(STABLE))
}

fn integrity(text: &str) -> String {
    format!("sha384-{}", STANDARD.encode(Sha384::digest(text)))
}

/// A page as `canaryctl inject` writes it, with these relative paths.
fn injected(folder: &str) -> String {
    let [script, style] = [integrity(&app()), integrity(STYLE)];
    format!(
        r#"<!doctype html><meta charset="utf-8"><title>injected</title>{}
        <script type="application/json" data-canary-stable>{{"scripts":
            [{{"src": "{folder}stable/main.js", "integrity": "{script}", "type": "classic"}}],
            "styles": [{{"href": "{folder}stable/main.css", "integrity": "{style}"}}]}}</script>
        <script type="module" async src="{folder}runtime/canary.js"></script><body><div id="app"></div>"#,
        guard()
    )
}

/// The same page before.
fn plain(folder: &str) -> String {
    format!(
        r#"<!doctype html><meta charset="utf-8"><title>plain</title><link rel="stylesheet" href="{folder}stable/main.css">
        <script defer src="{folder}stable/main.js"></script><body><div id="app"></div>"#
    )
}

async fn site(engine: Engine) -> FaultSite {
    let site = FaultSite::new(engine, &page()).await;
    site.files.write(STABLE_BUNDLE, app());
    site.files.write("stable/main.css", STYLE);
    site
}

/// `sandbox="allow-scripts"`: no storage, no cookies, and CORS for everything that needs it.
pub(crate) async fn sandboxed_frame(engine: Engine) {
    let site = site(engine).await;
    let recorder = format!(r#"<script src="{FOLDER}recorder.js"></script>"#);
    for (name, html) in [("plain", plain("/")), ("injected", injected("/"))] {
        site.files.write(&format!("{name}.html"), html.replace("<title>", &format!("{recorder}<title>")));
    }
    for allows_all in [false, true] {
        if allows_all {
            // A server that lets every origin read its files, so that the runtime itself runs.
            for path in ["/runtime/*", "/stable/*", "/config/*"] {
                site.server.on(path, Reply::sound().header("Access-Control-Allow-Origin", "*"));
            }
        }
        for name in ["plain", "injected"] {
            let frame = format!(r#"{recorder}<iframe sandbox="allow-scripts" src="/{name}.html"></iframe>"#);
            site.files.write("outer.html", format!("<!doctype html><title>outer</title>{frame}"));
            site.open_at("/outer.html").await;
            until(format!("{name}, {allows_all}: {:#?}", site.page_log()), DEADLINE, || {
                (site.events("styled") == [format!("/{name}.html")]).then_some(())
            });
            assert_eq!(site.ran(), [STABLE], "{name}, {allows_all}");
        }
    }
}

/// `file://`, as where somebody opens a build with a double click.
pub(crate) async fn page_of_a_file(engine: Engine) {
    let site = site(engine).await;
    for (name, html) in [("plain", plain("")), ("injected", injected(""))] {
        site.files.write(&format!("{name}.html"), html);
        let url = format!("file://{}/{name}.html", site.files.root().display());
        site.browser.goto(&url).await;
        site.browser.wait_for(&format!("document.title === '{name}' && globalThis.styled")).await;
        assert_eq!(site.shown().await.as_deref(), Some(STABLE));
    }
}
