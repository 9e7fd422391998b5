//! A page that parses a config by itself and asks the engine, as the loader does.
#![allow(clippy::cast_possible_truncation, clippy::cast_precision_loss, reason = "vectors are small")]

use std::collections::HashMap;

use canary_runtime::engine::Engine;
use canary_runtime::json::Kind;
use canary_runtime::{Document, Json, Visitor};
use serde_json::{Value, json};

const REASONS: [&str; 7] = ["STATIC", "SPLIT", "TARGETING_MATCH", "DEFAULT", "DISABLED", "CACHED", "ERROR"];
const ERRORS: [&str; 5] = ["FLAG_NOT_FOUND", "PARSE_ERROR", "TARGETING_KEY_MISSING", "INVALID_CONTEXT", "GENERAL"];

/// The values of a call to the engine.
#[derive(Default)]
struct Flat<'a> {
    nodes: Vec<u32>,
    text: Vec<u8>,
    values: Vec<Option<Json<'a>>>,
}

impl<'a> Flat<'a> {
    fn push(&mut self, value: Json<'a>) {
        let index = self.values.len();
        self.values.push(Some(value));
        let mut content = (0, 0);
        let kind = match value.kind() {
            Kind::Null => 0,
            Kind::False => 1,
            Kind::True => 2,
            Kind::Number => {
                let bits = value.as_number().expect("a number").to_bits();
                content = (bits as u32, (bits >> 32) as u32);
                3
            }
            Kind::String => {
                content = self.push_text(value.as_text());
                4
            }
            Kind::Array => 5,
            Kind::Object => 6,
        };
        let at = self.nodes.len();
        self.nodes.extend([kind, 0, content.0, content.1]);
        for item in value.items() {
            self.push(item);
        }
        for (key, member) in value.members() {
            self.push(key);
            self.push(member);
        }
        self.nodes[at + 1] = (self.values.len() - index) as u32;
    }

    fn push_text(&mut self, text: &str) -> (u32, u32) {
        let start = self.text.len();
        self.text.extend_from_slice(text.as_bytes());
        (start as u32, self.text.len() as u32)
    }

    /// Writes the values where the engine takes them.
    fn write(&self, engine: &mut Engine, prefix: &str, more: &[u32]) {
        engine.reserve(self.nodes.len() + more.len(), prefix.len() + self.text.len());
        engine.nodes()[..self.nodes.len()].copy_from_slice(&self.nodes);
        engine.nodes()[self.nodes.len()..].copy_from_slice(more);
        engine.text()[..prefix.len()].copy_from_slice(prefix.as_bytes());
        engine.text()[prefix.len()..].copy_from_slice(&self.text);
    }
}

fn flatten(value: Json) -> Flat {
    let mut flat = Flat::default();
    flat.push(value);
    flat
}

/// The top-level keys of a config, with an empty object in the place of the flags.
fn without_flags<'a>(root: Json<'a>, empty: Json<'a>) -> Flat<'a> {
    if root.kind() != Kind::Object {
        return flatten(root);
    }
    let mut flat = Flat { nodes: vec![6, 0, 0, 0], text: Vec::new(), values: vec![None] };
    for (key, value) in root.members() {
        flat.push(key);
        let is_flags = key.as_text() == "FEATURE_FLAGS" && value.kind() == Kind::Object;
        flat.push(if is_flags { empty } else { value });
    }
    flat.nodes[1] = flat.values.len() as u32;
    flat
}

/// A time as JavaScript has it.
pub(crate) fn time(millis: i64) -> f64 {
    millis as f64
}

/// A page with a config.
pub(crate) struct Page<'a> {
    engine: Engine,
    flags: Json<'a>,
    overrides: HashMap<String, Document>,
    /// The keys of the flags that have a number.
    keys: Vec<&'a str>,
    /// The values by node of the flags that the engine has.
    values: Vec<Vec<Option<Json<'a>>>>,
}

impl<'a> Page<'a> {
    /// Loads a config for a user. Fails with the number of the code for which the config is rejected.
    pub(crate) fn load(
        config: &'a Document,
        key: &str,
        attributes: &Document,
        response_time: f64,
    ) -> Result<Self, u32> {
        let mut engine = Engine::new();
        flatten(attributes.root()).write(&mut engine, key, &[]);
        assert!(engine.set_context(0, key.len()), "{attributes:?}");
        let empty = Document::parse("{}").expect("JSON");
        without_flags(config.root(), empty.root()).write(&mut engine, "", &[]);
        match engine.load(response_time) % 1000 {
            0 => {
                let flags = config.root().get("FEATURE_FLAGS").expect("flags");
                Ok(Self { engine, flags, overrides: HashMap::new(), keys: Vec::new(), values: Vec::new() })
            }
            code => Err(code),
        }
    }

