//! Stable as the guard inserts it.

use super::fault::{FAILED, NOT_FOUND};
use super::page::{bundle, remove_runtime, site_files};
use canary_e2e::nginx::Config;
use canary_e2e::test_site::TestSite;

/// The elements that the guard inserts.
pub(crate) async fn inserted(elements: &str, policy: impl FnOnce(&mut Config), console: &[&str]) -> TestSite {
    let files = site_files(elements);
    remove_runtime(&files);
    files.write("classic.js", format!("var classic = 1; {}", bundle("classic")));
    for name in ["a", "b"] {
        // It imports, so that without an order a script without imports would run first.
        files.write(&format!("{name}.js"), module(name));
        files.write(&format!("{name}/import.js"), "");
        files.write(&format!("{name}.css"), format!("body {{ --{name}: 1; }}"));
    }
    let site = TestSite::with(files, policy).await;
    site.goto("/").await;
    site.browser.assert_console(&[&[NOT_FOUND, FAILED], console].concat()).await;
    site
}

pub(crate) fn module(name: &str) -> String {
    format!(r#"import "/{name}/import.js"; {}"#, bundle(name))
}

pub(crate) const INSERTED: &str = r#"[...document.head.querySelectorAll("[src], [href]")].flatMap((it) => {
    const address = it.getAttribute("href") ?? it.getAttribute("src");
    if (/early|canary\.js|^data:/.test(address)) return [];
    return [[it.localName, address, it.type, it.integrity, it.nonce, it.crossOrigin]];
})"#;

pub(crate) fn hash(text: &str) -> String {
    use base64::Engine;
    use sha2::{Digest, Sha256};
    base64::engine::general_purpose::STANDARD.encode(Sha256::digest(text))
}
