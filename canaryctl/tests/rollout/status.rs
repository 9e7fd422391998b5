//! The state that terminal, console and machines show.

use serde_json::{Value, json};

use crate::shop::Shop;
use crate::support::text;

fn status(shop: &Shop) -> Value {
    shop.run(&["status", "--now", &shop.clock()])
}

/// The state in the terminal, checked for its width.
#[track_caller]
fn lines(shop: &Shop, locale: &str) -> String {
    let output = shop.command(&["status", "--now", &shop.clock()]).env("LC_ALL", locale).output().unwrap();
    let text = text(&output.stdout);
    assert!(text.lines().all(|line| line.chars().count() <= 80), "{text}");
    text
}

#[test]
fn a_step_is_shown_with_its_figures() {
    let mut shop = Shop::new("");
    shop.begin();
    shop.visit(5, 600, 0);
    let it = status(&shop);
    assert_eq!(it["sentence"], "Progressing at 10 %: no metric is above its limit. Decides 10:08 UTC.", "{it}");
    assert_eq!(
        (&it["state"], &it["phase"], &it["cause"]),
        (&json!("Progressing"), &json!("Progressing"), &json!("step"))
    );
    assert_eq!(it["views"], json!({"canary": 180, "stable": 1620, "needed": 10, "perSecond": 3.0, "left": null}));
    let share = json!({"set": 10, "seen": 10.0, "sampleRatio": {"ok": true, "e": it["share"]["sampleRatio"]["e"],
        "line": 1000.0, "canary": 180, "expected": 180.0}});
    assert_eq!(it["share"], share);
    assert_eq!(
        it["ladder"],
        json!([
            {"step": 1, "weight": 10, "state": "now", "at": "2026-11-30T10:01:00Z", "seen": "2026-11-30T10:02:00Z"},
            {"step": 2, "weight": 50, "state": "next", "at": null, "seen": null}
        ])
    );
    assert_eq!(
        it["time"],
        json!({"covered": 180, "needed": 300, "stepLeft": 90, "stepEnds": "2026-11-30T10:08:30Z", "runLeft": 480, "runEnds": "2026-11-30T10:15:00Z"})
    );
}

#[test]
fn a_rate_is_of_the_minutes_that_a_collector_counted() {
    let mut shop = Shop::new("");
    shop.begin();
    shop.visit(5, 600, 0);
    // Of ten minutes it has lost five, all before the run: 1,800 views in the other five.
    let minute = shop.now / 60 - 3;
    shop.gaps = vec![(minute - 9, minute - 5)];
    let it = status(&shop);
    assert_eq!((&it["state"], &it["views"]["perSecond"]), (&json!("Progressing"), &json!(6.0)), "{it}");
}

#[test]
fn the_terminal_shows_the_same_figures_in_80_columns() {
    let mut shop = Shop::new("");
    shop.begin();
    shop.visit(5, 600, 0);
    let hash = shop.git(&["--git-dir=../remote.git", "rev-parse", "--short=7", "main"]);
    let expected = format!(
        "\
frontend  1.5.0 stable, 1.6.0 canary           run 1.6.0  step 1 of 2   10:07:00
PROGRESSING at 10 %: no metric is above its limit. Decides 10:08 UTC.

  10 % ● ── 50 % ○ ── promote ○
  time     3 of 5 min in this step, 1 min left; promotion about 10:15
  views    180 canary (needs 10), 1,620 stable; 3.0/s on the site
  share    10 % set, 10.0 % seen; sample ratio ok
  data     final to 10:05, 1 of 1 collectors, no gap

  METRIC           CANARY         STABLE  RATIO [range]  LIMIT    E
✓ error      0/180  0.0 %  0/1620  0.0 %    - [0.0-inf]   1.25  0.9
✓ not-ready  0/180  0.0 %  0/1620  0.0 %    - [0.0-inf]   1.10  0.9

  commit   {hash}  rollout(frontend): raise canary from 0 % to 10 %
           10:01 not signed, 10:02 first seen in browsers
  next     nothing to do; stop with  canaryctl rollout abort
"
    );
    assert_eq!(lines(&shop, "C.UTF-8"), expected);
    let ascii = lines(&shop, "C");
    assert!(ascii.is_ascii() && ascii.contains("\n  10 % * -- 50 % o -- promote o\n"), "{ascii}");
}

