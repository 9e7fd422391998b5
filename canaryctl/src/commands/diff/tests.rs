use super::*;

use serde_json::Value;

use crate::population::population::tests::population;

#[track_caller]
fn diff<T>(old: &str, new: &str, render: impl FnOnce(&Report) -> T) -> T {
    let file = |name: &str, text: &str| Loaded::parse(name.to_owned(), text.as_bytes());
    compare(&file("old.yaml", old), &file("new.yaml", new), &population(&["--users", "1000"]).unwrap(), render)
}

fn arms(old: &str, new: &str) -> (String, u64) {
    let json: Value = diff(old, new, json::write);
    (json["arms"].to_string(), json["moved"].as_u64().unwrap())
}

const OLD: &str = r#"{"CANARY_PERCENTAGE": 5, "FEATURE_FLAGS": {"search": 25, "gone": 10, "same": 3}}"#;
const NEW: &str = r#"{"CANARY_PERCENTAGE": 10, "FEATURE_FLAGS": {"search": {"percentage": 20}, "`a|b": true, "same": 3.0, "new": "x"}}"#;

const TEXT: &str = "\
old.yaml -> new.yaml: 1,000 synthetic users (user-0 to user-999)

changed
  CANARY_PERCENTAGE 5 -> 10
  FEATURE_FLAGS.search 25 -> {\"percentage\": 20}
  FEATURE_FLAGS.gone 10 -> absent
  FEATURE_FLAGS.`a|b absent -> true
  FEATURE_FLAGS.new absent -> \"x\"

bundle
  stable -> canary   60    6.000 %  user-36, user-43
  canary -> stable    0    0.000 %
  stays canary       48    4.800 %
  stays stable      892   89.200 %

flag `a|b, added
  no value for any user

flag gone, removed
  false             882   88.200 %  user-0, user-1
  true              118   11.800 %  user-9, user-21

flag new, added
  no value for any user

flag search, changed
  true -> false      39    3.900 %  user-6, user-16

95 of 1,000 users move, 9.500 %; no user leaves the canary; 2 flags added; 1 flag removed
";

const MARKDOWN: &str = r#"### Config diff: `old.yaml` → `new.yaml`

**95 of 1,000 users move, 9.500 %; no user leaves the canary; 2 flags added; 1 flag removed** (1,000 synthetic users (user-0 to user-999))

| changed | from | to | |
|---|---|---|---|
| `CANARY_PERCENTAGE` | `5` | `10` |  |
| `FEATURE_FLAGS.search` | `25` | `{"percentage": 20}` |  |
| `FEATURE_FLAGS.gone` | `10` | absent |  |
| `FEATURE_FLAGS.'a\|b` | absent | `true` |  |
| `FEATURE_FLAGS.new` | absent | `"x"` |  |

| | | users | share | for example |
|---|---|--:|--:|---|
| bundle | stable → canary | 60 | 6.000 % | `user-36`, `user-43` |
| bundle | canary → stable | 0 | 0.000 % |  |
| bundle | stays canary | 48 | 4.800 % |  |
| bundle | stays stable | 892 | 89.200 % |  |
| `'a\|b` added | no value for any user | 0 | 0.000 % |  |
| `gone` removed | `false` | 882 | 88.200 % | `user-0`, `user-1` |
| `gone` removed | `true` | 118 | 11.800 % | `user-9`, `user-21` |
| `new` added | no value for any user | 0 | 0.000 % |  |
| `search` changed | `true -> false` | 39 | 3.900 % | `user-6`, `user-16` |
"#;

const JSON: &str = concat!(
    r##"{"arms":{"canary -> canary":48,"canary -> stable":0,"stable -> canary":60,"stable -> stable":892},"##,
    r##""changes":[{"from":5,"key":"CANARY_PERCENTAGE","to":10},{"from":25,"key":"FEATURE_FLAGS.search","to":{"percentage":20}},{"from":10,"key":"FEATURE_FLAGS.gone","to":null},{"from":null,"key":"FEATURE_FLAGS.`a|b","to":true},{"from":null,"key":"FEATURE_FLAGS.new","to":"x"}],"##,
    r##""flags":{"`a|b":{"moved":0,"moves":[],"status":"added"},"##,
    r##""gone":{"moved":1000,"moves":[{"count":882,"examples":["user-0","user-1"],"from":false,"to":null},{"count":118,"examples":["user-9","user-21"],"from":true,"to":null}],"status":"removed"},"##,
    r##""new":{"moved":0,"moves":[],"status":"added"},"##,
    r##""search":{"moved":39,"moves":[{"count":39,"examples":["user-6","user-16"],"from":true,"to":false}],"status":"changed"}},"moved":95,"users":1000}"##
);

#[test]
fn text_is_aligned() {
    assert_eq!(diff(OLD, NEW, text::write), TEXT);
}

#[test]
fn markdown_has_tables() {
    assert_eq!(diff(OLD, NEW, markdown::write), MARKDOWN);
}

#[test]
fn json_has_counts_and_examples() {
    assert_eq!(diff(OLD, NEW, |report| json::write(report).to_string()), JSON);
}

fn config(percentage: &str, more: &str) -> String {
    format!(r#"{{"CANARY_PERCENTAGE": {percentage}, {more} "FEATURE_FLAGS": {{"search": {percentage}}}}}"#)
}

#[test]
fn a_raise_moves_nobody_out() {
    for (old, new) in [("0", "5"), ("5", "10"), ("10", "50"), ("50", "50.001"), ("50", "100")] {
        let (old, new) = (config(old, ""), config(new, ""));
        assert!(arms(&old, &new).0.contains(r#""canary -> stable":0"#), "{old} {new}");
        diff(&old, &new, |report| {
            let mut transitions = report.flags.iter().flat_map(|flag| &flag.transitions);
            assert!(transitions.all(|(it, ..)| it.to.as_deref() == Some("true")), "{old} {new}");
        });
        // The reverse moves nobody in, so this test can fail.
        assert!(arms(&new, &old).0.contains(r#""stable -> canary":0"#), "{old} {new}");
    }
    assert!(!arms(&config("50", ""), &config("5", "")).0.contains(r#""canary -> stable":0"#));
}

#[test]
fn another_salt_moves_in_both_directions() {
    let (old, new) = (config("50", r#""SALT": "a","#), config("50", r#""SALT": "b","#));
    let expected = r#"{"canary -> canary":253,"canary -> stable":268,"stable -> canary":221,"stable -> stable":258}"#;
    assert_eq!(arms(&old, &new), (expected.to_owned(), 489));
}

#[test]
fn a_user_who_moves_twice_counts_once() {
    let moved = |old: &str, new: &str| arms(&config(old, ""), &config(new, "")).1;
    assert_eq!((moved("0", "100"), moved("5", "5"), moved("5", "5.0")), (1_000, 0, 0));
}

#[test]
fn equal_values_are_no_move() {
    let config = |value: &str| {
        format!(
            r#"{{"CANARY_PERCENTAGE": 0, "FEATURE_FLAGS": {{"a": {{"rules": [{{"if": {{}}, "serve": {value}}}]}}}}}}"#
        )
    };
    for (old, new, moved) in [
        ("1", "1.0", 0),
        (r#""é""#, r#""\u00e9""#, 0),
        ("[1, 2]", "[1,2]", 0),
        ("1", r#""1""#, 1_000),
        ("[1, 2]", "[2, 1]", 1_000),
        ("null", "false", 1_000),
    ] {
        assert_eq!(arms(&config(old), &config(new)).1, moved, "{old} {new}");
    }
    let typed = config("true").replace(r#"{"rules": [{"if": {}, "serve": true}]}"#, "100");
    assert_eq!((arms(&typed, &config("true")).1, arms(&config("true"), &typed).1), (0, 0));
    assert_eq!((arms(&typed, &config("false")).1, arms(&config("7"), &typed).1), (1_000, 1_000));
}

#[test]
fn a_rejected_old_config_means_stable() {
    let (arms, moved) = arms("<html>", &config("100", ""));
    let expected = r#"{"canary -> canary":0,"canary -> stable":0,"stable -> canary":1000,"stable -> stable":0}"#;
    assert_eq!((arms.as_str(), moved), (expected, 1_000));
}
