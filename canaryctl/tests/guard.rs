//! `canaryctl guard`, and the copies of its output in the repository.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, reason = "a panic is how a test fails")]

mod support;

use std::fs;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest, Sha256};
use support::{repo, run, text};

/// The one line of output.
#[track_caller]
fn printed(args: &[&str]) -> String {
    let output = run(&[&["guard"], args].concat(), "");
    assert_eq!((output.status.code(), text(&output.stderr).as_str()), (Some(0), ""));
    let out = text(&output.stdout);
    let line = out.strip_suffix('\n').unwrap();
    assert!(!line.contains('\n'), "{line}");
    line.to_owned()
}

#[test]
fn the_hash_matches_the_element() {
    let (element, hash) = (printed(&[]), printed(&["--hash"]));
    let script = element.strip_prefix("<script data-canary-guard>").unwrap().strip_suffix("</script>").unwrap();
    assert_eq!(hash, format!("'sha256-{}'", STANDARD.encode(Sha256::digest(script))));
    let json: serde_json::Value = serde_json::from_str(&printed(&["--output", "json"])).unwrap();
    assert_eq!(json, serde_json::json!({"element": element, "scriptSrc": hash}));
}

/// After a change of the guard, the demo's page and the policy have to be updated.
#[test]
fn the_demo_and_its_policy_have_the_current_guard() {
    let page = fs::read_to_string(repo("www/index.html")).unwrap();
    assert!(page.contains(&printed(&[])), "www/index.html: run `canaryctl inject` to update it");
    let headers = fs::read_to_string(repo("nginx/headers.conf")).unwrap();
    let (_, sources) = headers.split_once("script-src ").unwrap();
    let (sources, _) = sources.split_once(';').unwrap();
    let hashes: Vec<_> = sources.split(' ').filter(|source| source.starts_with("'sha")).collect();
    assert_eq!(hashes, [printed(&["--hash"])], "nginx/headers.conf: insert the output of `canaryctl guard --hash`");
}
