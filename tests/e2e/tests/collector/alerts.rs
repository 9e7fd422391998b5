//! The rules of `k8s/components/collector-monitoring`, evaluated by promtool: `cases.yaml` says when each alert fires and
//! when not. Every alert is also broken, and the cases have to notice.

use canary_e2e::files::{read, repo, temp_dir, write};
use canary_e2e::process::find_program;
use serde_json::{Value, json};
use std::process::Command;

pub(crate) fn groups() -> Value {
    let rules = read(&repo("k8s/components/collector-monitoring/rules.yaml"));
    let manifest: Value = serde_saphyr::from_str(&rules).unwrap();
    manifest["spec"]["groups"].clone()
}

fn alerts(groups: &Value) -> Vec<(usize, usize)> {
    let rules = |group: &Value| group["rules"].as_array().unwrap().clone();
    let groups = groups.as_array().unwrap().iter().enumerate();
    groups
        .flat_map(|(at, group)| rules(group).into_iter().enumerate().map(move |(number, rule)| (at, number, rule)))
        .filter(|(_, _, rule)| rule["alert"].is_string())
        .map(|(at, number, _)| (at, number))
        .collect()
}

fn cases() -> Value {
    serde_saphyr::from_str(&read(&repo("tests/e2e/tests/collector/alerts/cases.yaml"))).unwrap()
}

/// The cases that say something of one alert, which are quicker than all.
fn cases_of(alert: &Value) -> Value {
    let mut cases = cases();
    let is_of = |test: &Value| {
        test["alert_rule_test"].as_array().is_some_and(|all| all.iter().any(|one| one["alertname"] == *alert))
    };
    cases["tests"].as_array_mut().unwrap().retain(is_of);
    cases
}

/// Whether the rules are well-formed, and do in the cases what they should.
fn check(groups: &Value, cases: &Value) -> Result<(), String> {
    let folder = temp_dir();
    // JSON is YAML.
    write(&folder.path().join("rules.yaml"), json!({ "groups": groups }).to_string());
    write(&folder.path().join("cases.yaml"), cases.to_string());
    for (command, file) in [("check", "rules.yaml"), ("test", "cases.yaml")] {
        let mut promtool = Command::new(find_program("promtool"));
        let output = promtool.args([command, "rules", file]).current_dir(folder.path()).output().unwrap();
        if !output.status.success() {
            return Err([output.stdout, output.stderr]
                .map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
                .concat());
        }
    }
    Ok(())
}

#[test]
fn every_alert_fires_when_it_should() {
    assert_eq!(check(&groups(), &cases()), Ok(()));
}

#[test]
fn a_broken_alert_is_noticed() {
    let good = groups();
    let alerts = alerts(&good);
    assert_eq!(alerts.len(), 8);
    for (at, number) in alerts {
        let name = &good[at]["rules"][number]["alert"];
        let cases = cases_of(name);
        for (field, value) in [("expr", "vector(1)"), ("expr", "vector(0) > 1"), ("for", "0m"), ("for", "10h")] {
            let mut groups = good.clone();
            groups[at]["rules"][number][field] = json!(value);
            assert!(check(&groups, &cases).is_err(), "nobody notices {name}: {field}: {value}");
        }
    }
}

#[test]
fn every_alert_says_what_to_do() {
    let guide = read(&repo("docs/reports.md"));
    let groups = groups();
    for (at, number) in alerts(&groups) {
        let alert = &groups[at]["rules"][number];
        let section = alert["annotations"]["runbook"].as_str().unwrap().strip_prefix("docs/reports.md#").unwrap();
        let headings = guide.lines().filter_map(|line| line.strip_prefix("### "));
        assert!(headings.map(|line| line.to_lowercase().replace(' ', "-")).any(|anchor| anchor == section), "{alert}");
        assert!(guide.contains(&format!("`{}`", alert["alert"].as_str().unwrap())), "{alert}");
    }
}

/// Each metric of a rule is one that the collector or the controller of rollouts has.
#[test]
fn the_collector_has_what_the_rules_look_at() {
    let metrics = read(&repo("collector/tests/golden/metrics.txt"));
    let controller = read(&repo("canaryctl/src/rollout/service.rs"));
    let names = regex::Regex::new(r"\bcanary_[a-z_]+").unwrap();
    let mut seen = 0;
    for group in groups().as_array().unwrap() {
        for rule in group["rules"].as_array().unwrap() {
            let expression = rule["expr"].as_str().unwrap().replace("arm:canary_", "arm:");
            for name in names.find_iter(&expression) {
                let is_there = |end: &str| metrics.contains(&format!("\n{}{end}", name.as_str()));
                let is_of_rollout = controller.contains(&format!("metric(\"{}\"", name.as_str()));
                assert!(is_there(" ") || is_there("{") || is_of_rollout, "{} in {rule}", name.as_str());
                seen += 1;
            }
        }
    }
    assert!(seen >= 12, "{seen}");
}
