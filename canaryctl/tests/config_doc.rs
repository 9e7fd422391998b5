//! `docs/config.md`: every example is a config, and every outcome is the runtime's.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "a panic is how a test fails"
)]

#[path = "../../tests/corpus/mod.rs"]
#[allow(dead_code, reason = "other tests use the rest")]
mod corpus;

use std::collections::BTreeSet;

use canary_runtime::{Config, Document, Evaluation, EvaluationContext, Value as FlagValue};
use serde_json::{Value, json};

const DOC: &str = include_str!("../../docs/config.md");
const SCHEMA: &str = include_str!("../src/config/schema.json");

/// All examples, as whole configs: most are members.
fn examples() -> Vec<String> {
    let blocks = DOC.split("```json\n").skip(1).map(|rest| rest.split("```").next().expect("an end"));
    blocks
        .map(|block| {
            if block.starts_with('{') {
                return block.to_owned();
            }
            let required = [("CANARY_PERCENTAGE", "5"), ("FEATURE_FLAGS", "{}")];
            let missing = required.iter().filter(|(key, _)| !block.contains(key));
            let rest: Vec<_> = missing.map(|(key, value)| format!(", \"{key}\": {value}")).collect();
            format!("{{ {block}{} }}", rest.concat())
        })
        .collect()
}

/// The cells of all rows with this beginning.
fn rows(start: &str) -> Vec<Vec<String>> {
    let rows = DOC.lines().filter(|line| line.starts_with(start));
    rows.map(|row| row.trim_matches('|').split(" | ").map(|cell| cell.trim().replace('`', "")).collect()).collect()
}

#[test]
fn every_example_is_a_config() {
    let schema = serde_json::from_str(SCHEMA).expect("JSON");
    let schema = jsonschema::draft202012::new(&schema).expect("a schema");
    let examples = examples();
    for example in &examples {
        let (_, warnings) = Config::parse(example.as_bytes()).unwrap_or_else(|fault| panic!("{fault}: {example}"));
        assert!(warnings.is_empty(), "{warnings:?}: {example}");
        let errors: Vec<_> =
            schema.iter_errors(&serde_json::from_str(example).unwrap()).map(|it| it.to_string()).collect();
        assert!(errors.is_empty(), "{errors:?}: {example}");
    }
    assert_eq!(examples.len(), 19);
}

#[test]
fn every_key_has_a_chapter_an_example_and_a_row() {
    let schema: Value = serde_json::from_str(SCHEMA).expect("JSON");
    let examples = examples().concat();
    for (key, member) in schema["properties"].as_object().unwrap() {
        assert!(DOC.contains(&format!("\n## {key}\n")), "{key} has no chapter");
        assert!(DOC.contains(&format!("\n| [`{key}`](#{})", key.to_lowercase().replace('$', ""))), "{key} has no row");
        assert!(examples.contains(&format!("\"{key}\": ")), "{key} has no example");
        for name in member["properties"].as_object().into_iter().flat_map(|members| members.keys()) {
            assert!(examples.contains(&format!("\"{name}\": ")), "{key}.{name} has no example");
        }
    }
    for part in ["flag", "rule", "variant", "canaryRule", "bundle"] {
        for name in schema["$defs"][part]["properties"].as_object().unwrap().keys() {
            assert!(examples.contains(&format!("\"{name}\": ")), "{part}.{name} has no example");
            assert!(DOC.contains(&format!("| `{name}`")) || part == "variant", "{part}.{name} has no row");
        }
    }
}

#[test]
fn every_link_leads_somewhere() {
    let anchor = |title: &str| title.to_lowercase().replace(' ', "-").replace('$', "");
    let titles: BTreeSet<_> = DOC.lines().filter_map(|line| line.strip_prefix("##")?.split_once(' ')).collect();
    let anchors: BTreeSet<_> = titles.iter().map(|(_, title)| anchor(title)).collect();
    let links: Vec<_> = DOC.split("](#").skip(1).filter_map(|rest| rest.split(')').next()).collect();
    for link in &links {
        assert!(anchors.contains(*link), "#{link}");
    }
    assert!(links.len() > 20 && anchors.contains("who-is-in"));
}

#[test]
fn operators_hold_for_what_is_said() {
    let schema: Value = serde_json::from_str(SCHEMA).expect("JSON");
    let segments = examples().into_iter().find(|example| example.contains("\"SEGMENTS\"")).unwrap();
    let segments = Document::parse(&segments).unwrap();
    let segments = segments.root().get("SEGMENTS").unwrap().source();
    let rows = rows("| `$");
    for row in &rows {
        let [operator, _, wanted, good, bad] = row.as_slice() else { panic!("{row:?}") };
        assert!(wanted.starts_with(&format!("{{ \"{operator}\"")), "{row:?}");
        let flag = format!(r#"{{"rules": [{{"if": {{"a": {wanted}}}}}]}}"#);
        let text =
            format!(r#"{{"CANARY_PERCENTAGE": 0, "SEGMENTS": {segments}, "FEATURE_FLAGS": {{"matches": {flag}}}}}"#);
        let (config, warnings) = Config::parse(text.as_bytes()).unwrap();
        assert!(warnings.is_empty(), "{warnings:?}");
        for (value, expected) in [(good, true), (bad, false)] {
            let attributes = Document::parse(&format!("{{ \"a\": {value} }}")).unwrap();
            let context = EvaluationContext { attributes, ..EvaluationContext::default() };
            let matches = Evaluation::new(&config, &context).flag("matches").value.map(FlagValue::source);
            assert_eq!(matches, Some(if expected { "true" } else { "false" }), "{operator} {wanted} {value}");
        }
    }
    let named: BTreeSet<_> = rows.iter().map(|row| row[0].as_str()).collect();
    let known = schema["$defs"]["wanted"]["properties"].as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(named, known);
}

#[test]
fn flags_are_what_is_said() {
    let example = examples().into_iter().find(|example| example.contains("\"button\"")).unwrap();
    let (config, _) = Config::parse(example.as_bytes()).unwrap();
    let rows = rows("| `user-");
    for row in &rows {
        let [user, attributes, value, variant, reason, _] = row.as_slice() else { panic!("{row:?}") };
        let context =
            EvaluationContext { targeting_key: user.clone(), attributes: Document::parse(attributes).unwrap() };
        let details = Evaluation::new(&config, &context).flag("button").to_json();
        let details: Value = serde_json::from_str(&details).unwrap();
        let said = json!([serde_json::from_str::<Value>(value).unwrap_or_default(), variant, reason]);
        assert_eq!(json!([details["value"], details["variant"], details["reason"]]), said, "{user}: {details}");
    }
    assert_eq!(rows.len(), 5);
}

#[test]
fn every_code_is_listed() {
    let cases = corpus::read("bad");
    let expired = cases.iter().filter_map(|case| Some(&case.expired.as_ref()?.1));
    let said = cases.iter().flat_map(|case| &case.diagnostics).chain(expired);
    let codes: BTreeSet<_> = said.filter_map(|fault| fault.split(' ').next()).collect();
    assert_eq!(codes.len(), 13);
    for code in codes {
        assert!(DOC.lines().any(|line| line.starts_with('|') && line.contains(&format!("| {code} |"))), "{code}");
    }
}
