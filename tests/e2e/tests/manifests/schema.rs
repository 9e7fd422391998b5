//! Holds a value against a schema as the API server does, and takes a field that the schema does not know for an error.
//!
//! Both forms occur: the definitions of Kubernetes, which say `additionalProperties: false`, and the structural schemas of
//! CRDs, where everything that has no schema is unknown. Rules in CEL (`x-kubernetes-validations`) are not looked at.

use regex::Regex;
use serde_json::{Map, Value};

/// One way of writing schemas, with what `$ref` points to.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Schemas<'a> {
    /// By name.
    Definitions(&'a Map<String, Value>),
    /// Nothing is named; what is not listed is unknown.
    Structural,
}

/// What is wrong with `value`, each with its place below `place`.
pub(crate) fn check(schemas: Schemas<'_>, schema: &Value, value: &Value, place: &str) -> Vec<String> {
    let mut faults = Vec::new();
    let mut checker = Checker { schemas, faults: &mut faults };
    checker.structure(schema, value, place);
    faults
}

struct Checker<'a> {
    schemas: Schemas<'a>,
    faults: &'a mut Vec<String>,
}

impl Checker<'_> {
    fn fault(&mut self, place: &str, what: impl std::fmt::Display) {
        self.faults.push(format!("{place}: {what}"));
    }

    /// A schema that says what there may be.
    fn structure(&mut self, schema: &Value, value: &Value, place: &str) {
        if let Some(name) = schema["$ref"].as_str() {
            let name = name.rsplit('/').next().unwrap_or(name);
            let Schemas::Definitions(definitions) = self.schemas else { panic!("{name} in a structural schema") };
            let definition = definitions.get(name).unwrap_or_else(|| panic!("no definition of {name}"));
            return self.structure(definition, value, place);
        }
        self.values(schema, value, place);
        match value {
            Value::Object(fields) => self.fields(schema, fields, place),
            Value::Array(items) if !schema["items"].is_null() => {
                for (index, item) in items.iter().enumerate() {
                    self.structure(&schema["items"], item, &format!("{place}[{index}]"));
                }
            }
            _ => {}
        }
    }

    fn fields(&mut self, schema: &Value, fields: &Map<String, Value>, place: &str) {
        let structural = matches!(self.schemas, Schemas::Structural);
        let closed = structural && schema["x-kubernetes-preserve-unknown-fields"] != true;
        for (name, value) in fields {
            let inside = format!("{place}.{name}");
            match (&schema["properties"][name], &schema["additionalProperties"]) {
                (Value::Null, Value::Object(_)) => self.structure(&schema["additionalProperties"], value, &inside),
                (Value::Null, Value::Bool(false)) => self.fault(&inside, "unknown field"),
                (Value::Null, Value::Null) if closed => self.fault(&inside, "unknown field"),
                (Value::Null, _) => {}
                (known, _) => self.structure(known, value, &inside),
            }
        }
    }

    /// What a schema says about the value itself, whether it is a structure or one of `anyOf` and the like.
    fn values(&mut self, schema: &Value, value: &Value, place: &str) {
        for (keyword, told) in schema.as_object().into_iter().flatten() {
            self.keyword(schema, keyword, told, value, place);
        }
    }

    fn keyword(&mut self, schema: &Value, keyword: &str, told: &Value, value: &Value, place: &str) {
        match keyword {
            "type" => {
                let told: Vec<&str> = told
                    .as_array()
                    .map_or(vec![told], |all| all.iter().collect())
                    .into_iter()
                    .filter_map(Value::as_str)
                    .collect();
                if !told.iter().any(|told| is(value, told)) {
                    self.fault(place, format_args!("{value} is no {}", told[0]));
                }
            }
            "x-kubernetes-int-or-string" => {
                if *told == true && !is(value, "integer") && !is(value, "string") {
                    self.fault(place, format_args!("{value} is no integer or string"));
                }
            }
            "enum" => {
                if !told.as_array().is_some_and(|all| all.contains(value)) {
                    self.fault(place, format_args!("{value} is none of {told}"));
                }
            }
            "pattern" => {
                let pattern = told.as_str().unwrap_or_default();
                let regex = Regex::new(pattern).unwrap_or_else(|e| panic!("{pattern}: {e}"));
                if value.as_str().is_some_and(|text| !regex.is_match(text)) {
                    self.fault(place, format_args!("{value} does not match {pattern}"));
                }
            }
            "required" => {
                for name in told.as_array().into_iter().flatten().filter_map(Value::as_str) {
                    if value.is_object() && value.get(name).is_none() {
                        self.fault(place, format_args!("{name} is missing"));
                    }
                }
            }
            "minLength" | "minItems" | "minimum" => {
                if measured(keyword, value) < told.as_f64() && measured(keyword, value).is_some() {
                    self.fault(place, format_args!("{value} is below {keyword} {told}"));
                }
            }
            "maxLength" | "maxItems" | "maximum" => {
                if measured(keyword, value) > told.as_f64() {
                    self.fault(place, format_args!("{value} is above {keyword} {told}"));
                }
            }
            "oneOf" | "anyOf" => {
                let fitting = told.as_array().into_iter().flatten().filter(|one| self.fits(one, value)).count();
                if fitting == 0 || (keyword == "oneOf" && fitting > 1) {
                    self.fault(place, format_args!("{value} fits {fitting} of {told}"));
                }
            }
            "not" if self.fits(told, value) => {
                self.fault(place, format_args!("{value} is what it must not be: {told}"));
            }
            // Of structures, above; of an alternative, where only what is named is looked at.
            "properties" if !schema["type"].is_string() && !schema["type"].is_array() => {
                for (name, schema) in told.as_object().into_iter().flatten() {
                    if let Some(value) = value.get(name) {
                        self.values(schema, value, &format!("{place}.{name}"));
                    }
                }
            }
            "not" | "properties" | "items" | "additionalProperties" | "$ref" => {}
            // The API server does not look at these either, or not as a fault.
            other if other == "format" || other == "nullable" || other.starts_with("x-kubernetes-") => {}
            other => panic!("{place}: the schema says {other}, which this test does not know"),
        }
    }

    fn fits(&self, schema: &Value, value: &Value) -> bool {
        let mut faults = Vec::new();
        Checker { schemas: self.schemas, faults: &mut faults }.values(schema, value, "");
        faults.is_empty()
    }
}

