//! The JSON Schema of the config.

use serde_json::Value;

/// The schema as it is printed. It is a file of its own so that the tests can hold it against the parser.
pub(crate) const SCHEMA: &str = include_str!("schema.json");

/// The top-level keys of a config.
pub(crate) fn keys() -> Vec<String> {
    let schema: Value = serde_json::from_str(SCHEMA).unwrap_or_default();
    let keys = schema.get("properties").and_then(Value::as_object);
    keys.into_iter().flat_map(|keys| keys.keys().cloned()).collect()
}
