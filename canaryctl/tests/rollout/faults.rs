//! Killed processes, races, refused pushes, rewritten branches, and collectors that do not say everything.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::process::Stdio;
use std::thread::sleep;
use std::time::Duration;

use serde_json::json;

use crate::shop::Shop;
use crate::support::text;

/// The branch and all runs of the remote.
fn refs(shop: &Shop) -> String {
    shop.git(&["--git-dir=../remote.git", "for-each-ref"])
}

#[test]
fn killed_at_any_time_and_started_again_it_makes_one_commit() {
    for delay in [0, 30, 60, 100, 150, 220] {
        let mut shop = Shop::new("");
        shop.begin();
        shop.visit(9, 600, 0);
        let before = shop.count();
        let clock = shop.clock();
        let mut command = shop.command(&["step", "--now", &clock]);
        let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        sleep(Duration::from_millis(delay));
        let _ = child.kill();
        child.wait().unwrap();
        // A part of git may go on for a moment.
        sleep(Duration::from_millis(50));
        let report = shop.step();
        assert_eq!((&report["weight"], shop.count()), (&json!(50), before + 1), "{delay} ms: {report}");
        let message = shop.message();
        assert!(message.contains("\nRollout-Step: 2/2\n"), "{message}");
    }
}

#[test]
fn several_at_once_make_one_commit_for_each_step() {
    let mut shop = Shop::new("");
    shop.begin();
    shop.visit(9, 600, 0);
    let before = shop.count();
    let mut children = Vec::new();
    for late in 0..5 {
        shop.now += late % 2;
        let mut command = shop.command(&["step", "--now", &shop.clock()]);
        children.push(command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap());
    }
    for child in children {
        let output = child.wait_with_output().unwrap();
        assert!(output.status.success(), "{}", text(&output.stderr));
    }
    assert_eq!((shop.count(), &shop.config()["CANARY_PERCENTAGE"]), (before + 1, &json!(50)));
}

