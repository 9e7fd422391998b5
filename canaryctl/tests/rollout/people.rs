//! Commits by people, and the verbs that make them.

use serde_json::json;

use crate::shop::Shop;

#[test]
fn a_change_of_the_percentage_by_somebody_else_suspends_the_run() {
    let mut shop = Shop::new("");
    shop.begin();
    shop.pull();
    let file = shop.file("cm.yaml").replace("\"CANARY_PERCENTAGE\": 10", "\"CANARY_PERCENTAGE\": 20") + "\n";
    shop.write("cm.yaml", &file);
    shop.commit("more");
    shop.visit(9, 600, 0);
    let held = shop.step();
    assert_eq!((&held["phase"], &held["weight"], &held["commit"]), (&json!("Progressing"), &json!(20), &json!(null)));
    assert!(held["reason"].as_str().unwrap().contains("resume or abort"), "{held}");
    let resumed = shop.run(&["resume", "--now", &shop.clock()]);
    assert_eq!((&resumed["step"], &resumed["weight"]), (&json!(1), &json!(20)));
    assert_eq!(shop.config()["REVISION"], 6);
    shop.visit(9, 600, 0);
    let next = shop.step();
    assert_eq!((&next["step"], &next["weight"], &next["verdict"]), (&json!(2), &json!(50), &json!("advance")));
}

#[test]
fn a_kill_switch_by_somebody_else_ends_the_run() {
    let mut shop = Shop::new("");
    shop.begin();
    shop.pull();
    let file = shop.file("cm.yaml").replace("\"CANARY_PERCENTAGE\": 10", "\"CANARY_PERCENTAGE\": 0") + "\n";
    shop.write("cm.yaml", &file);
    shop.commit("stop");
    let count = shop.count();
    assert_eq!(shop.step()["phase"], "Failed");
    shop.now += 60;
    assert_eq!((&shop.step()["phase"], shop.count()), (&json!("Failed"), count));
}

#[test]
fn a_commit_that_touches_flags_does_not_stop_the_run() {
    let mut shop = Shop::new("");
    shop.begin();
    shop.visit(4, 600, 0);
    shop.pull();
    let file = shop.file("cm.yaml").replace("\"banner\": true", "\"banner\": false");
    shop.write("cm.yaml", &(file.replace("\"REVISION\": 5", "\"REVISION\": 6") + "\n"));
    shop.commit("flags");
    shop.visit(4, 600, 0);
    assert_eq!((&shop.step()["weight"], &shop.config()["REVISION"]), (&json!(50), &json!(7)));
}

#[test]
fn a_pause_keeps_the_weight_and_still_rolls_back() {
    let mut shop = Shop::new("");
    shop.begin();
    let paused = shop.run(&["pause", "--now", &shop.clock(), "--message", "wait for the sale"]);
    assert_eq!((&paused["phase"], paused["commit"].is_string()), (&json!("Progressing"), true));
    assert!(shop.message().starts_with("wait for the sale\n") && shop.message().contains("Rollout-Run: 1.6.0\n"));
    assert!(shop.file("rollout.yaml").contains("\nspec:\n  pause: true\n  configRef"));
    shop.visit(9, 600, 0);
    let held = shop.step();
    assert_eq!((&held["weight"], &held["commit"]), (&json!(10), &json!(null)));
    assert!(held["reason"].as_str().unwrap().starts_with("paused"), "{held}");
    assert_eq!(shop.run(&["status", "--now", &shop.clock()])["state"], "Paused by operator");
    shop.visit(4, 600, 60);
    assert_eq!(shop.step()["phase"], "Failed");
}

#[test]
fn resume_goes_on_after_a_pause() {
    let mut shop = Shop::new("");
    shop.begin();
    shop.run(&["pause", "--now", &shop.clock()]);
    shop.visit(9, 600, 0);
    shop.run(&["resume", "--now", &shop.clock()]);
    assert!(shop.file("rollout.yaml").contains("\n  pause: false\n"));
    assert_eq!(shop.step()["weight"], 50);
}

#[test]
fn abort_and_start_again() {
    let mut shop = Shop::new("");
    shop.begin();
    let aborted = shop.run(&["abort", "--now", &shop.clock()]);
    assert_eq!((&aborted["phase"], &aborted["weight"]), (&json!("Failed"), &json!(0)));
    shop.now += 60;
    assert_eq!(shop.step()["commit"], json!(null));
    let started = shop.run(&["start", "--version", "1.6.0", "--now", &shop.clock()]);
    assert_eq!((&started["run"], &started["phase"]), (&json!("1.6.0-2"), &json!("Initializing")));
    assert_eq!(shop.config()["SALT"], "1.6.0-2");
    shop.now += 60;
    assert_eq!(shop.step()["weight"], 10);
}

#[test]
fn promote_skips_the_ladder_and_not_the_probes() {
    let mut shop = Shop::new("");
    shop.begin();
    let promoted = shop.run(&["promote", "--now", &shop.clock()]);
    assert_eq!((&promoted["phase"], &promoted["weight"]), (&json!("Promoting"), &json!(10)));
    shop.now += 60;
    assert_eq!(shop.step()["phase"], "Promoting");
    // The new stable does not come: both images and the percentage go back in one commit.
    shop.now += 700;
    assert_eq!(shop.step()["phase"], "Failed");
    assert_eq!(shop.file("stable.yaml"), "kind: Deployment\nspec:\n  image: example.com/shop:1.5.0 # stable");
    assert_eq!(shop.config()["CANARY_PERCENTAGE"], 0);
}

