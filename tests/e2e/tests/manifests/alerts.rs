//! The alerts of `k8s/components/monitoring`, evaluated by promtool: `cases.yaml` says when each fires and when not.
//!
//! Mutants of every alert check the cases: at least one case has to fail for each.

use canary_e2e::files::{read, repo, temp_dir, write};
use canary_e2e::process::find_program;
use regex::Regex;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;
use std::thread;

const RULES: &str = "k8s/components/monitoring/rules.yaml";

/// The groups of the manifest.
fn groups() -> Value {
    let manifest: Value = serde_saphyr::from_str(&read(&repo(RULES))).unwrap();
    manifest["spec"]["groups"].clone()
}

fn alerts(groups: &Value) -> impl Iterator<Item = &Value> {
    groups.as_array().unwrap().iter().flat_map(|group| group["rules"].as_array().unwrap())
}

fn promtool(folder: &Path, command: &str, file: &str) -> Result<(), String> {
    let output = Command::new(find_program("promtool")).args([command, "rules", file]).current_dir(folder).output();
    let output = output.unwrap();
    let said = || [&output.stdout, &output.stderr].map(|bytes| String::from_utf8_lossy(bytes).into_owned()).concat();
    if output.status.success() { Ok(()) } else { Err(said()) }
}

fn cases() -> Value {
    serde_saphyr::from_str(&read(&repo("tests/e2e/tests/manifests/alerts/cases.yaml"))).unwrap()
}

/// The cases of one alert, without what they say of the others.
fn cases_of(alert: &str) -> Value {
    let mut cases = cases();
    let tests = cases["tests"].as_array_mut().unwrap();
    for test in &mut *tests {
        test["alert_rule_test"].as_array_mut().unwrap().retain(|check| check["alertname"] == alert);
    }
    tests.retain(|test| !test["alert_rule_test"].as_array().unwrap().is_empty());
    cases
}

/// Whether the rules are well-formed, and whether all cases pass.
fn check(groups: &Value, cases: &Value) -> (Result<(), String>, Result<(), String>) {
    let folder = temp_dir();
    // JSON is YAML.
    write(&folder.path().join("rules.yaml"), json!({ "groups": groups }).to_string());
    write(&folder.path().join("cases.yaml"), cases.to_string());
    (promtool(folder.path(), "check", "rules.yaml"), promtool(folder.path(), "test", "cases.yaml"))
}

#[test]
fn every_alert_fires_when_it_should() {
    assert_eq!(check(&groups(), &cases()), (Ok(()), Ok(())));
}

/// An alert that fires never, always, at once or too late, or that ignores one of its labels.
fn mutants(alert: &Value) -> Vec<(&'static str, String)> {
    let expression = alert["expr"].as_str().unwrap();
    let matcher = Regex::new(r#"[a-z_]+(=~|!=|=)"[^"]*"(, )?"#).unwrap();
    let without = matcher.find_iter(expression).map(|found| {
        let rest = [&expression[..found.start()], &expression[found.end()..]].concat();
        ("expr", rest.replace(", }", "}"))
    });
    let others = [("expr", "vector(1)"), ("expr", "vector(0) > 1"), ("for", "0m"), ("for", "10h")];
    without.chain(others.map(|(field, value)| (field, value.to_owned()))).collect()
}

#[test]
fn every_alert_mutant_is_found() {
    let mut todo = Vec::new();
    for alert in alerts(&groups()) {
        let name = alert["alert"].as_str().unwrap();
        for (field, value) in mutants(alert) {
            let mut mutant = alert.clone();
            mutant[field] = json!(value);
            todo.push((
                format!("{name}: {field}: {value}"),
                json!([{ "name": "mutant", "rules": [mutant] }]),
                cases_of(name),
            ));
        }
    }
    assert!(todo.len() >= 70, "{} mutants", todo.len());
    let escape = |(name, groups, cases): &(String, Value, Value)| match check(groups, cases) {
        (Ok(()), Err(_)) => None,
        (Ok(()), Ok(())) => Some(format!("no case fails for {name}")),
        (Err(said), _) => Some(format!("{name}: {said}")),
    };
    let (some, others) = todo.split_at(todo.len() / 2);
    let escaped = thread::scope(|scope| {
        let other = scope.spawn(|| others.iter().filter_map(escape).collect::<Vec<_>>());
        let mut escaped: Vec<_> = some.iter().filter_map(escape).collect();
        escaped.extend(other.join().unwrap());
        escaped
    });
    assert!(escaped.is_empty(), "{}", escaped.join("\n"));
}

/// Every alert has a severity and leads to its section in the guide.
#[test]
fn every_alert_has_a_runbook() {
    let anchor = |heading: &str| heading.to_lowercase().replace(' ', "-");
    let guide = read(&repo("docs/operations.md"));
    let anchors: BTreeSet<_> = guide.lines().filter_map(|line| line.strip_prefix("## ")).map(anchor).collect();
    let groups = groups();
    for alert in alerts(&groups) {
        let name = alert["alert"].as_str().unwrap();
        assert!(["critical", "warning"].contains(&alert["labels"]["severity"].as_str().unwrap()), "{name}");
        for annotation in ["summary", "description"] {
            assert!(alert["annotations"][annotation].is_string(), "{name}: no {annotation}");
        }
        let runbook = alert["annotations"]["runbook"].as_str().unwrap();
        let section = runbook.strip_prefix("docs/operations.md#").unwrap();
        assert!(anchors.contains(section), "{name}: no section {section} in {anchors:?}");
        assert!(guide.contains(&format!("`{name}`")), "{name} is not in the guide");
    }
}

/// The exporter is configured for every label of `gotk_resource_info` that the alerts use.
#[test]
fn the_exporter_has_the_labels_of_the_alerts() {
    let config: Value =
        serde_saphyr::from_str(&read(&repo("k8s/components/monitoring/kube-state-metrics.yaml"))).unwrap();
    let label = Regex::new(r#"([a-z_]+)(=~|!=|=)""#).unwrap();
    let kind = Regex::new(r#"customresource_kind(=~|=)"([^"]*)""#).unwrap();
    let mut seen = BTreeSet::new();
    for alert in alerts(&groups()) {
        let expression = alert["expr"].as_str().unwrap();
        for selector in expression.split("gotk_resource_info{").skip(1).filter_map(|rest| rest.split('}').next()) {
            let kinds = kind.captures(selector).unwrap()[2].to_owned();
            for kind in kinds.split('|') {
                let resources = config["spec"]["resources"].as_array().unwrap();
                let resource = resources.iter().find(|one| one["groupVersionKind"]["kind"] == kind).expect(kind);
                let metric = &resource["metrics"][0];
                assert_eq!((&resource["metricNamePrefix"], &metric["name"]), (&json!("gotk"), &json!("resource_info")));
                for found in label.captures_iter(selector).map(|found| found[1].to_owned()) {
                    let told = [&metric["labelsFromPath"], &metric["each"]["info"]["labelsFromPath"]];
                    let known = found == "customresource_kind" || told.iter().any(|labels| labels[&found].is_array());
                    assert!(known, "{kind} has no label {found}");
                    seen.insert(found);
                }
            }
        }
    }
    assert_eq!(seen.len(), 6, "{seen:?}");
}