#[test]
fn a_refused_push_is_an_error_and_is_tried_again() {
    let mut shop = Shop::new("");
    shop.begin();
    shop.visit(5, 600, 60);
    let hook = shop.path("remote.git/hooks/update");
    fs::write(&hook, "#!/bin/sh\necho protected branch >&2\ncase $1 in refs/heads/*) exit 1;; esac\n").unwrap();
    fs::set_permissions(&hook, PermissionsExt::from_mode(0o755)).unwrap();
    let before = refs(&shop);
    let output = shop.command(&["step", "--now", &shop.clock()]).output().unwrap();
    let errors = text(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{errors}");
    assert!(
        errors.contains("refuses the push (roll back 1.6.0 from 10 %") && errors.contains("protected branch"),
        "{errors}"
    );
    assert_eq!(refs(&shop), before, "nothing is pushed alone");
    fs::remove_file(&hook).unwrap();
    assert_eq!(shop.step()["phase"], "Failed");
    assert_eq!(shop.config()["CANARY_PERCENTAGE"], 0);
}

#[test]
fn a_rewritten_branch_holds() {
    let mut shop = Shop::new("");
    shop.begin();
    shop.git(&["push", "--quiet", "--force", "origin", "main"]);
    shop.visit(9, 600, 0);
    let held = shop.step();
    assert!(held["reason"].as_str().unwrap().contains("was rewritten"), "{held}");
    assert_eq!(held["commit"], json!(null));
}

#[test]
fn a_missing_late_or_gappy_collector_holds() {
    let mut shop = Shop::new("");
    shop.begin();
    shop.visit(9, 600, 0);
    shop.lag = 4;
    let held = shop.step();
    assert_eq!((&held["verdict"], &held["commit"]), (&json!("no-data"), &json!(null)));
    assert!(held["reason"].as_str().unwrap().contains("min behind"), "{held}");
    shop.lag = 0;
    let nobody = format!("{},http://127.0.0.1:1", shop.web.url);
    let held = shop.run(&["step", "--now", &shop.clock(), "--collectors", &nobody]);
    assert_eq!((&held["verdict"], &held["commit"]), (&json!("no-data"), &json!(null)));
    assert!(held["reason"].as_str().unwrap().contains("http://127.0.0.1:1 did not answer"), "{held}");
    shop.gaps = vec![(shop.now / 60 - 3, shop.now / 60 - 3)];
    let held = shop.step();
    assert_eq!((&held["verdict"], &held["reason"]), (&json!("no-data"), &json!("minutes are missing")));
    // A whole interval without a gap, and as many minutes as are lost.
    shop.visit(2, 600, 0);
    assert_eq!(shop.step()["verdict"], "advance");
}

#[test]
fn silence_never_advances_and_never_ships() {
    let mut shop = Shop::new("");
    shop.begin();
    shop.now += 300;
    let held = shop.step();
    assert_eq!((&held["verdict"], &held["weight"]), (&json!("no-data"), &json!(10)));
    shop.now += 3600;
    let held = shop.step();
    assert!(held["reason"].as_str().unwrap().starts_with("no data for longer than 10 min"), "{held}");
    let states: Vec<_> = shop.events("1.6.0").iter().map(|event| event["state"].clone()).collect();
    assert!(states.contains(&json!("alert:no-data")), "{states:?}");
    shop.now += 90_000;
    assert_eq!((&shop.step()["weight"], shop.count()), (&json!(10), 3));
}

#[test]
fn a_revision_that_nobody_sees_is_rolled_back() {
    let mut shop = Shop::new("");
    shop.begin();
    shop.visit(20, 600, 0);
    for row in &mut shop.rows {
        row["revision"] = json!(4);
    }
    let report = shop.step();
    assert_eq!((&report["phase"], &report["weight"]), (&json!("Failed"), &json!(0)), "{report}");
    assert!(report["reason"].as_str().unwrap().contains("has the revision of the step"), "{report}");
}

#[test]
fn rows_that_are_in_git_outlive_the_collector() {
    let mut shop = Shop::new("");
    shop.begin();
    shop.visit(14, 600, 0);
    assert_eq!(shop.step()["weight"], 50);
    let kept = shop.rows.clone();
    shop.rows.clear();
    shop.visit(9, 600, 0);
    assert_eq!(shop.step()["phase"], "Promoting");
    assert!(!kept.is_empty());
    let output = shop.command(&["verify"]).output().unwrap();
    assert!(output.status.success(), "{}", text(&output.stdout));
}

#[test]
fn a_new_version_in_mid_run_takes_the_place_of_the_old_one() {
    let mut shop = Shop::new("");
    shop.begin();
    shop.serve("1.7.0");
    shop.pull();
    shop.write("canary.yaml", "image: example.com/shop:1.7.0\n");
    shop.commit("image");
    let ended = shop.step();
    assert_eq!((&ended["phase"], &ended["run"], &ended["weight"]), (&json!("Failed"), &json!("1.6.0"), &json!(0)));
    shop.now += 60;
    let begun = shop.step();
    assert_eq!((&begun["phase"], &begun["run"]), (&json!("Initializing"), &json!("1.7.0")));
}

#[test]
fn files_that_are_not_there_start_nothing() {
    let mut shop = Shop::new("");
    for (path, status, kind, body, reason) in [
        ("/assets/1.6.0/main.js", 200, "text/html", "1", "found the type \"text/html\", expected javascript"),
        ("/assets/1.6.0/main.js", 404, "text/javascript", "", "found status 404, expected 200"),
        (
            "/assets/1.6.0/bundle.json",
            200,
            "application/json",
            "{\"version\":\"1.5.0\"}",
            "found version \"1.5.0\", expected \"1.6.0\"",
        ),
    ] {
        shop.serve("1.6.0");
        shop.web.set(path, status, kind, body);
        let report = shop.step();
        assert!(report["reason"].as_str().unwrap().contains(reason), "{report}");
        assert_eq!((&report["phase"], shop.count()), (&json!("Initializing"), 1));
    }
    shop.now += 700;
    assert_eq!((&shop.step()["phase"], shop.count()), (&json!("Failed"), 1));
}

#[test]
fn a_dry_run_and_errors_change_nothing() {
    let shop = Shop::new("");
    let before = refs(&shop);
    let report = shop.run(&["step", "--dry-run", "--now", &shop.clock()]);
    assert_eq!((&report["phase"], &report["commit"]), (&json!("Initializing"), &json!(null)));
    assert_eq!(refs(&shop), before);
    shop.write("rollout.yaml", &shop.file("rollout.yaml").replace("threshold: 3", "threshhold: 3"));
    shop.commit("typo");
    let output = shop.command(&["step"]).output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    let errors = text(&output.stderr);
    assert!(
        errors.starts_with(
            "canaryctl: rollout.yaml:12:17: error E940 spec.analysis.threshhold: unknown key; did you mean threshold?\n"
        ),
        "{errors}"
    );
}

/// The errors of a step that cannot be done.
#[track_caller]
fn failure(shop: &Shop, args: &[&str]) -> String {
    let output = shop.command(&[&["step", "--now", &shop.clock()], args].concat()).output().unwrap();
    let errors = text(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{errors}");
    errors
}

#[test]
fn expired_credentials_are_named_and_never_printed() {
    let shop = Shop::new("");
    for (status, words) in [(401, "Authentication failed"), (403, "error: 403")] {
        shop.web.set("/shop.git/info/refs", status, "text/plain\r\nWWW-Authenticate: Basic realm=\"git\"", "expired");
        let address = format!("{}/shop.git", shop.web.url.replace("http://", "http://bot:s3cret@"));
        for branch in [&["--branch", "main"][..], &[]] {
            let errors = failure(&shop, &[&["--repo", &address], branch].concat());
            assert!(errors.contains(words) && !errors.contains("s3cret"), "{errors}");
            assert!(errors.contains(&format!("{}/shop.git", shop.web.url)), "{errors}");
        }
    }
}

#[test]
fn a_remote_that_is_down_is_an_error_until_it_is_back() {
    let mut shop = Shop::new("");
    shop.begin();
    shop.visit(5, 600, 60);
    let (here, gone) = (shop.path("remote.git"), shop.path("gone.git"));
    fs::rename(&here, &gone).unwrap();
    let bare = here.display().to_string();
    let errors = failure(&shop, &["--repo", &format!("file://{bare}"), "--branch", "main"]);
    assert!(errors.contains(&format!("cannot fetch main of file://{bare}")), "{errors}");
    fs::rename(&gone, &here).unwrap();
    shop.now += 3600;
    assert_eq!((&shop.step()["phase"], &shop.config()["CANARY_PERCENTAGE"]), (&json!("Failed"), &json!(0)));
}

/// Every minute of an hour is an error, and what stands in the end is one roll-back.
#[test]
fn a_remote_that_is_down_for_an_hour_gets_one_roll_back() {
    let mut shop = Shop::new("");
    shop.begin();
    shop.visit(5, 600, 60);
    let (here, gone) = (shop.path("remote.git"), shop.path("gone.git"));
    let address = format!("file://{}", here.display());
    let (count, since) = (shop.count(), shop.now);
    fs::rename(&here, &gone).unwrap();
    while shop.now < since + 3600 {
        assert!(failure(&shop, &["--repo", &address, "--branch", "main"]).contains("cannot fetch main of file://"));
        shop.now += 600;
    }
    fs::rename(&gone, &here).unwrap();
    for _ in 0..2 {
        let report = shop.run(&["step", "--now", &shop.clock(), "--repo", &address]);
        assert_eq!((&report["phase"], shop.count()), (&json!("Failed"), count + 1), "{report}");
        shop.now += 60;
    }
    assert_eq!(shop.config()["CANARY_PERCENTAGE"], 0);
}

#[test]
fn a_partial_clone_is_no_hindrance() {
    let mut shop = Shop::new("");
    shop.begin();
    shop.visit(9, 600, 0);
    shop.git(&["--git-dir=../remote.git", "config", "uploadpack.allowFilter", "true"]);
    let bare = format!("file://{}", shop.path("remote.git").display());
    shop.git(&["clone", "--quiet", "--filter=blob:none", "--no-checkout", &bare, "../partial"]);
    let tree = shop.path("partial").display().to_string();
    let report = shop.run(&["step", "--now", &shop.clock(), "--repo", &tree]);
    assert_eq!((&report["weight"], &report["verdict"]), (&json!(50), &json!("advance")));
    assert!(shop.run(&["status", "--now", &shop.clock(), "--repo", &tree])["weight"] == 50);
}

#[test]
fn a_shallow_work_tree_is_no_hindrance() {
    let mut shop = Shop::new("");
    shop.begin();
    shop.visit(9, 600, 0);
    let bare = format!("file://{}", shop.path("remote.git").display());
    shop.git(&["clone", "--quiet", "--depth", "1", &bare, "../shallow"]);
    let tree = shop.path("shallow").display().to_string();
    let before = shop.git(&["-C", "../shallow", "rev-parse", "HEAD"]);
    let report = shop.run(&["step", "--now", &shop.clock(), "--repo", &tree]);
    assert_eq!((&report["weight"], &report["verdict"]), (&json!(50), &json!("advance")));
    assert_eq!(shop.git(&["-C", "../shallow", "rev-parse", "HEAD"]), before, "the work tree is not touched");
}

#[test]
fn a_ladder_that_is_edited_in_mid_run_goes_on_above_the_weight() {
    let mut shop = Shop::new("");
    shop.begin();
    shop.pull();
    // The present weight is no step any more.
    shop.write("rollout.yaml", &(shop.file("rollout.yaml").replace("[10, 50]", "[5, 20, 60]") + "\n"));
    shop.commit("ladder");
    shop.visit(9, 600, 0);
    let report = shop.step();
    assert_eq!((&report["weight"], &report["step"], &report["steps"]), (&json!(20), &json!(2), &json!(3)), "{report}");
    assert_eq!(shop.config()["CANARY_PERCENTAGE"], 20);
}

/// Pages with names would keep the version before, beside the canary of the run.
#[test]
fn entries_of_another_version_stop_a_run() {
    let shop = Shop::new("");
    let entry = r#"{ "entries": { "admin": { "version": "1.5.0", "scripts": [{ "src": "/a.js" }] } } }"#;
    let config =
        shop.file("cm.yaml").replace("\"REVISION\": 3", &format!("\"REVISION\": 3,\n      \"ASSETS\": {entry}"));
    shop.write("cm.yaml", &(config + "\n"));
    shop.commit("entries");
    let output = shop.command(&["step"]).output().unwrap();
    let error = text(&output.stderr);
    assert!(!output.status.success() && error.contains("ASSETS.entries.admin is of another version"), "{error}");
}

/// kustomize makes the `ConfigMap` of it.
#[test]
fn the_config_may_be_json() {
    let shop = Shop::new("");
    shop.write("canary.json", "{\n  \"CANARY_PERCENTAGE\": 0,\n  \"REVISION\": 3,\n  \"FEATURE_FLAGS\": {}\n}\n");
    let rollout = shop.file("rollout.yaml").replace("path: cm.yaml", "path: canary.json");
    shop.write("rollout.yaml", &(rollout + "\n"));
    shop.commit("json");
    let first = shop.step();
    assert_eq!((&first["phase"], &first["version"]), (&json!("Initializing"), &json!("1.6.0")));
    let config: serde_json::Value = serde_json::from_str(&shop.file("canary.json")).unwrap();
    let seen = [&config["SALT"], &config["REVISION"], &config["ASSETS"]["canary"]["version"]];
    assert_eq!(seen, [&json!("1.6.0"), &json!(4), &json!("1.6.0")]);
    assert!(shop.file("cm.yaml").contains("\"REVISION\": 3"));
}