#[test]
fn too_few_views_are_collected_and_nothing_is_green() {
    let mut shop = Shop::new("");
    shop.write("rollout.yaml", &shop.file("rollout.yaml").replace("minViews: 10", "minViews: 300"));
    shop.commit("views");
    shop.begin();
    shop.visit(5, 60, 0);
    let it = status(&shop);
    assert_eq!(it["sentence"], "Collecting at 10 %: 18 of 300 views, about 47 min. Decides 10:54 UTC.");
    assert_eq!((&it["views"]["left"], &it["metrics"][0]["mark"]), (&json!(2820), &json!("collecting")));
    assert!(!lines(&shop, "C.UTF-8").contains('✓'));
}

#[test]
fn a_hold_says_its_cause_and_end_and_has_no_countdown() {
    let mut shop = Shop::new("");
    shop.begin();
    shop.visit(9, 600, 0);
    shop.gaps = vec![(shop.now / 60 - 3, shop.now / 60 - 3)];
    let it = status(&shop);
    assert_eq!(it["sentence"], "Holding at 10 %: minutes are missing. Decides after a whole interval without a gap.");
    assert_eq!((&it["time"]["stepLeft"], &it["time"]["runEnds"]), (&json!(null), &json!(null)));
    assert_eq!(it["data"]["gaps"], json!([["2026-11-30T10:08:00Z", "2026-11-30T10:09:00Z"]]));
    let nobody = format!("{},http://127.0.0.1:1", shop.web.url);
    let it = shop.run(&["status", "--now", &shop.clock(), "--collectors", &nobody]);
    assert_eq!(it["data"]["collectors"], json!({"seen": 1, "expected": 2}));
    let sentence = it["sentence"].as_str().unwrap();
    assert!(sentence.starts_with("Holding at 10 %: collector http://127.0.0.1:1 did not answer"), "{sentence}");
    assert!(sentence.ends_with(". Decides when they are back."), "{sentence}");
    shop.gaps.clear();
    shop.lag = 4;
    let it = status(&shop);
    assert_eq!(
        (&it["data"]["stale"], &it["data"]["age"], &it["time"]["stepLeft"]),
        (&json!(true), &json!(360), &json!(null))
    );
}

#[test]
fn evidence_is_named_with_its_place_and_code() {
    let mut shop = Shop::new("");
    shop.begin();
    shop.visit(3, 600, 60);
    for row in shop.rows.iter_mut().filter(|row| row["failed"] != 0) {
        row["codes"] = json!({"E401": row["failed"], "E404": 1});
    }
    shop.now += 120;
    let it = status(&shop);
    assert_eq!((&it["state"], &it["metrics"][0]["name"]), (&json!("Rolling back"), &json!("not-ready")));
    let row = &it["metrics"][0];
    assert_eq!(
        (&row["mark"], &row["code"], &row["stratum"]),
        (&json!("worse"), &json!("E401"), &json!("chromium/desktop/new"))
    );
    assert_eq!((&row["holdLine"], &row["harmLine"]), (&json!(40.0), &json!(2000.0)));
    assert_eq!(
        it["faults"],
        json!([{"code": "E401", "canary": 180, "stable": 0}, {"code": "E404", "canary": 3, "stable": 0}])
    );
    let logs = it["series"]["logE"]["not-ready"].as_array().unwrap();
    assert!(logs.len() == 3 && logs[2].as_f64() > it["series"]["logRollbackLine"].as_f64(), "{logs:?}");
    shop.step();
    shop.rows.clear();
    let it = status(&shop);
    let sentence = it["sentence"].as_str().unwrap();
    assert!(sentence.starts_with("Rolled back: everyone on 1.5.0 since 10:07 UTC. Not-ready"), "{sentence}");
    assert_eq!((&it["metrics"][0]["mark"], &it["metrics"][0]["canary"]["bad"]), (&json!("worse"), &json!(180.0)));
    // Not the version that has failed.
    assert_eq!(it["command"], "canaryctl rollout start --version VERSION");
    assert!(lines(&shop, "C.UTF-8").contains("\n✗ not-ready"));
    let last = it["commits"].as_array().unwrap().last().unwrap();
    let run = json!({"run": "1.6.0", "version": "1.6.0", "phase": "Failed", "started": "2026-11-30T10:00:00Z",
        "ended": "2026-11-30T10:07:00Z", "weight": 10, "commit": last["commit"], "subject": last["subject"]});
    assert_eq!(it["runs"], json!([run]));
    shop.serve("1.7.0");
    shop.pull();
    shop.write("canary.yaml", "kind: Deployment\nspec:\n  image: example.com/shop:1.7.0\n");
    shop.commit("1.7.0");
    shop.step();
    let it = status(&shop);
    let runs: Vec<_> = it["runs"].as_array().unwrap().iter().map(|it| (&it["run"], &it["ended"])).collect();
    assert_eq!(runs, [(&json!("1.7.0"), &json!(null)), (&json!("1.6.0"), &run["ended"])]);
}

