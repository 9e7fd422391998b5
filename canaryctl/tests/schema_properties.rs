//! The parser and the schema, compared on generated configs.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "a panic is how a test fails"
)]

mod grammar;

use std::sync::LazyLock;

use canary_runtime::{Config, Diagnostic};
use jsonschema::Validator;
use proptest::prelude::*;
use proptest::sample::Index;
use proptest::strategy::ValueTree;
use serde_json::{Value, json};

static SCHEMA: LazyLock<Validator> = LazyLock::new(|| {
    let schema = serde_json::from_str(include_str!("../src/config/schema.json")).expect("JSON");
    jsonschema::draft202012::new(&schema).expect("a schema")
});

/// Faults that a schema cannot express, in the words of the parser.
const BEYOND_SCHEMAS: [&str; 3] = [
    "a number from 0 to 100 with at most 3 decimals",
    "the name of a variant",
    "a regular expression that JavaScript and Rust read alike, and that no text makes slow",
];

/// The faults for which the config or a flag of it is refused.
fn refused(text: &str) -> Vec<Diagnostic> {
    match Config::parse(text.as_bytes()) {
        Ok((_, warnings)) => warnings.into_iter().filter(|fault| fault.code().as_str().starts_with('E')).collect(),
        Err(fault) => vec![fault],
    }
}

fn accepts(text: &str) -> bool {
    SCHEMA.is_valid(&serde_json::from_str(text).expect("JSON"))
}

/// A change at one place of a config.
#[derive(Clone, Debug)]
struct Mutation {
    at: Index,
    how: u8,
    name: String,
    value: Value,
}

impl Mutation {
    fn apply(&self, config: &mut Value) {
        let mut paths = Vec::new();
        collect(config, &mut String::new(), &mut paths);
        let path = &paths[self.at.index(paths.len())];
        let (above, last) = path.rsplit_once('/').unwrap_or(("", ""));
        if path.is_empty() {
            if self.how == 0 {
                *config = self.value.clone();
            } else if let Value::Object(members) = config {
                members.insert(self.name.clone(), self.value.clone());
            }
            return;
        }
        let last = last.replace("~1", "/").replace("~0", "~");
        match (self.how, config.pointer_mut(above).expect("what it is in")) {
            (0, _) => *config.pointer_mut(path).expect("itself") = self.value.clone(),
            (1, Value::Object(members)) => {
                members.remove(&last);
            }
            (2, Value::Object(members)) => {
                let value = members.remove(&last).expect("itself");
                members.insert(self.name.clone(), value);
            }
            (_, Value::Object(members)) => {
                members.insert(self.name.clone(), self.value.clone());
            }
            (1, Value::Array(items)) => {
                items.remove(last.parse().expect("an index"));
            }
            (_, Value::Array(items)) => items.push(self.value.clone()),
            _ => {}
        }
    }
}

/// Collects the pointers to all values.
fn collect(value: &Value, path: &mut String, paths: &mut Vec<String>) {
    paths.push(path.clone());
    let length = path.len();
    let mut inside = |name: &str, value: &Value| {
        path.push('/');
        path.push_str(&name.replace('~', "~0").replace('/', "~1"));
        collect(value, path, paths);
        path.truncate(length);
    };
    match value {
        Value::Object(members) => members.iter().for_each(|(name, value)| inside(name, value)),
        Value::Array(items) => items.iter().enumerate().for_each(|(index, value)| inside(&index.to_string(), value)),
        _ => {}
    }
}

fn mutation() -> impl Strategy<Value = Mutation> {
    (any::<Index>(), 0..4_u8, grammar::odd_name(), grammar::odd_value()).prop_map(|(at, how, name, value)| Mutation {
        at,
        how,
        name,
        value,
    })
}

proptest! {
    #[test]
    fn what_the_grammar_makes_is_good(config in grammar::config()) {
        let text = config.to_string();
        let (_, warnings) = Config::parse(text.as_bytes()).map_err(|fault| TestCaseError::fail(fault.to_string()))?;
        prop_assert!(warnings.is_empty(), "{:?}", warnings);
        let errors: Vec<_> = SCHEMA.iter_errors(&config).map(|error| error.to_string()).collect();
        prop_assert!(errors.is_empty(), "{:?}", errors);
    }

    #[test]
    fn the_schema_rejects_nothing_that_the_parser_accepts(
        mut config in grammar::config(),
        mutations in prop::collection::vec(mutation(), 1..4),
    ) {
        for mutation in &mutations {
            mutation.apply(&mut config);
        }
        let text = config.to_string();
        let refused = refused(&text);
        prop_assert!(!refused.is_empty() || accepts(&text), "{}", text);
    }

    #[test]
    fn the_schema_rejects_what_the_parser_refuses_but_for_what_it_cannot(
        mut config in grammar::config(),
        mutations in prop::collection::vec(mutation(), 1..4),
    ) {
        for mutation in &mutations {
            mutation.apply(&mut config);
        }
        let text = config.to_string();
        let beyond = |fault: &Diagnostic| BEYOND_SCHEMAS.contains(&fault.expected());
        let told: Vec<_> = refused(&text).into_iter().filter(|fault| !beyond(fault)).collect();
        prop_assert!(told.is_empty() || !accepts(&text), "{:?} {}", told, text);
    }
}

#[test]
fn mutations_do_something() {
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let (mut refusals, mut acceptances) = (0, 0);
    for _ in 0..300 {
        let (mut config, mutation) = (grammar::config(), mutation()).new_tree(&mut runner).expect("a config").current();
        let before = config.clone();
        mutation.apply(&mut config);
        if config != before {
            *(if refused(&config.to_string()).is_empty() { &mut acceptances } else { &mut refusals }) += 1;
        }
    }
    assert!(refusals > 60 && acceptances > 60, "{refusals} are refused, {acceptances} are not");
    assert!(refused(&json!({"CANARY_PERCENTAGE": 5, "FEATURE_FLAGS": {}, "TEAM": 1}).to_string()).is_empty());
}
