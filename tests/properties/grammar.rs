//! Strategies for random configs, attributes and patterns.

use proptest::prelude::*;
use proptest::strategy::Union;

fn one_of(texts: &'static [&'static str]) -> BoxedStrategy<String> {
    prop::sample::select(texts).prop_map(str::to_owned).boxed()
}

fn list(item: impl Strategy<Value = String> + 'static) -> BoxedStrategy<String> {
    prop::collection::vec(item, 0..4).prop_map(|items| format!("[{}]", items.join(", "))).boxed()
}

/// An object with some of the members.
fn members(members: Vec<(&'static str, BoxedStrategy<String>)>) -> BoxedStrategy<String> {
    let some: Vec<_> = members
        .into_iter()
        .map(|(name, value)| prop::option::of(value.prop_map(move |value| format!("\"{name}\": {value}"))))
        .collect();
    some.prop_map(|some| format!("{{{}}}", some.into_iter().flatten().collect::<Vec<_>>().join(", "))).boxed()
}

const NAMES: [&str; 6] = ["a", "b", "if", "$x", "a.b", ""];

/// Any number.
pub(crate) fn number() -> BoxedStrategy<String> {
    r"-?(0|[1-9][0-9]{0,25})(\.[0-9]{1,25})?([eE][+-]?[0-9]{1,2})?".boxed()
}

/// Any value.
pub(crate) fn value() -> BoxedStrategy<String> {
    let leaf = one_of(&[
        "null",
        "true",
        "false",
        "0",
        "1",
        "-1.5",
        "1e3",
        "\"\"",
        "\"1\"",
        "\"a\"",
        "\"A\"",
        "\"1.2.3\"",
        "\"\\ud800\"",
    ]);
    leaf.prop_recursive(3, 12, 3, |inner| {
        prop_oneof![list(inner.clone()), members(NAMES.map(|name| (name, inner.clone().boxed())).to_vec())].boxed()
    })
    .boxed()
}

/// Any object.
pub(crate) fn object() -> BoxedStrategy<String> {
    members(NAMES.map(|name| (name, value())).to_vec())
}

fn condition() -> BoxedStrategy<String> {
    const PLAIN: &[&str] = &[
        "$eq",
        "$ne",
        "$in",
        "$nin",
        "$ini",
        "$nini",
        "$gt",
        "$gte",
        "$lt",
        "$lte",
        "$exists",
        "$type",
        "$size",
        "$veq",
        "$vne",
        "$vgt",
        "$vgte",
        "$vlt",
        "$vlte",
        "$inGroup",
        "$notInGroup",
        "$unknown",
    ];
    let operator = (prop::sample::select(PLAIN), value()).prop_map(|(name, value)| format!("{{\"{name}\": {value}}}"));
    let pattern = (one_of(&["$regex", "$regexi"]), pattern())
        .prop_map(|(name, pattern)| format!("{{\"{name}\": {}}}", serde_json::Value::from(pattern)));
    let wanted = Union::new([value(), operator.boxed(), pattern.boxed()]).boxed();
    let leaf = members(NAMES.map(|name| (name, wanted.clone())).to_vec());
    leaf.prop_recursive(3, 12, 3, |inner| {
        let combined = members(vec![
            ("$and", list(inner.clone())),
            ("$or", list(inner.clone())),
            ("$nor", list(inner.clone())),
            ("$not", inner.clone().boxed()),
        ]);
        let element = inner.prop_map(|inner| format!("{{\"a\": {{\"$elemMatch\": {inner}}}}}"));
        prop_oneof![combined, element].boxed()
    })
    .boxed()
}

fn flag() -> BoxedStrategy<String> {
    let percentage = || one_of(&["0", "100", "50", "0.001", "33.333", "-0", "1e1"]);
    let served = || one_of(&["\"x\"", "\"y\"", "true", "7", "null"]);
    let rule = || {
        (condition(), members(vec![("serve", served()), ("percentage", percentage()), ("more", value())])).prop_map(
            |(condition, rest)| {
                format!("{{\"if\": {condition}{}{}", if rest == "{}" { "" } else { ", " }, rest.trim_start_matches('{'))
            },
        )
    };
    let variants = one_of(&[
        r#"{"x": {"weight": 1, "value": 1}}"#,
        r#"{"x": {"weight": 1, "value": {}}, "y": {"weight": 1000000000, "value": null}}"#,
        r#"{"x": {"weight": 0, "value": 1}}"#,
        "5",
    ]);
    let object = members(vec![
        ("enabled", one_of(&["true", "false", "1"])),
        ("percentage", percentage()),
        ("salt", one_of(&["\"s\"", "\"\""])),
        ("default", served()),
        ("variants", variants),
        ("rules", list(rule())),
        ("requires", members(vec![("f1", value()), ("f2", value()), ("f3", value())])),
        ("from", one_of(&["\"1970-01-01T00:00:00Z\"", "\"2026-12-01T00:00:00+01:00\""])),
        ("until", one_of(&["\"2026-12-01T00:00:00Z\"", "0"])),
    ]);
    prop_oneof![percentage(), one_of(&["true", "false", "\"on\"", "101"]), object].boxed()
}

/// A valid config, parts of which may be malformed.
pub(crate) fn config() -> BoxedStrategy<String> {
    let rule = (condition(), one_of(&["canary", "stable"]), any::<bool>()).prop_map(|(condition, serve, always)| {
        format!(r#"{{"if": {condition}, "serve": "{serve}", "always": {always}}}"#)
    });
    let rest = members(vec![
        ("REVISION", one_of(&["1", "-1", "\"x\""])),
        ("SALT", one_of(&["\"s\"", "\"release-1.5.0\""])),
        ("CANARY_RULES", list(rule)),
        ("TELEMETRY", one_of(&["{}", r#"{"countAutomation": true}"#, r#"{"sampleRate": 2}"#])),
        ("GUARD", one_of(&["5", r#"{"readyWhen": "started"}"#])),
        ("OVERRIDES", one_of(&[r#"{"query": true}"#, "[]"])),
        ("SEGMENTS", one_of(&["{}", r#"{"a": [1, "a"], "b": ["sha256:0"]}"#])),
        ("MORE", value()),
        ("FEATURE_FLAGS", members(vec![("f1", flag()), ("f2", flag()), ("f3", flag()), ("__proto__", flag())])),
    ]);
    (one_of(&["0", "5", "50", "100"]), rest)
        .prop_map(|(percentage, rest)| {
            let flags = if rest.contains("\"FEATURE_FLAGS\"") { "" } else { "\"FEATURE_FLAGS\": {}, " };
            let rest = rest.trim_start_matches('{');
            format!("{{{flags}\"CANARY_PERCENTAGE\": {percentage}{}{rest}", if rest == "}" { "" } else { ", " })
        })
        .boxed()
}

/// A pattern that is portable or nearly so.
pub(crate) fn pattern() -> BoxedStrategy<String> {
    let class = prop::collection::vec(
        one_of(&["a", "b-y", "é", "0-9", r"\d", r"\S", r"\]", r"\-", ".", "&", "^", "😀", r"\\", "#", " "]),
        1..4,
    );
    let class = (one_of(&["", "^"]), class, one_of(&["", "-"]))
        .prop_map(|(not, class, end)| format!("[{not}{}{end}]", class.concat()));
    let atom = prop_oneof![
        one_of(&[
            "a", "é", "😀", ".", r"\d", r"\D", r"\w", r"\W", r"\s", r"\S", r"\.", r"\/", r"\t", r"\v", "#", " ", "-",
            "<", "&&", "ſ"
        ]),
        class
    ];
    let leaf = prop_oneof![atom.clone(), one_of(&["^", "$", r"\b", "|", ""])];
    let quantified = (atom, one_of(&["*", "+", "?", "{2}", "{0}", "{1,}", "{2,3}", "*?", "{0,0}?"]))
        .prop_map(|(atom, count)| atom + &count);
    prop_oneof![leaf, quantified]
        .prop_recursive(4, 24, 4, |inner| {
            let group = (one_of(&["(", "(?:"]), inner.clone(), one_of(&[")", ")*", ")?", "){3}", ")+?"]))
                .prop_map(|(open, inner, close)| format!("{open}{inner}{close}"));
            prop_oneof![group, prop::collection::vec(inner, 0..4).prop_map(|parts| parts.concat())]
        })
        .boxed()
}
