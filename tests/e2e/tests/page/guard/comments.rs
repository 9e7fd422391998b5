//! Comments of an attacker in a page that the server renders, sanitized by `DOMPurify` as it is by default, under the strictest policy.

use super::page::{EARLY, GUARD, bundle, remove_runtime};
use canary_e2e::access_log::Mark;
use canary_e2e::files::{read, repo};
use canary_e2e::fixture;
use canary_e2e::nginx::{self, Config};
use canary_e2e::site_files::SiteFiles;
use canary_e2e::test_site::TestSite;
use serde_json::{Value, json};

const TAG: &str = r#"<script type="module" nonce="n" src="/runtime/canary.js" data-stable="/stable/main.js" data-decision-budget="15000"></script>"#;

/// The sanitized comments.
fn comments() -> Vec<String> {
    let text = read(&repo("tests/e2e/tests/page/guard/comments.json"));
    let file: Value = serde_json::from_str(&text).expect("JSON");
    let list = file["comments"].as_array().expect("a list").iter();
    list.map(|comment| comment["sanitized"].as_str().expect("a comment").to_owned()).collect()
}

/// The page, with what its visitors have written before or after the runtime's tag.
fn page(before: &str, after: &str) -> String {
    let guard = GUARD.replace("<script ", "<script nonce=\"n\" ");
    format!(
        r#"<!doctype html><title>shop</title><link rel="icon" href="data:,"><script nonce="n" src="/early.js"></script>
        {guard}<body><div>{before}</div>{TAG}<div>{after}</div><p>shop</p>"#
    )
}

fn files() -> SiteFiles {
    let files = SiteFiles::new();
    files.write("early.js", EARLY);
    files.write("uploads/evil.js", "globalThis.evil = 1;");
    for arm in ["stable", "canary"] {
        files.write(&format!("{arm}/main.js"), bundle(arm));
    }
    files.mount_config(&fixture::config("100", &json!({})));
    files
}

/// A nonce, `strict-dynamic`, and Trusted Types.
fn strict(config: &mut Config) {
    let text = config["headers.conf"].clone();
    let policy = text.lines().find(|line| line.starts_with("add_header Content-Security-Policy")).expect("a policy");
    let new = r#"add_header Content-Security-Policy "script-src 'nonce-n' 'strict-dynamic' 'wasm-unsafe-eval'; object-src 'none'; base-uri 'none'; require-trusted-types-for 'script'; trusted-types canary-runtime" always;"#;
    nginx::replace(config, "headers.conf", policy, new);
}

/// The variant, the bundles that ran, and whether anything of the attacker did or was refused.
const SEEN: &str = "[document.documentElement.dataset.canaryVariant ?? null, globalThis.ran ?? [], globalThis.evil ?? null, violations]";

#[track_caller]
fn assert_unharmed(site: &TestSite, mark: Mark, comment: &str) {
    assert!(site.nginx.access_log().requests_for("/uploads/evil.js", mark).is_empty(), "{comment}");
}

#[tokio::test]
async fn sanitized_comments_change_nothing() {
    let comments = comments();
    assert_eq!(comments.len(), 30);
    let site = TestSite::with(files(), strict).await;
    site.set_user("somebody").await;
    let log = site.nginx.access_log();
    let all = comments.concat();
    let pages = comments.iter().map(|comment| (String::new(), comment.clone()));
    // Also all of them at once, on either side of the tag.
    for (before, after) in pages.chain([(all.clone(), String::new()), (String::new(), all.clone())]) {
        let mark = log.mark();
        site.files.write("index.html", page(&before, &after));
        site.goto("/").await;
        site.browser.wait_for("globalThis.ran").await;
        assert_eq!(site.browser.eval(SEEN).await, json!(["canary", ["canary"], null, []]), "{before}{after}");
        assert_unharmed(&site, mark, &after);
    }
    // The page's own lines come from pictures and tracks that do not load.
    let said = site.browser.console().await;
    assert!(said.iter().all(|entry| !entry.text.contains("[canary] E")), "{said:?}");
}

#[tokio::test]
async fn sanitized_comments_do_not_lead_the_guard_astray() {
    let files = files();
    remove_runtime(&files);
    let all = comments().concat();
    let site = TestSite::with(files, strict).await;
    for (before, after) in [(all.as_str(), ""), ("", all.as_str())] {
        let mark = site.nginx.access_log().mark();
        site.files.write("index.html", page(before, after));
        site.goto("/").await;
        site.browser.wait_for("globalThis.ran").await;
        assert_eq!(site.browser.eval(SEEN).await, json!(["stable", ["stable"], null, []]));
        assert_unharmed(&site, mark, "all");
    }
}
