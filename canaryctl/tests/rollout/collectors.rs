//! Collectors that are slow, count in other minutes, know another config, or are lied to.

use serde_json::json;

use crate::shop::Shop;
use crate::support::web::Web;

/// A second collector that answers with a header of its own.
fn another(header: &serde_json::Value) -> Web {
    let web = Web::start();
    web.set("/windows", 200, "application/jsonl", header.to_string());
    web
}

#[test]
fn a_collector_with_minutes_of_another_length_holds() {
    let mut shop = Shop::new("");
    shop.begin();
    shop.visit(9, 600, 0);
    let header = json!({"collector": "b", "window": 30, "since": 0, "through": shop.now / 30 - 4, "gaps": []});
    let other = another(&header);
    let both = format!("{},{}", shop.web.url, other.url);
    let held = shop.run(&["step", "--now", &shop.clock(), "--collectors", &both]);
    assert_eq!((&held["verdict"], &held["commit"]), (&json!("no-data"), &json!(null)), "{held}");
    assert!(held["reason"].as_str().unwrap().contains("collector b has minutes of 30 s"), "{held}");
    assert_eq!(shop.step()["weight"], 50);
}

#[test]
#[ignore = "half a minute; scripts/test-long rollout"]
fn a_collector_slower_than_the_limit_holds() {
    let mut shop = Shop::new("");
    shop.begin();
    shop.visit(9, 600, 0);
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let both = format!("{},http://{}", shop.web.url, silent.local_addr().unwrap());
    let held = shop.run(&["step", "--now", &shop.clock(), "--collectors", &both]);
    assert_eq!((&held["verdict"], &held["commit"]), (&json!("no-data"), &json!(null)), "{held}");
    assert!(held["reason"].as_str().unwrap().contains("no answer within 30 s"), "{held}");
    assert_eq!(shop.step()["weight"], 50);
}

/// Its views have a share that nobody knows, so they say nothing.
#[test]
fn a_revision_that_git_does_not_know_never_advances() {
    let mut shop = Shop::new("");
    shop.begin();
    shop.visit(9, 600, 0);
    for row in &mut shop.rows {
        row["revision"] = json!(99);
    }
    let held = shop.step();
    assert_eq!((&held["weight"], &held["commit"]), (&json!(10), &json!(null)), "{held}");
    assert_ne!(held["verdict"], "advance", "{held}");
}

/// A few clients report faults of the canary without end: what is beyond their cap neither rolls back nor lets it rise.
#[test]
fn lies_within_the_cap_hold_until_a_person_looks() {
    let mut shop = Shop::new("");
    shop.begin();
    shop.visit(9, 600, 0);
    for row in shop.rows.iter_mut().filter(|row| row["cohort"] == "canary") {
        let counts =
            ["exposed", "both", "ready", "failed", "left", "errors", "foreignErrors", "codes", "lcp", "inp", "cls"];
        let honest: serde_json::Map<_, _> = counts.iter().map(|key| ((*key).to_owned(), row[*key].clone())).collect();
        row["exposed"] = json!(120);
        row["failed"] = json!(60);
        row["capped"] = honest.into();
    }
    let held = shop.step();
    assert_eq!(
        (&held["weight"], &held["commit"], &held["verdict"]),
        (&json!(10), &json!(null), &json!("hold")),
        "{held}"
    );
    assert_eq!(shop.events("1.6.0").last().unwrap()["state"], "uncapped", "{held}");
}
