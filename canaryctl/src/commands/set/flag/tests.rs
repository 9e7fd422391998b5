use super::*;
use tempfile::TempDir;

#[track_caller]
fn check(flags: &str, assignment: &str, expected: &str, expected_lost: &[&str]) {
    let dir = TempDir::new().unwrap();
    let path = dir.path().join("config");
    let config = |flags: &str| format!("{{\"CANARY_PERCENTAGE\": 5, \"FEATURE_FLAGS\": {flags}}}");
    std::fs::write(&path, config(flags)).unwrap();
    let mut editor = Editor::open(&path).unwrap();
    let lost = assignment.parse::<Assignment>().unwrap().apply(&mut editor).unwrap();
    assert_eq!(editor.text().unwrap(), config(expected), "{flags} {assignment}");
    assert_eq!(lost, expected_lost, "{flags} {assignment}");
}

#[test]
fn plain_flags_are_replaced() {
    for (flags, assignment, expected) in [
        (r#"{"a": 5, "b": 6}"#, "a=12.50", r#"{"a": 12.50, "b": 6}"#),
        (r#"{"a": 5}"#, "a=false", r#"{"a": false}"#),
        (r#"{"a": "bad"}"#, "a=true", r#"{"a": true}"#),
        (r#"{"a": 5}"#, "a=5.0", r#"{"a": 5}"#),
        (r#"{"a": 5}"#, "b.c= 7 ", r#"{"a": 5, "b.c": 7}"#),
        ("{}", r#"a={"rules":[], "percentage":5}"#, r#"{"a": {"rules": [], "percentage": 5}}"#),
        (r#"{"a": true}"#, "a={}", r#"{"a": {}}"#),
    ] {
        check(flags, assignment, expected, &[]);
    }
}

#[test]
fn objects_keep_their_rules() {
    let flag = |members: &str| format!(r#"{{"a": {{ "rules": [{{"if": {{}}}}]{members} }}}}"#);
    for (members, assignment, expected) in [
        (r#", "percentage": 5"#, "a=25", r#", "percentage": 25"#),
        ("", "a=25", r#", "percentage": 25"#),
        (r#", "percentage": 5"#, "a=false", r#", "percentage": 5, "enabled": false"#),
        (r#", "enabled": false"#, "a=true", r#", "enabled": true"#),
        ("", "a=true", ""),
    ] {
        check(&flag(members), assignment, &flag(expected), &[]);
    }
}

#[test]
fn what_a_new_object_lacks_is_named() {
    let flag = r#"{"a": {"rules": [], "percentage": 5, "salt": "s"}}"#;
    check(flag, r#"a={"percentage": 5}"#, r#"{"a": {"percentage": 5}}"#, &["rules", "salt"]);
    check(
        flag,
        r#"a={"percentage": 6, "salt": "t", "rules": [1]}"#,
        r#"{"a": {"percentage": 6, "salt": "t", "rules": [1]}}"#,
        &[],
    );
}

#[test]
fn only_values_of_flags_are_taken() {
    let value = "expected the value true, false, a percentage or an object, as JSON";
    let key = "expected a key of 1 to 64 of A-Z a-z 0-9 _ . -, except __proto__, constructor and prototype";
    for (text, message) in [
        ("a", "expected KEY=VALUE"),
        ("=1", key),
        ("__proto__=1", key),
        ("a b=1", key),
        ("a=", value),
        ("a=on", value),
        ("a=\"on\"", value),
        ("a=null", value),
        ("a=[]", value),
        ("a=101", value),
        ("a=0.0001", value),
        ("a={", value),
    ] {
        assert_eq!(text.parse::<Assignment>().err(), Some(message), "{text}");
    }
}
