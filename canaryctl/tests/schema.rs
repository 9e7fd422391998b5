//! The schema that `canaryctl schema` prints, compared with the corpus, the parser and itself.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a panic is how a test fails")]

#[path = "../../tests/corpus/mod.rs"]
#[allow(dead_code, reason = "other tests use the rest")]
mod corpus;
mod support;

use canary_runtime::Config;
use corpus::{Case, Schema, read};
use jsonschema::Validator;
use serde_json::{Map, Value, json};
use support::{run, text};

const SCHEMA: &str = include_str!("../src/config/schema.json");

fn schema() -> Value {
    serde_json::from_str(SCHEMA).expect("JSON")
}

fn validator(schema: &Value) -> Validator {
    jsonschema::draft202012::new(schema).expect("a schema")
}

/// Calls `see` with the path of each object of a schema that is a schema or holds schemas.
fn walk(value: &mut Value, path: &str, see: &mut impl FnMut(&str, &mut Map<String, Value>)) {
    if let Value::Object(members) = value {
        see(path, members);
        for (name, member) in members {
            if !["examples", "default", "enum", "const"].contains(&name.as_str()) || path.ends_with("/properties") {
                walk(member, &format!("{path}/{name}"), see);
            }
        }
    }
}

#[test]
fn prints_the_schema() {
    let output = run(&["schema"], "");
    assert_eq!((output.status.code(), text(&output.stderr).as_str()), (Some(0), ""));
    assert_eq!(text(&output.stdout), SCHEMA);
    let line = text(&run(&["schema", "--output", "json"], "").stdout);
    assert_eq!(line.lines().count(), 1);
    assert_eq!(serde_json::from_str::<Value>(&line).unwrap(), schema());
}

#[test]
fn is_a_schema_without_an_address() {
    let schema = schema();
    assert!(jsonschema::meta::is_valid(&schema));
    assert_eq!(schema["$schema"], "https://json-schema.org/draft/2020-12/schema");
    assert!(schema["$id"].as_str().unwrap().starts_with("urn:"));
}

#[test]
fn rejects_what_it_can_of_the_bad_ones() {
    let validator = validator(&schema());
    let (mut rejected, mut read_by_others) = (0, 0);
    for Case { name, bytes, schema, .. } in read("bad") {
        let Ok(config) = serde_json::from_slice::<Value>(&bytes) else {
            assert!(matches!(schema, Schema::Cannot(_)), "{name}: it is no JSON");
            continue;
        };
        read_by_others += 1;
        // A case that the schema cannot express has to be accepted, or the reason is outdated.
        assert_eq!(validator.is_valid(&config), schema != Schema::Rejects, "{name}");
        rejected += usize::from(schema == Schema::Rejects);
    }
    assert_eq!((rejected, read_by_others), (353, 487));
}

#[test]
fn accepts_the_good_ones() {
    let validator = validator(&schema());
    let mut accepted = 0;
    for Case { name, bytes, .. } in read("good") {
        // Other parsers need not accept a byte order mark.
        let bytes = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(&bytes);
        let config: Value = serde_json::from_slice(bytes).expect("JSON");
        let errors: Vec<_> = validator.iter_errors(&config).map(|error| error.to_string()).collect();
        assert!(errors.is_empty(), "{name}: {errors:?}");
        accepted += 1;
    }
    assert_eq!(accepted, 196);
}

/// The schema with its annotations turned into refusals, and without unknown keys.
fn strict() -> Value {
    let mut schema = schema();
    walk(&mut schema, "", &mut |path, members| {
        if members.contains_key("properties") && !members.contains_key("additionalProperties") {
            // A condition has operators beside any other names.
            let open = ["wanted", "operators"].iter().any(|name| path == format!("/$defs/{name}"));
            let part = ["/if", "/then", "/not", "/else", "/additionalProperties"].iter().any(|end| path.ends_with(end));
            let inside = path.contains("/if/") || path.contains("/then/") || path.contains("/not/");
            if !open && !part && !inside {
                members.insert("additionalProperties".to_owned(), json!(false));
            }
        }
        if members.get("deprecated") == Some(&json!(true)) {
            members.insert("not".to_owned(), json!({}));
        }
    });
    schema
}

#[test]
fn knows_every_key_that_the_parser_knows_and_what_it_ignores() {
    let validator = validator(&strict());
    for Case { name, bytes, .. } in read("good") {
        let bytes = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(&bytes);
        let config: Value = serde_json::from_slice(bytes).expect("JSON");
        assert!(validator.is_valid(&config), "{name}");
    }
    // The schema lists operators for completion alone, and the pages are not part of it.
    let beyond = |fault: &str| fault.contains('$') && !fault.contains("$regex") || fault.contains("scripts[1]");
    let mut told = 0;
    for Case { name, bytes, diagnostics, schema, .. } in read("bad") {
        let elsewhere =
            name.starts_with("another origin") || diagnostics.is_empty() || diagnostics.iter().any(|it| beyond(it));
        if schema == Schema::Accepts && !elsewhere && !name.contains("look-ahead") && !name.contains("bracket without")
        {
            let config: Value = serde_json::from_slice(&bytes).expect("JSON");
            assert!(!validator.is_valid(&config), "{name}");
            told += 1;
        }
    }
    assert_eq!(told, 61);
}

