use super::*;

use serde_json::Value;

use crate::population::population::tests::population;
use crate::terminal::color::Paint;

#[track_caller]
fn simulate(config: &str, args: &[&str], output: Output, style: Style) -> String {
    let file = Loaded::parse("cm.yaml".to_owned(), config.as_bytes());
    assert!(file.parsed.is_ok());
    report(&Simulation::run(&file, &population(args).unwrap()), output, style)
}

fn ascii(width: usize) -> Style {
    Style { width, ascii: true, paint: Paint::OFF }
}

const PLAIN: &str =
    r#"{"CANARY_PERCENTAGE": 5, "REVISION": 3, "FEATURE_FLAGS": {"search": 25, "banner": true, "bad": 101}}"#;

const PLAIN_CHART: &str = "\
cm.yaml, revision 3: 10,000 synthetic users (user-0 to user-9999)

bundle
  canary                        #                         5.020 %  (expected 5 %, +0.020)
  stable                        #####################    94.980 %  (expected 95 %, -0.020)

cohort
  canary                        #                         5.020 %  (expected 5 %, +0.020)
  control                       #                         4.720 %  (expected 5 %, -0.280)
  rest                          ####################     90.260 %  (expected 90 %, +0.260)

reason
  SPLIT                         ######################  100.000 %

flag bad
  caller's default PARSE_ERROR  ######################  100.000 %  (expected 100 %, exact)

flag banner
  true STATIC                   ######################  100.000 %  (expected 100 %, exact)

flag search
  false SPLIT                   #################        75.300 %  (expected 75 %, +0.300)
  true SPLIT                    #####                    24.700 %  (expected 25 %, -0.300)
";

#[test]
fn the_chart_is_aligned() {
    let chart = simulate(PLAIN, &["--users", "10000"], Output::Text, ascii(90));
    assert_eq!(chart, PLAIN_CHART);
}

#[test]
fn the_chart_fills_the_terminal() {
    for width in [80, 100, 120] {
        for style in [ascii(width), Style { ascii: false, ..ascii(width) }] {
            let chart = simulate(PLAIN, &["--users", "1000"], Output::Text, style);
            let longest = chart.lines().map(|line| line.chars().count()).max();
            assert_eq!(longest, Some(width), "{chart}");
        }
    }
}

const PLAIN_JSON: &str = concat!(
    r#"{"arms":{"canary":48,"stable":952},"cohorts":{"canary":48,"control":54,"rest":898},"#,
    r#""expected":{"arms":{"canary":5.0,"stable":95.0},"cohorts":{"canary":5.0,"control":5.0,"rest":90.0}},"#,
    r#""flags":{"bad":{"reasons":{"ERROR":1000},"values":[{"count":1000,"expected":100.0,"value":null,"variant":null}]},"#,
    r#""banner":{"reasons":{"STATIC":1000},"values":[{"count":1000,"expected":100.0,"value":true,"variant":null}]},"#,
    r#""search":{"reasons":{"SPLIT":1000},"values":[{"count":729,"expected":75.0,"value":false,"variant":null},"#,
    r#"{"count":271,"expected":25.0,"value":true,"variant":null}]}},"#,
    r#""reasons":{"SPLIT":1000},"users":1000}"#,
);

#[test]
fn json_has_counts() {
    let json = simulate(PLAIN, &["--users", "1000"], Output::Json, ascii(80));
    assert_eq!(json.strip_suffix('\n'), Some(PLAIN_JSON));
}

