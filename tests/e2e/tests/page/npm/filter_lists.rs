//! Blockers leave the runtime alone: no rule of `EasyList` or `EasyPrivacy` matches what it requests by default.

use super::project::{PROJECT, run};
use canary_e2e::files::repo;
use serde_json::{Value, json};
use std::fs::{self, File};
use std::path::Path;
use std::process::Command;

/// What the lists say of these addresses, requested from a page of `https://shop.example` in each way that a page has.
fn check(addresses: &[String]) -> Value {
    let types = ["script", "xmlhttprequest", "ping", "beacon", "other"];
    let request =
        |url: &String, type_: &str| json!({ "url": url, "sourceUrl": "https://shop.example/", "type": type_ });
    let requests: Vec<_> =
        addresses.iter().flat_map(|url| types.iter().map(move |type_| request(url, type_))).collect();
    let file = PROJECT.join("filter_lists/requests.json");
    fs::write(&file, Value::from(requests).to_string()).unwrap();
    let lists = run(Command::new(repo("scripts/need")).arg("--filter-lists"));
    let mut node = Command::new("node");
    node.arg(PROJECT.join("filter_lists/match.js")).arg(lists.trim()).stdin(File::open(file).unwrap());
    serde_json::from_str(&run(&mut node)).unwrap()
}

#[test]
fn filter_lists_block_nothing_of_the_runtime() {
    let files = fs::read_dir(repo("pkg")).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let files: Vec<_> =
        files.filter(|name| Path::new(name).extension().is_some_and(|it| it == "js" || it == "wasm")).collect();
    let parts = ["canary", "lifecycle", "diagnostics", "patterns", "refresh", "vitals", "panel", "overrides"];
    assert!(parts.iter().all(|part| files.iter().any(|name| name.starts_with(part))), "{files:?}");
    let others = ["runtime/r?n=0123456789abcdef", "config/canary.json", "runtime/console/", "runtime/console/data"];
    let others = others.map(|path| format!("https://shop.example/{path}"));
    let own: Vec<_> = files.iter().map(|name| format!("https://shop.example/runtime/{name}")).chain(others).collect();
    let found = check(&own);
    assert_eq!(found["blocked"], json!([]));
    // The lists are whole.
    assert!(found["rules"].as_array().unwrap().iter().all(|count| count.as_u64() > Some(20_000)), "{found}");

    // Negative control: names that others took for the same.
    let usual = ["https://shop.example/g/collect?v=2", "https://www.google-analytics.com/g/collect?v=2"];
    let blocked = check(&usual.map(str::to_owned))["blocked"].as_array().unwrap().len();
    assert_eq!(blocked, 10);
}
