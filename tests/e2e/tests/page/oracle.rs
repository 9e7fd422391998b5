//! The vectors against an independent implementation in JavaScript.

use canary_e2e::files::{copy_tree, read, repo};
use canary_e2e::site_files::SiteFiles;
use canary_e2e::test_site::TestSite;
use serde_json::{Value, json};

async fn oracle(data: &[(&str, String)]) -> TestSite {
    let files = SiteFiles::empty();
    copy_tree(&repo("tests/e2e/oracle"), &files.root().join("oracle"));
    let script = r#"<script type="module" src="/oracle/checks.js"></script>"#;
    files.write("index.html", format!(r#"<!doctype html><link rel="icon" href="data:,">{script}"#));
    for (name, text) in data {
        files.write(name, text);
    }
    let site = TestSite::new(files).await;
    site.goto("/").await;
    site
}

fn vectors(name: &str) -> String {
    read(&repo("tests/vectors").join(name))
}

#[tokio::test]
async fn the_oracle_agrees_with_all_vectors() {
    let counts = [
        ("checkBucketing", "bucketing.json", json!({ "count": 2_042, "wrong": [] })),
        ("checkPercentages", "percentages.json", json!({ "valid": 314, "invalid": 9, "wrong": [] })),
        ("checkConditions", "conditions.json", json!({ "count": 131, "wrong": [] })),
        ("checkConditions", "coercions.json", json!({ "count": 399, "wrong": [] })),
        ("checkPatterns", "patterns.json", json!({ "portable": 206, "refused": 151, "wrong": [] })),
        ("checkFlags", "flags.json", json!({ "count": 714, "wrong": [] })),
        ("checkDecisions", "decisions.json", json!({ "count": 260, "wrong": [] })),
    ];
    let site = oracle(&counts.each_ref().map(|(_, name, _)| (*name, vectors(name)))).await;
    for (check, name, expected) in counts {
        let found = site.browser.eval(&format!("{check}('/{name}')")).await;
        assert_eq!(found, expected, "{name}");
    }
    site.browser.assert_console(&[]).await;
}

#[tokio::test]
async fn the_oracle_finds_a_wrong_vector() {
    let replace = |name: &str, from: &str, to: &str| {
        let text = vectors(name);
        assert!(text.contains(from), "{name} has no {from:?}");
        text.replacen(from, to, 1)
    };
    let bucketing = replace("bucketing.json", "\"bucket\": 82255", "\"bucket\": 82256");
    let percentages = replace("percentages.json", "\"buckets\": 1005", "\"buckets\": 1004").replace("101,", "10,");
    let conditions = replace("coercions.json", "\"expected\":true", "\"expected\":false");
    let patterns = replace("patterns.json", "\"matches\":true", "\"matches\":false").replace("\"(?=a)\",", "\"a\",");
    let flags = replace("flags.json", "{\"value\":true,", "{\"value\":false,");
    let decisions = replace("decisions.json", "\"cohort\":\"canary\"", "\"cohort\":\"control\"");
    let files = [
        ("b.json", bucketing),
        ("p.json", percentages),
        ("c.json", conditions),
        ("r.json", patterns),
        ("f.json", flags),
        ("d.json", decisions),
    ];
    let site = oracle(&files).await;
    let wrong = async |check: &str| site.browser.eval(&format!("{check}.then(({{ wrong }}) => wrong)")).await;
    let expected = json!([{ "domain": "canary", "salt": "canary", "key": "a", "bucket": 82_256 }]);
    assert_eq!(wrong("checkBucketing('/b.json')").await, expected);
    let expected = json!([{ "percentage": 1.005, "buckets": 1_004 }, 10]);
    assert_eq!(wrong("checkPercentages('/p.json')").await, expected);
    let expected = json!([{ "pattern": "", "text": "", "ignoreCase": false, "matches": false }, "a"]);
    assert_eq!(wrong("checkPatterns('/r.json')").await, expected);
    for (check, name) in [
        ("checkConditions('/c.json')", "string - number attribute as text"),
        ("checkFlags('/f.json')", "forms - true and false"),
        ("checkDecisions('/d.json')", "percentage 5 - bucket 0"),
    ] {
        let wrong = wrong(check).await;
        let names: Vec<&Value> = wrong.as_array().into_iter().flatten().map(|vector| &vector["name"]).collect();
        assert_eq!(names, [name]);
    }
    site.browser.assert_console(&[]).await;
}
