//! The vectors, computed once more by another implementation in another language.

use canary_e2e::files::{read, repo};
use canary_e2e::site::Site;
use canary_e2e::stage::Stage;
use serde_json::json;

async fn oracle(files: &[(&str, String)]) -> Stage {
    let site = Site::empty();
    site.write("oracle.js", read(&repo("tests/e2e/oracle.js")));
    site.write("index.html", r#"<!doctype html><link rel="icon" href="data:,"><script src="/oracle.js"></script>"#);
    for (name, text) in files {
        site.write(name, text);
    }
    let stage = Stage::new(site).await;
    stage.goto("/").await;
    stage
}

fn vectors(name: &str) -> String {
    read(&repo("tests/vectors").join(name))
}

#[tokio::test]
async fn the_oracle_agrees_with_every_vector() {
    let files = ["bucketing.json", "percentages.json"].map(|name| (name, vectors(name)));
    let stage = oracle(&files).await;
    let bucketing = stage.browser.eval("checkBucketing('/bucketing.json')").await;
    assert_eq!(bucketing, json!({ "count": 2_042, "wrong": [] }));
    let percentages = stage.browser.eval("checkPercentages('/percentages.json')").await;
    assert_eq!(percentages, json!({ "valid": 314, "invalid": 9, "wrong": [] }));
    stage.browser.assert_console(&[]).await;
}

#[tokio::test]
async fn the_oracle_sees_a_wrong_vector() {
    let replace = |name: &str, from: &str, to: &str| {
        let text = vectors(name);
        assert!(text.contains(from), "{name} has no {from:?}");
        text.replacen(from, to, 1)
    };
    let bucketing = replace("bucketing.json", "\"bucket\": 82255", "\"bucket\": 82256");
    let percentages = replace("percentages.json", "\"buckets\": 1005", "\"buckets\": 1004").replace("101,", "10,");
    let stage = oracle(&[("b.json", bucketing), ("p.json", percentages)]).await;
    let wrong = stage.browser.eval("checkBucketing('/b.json').then(({ wrong }) => wrong)").await;
    assert_eq!(wrong, json!([{ "domain": "canary", "salt": "canary", "key": "a", "bucket": 82_256 }]));
    let wrong = stage.browser.eval("checkPercentages('/p.json').then(({ wrong }) => wrong)").await;
    assert_eq!(wrong, json!([{ "percentage": 1.005, "buckets": 1_004 }, 10]));
    stage.browser.assert_console(&[]).await;
}
