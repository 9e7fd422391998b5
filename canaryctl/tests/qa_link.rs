//! `canaryctl qa-link` as a process.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, reason = "a panic is how a test fails")]

mod support;

use serde_json::Value;
use sha2::{Digest, Sha256};
use support::folder::Folder;
use support::{fails, run, text};

/// The entry that lists the token of an address.
#[track_caller]
fn hash_of(address: &str) -> String {
    let token = address.split("canary.qa=").nth(1).unwrap().split('#').next().unwrap();
    assert_eq!(token.len(), 22, "{address}");
    let digest = Sha256::digest(format!("qa:{token}"));
    digest.iter().fold("sha256:".to_owned(), |hash, byte| hash + &format!("{byte:02x}"))
}

fn link(args: &[&str]) -> Value {
    let output = run(&[&["qa-link", "--output", "json"], args].concat(), "");
    assert_eq!((output.status.code(), text(&output.stderr).as_str()), (Some(0), ""));
    serde_json::from_slice(&output.stdout).unwrap()
}

#[test]
fn the_address_has_a_new_token_and_the_entry_its_hash() {
    let (one, two) = (link(&["https://shop.example/a?b=c#d"]), link(&["https://shop.example/", "--always"]));
    let address = one["url"].as_str().unwrap();
    assert!(address.starts_with("https://shop.example/a?b=c&canary.qa=") && address.ends_with("#d"), "{address}");
    assert_eq!(one["token"], serde_json::json!({"hash": hash_of(address)}));
    let other = two["url"].as_str().unwrap();
    assert!(other.starts_with("https://shop.example/?canary.qa="), "{other}");
    assert_eq!(two["token"], serde_json::json!({"hash": hash_of(other), "always": true}));
    let output = run(&["qa-link"], "");
    assert!(text(&output.stdout).contains("\n\nin OVERRIDES.tokens of the config: {\"hash\":\"sha256:"));
}

#[test]
fn the_entry_is_added_to_the_config() {
    let folder = Folder::with_git();
    for count in 1..3 {
        let (code, out, errors) =
            folder.run(&["qa-link", "https://shop.example/", "--config", support::folder::FILE, "--commit"]);
        assert_eq!(code, Some(0), "{errors}");
        let address =
            out.split_whitespace().find(|word| word.starts_with("https")).unwrap().trim_end_matches(',').to_owned();
        assert!(folder.read().contains(&hash_of(&address)), "{address}: {}", folder.read());
        assert_eq!(folder.read().matches("\"hash\": \"sha256:").count(), count, "{}", folder.read());
    }
    let validated = run(&["validate", "-"], folder.read());
    assert_eq!(validated.status.code(), Some(0), "{}", text(&validated.stdout));
}

#[test]
fn other_addresses_are_refused() {
    let message = "canaryctl: http://shop.example/: expected an https address, or a path that begins with /\n";
    fails(&["qa-link", "http://shop.example/"], b"", message);
    fails(&["qa-link", "--commit"], b"", "canaryctl: --config FILE: expected, to edit and commit a config\n");
}
