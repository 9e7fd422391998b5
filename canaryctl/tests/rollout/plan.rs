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

#[test]
fn a_file_is_planned_as_it_is_on_the_disk() {
    let shop = Shop::new("");
    // Not committed, and no repository is asked.
    shop.write("next.yaml", &shop.file("rollout.yaml").replace("[10, 50]", "[20]"));
    let markdown = |rate: &str, more: &[&str]| {
        let args =
            [&["plan", "--file", "next.yaml", "--views-per-second", rate, "--runs", "5", "--markdown"], more].concat();
        let output = shop.command(&args).env("PATH", "").output().unwrap();
        (output.status.code(), text(&output.stdout) + &text(&output.stderr))
    };
    let (code, plan) = markdown("2", &[]);
    let lines: Vec<_> = plan.lines().collect();
    assert_eq!(code, Some(0), "{plan}");
    assert_eq!(lines[0], "### What this traffic can detect");
    let start = "At 2 views a second: **a healthy canary is promoted after ";
    assert!(
        lines[2].starts_with(start)
            && lines[2].ends_with("in 5 of 5 simulated runs. Where the judge shortens no step, they take 5 min."),
        "{plan}"
    );
    assert_eq!(lines[3], "Ladder: 20 %.");
    assert_eq!(lines[5], "| fault of the canary | rolled back | only held | time to the roll-back | views harmed |");
    assert!(lines[7].starts_with("| nothing boots | 5 of 5 | 0 | "), "{plan}");
    assert_eq!(lines.len(), 12, "{plan}");

    shop.write("next.yaml", &shop.file("rollout.yaml").replace("minViews: 10", "minViews: 1000"));
    let (code, plan) = markdown("0.001", &[]);
    let few = "At 0.001 views a second: **too few views to judge a canary**: 0 of 5 simulated runs of a healthy one are promoted \
               within a week. Lower `minViews`, or begin with a higher weight.";
    assert!(code == Some(1) && plan.contains(few), "{plan}");

    let iterations = shop
        .file("rollout.yaml")
        .replace("stepWeights: [10, 50]", "iterations: 10\n    stepWeight: 20\n    maxWeight: 20");
    shop.write("next.yaml", &iterations.replace("    stepWeight: 20\n    maxWeight: 20\n", ""));
    let (code, plan) = markdown("2", &[]);
    let clock = "**Promoted after 10 min, by the clock**; no verdict raises the percentage.";
    assert!(code == Some(0) && plan.contains(clock) && !plan.contains("| fault"), "{plan}");

    let (code, error) = markdown("2", &["--branch", "main"]);
    assert!(code == Some(2) && error.contains("cannot be used with"), "{error}");
}

/// `validate` on the file of the work tree.
fn validate(shop: &Shop, args: &[&str]) -> (Option<i32>, String) {
    let mut command = shop.command(&[]);
    command = {
        let mut other = std::process::Command::new(command.get_program());
        other.current_dir(command.get_current_dir().unwrap());
        other
    };
    let output = command.args(["validate", "rollout.yaml"]).args(args).output().unwrap();
    (output.status.code(), text(&output.stdout) + &text(&output.stderr))
}

#[test]
fn validate_refuses_a_ladder_that_the_traffic_cannot_judge() {
    let shop = Shop::new("");
    assert_eq!(validate(&shop, &[]).0, Some(0), "without options it asks nobody");
    let (code, printed) = validate(&shop, &["--views-per-second", "2"]);
    assert_eq!(code, Some(0), "{printed}");
    shop.write("rollout.yaml", &shop.file("rollout.yaml").replace("minViews: 10", "minViews: 1000"));
    let (code, printed) = validate(&shop, &["--views-per-second", "0.001"]);
    let expected = "spec.analysis.stepWeights: at 0.001 views a second, 0 of 20 simulated runs of a healthy canary are \
                    promoted within a week; lower minViews, or begin with a higher weight";
    assert!(code == Some(1) && printed.contains("E943") && printed.contains(expected), "{printed}");
    let (code, printed) = validate(&shop, &["--collectors", "http://127.0.0.1:1"]);
    assert!(code == Some(2) && printed.contains("the traffic is not known: collector http://127.0.0.1:1"), "{printed}");
}

#[test]
fn validate_asks_whether_a_roll_back_can_be_pushed() {
    let shop = Shop::new("");
    assert_eq!(validate(&shop, &["--repo", "."]), (Some(0), "rollout.yaml: valid\n".to_owned()));
    let before = shop.git(&["--git-dir=../remote.git", "for-each-ref"]);
    let gone = shop.path("gone.git");
    std::fs::rename(shop.path("remote.git"), &gone).unwrap();
    let (code, printed) = validate(&shop, &["--repo", "."]);
    assert!(
        code == Some(1) && printed.contains("E944 spec.push.branch: a roll-back could not be pushed: "),
        "{printed}"
    );
    std::fs::rename(&gone, shop.path("remote.git")).unwrap();
    shop.write("rollout.yaml", &(shop.file("rollout.yaml") + "\n  push: { branch: main }\n"));
    let (code, printed) = validate(&shop, &["--repo", ".", "--branch", "main"]);
    let expected = "a roll-back could not be pushed: spec.push.branch: main is the branch that is followed";
    assert!(code == Some(1) && printed.contains(expected), "{printed}");
    assert_eq!(shop.git(&["--git-dir=../remote.git", "for-each-ref"]), before);
}
