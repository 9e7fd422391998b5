//! The page with the guard, and its server.

use canary_e2e::fixture;
use canary_e2e::nginx::{self, Config};
use canary_e2e::site_files::SiteFiles;
use serde_json::{Value, json};
use std::sync::LazyLock;

/// The guard in the demo's page.
pub(crate) static GUARD: LazyLock<String> = LazyLock::new(fixture::guard);

/// The beginning of the tag, without its other attributes.
pub(crate) const TAG: &str = r#"<script type="module" src="/runtime/canary.js""#;

/// The variant, the scripts and the bundles that ran.
pub(crate) const STATE: &str = r#"({
    variant: document.documentElement.dataset.canaryVariant ?? null,
    ran: globalThis.ran ?? [],
    scripts: document.querySelectorAll('script[src$="main.js"]').length,
})"#;

/// A page with these elements at 100 %, which records violations of its policy.
pub(crate) fn site_files(elements: &str) -> SiteFiles {
    let files = SiteFiles::new();
    files.write("index.html", page(elements));
    files.write("early.js", EARLY);
    for arm in ["stable", "canary"] {
        files.write(&format!("{arm}/main.js"), bundle(arm));
    }
    files.mount_config(&fixture::config("100", &json!({})));
    files
}

pub(crate) fn page(elements: &str) -> String {
    format!(
        r#"<!doctype html><title>guard</title><link rel="icon" href="data:,"><script nonce="n" src="/early.js"></script>
        {elements}<body>"#
    )
}

pub(crate) const EARLY: &str = r#"
    globalThis.violations = [];
    document.addEventListener("securitypolicyviolation", (event) => violations.push(event.effectiveDirective + " " + event.blockedURI));
"#;

pub(crate) fn bundle(name: &str) -> String {
    format!(r#"(globalThis.ran ??= []).push("{name}"); globalThis.ranAt = performance.now();"#)
}

/// The state of a page with one arm.
pub(crate) fn shown(arm: &str) -> Value {
    json!({ "variant": arm, "ran": [arm], "scripts": 1 })
}

/// Replaces `canary.js` and its compressed copies.
pub(crate) fn write_runtime(files: &SiteFiles, text: &str) {
    remove_runtime(files);
    files.write("runtime/canary.js", text);
}

pub(crate) fn remove_runtime(files: &SiteFiles) {
    for suffix in ["", ".br", ".gz"] {
        files.remove(&format!("runtime/canary.js{suffix}"));
    }
}

/// Adds directives to the location of `canary.js`, before the others.
pub(crate) fn runtime_location(config: &mut Config, directives: &str) {
    const LOCATION: &str = "location = /runtime/canary.js {";
    nginx::replace(config, "nginx.conf", LOCATION, &format!("{LOCATION} {directives}"));
}
