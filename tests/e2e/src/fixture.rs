//! A page with the runtime and a small bundle for each arm.

use crate::access_log::Mark;
use crate::browser::Browser;
use crate::files::{read, repo};
use crate::site_files::SiteFiles;
use crate::test_site::TestSite;
use crate::wait::{self, DEADLINE};
use serde_json::Value;

/// The object of the runtime in a page.
pub const CANARY: &str = r#"globalThis[Symbol.for("canary-runtime")]"#;

/// The path of the config.
pub const CONFIG: &str = "/config/canary.json";

/// An attribute with a decision budget that no page exceeds, also on a busy machine.
pub const PATIENT: &str = r#"data-decision-budget="15000""#;

/// The guard in the demo's page, which the tests of `canaryctl` keep current.
#[track_caller]
#[must_use]
pub fn guard() -> String {
    let page = read(&repo("www/index.html"));
    let (_, rest) = page.split_once("<script data-canary-guard>").expect("a guard in the demo's page");
    let (script, _) = rest.split_once("</script>").expect("an end of the guard");
    format!("<script data-canary-guard>{script}</script>")
}

/// A page that includes the runtime with `attributes`, with a bundle for each arm at its
/// default path. `early.js` runs before the runtime, `late.js` after it.
#[track_caller]
#[must_use]
pub fn site_files(attributes: &str, config: &str) -> SiteFiles {
    let files = SiteFiles::new();
    let include = format!(r#"<script type="module" src="/runtime/canary.js" {PATIENT} {attributes}></script>"#);
    files.write("index.html", page(&include));
    files.write("early.js", EARLY);
    files.write("late.js", LATE);
    for arm in ["stable", "canary"] {
        files.write(&format!("{arm}/main.js"), BUNDLE.replace("ARM", arm));
    }
    files.mount_config(config);
    files
}

/// A page around the tag of the runtime.
#[must_use]
pub fn page(include: &str) -> String {
    format!(
        r#"<!doctype html><title>surface</title><link rel="icon" href="data:,"><script src="/early.js"></script>
        {include}<script type="module" src="/late.js"></script><body>"#
    )
}

const EARLY: &str = r#"
    globalThis.heard = [];
    document.addEventListener("canary:ready", ({ detail }) => heard.push(detail));
"#;

const LATE: &str = r#"
    import { canary } from "/runtime/canary.js";
    globalThis.canary = canary;
    // By way of JSON, which drops undefined members.
    globalThis.details = (key, value) => JSON.parse(JSON.stringify(canary.getBooleanDetails(key, value)));
    globalThis.before = [details("on", false), details("on", true), canary.getBooleanValue("on", true)];
    canary.ready.then((decision) => (globalThis.decision = decision));
"#;

/// Records its arm, and the variant of the document when it started.
const BUNDLE: &str = r#"
    (globalThis.ran ??= []).push("ARM");
    globalThis.found = document.documentElement.dataset.canaryVariant;
"#;

/// A config with `REVISION` 7 and the salt `s`.
#[must_use]
pub fn config(percentage: &str, flags: &Value) -> String {
    format!(r#"{{"CANARY_PERCENTAGE": {percentage}, "REVISION": 7, "SALT": "s", "FEATURE_FLAGS": {flags}}}"#)
}

/// Waits for the bundle and returns the arms that ran, in order.
pub async fn ran(browser: &Browser) -> Value {
    browser.wait_for("globalThis.ran && globalThis.decision && globalThis.ran").await
}

/// Waits until all requests of the page up to now are in the log, by two more requests,
/// one after the other.
pub async fn settle(site: &TestSite, mark: Mark) {
    site.browser.eval("fetch('/late.js?1').then(() => fetch('/late.js?2', { cache: 'reload' })).then(() => 0)").await;
    let log = site.nginx.access_log();
    wait::until("the last request", DEADLINE, || (log.requests_for("/late.js", mark).len() >= 2).then_some(()));
}