#[test]
fn the_parser_knows_every_key_that_it_names() {
    let schema = schema();
    let bundle = json!({"version": "1", "scripts": [{"src": "/a.js"}]});
    let mut asked = 0;
    for (pointer, config) in [
        ("/properties", json!("?")),
        ("/properties/TELEMETRY/properties", json!({"TELEMETRY": "?"})),
        ("/properties/GUARD/properties", json!({"GUARD": "?"})),
        ("/properties/OVERRIDES/properties", json!({"OVERRIDES": "?"})),
        ("/properties/ASSETS/properties", json!({"ASSETS": "?"})),
        ("/$defs/flag/properties", json!({"FEATURE_FLAGS": {"a": "?"}})),
        ("/$defs/rule/properties", json!({"FEATURE_FLAGS": {"a": {"rules": ["?"]}}})),
        ("/$defs/variant/properties", json!({"FEATURE_FLAGS": {"a": {"variants": {"x": "?"}}}})),
        ("/$defs/canaryRule/properties", json!({"CANARY_RULES": ["?"]})),
        ("/$defs/bundle/properties", json!({"ASSETS": {"canary": "?"}})),
        ("/$defs/wanted/properties", json!({"CANARY_RULES": [{"if": {"a": "?"}, "serve": "canary"}]})),
    ] {
        for (key, member) in schema.pointer(pointer).and_then(Value::as_object).expect("members") {
            let example = member.pointer("/examples/0").or_else(|| member.pointer("/items/examples/0"));
            let mut members = json!({ key: example.cloned().unwrap_or_else(|| resolve(&schema, member)) });
            if pointer.contains("bundle") {
                let mut whole = bundle.clone();
                whole[key] = members[key].clone();
                members = whole;
            } else if pointer.contains("anaryRule") || pointer.contains("/rule/") {
                members["if"] = json!({});
                members["serve"] = json!("canary");
            } else if pointer.contains("variant") {
                members = json!({"weight": 1, "value": 1});
            }
            let text = config.to_string().replace("\"?\"", &members.to_string());
            let mut config: Value = serde_json::from_str(&text).expect("JSON");
            for (key, value) in [("CANARY_PERCENTAGE", json!(5)), ("FEATURE_FLAGS", json!({}))] {
                if config.get(key).is_none() {
                    config[key] = value;
                }
            }
            let (_, warnings) = Config::parse(config.to_string().as_bytes()).expect("a config");
            assert!(warnings.is_empty(), "{config}: {warnings:?}");
            asked += 1;
        }
    }
    assert_eq!(asked, 13 + 5 + 2 + 2 + 2 + 9 + 3 + 2 + 3 + 4 + 27);
}

/// The first example of the schema that is referred to.
fn resolve(schema: &Value, member: &Value) -> Value {
    let target =
        member["$ref"].as_str().and_then(|target| target.strip_prefix('#')).expect("an example or a reference");
    schema.pointer(target).and_then(|target| target.pointer("/examples/0")).expect("an example").clone()
}

#[test]
fn every_key_says_what_it_is() {
    let whole = schema();
    let mut keys = 0;
    walk(&mut whole.clone(), "", &mut |path, members| {
        let checks =
            ["/if", "/then", "/else", "/not", "operators"].iter().any(|part| path.contains(&format!("{part}/")));
        if !path.ends_with("/properties") || checks {
            return;
        }
        for (key, member) in members {
            let target = member["$ref"].as_str().and_then(|target| target.strip_prefix('#'));
            let target = target.and_then(|target| whole.pointer(target)).cloned().unwrap_or_default();
            for said in ["title", "description", "examples"] {
                let known = member.get(said).or_else(|| target.get(said)).is_some();
                // The parts of these have descriptions of their own.
                let plain = ["canary", "if"].contains(&key.as_str()) && said == "description";
                assert!(known || plain, "{path}/{key} has no {said}");
            }
            keys += 1;
        }
    });
    assert_eq!(keys, 13 + 5 + 2 + 2 + 2 + 9 + 3 + 2 + 3 + 4 + (3 + 2 + 3) + (4 + 4) + 27);
}

#[test]
fn examples_and_defaults_are_what_they_are_examples_of() {
    let whole = strict();
    let mut asked = 0;
    walk(&mut whole.clone(), "", &mut |path, members| {
        if path.ends_with("/properties") {
            return;
        }
        let examples = members.get("examples").and_then(Value::as_array).cloned().unwrap_or_default();
        for example in examples.iter().chain(members.get("default")) {
            let part = json!({"$defs": whole["$defs"], "allOf": [members]});
            assert!(validator(&part).is_valid(example), "{path}: {example}");
            asked += 1;
        }
    });
    assert!(asked > 100, "{asked}");
}