#[test]
fn history_proves_itself() {
    let mut shop = Shop::new("");
    shop.begin();
    shop.visit(9, 600, 0);
    shop.step();
    shop.visit(5, 600, 200);
    assert_eq!(shop.step()["phase"], "Failed");
    let output = shop.command(&["verify", "1.6.0"]).output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    assert_eq!((output.status.code(), text.lines().count()), (Some(0), 2), "{text}");
    assert!(text.lines().all(|line| line.ends_with(": as recorded")), "{text}");
    let rows = shop.command(&["windows"]).output().unwrap();
    assert!(rows.status.success() && rows.stdout.starts_with(b"{\"minute\":"));
    // A changed byte is named.
    let name = "refs/canary/runs/1.6.0";
    shop.git(&["fetch", "--quiet", "origin", &format!("+{name}:refs/tmp")]);
    shop.git(&["checkout", "--quiet", "refs/tmp"]);
    let text = std::fs::read_to_string(shop.path("tree/windows.jsonl")).unwrap();
    shop.write("windows.jsonl", &text.replacen("\"exposed\":60", "\"exposed\":61", 1));
    shop.git(&["commit", "--quiet", "--all", "--message", "rollout(frontend): lie"]);
    shop.git(&["push", "--quiet", "--force", "origin", &format!("HEAD:{name}")]);
    shop.git(&["checkout", "--quiet", "main"]);
    let output = shop.command(&["verify"]).output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(1), "{text}");
    assert!(text.contains("have the hash sha256:"), "{text}");
}

#[test]
fn a_deleted_file_sends_everyone_to_stable_where_it_says_so() {
    for (revert, weight) in [(true, 0), (false, 10)] {
        let mut shop = Shop::new("");
        let file = shop.file("rollout.yaml").replace("spec:\n", &format!("spec:\n  revertOnDeletion: {revert}\n"));
        shop.write("rollout.yaml", &file);
        shop.commit("deletion");
        shop.begin();
        shop.pull();
        shop.git(&["rm", "--quiet", "rollout.yaml"]);
        shop.commit("delete");
        let output = shop.command(&["step", "--now", &shop.clock()]).output().unwrap();
        assert_eq!(output.status.code(), Some(if revert { 0 } else { 2 }));
        assert_eq!(shop.config()["CANARY_PERCENTAGE"], weight);
        if revert {
            let message = shop.message();
            assert!(message.starts_with("rollout(frontend): revert 1.6.0 on deletion of rollout.yaml\n"), "{message}");
            assert!(message.contains("\nRollout-Phase: Failed\n"), "{message}");
        }
    }
}

/// A run's ref with one text replaced: in a commit on top of it, or in place of its last commit.
fn tamper(shop: &Shop, file: &str, from: &str, to: &str, amend: bool) {
    let name = "refs/canary/runs/1.6.0";
    shop.git(&["fetch", "--quiet", "origin", &format!("+{name}:refs/tmp")]);
    shop.git(&["checkout", "--quiet", "refs/tmp"]);
    let text = std::fs::read_to_string(shop.path("tree").join(file)).unwrap();
    assert!(text.contains(from), "{text}");
    shop.write(file, &text.replacen(from, to, 1));
    let message = shop.git(&["log", "-1", "--format=%B"]);
    let amend: &[&str] = if amend { &["--amend"] } else { &[] };
    shop.git(&[&["commit", "--quiet", "--all", "--message", &message], amend].concat());
    shop.git(&["push", "--quiet", "--force", "origin", &format!("HEAD:{name}")]);
    shop.git(&["checkout", "--quiet", "main"]);
}

#[test]
fn a_changed_byte_anywhere_in_a_run_is_named() {
    let mut shop = Shop::new("");
    shop.begin();
    shop.visit(9, 600, 0);
    shop.step();
    shop.visit(5, 600, 200);
    assert_eq!(shop.step()["phase"], "Failed");
    let name = "refs/canary/runs/1.6.0";
    shop.git(&["fetch", "--quiet", "origin", &format!("+{name}:refs/kept")]);
    let first = "do not have the hash sha256:";
    for (file, from, to, amended) in [
        ("windows.jsonl", "\"exposed\":60", "\"exposed\":61", "have the hash sha256:"),
        ("windows.jsonl", "\"share\":0.1", "\"share\":0.2", "have the hash sha256:"),
        ("windows.jsonl", "chromium", "chromiun", "have the hash sha256:"),
        ("events.jsonl", "\"weight\":10", "\"weight\":11", first),
        ("events.jsonl", "\"through\":", "\"through\":1", first),
        ("events.jsonl", "the first weight", "the first weighs", first),
        ("events.jsonl", "T10:", "T09:", first),
    ] {
        for amend in [true, false] {
            tamper(&shop, file, from, to, amend);
            let output = shop.command(&["verify"]).output().unwrap();
            let text = String::from_utf8(output.stdout).unwrap();
            assert_eq!(output.status.code(), Some(1), "{file} {from} {amend}: {text}");
            assert!(text.contains(if amend { amended } else { "is another than before" }), "{from} {amend}: {text}");
            shop.git(&["push", "--quiet", "--force", "origin", &format!("refs/kept:{name}")]);
        }
    }
    let output = shop.command(&["verify"]).output().unwrap();
    assert_eq!(output.status.code(), Some(0));
}
