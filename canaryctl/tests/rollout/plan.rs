//! `canaryctl rollout plan`: the length of a run before it begins.

use serde_json::{Value, json};

use crate::shop::Shop;
use crate::support::text;

fn plan(shop: &Shop, args: &[&str]) -> (Option<i32>, Value) {
    let clock = shop.clock();
    let args = [&["plan", "--runs", "5", "--output", "json", "--now", &clock], args].concat();
    let output = shop.command(&args).output().unwrap();
    (output.status.code(), serde_json::from_slice(&output.stdout).unwrap_or_else(|_| json!(text(&output.stderr))))
}

#[test]
fn a_plan_says_how_long_a_run_takes_at_the_traffic_that_was_measured() {
    let mut shop = Shop::new("");
    shop.visit(60, 120, 0);
    let (code, plan) = plan(&shop, &[]);
    assert_eq!((code, &plan["weights"], &plan["leastMinutes"]), (Some(0), &json!([10.0, 50.0]), &json!(10)), "{plan}");
    // 120 views in 58 final minutes of 67 that the collector answers for.
    let rate = plan["viewsPerSecond"].as_f64().unwrap();
    assert!((1.6..2.0).contains(&rate), "{plan}");
    assert_eq!((&plan["runs"], &plan["promoted"], &plan["push"]), (&json!(5), &json!(5), &json!(null)), "{plan}");
    assert!((8..30).contains(&plan["minutes"].as_u64().unwrap()), "{plan}");
    let worst = &plan["faults"][0];
    assert_eq!((&worst["fault"], &worst["rolledBack"]), (&json!("nothing boots"), &json!(5)), "{plan}");
    assert_eq!(shop.count(), 1, "a plan writes nothing");
}

#[test]
fn traffic_that_is_not_known_or_too_little_is_told() {
    let shop = Shop::new("");
    let (code, error) = plan(&shop, &[]);
    let expected = "the collectors have no views of the last 48 hours; give the traffic with --views-per-second";
    assert!(code == Some(2) && error.as_str().unwrap().contains(expected), "{error}");
    shop.write("rollout.yaml", &shop.file("rollout.yaml").replace("minViews: 10", "minViews: 1000"));
    shop.commit("views");
    let (code, plan) = plan(&shop, &["--views-per-second", "0.001"]);
    assert_eq!((code, &plan["minutes"]), (Some(1), &json!(null)), "{plan}");
}