/// Flags whose shares follow from the typed percentages and weights.
const RICH: &str = r#"{"CANARY_PERCENTAGE": 60, "SEGMENTS": {"vip": ["x"]},
    "CANARY_RULES": [{"if": {"staff": true}, "serve": "canary"}],
    "FEATURE_FLAGS": {
        "number": 12.5, "none": 0, "all": 100, "on": true,
        "bad": {"percentage": 101},
        "object": {"percentage": 30}, "empty": {}, "off": {"enabled": false, "default": 7},
        "over": {"until": "2020-01-01T00:00:00Z"}, "early": {"from": "2099-01-01T00:00:00Z", "default": "later"},
        "variants": {"variants": {"a": {"weight": 1, "value": 1}, "b": {"weight": 3, "value": 2}}},
        "nameless": {"percentage": 40, "variants": {"a": {"weight": 1, "value": 1}, "b": {"weight": 3, "value": 2}}},
        "all-of-it": {"percentage": 100, "variants": {"a": {"weight": 1, "value": 1}, "b": {"weight": 1, "value": 2}}},
        "one": {"percentage": 40, "default": "b", "variants": {"a": {"weight": 1, "value": 1}, "b": {"weight": 0, "value": 2}}},
        "rules": {"rules": [{"if": {"plan": "pro"}, "serve": "p"}, {"if": {"id": {"$inGroup": "vip"}}, "percentage": 20}], "default": 0},
        "nested": {"percentage": 50, "rules": [{"if": {}, "percentage": 10, "serve": 1}, {"if": {}, "percentage": 25, "serve": 2}, {"if": {"plan": "pro"}, "percentage": 15, "serve": 3}]},
        "below": {"percentage": 5, "rules": [{"if": {}, "percentage": 10, "serve": 1}]},
        "stop": {"percentage": 5, "rules": [{"if": {"plan": "pro"}, "percentage": 10, "serve": 1}, {"if": {}, "serve": 2}]}
    }}"#;

/// The evaluation and the expectation are two ways to compute the same shares.
#[test]
fn shares_are_as_expected() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("attributes");
    std::fs::write(&path, "{\"plan\": \"pro\"}\n{\"id\": \"x\"}\n{\"staff\": true}\n{}\n").unwrap();
    let args = ["--users", "40000", "--now", "2026-01-01T00:00:00Z", "--attributes-file", path.to_str().unwrap()];
    let population = population(&args).unwrap();
    let file = Loaded::parse(String::new(), RICH.as_bytes());
    assert!(file.parsed.is_ok());
    let Simulation { keys, counts, expected, .. } = Simulation::run(&file, &population);
    let percent = |count| crate::terminal::format::percent(count, population.len());
    for bin in counts.arms.bins() {
        let (found, expected) = (percent(bin.count), expected.arms.get(&bin.outcome));
        assert!((found - expected).abs() < 1.0, "{:?} {found} {expected}", bin.outcome);
    }
    for bin in counts.cohorts.bins() {
        let (found, expected) = (percent(bin.count), expected.cohorts.get(&bin.outcome));
        assert!((found - expected).abs() < 1.0, "{:?} {found} {expected}", bin.outcome);
    }
    for ((key, histogram), shares) in keys.iter().zip(&counts.flags).zip(&expected.flags) {
        let shares = shares.as_ref().expect(key);
        let sum: f64 = shares.0.iter().map(|(_, share)| share).sum();
        assert!((sum - 100.0).abs() < 1e-6, "{key} {sum}");
        for (outcome, expected) in &shares.0 {
            assert!((percent(histogram.count(outcome)) - expected).abs() < 1.0, "{key} {outcome:?} {expected}");
        }
        for bin in histogram.bins() {
            let expected = shares.get(&bin.outcome);
            assert!((percent(bin.count) - expected).abs() < 1.0, "{key} {:?} {expected}", bin.outcome);
        }
    }
}

#[test]
fn a_flag_that_requires_others_has_no_expectation() {
    let config = r#"{"CANARY_PERCENTAGE": 0, "FEATURE_FLAGS": {"a": 50, "b": {"requires": {"a": true}}}}"#;
    let json: Value = serde_json::from_str(&simulate(config, &["--users", "10"], Output::Json, ascii(80))).unwrap();
    for value in json["flags"]["b"]["values"].as_array().unwrap() {
        assert_eq!(value["expected"], Value::Null);
    }
    assert_eq!(json["arms"]["stable"], 10);
}

#[test]
fn an_expired_config_is_rejected() {
    let config = r#"{"CANARY_PERCENTAGE": 100, "EXPIRES_AT": "2026-01-01T00:00:00Z", "FEATURE_FLAGS": {"a": true}}"#;
    for (now, arms, flag) in [
        ("2025-12-31T23:59:59Z", r#"{"canary":10,"stable":0}"#, r#"{"STATIC":10}"#),
        ("2026-01-01T00:00:00Z", r#"{"canary":0,"stable":10}"#, r#"{"ERROR":10}"#),
    ] {
        let json = simulate(config, &["--users", "10", "--now", now], Output::Json, ascii(80));
        let json: Value = serde_json::from_str(&json).unwrap();
        assert_eq!(
            (json["arms"].to_string().as_str(), json["flags"]["a"]["reasons"].to_string().as_str()),
            (arms, flag)
        );
    }
}