/// A look asks no webhook, and tells of the check that has failed.
#[test]
fn a_failed_check_is_told_until_another_passes() {
    let mut shop =
        Shop::new("    webhooks:\n      - { name: load, type: pre-rollout, url: \"URL/pre-rollout\", timeout: 2s }\n");
    assert_eq!(shop.step()["phase"], "Initializing");
    shop.now += 60;
    shop.step();
    let it = status(&shop);
    let sentence = it["sentence"].as_str().unwrap();
    assert!(sentence.starts_with("Holding at 0 %: ") && sentence.contains("1 of 3 checks failed"), "{sentence}");
    assert!(sentence.ends_with("Checks again after the interval."), "{sentence}");
    shop.web.set("/pre-rollout", 200, "text/plain", "");
    shop.now += 60;
    shop.step();
    let it = status(&shop);
    assert!(!it["sentence"].as_str().unwrap().contains("failed"), "{it}");
}

#[test]
fn a_percentage_that_no_run_has_set_is_told() {
    let shop = Shop::new("");
    shop.write("canary.yaml", "kind: Deployment\nspec:\n  image: example.com/shop:1.5.0\n");
    let config = std::fs::read_to_string(shop.path("tree/cm.yaml")).unwrap();
    shop.write("cm.yaml", &config.replace("\"CANARY_PERCENTAGE\": 0", "\"CANARY_PERCENTAGE\": 100"));
    shop.git(&["commit", "--quiet", "-am", "everyone"]);
    shop.git(&["push", "--quiet", "origin", "main"]);
    let it = status(&shop);
    let sentence = it["sentence"].as_str().unwrap();
    assert!(sentence.ends_with("The config has 100 %, which no run has set."), "{sentence}");
}

#[test]
fn people_are_named_and_the_end_is_told() {
    let mut shop = Shop::new("");
    let it = status(&shop);
    assert_eq!((&it["state"], &it["run"], &it["series"]["minutes"]), (&json!("No run"), &json!(null), &json!([])));
    assert_eq!(it["sentence"], "No run: everyone on 1.5.0. The run of 1.6.0 begins when every address serves it.");
    shop.begin();
    shop.run(&["pause", "--now", &shop.clock()]);
    shop.visit(4, 600, 0);
    let it = status(&shop);
    assert_eq!(it["command"], "canaryctl rollout resume");
    let sentence = it["sentence"].as_str().unwrap();
    assert!(sentence.starts_with("Paused by operator at 10 %: "), "{sentence}");
    shop.run(&["resume", "--now", &shop.clock()]);
    shop.visit(9, 600, 0);
    shop.step();
    shop.visit(9, 600, 0);
    assert_eq!(shop.step()["phase"], "Promoting");
    assert_eq!(status(&shop)["state"], "Promoting");
    shop.set_page("1.6.0");
    shop.step();
    let it = status(&shop);
    let end = &it["stableSince"];
    assert_eq!(it["sentence"], "Promoted: everyone on 1.6.0 since 10:24 UTC.");
    assert_eq!((end, &it["command"]), (&json!("2026-11-30T10:24:00Z"), &json!("canaryctl rollout verify")));
    assert_eq!((&it["ladder"][1]["state"], &it["views"]["canary"].is_number()), (&json!("done"), &true));
}