    /// Overrides a flag.
    pub(crate) fn set_override(&mut self, key: &str, value: &str) {
        self.overrides.insert(key.to_owned(), Document::parse(value).expect("JSON"));
    }

    /// Decides, as [`canary_runtime::Decision::to_json`] writes it, but for the revision.
    pub(crate) fn decide(&mut self, visitor: Visitor, arm: Option<&str>, held: bool) -> Value {
        let visitor = match visitor {
            Visitor::Identified => 0,
            Visitor::Bot => 1,
            Visitor::Anonymous => 2,
        };
        let arm = match arm {
            Some("canary") => 1,
            Some("stable") => 2,
            _ => 0,
        };
        let number = self.engine.decide(visitor, arm, held, 0) as usize;
        let (variant, cohort) = (["canary", "stable"][number & 1], ["canary", "control", "rest"][number >> 1 & 3]);
        let (bucket, reason) = ((number >> 10 & 1 == 1).then(|| self.engine.bucket()), REASONS[number >> 3 & 7]);
        let mut decision = json!({
            "variant": variant, "cohort": cohort, "bucket": bucket, "reason": reason, "eligible": number >> 9 & 1 == 1
        });
        if let Some(error) = ERRORS.get(number >> 6 & 7) {
            decision["errorCode"] = json!(error);
        }
        decision
    }

    /// Returns the number of a flag, if the config has it.
    fn find(&mut self, key: &str) -> Option<usize> {
        let known = self.keys.iter().position(|known| *known == key);
        known.or_else(|| {
            let (name, _) = self.flags.members().find(|(name, _)| name.as_text() == key)?;
            self.keys.push(name.as_text());
            Some(self.keys.len() - 1)
        })
    }

    /// Gives the engine the next flag.
    fn add(&mut self, key: &str) {
        let (name, definition) = self.flags.members().find(|(name, _)| name.as_text() == key).expect("a flag");
        let others = definition.get("requires").map(Json::members).into_iter().flatten();
        let required: Vec<_> =
            others.map(|(key, _)| self.find(key.as_text()).map_or(u32::MAX, |index| index as u32)).collect();
        let mut flat = flatten(name);
        flat.push(definition);
        flat.write(&mut self.engine, "", &required);
        self.engine.add_flag(required.len());
        if let Some(value) = self.overrides.get(key) {
            flatten(value.root()).write(&mut self.engine, "", &[]);
            self.engine.set_override(self.values.len());
        }
        self.values.push(flat.values);
    }

    /// Evaluates a flag, as [`canary_runtime::Details::to_json`] writes it.
    pub(crate) fn flag(&mut self, key: &str, now: i64) -> Value {
        let Some(index) = self.find(key) else { return json!({"reason": "ERROR", "errorCode": "FLAG_NOT_FOUND"}) };
        while let Some(key) = self.keys.get(self.values.len()) {
            self.add(key);
        }
        self.engine.link();
        let number = self.engine.evaluate(index, 0, -1, time(now));
        let reason = REASONS[number as usize & 7];
        let mut details = json!({ "reason": reason });
        if let Some(error) = ERRORS.get(number as usize >> 3 & 7) {
            details["errorCode"] = json!(error);
        }
        let parse = |json: Json| serde_json::from_str::<Value>(json.source()).expect("JSON");
        if number & 64 != 0 {
            details["override"] = json!(true);
            details["value"] = parse(self.overrides[key].root());
        } else if number >> 8 > 2 {
            details["value"] = parse(self.values[index][(number >> 8) as usize - 3].expect("a value"));
        } else if number >> 8 > 0 {
            details["value"] = json!(number >> 8 == 2);
        }
        if number & 128 != 0 {
            details["bucket"] = json!(self.engine.bucket());
        }
        let variants = self.flags.get(key).and_then(|flag| flag.get("variants"));
        let variant = variants.and_then(|variants| variants.members().nth(self.engine.variant() as usize));
        if let Some((name, _)) = variant {
            details["variant"] = json!(name.as_text());
        }
        details
    }
}
