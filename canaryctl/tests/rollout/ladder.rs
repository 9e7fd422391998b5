//! The life of a run: up the ladder and promoted, or rolled back.

use serde_json::{Value, json};

use crate::shop::{CONFIG, Shop};

#[track_caller]
fn check(report: &Value, expected: &Value) {
    for (key, value) in expected.as_object().unwrap() {
        assert_eq!(&report[key], value, "{key} of {report}");
    }
}

#[test]
fn a_good_version_goes_up_its_ladder_and_is_promoted() {
    let mut shop = Shop::new("");
    let first = shop.step();
    check(
        &first,
        &json!({"phase": "Initializing", "run": "1.6.0", "version": "1.6.0", "step": 0, "steps": 2, "weight": 0, "verdict": null}),
    );
    let config = shop.config();
    assert_eq!(
        (&config["SALT"], &config["REVISION"], &config["CANARY_PERCENTAGE"]),
        (&json!("1.6.0"), &json!(4), &json!(0))
    );
    assert_eq!(config["ASSETS"]["canary"]["version"], "1.6.0");
    shop.now += 60;
    let weight = shop.step();
    check(&weight, &json!({"phase": "Progressing", "step": 1, "weight": 10, "verdict": null}));
    assert_eq!(weight["commit"].as_str().map(str::len), Some(40));
    shop.visit(4, 600, 0);
    check(&shop.step(), &json!({"phase": "Progressing", "step": 1, "weight": 10, "verdict": "hold", "commit": null}));
    shop.visit(4, 600, 0);
    check(&shop.step(), &json!({"phase": "Progressing", "step": 2, "weight": 50, "verdict": "advance"}));
    let message = shop.message();
    assert!(message.starts_with("rollout(frontend): raise canary from 10 % to 50 %\n\n"), "{message}");
    let trailers = "\n\nRollout-Run: 1.6.0\nRollout-Version: 1.6.0\nRollout-Phase: Progressing\nRollout-Step: 2/2\nRollout-Weight: 50\nRollout-Verdict: advance\nRollout-Through: ";
    assert!(
        message.contains(trailers)
            && message.contains("\nRollout-Windows: sha256:")
            && message.contains("\nRollout-Evidence: not-ready "),
        "{message}"
    );
    shop.visit(9, 600, 0);
    check(&shop.step(), &json!({"phase": "Promoting", "step": 2, "weight": 50, "verdict": "advance"}));
    assert_eq!(shop.file("stable.yaml"), "kind: Deployment\nspec:\n  image: example.com/shop:1.6.0@sha256:ab # stable");
    shop.visit(1, 600, 0);
    check(&shop.step(), &json!({"phase": "Promoting", "weight": 50, "commit": null}));
    shop.set_page("1.6.0");
    shop.visit(1, 600, 0);
    check(&shop.step(), &json!({"phase": "Succeeded", "weight": 0, "next": null}));
    assert_eq!(shop.count(), 6);
    // Nothing but the lines of the run has changed.
    let expected = CONFIG.replace("\"REVISION\": 3", "\"REVISION\": 7").replace("release-1.5.0", "1.6.0");
    let kept: Vec<_> =
        expected.trim_end().lines().filter(|line| !line.contains("FEATURE_FLAGS") && line.trim() != "}").collect();
    let file = shop.file("cm.yaml");
    assert!(kept.iter().all(|line| file.lines().any(|other| other == *line)), "{file}");
    shop.visit(2, 600, 0);
    check(&shop.step(), &json!({"phase": "Succeeded", "commit": null, "run": "1.6.0"}));
}

#[test]
fn a_bad_version_is_rolled_back() {
    let mut shop = Shop::new("");
    shop.begin();
    shop.visit(5, 600, 60);
    check(&shop.step(), &json!({"phase": "Failed", "weight": 0, "verdict": "rollback", "next": null}));
    let message = shop.message();
    assert!(message.starts_with("rollout(frontend): roll back 1.6.0 from 10 %: not-ready"), "{message}");
    assert!(
        message.contains("\nRollout-Phase: Failed\nRollout-Step: 1/2\nRollout-Weight: 0\nRollout-Verdict: rollback\n"),
        "{message}"
    );
    assert_eq!(shop.config()["CANARY_PERCENTAGE"], 0);
    let count = shop.count();
    shop.visit(3, 600, 0);
    check(&shop.step(), &json!({"phase": "Failed", "commit": null}));
    assert_eq!(shop.count(), count, "a failed version is tried again only by start");
}

/// A shop whose file has another strategy.
fn with_strategy(strategy: &str) -> Shop {
    let shop = Shop::new("");
    shop.write("rollout.yaml", &shop.file("rollout.yaml").replace("    stepWeights: [10, 50]", strategy));
    shop.commit("strategy");
    shop
}

#[test]
fn blue_green_promotes_after_checks_without_users() {
    let mut shop = with_strategy("    iterations: 2");
    shop.step();
    for passed in ["1 of 2 checks passed", "2 of 2 checks passed"] {
        shop.now += 60;
        check(&shop.step(), &json!({"phase": "Progressing", "weight": 0, "reason": passed, "commit": null}));
    }
    shop.now += 60;
    check(&shop.step(), &json!({"phase": "Promoting", "weight": 0}));
    shop.set_page("1.6.0");
    shop.now += 60;
    check(&shop.step(), &json!({"phase": "Succeeded"}));
}