/// What a limit is about: characters, items, or the number itself.
fn measured(keyword: &str, value: &Value) -> Option<f64> {
    let count = match keyword {
        "minLength" | "maxLength" => value.as_str()?.chars().count(),
        "minItems" | "maxItems" => value.as_array()?.len(),
        _ => return value.as_f64(),
    };
    u32::try_from(count).ok().map(f64::from)
}

/// Whether a value is of a type as schemas name it.
fn is(value: &Value, told: &str) -> bool {
    match told {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "boolean" => value.is_boolean(),
        "integer" => value.is_i64() || value.is_u64(),
        "number" => value.is_number(),
        // The definitions allow null everywhere; nobody writes it.
        _ => false,
    }
}

/// Schema, a value that fits, one that does not.
#[test]
fn every_schema_keyword_can_fail() {
    use serde_json::json;
    let cases = [
        (json!({ "type": "integer" }), json!(1), json!("1")),
        (json!({ "type": ["string", "null"] }), json!("a"), json!(1)),
        (json!({ "x-kubernetes-int-or-string": true }), json!("50%"), json!(true)),
        (json!({ "enum": ["a", "b"] }), json!("a"), json!("c")),
        (json!({ "pattern": "^[0-9]+s$" }), json!("5s"), json!("5 s")),
        (json!({ "required": ["a"], "properties": { "a": {} } }), json!({ "a": 1 }), json!({})),
        (json!({ "minLength": 1 }), json!("a"), json!("")),
        (json!({ "maxLength": 1 }), json!("ä"), json!("ab")),
        (json!({ "minItems": 1, "items": {} }), json!([1]), json!([])),
        (json!({ "maxItems": 1, "items": {} }), json!([1]), json!([1, 2])),
        (json!({ "minimum": 0 }), json!(0), json!(-1)),
        (json!({ "maximum": 5 }), json!(5), json!(5.5)),
        (json!({ "items": { "type": "string" } }), json!(["a"]), json!([1])),
        (
            json!({ "oneOf": [{ "required": ["a"] }, { "required": ["b"] }], "additionalProperties": {} }),
            json!({ "a": 1 }),
            json!({ "a": 1, "b": 2 }),
        ),
        (
            json!({ "anyOf": [{ "properties": { "a": { "enum": [1] } }, "required": ["a"] }], "additionalProperties": {} }),
            json!({ "a": 1 }),
            json!({ "a": 2 }),
        ),
        (json!({ "not": { "required": ["a"] }, "additionalProperties": {} }), json!({}), json!({ "a": 1 })),
        (json!({ "properties": { "a": {} } }), json!({ "a": 1 }), json!({ "b": 1 })),
        (json!({ "additionalProperties": { "type": "string" } }), json!({ "a": "b" }), json!({ "a": 1 })),
        (json!({ "x-kubernetes-preserve-unknown-fields": true, "type": "object" }), json!({ "a": 1 }), json!(1)),
    ];
    for (schema, good, bad) in cases {
        assert_eq!(check(Schemas::Structural, &schema, &good, ""), Vec::<String>::new(), "{schema}");
        assert_eq!(check(Schemas::Structural, &schema, &bad, "").len(), 1, "{schema} {bad}");
    }
}
