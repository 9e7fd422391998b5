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