#[test]
fn an_ab_test_has_a_rule_for_those_who_do_not_match() {
    let mut shop = with_strategy("    iterations: 2\n    maxWeight: 30\n    match: [ { plan: pro } ]");
    shop.begin();
    let config = shop.config();
    assert_eq!(config["CANARY_PERCENTAGE"], 30);
    assert_eq!(config["CANARY_RULES"], json!([{"if": {"$not": {"plan": "pro"}}, "serve": "stable"}]));
    shop.visit(9, 600, 0);
    check(&shop.step(), &json!({"weight": 30, "reason": "1 of 2 checks passed"}));
    shop.visit(1, 600, 0);
    check(&shop.step(), &json!({"weight": 30, "reason": "2 of 2 checks passed"}));
    shop.visit(1, 600, 0);
    check(&shop.step(), &json!({"phase": "Promoting"}));
    shop.set_page("1.6.0");
    shop.visit(1, 600, 0);
    check(&shop.step(), &json!({"phase": "Succeeded", "weight": 0}));
    assert_eq!(shop.config()["CANARY_RULES"], json!([]));
}

#[test]
fn a_schedule_sets_weights_by_date_without_a_judge() {
    let schedule =
        "    schedule: [ { at: \"2026-11-30T10:10:00Z\", weight: 20 }, { at: \"2026-11-30T11:00:00Z\", weight: 60 } ]";
    let mut shop = with_strategy(schedule);
    shop.step();
    shop.now += 60;
    check(&shop.step(), &json!({"phase": "Initializing", "weight": 0, "next": "2026-11-30T10:10:00Z"}));
    shop.now += 600;
    check(&shop.step(), &json!({"phase": "Progressing", "weight": 20, "verdict": null}));
    shop.now += 600;
    check(&shop.step(), &json!({"weight": 20, "next": "2026-11-30T11:00:00Z"}));
    shop.now += 3000;
    check(&shop.step(), &json!({"weight": 60}));
    shop.now += 60;
    check(&shop.step(), &json!({"phase": "Progressing", "weight": 60}));
    shop.now += 300;
    check(&shop.step(), &json!({"phase": "Promoting"}));
}

#[test]
fn skip_analysis_promotes_after_the_probes() {
    let mut shop = Shop::new("");
    shop.write("rollout.yaml", &shop.file("rollout.yaml").replace("spec:\n", "spec:\n  skipAnalysis: true\n"));
    shop.commit("skip");
    shop.step();
    shop.now += 60;
    check(&shop.step(), &json!({"phase": "Promoting", "weight": 0}));
}

#[test]
fn suspend_stops_everything() {
    let mut shop = Shop::new("");
    shop.begin();
    shop.pull();
    shop.write("rollout.yaml", &(shop.file("rollout.yaml").replace("spec:\n", "spec:\n  suspend: true\n") + "\n"));
    shop.commit("suspend");
    shop.visit(5, 600, 60);
    check(&shop.step(), &json!({"phase": "Progressing", "weight": 10, "verdict": null, "commit": null}));
}

#[test]
fn without_an_image_of_stable_the_deployment_is_asked_for() {
    let mut shop = Shop::new("");
    let file = shop.file("rollout.yaml");
    let image = ", image: { path: stable.yaml, name: example.com/shop }";
    assert!(file.contains(image));
    shop.write("rollout.yaml", &file.replace(image, ""));
    shop.commit("no image");
    shop.begin();
    shop.visit(9, 600, 0);
    shop.step();
    shop.visit(9, 600, 0);
    let asked = shop.step();
    check(&asked, &json!({"phase": "Promoting", "weight": 50, "commit": null}));
    assert!(asked["reason"].as_str().unwrap().contains("deploy 1.6.0 as stable"), "{asked}");
    shop.visit(30, 600, 0);
    check(&shop.step(), &json!({"phase": "Promoting", "weight": 50}));
    shop.set_page("1.6.0");
    shop.visit(1, 600, 0);
    check(&shop.step(), &json!({"phase": "Succeeded", "weight": 0}));
}

#[test]
fn a_config_of_another_name_and_key_in_a_subfolder_is_edited() {
    let mut shop = Shop::new("");
    std::fs::create_dir_all(shop.path("tree/apps/shop")).unwrap();
    let other = CONFIG.replace("canary-settings", "shop-canary").replace("config.json", "canary.json");
    shop.write("apps/shop/cm.yaml", &(other.clone() + "---\n" + CONFIG));
    let place = "{ path: apps/shop/cm.yaml, name: shop-canary, key: canary.json }";
    shop.write("rollout.yaml", &shop.file("rollout.yaml").replace("{ path: cm.yaml }", place));
    shop.commit("place");
    shop.begin();
    shop.pull();
    let file = shop.file("apps/shop/cm.yaml");
    let (own, beside) = file.split_once("---\n").unwrap();
    assert!(own.contains("\"CANARY_PERCENTAGE\": 10,"), "{own}");
    assert_eq!(beside, CONFIG.trim_end());
    shop.write("rollout.yaml", &shop.file("rollout.yaml").replace("key: canary.json", "key: other.json"));
    shop.commit("key");
    let output = shop.command(&["step", "--now", &shop.clock()]).output().unwrap();
    let errors = crate::support::text(&output.stderr);
    let expected = "apps/shop/cm.yaml: expected a ConfigMap shop-canary with the key other.json";
    assert!(output.status.code() == Some(2) && errors.contains(expected), "{errors}");
}
