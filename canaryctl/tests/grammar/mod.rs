//! A generator of configs, and of odd values to replace parts of them.

use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::{Map, Value, json};

/// Names that have a meaning somewhere in a config, and some that have none.
const NAMES: &str = "SCHEMA_VERSION CANARY_PERCENTAGE FEATURE_FLAGS REVISION SALT CANARY_RULES ASSETS TELEMETRY GUARD \
    OVERRIDES SEGMENTS EXPIRES_AT $schema enabled percentage salt default variants rules requires from until weight \
    value if serve always canary stable version scripts styles preload src href type as integrity endpoint sampleRate \
    cohorts countAutomation horizonSeconds readyTimeoutMs readyWhen query $and $or $nor $not $eq $in $size $all $alli $elemMatch \
    $regex $regexi $inGroup $near x __proto__";

/// Values that are wrong in nearly all places.
const ODD: &str = r#"[
    null, true, false, 0, -1, 1, 2, 1.5, 100.001, 101, 33.3333, 1e300, 1000000001, 18446744073709551615, "", "x", "a b",
    "canary", "module", "font", "2026-02-29T00:00:00Z", "2024-02-29T23:59:60z", "sha384-AA", "/a.js", "//a.js",
    "https://cdn.example/a.js", "(?=a)", [], [null], [{}], {}, {"x": 1}, {"$regex": 5}, {"$elemMatch": 5},
    {"$elemMatch": {"$and": 5}}, {"$elemMatch": {"$and": 5, "x": 1}}, {"$not": {"$elemMatch": null}},
    {"$all": [{"$elemMatch": []}]}, {"$and": 5}, {"$or": [5]}, {"$not": []}, {"x": {"weight": 0, "value": 1}},
    {"x": {"weight": 1, "value": 1}}, {"a": true}, [{"if": {}, "serve": "stable"}], [{"if": {}}]
]"#;

/// A replacement for a name.
pub(crate) fn odd_name() -> impl Strategy<Value = String> {
    let names: Vec<_> = NAMES.split_whitespace().chain(["", "a b"]).map(str::to_owned).collect();
    select(names)
}

/// A replacement for a value.
pub(crate) fn odd_value() -> impl Strategy<Value = Value> {
    let values: Vec<Value> = serde_json::from_str(ODD).expect("JSON");
    prop_oneof![3 => select(values), 1 => json()]
}

/// A member's value, or none.
type Member = BoxedStrategy<Option<Value>>;

fn need(value: impl Strategy<Value = Value> + 'static) -> Member {
    value.prop_map(Some).boxed()
}

fn maybe(value: impl Strategy<Value = Value> + 'static) -> Member {
    option::of(value).boxed()
}

fn object<const N: usize>(members: [(&'static str, Member); N]) -> BoxedStrategy<Value> {
    let (names, values): (Vec<_>, Vec<_>) = members.into_iter().unzip();
    let put = move |values: Vec<Option<Value>>| {
        let members = names.iter().zip(values).filter_map(|(name, value)| Some(((*name).to_owned(), value?)));
        Value::Object(members.collect::<Map<_, _>>())
    };
    values.prop_map(put).boxed()
}

fn truth() -> impl Strategy<Value = Value> {
    any::<bool>().prop_map(Value::from)
}

fn list(item: impl Strategy<Value = Value> + 'static, least: usize) -> impl Strategy<Value = Value> {
    prop::collection::vec(item, least..least + 3).prop_map(Value::from)
}

fn map(
    name: impl Strategy<Value = String> + 'static,
    value: impl Strategy<Value = Value> + 'static,
    least: usize,
) -> BoxedStrategy<Value> {
    prop::collection::btree_map(name, value, least..least + 4).prop_map(|members| json!(members)).boxed()
}

fn word(words: &'static [&'static str]) -> impl Strategy<Value = Value> {
    select(words).prop_map(Value::from)
}

fn name() -> impl Strategy<Value = String> {
    "[A-Za-z0-9_.-]{1,64}".prop_filter("a name of JavaScript's own", |name| {
        !["__proto__", "constructor", "prototype"].contains(&name.as_str())
    })
}

/// Any JSON without operators.
pub(crate) fn json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i32>().prop_map(Value::from),
        (-1e9..1e9).prop_map(Value::from),
        ".{0,8}".prop_map(Value::from),
    ];
    leaf.prop_recursive(2, 8, 3, |inside| prop_oneof![list(inside.clone(), 0), map("[a-z]{0,3}".boxed(), inside, 0)])
}

fn percentage() -> impl Strategy<Value = Value> {
    prop_oneof![
        (0..=100_000_u32).prop_map(|buckets| json!(f64::from(buckets) / 1000.0)),
        (0..=100_u32).prop_map(Value::from),
    ]
}

fn time() -> impl Strategy<Value = Value> {
    let date =
        (0..10_000_u32, 1..=12_u32, 1..=28_u32).prop_map(|(year, month, day)| format!("{year:04}-{month:02}-{day:02}"));
    let date = prop_oneof![4 => date, 1 => select(&["2024-02-29", "2000-02-29", "2026-01-31", "2026-04-30"]).prop_map(str::to_owned)];
    (date, 0..24_u32, 0..60_u32, 0..=60_u32, "(\\.[0-9]{1,9})?", "[Zz]|[+-]([01][0-9]|2[0-3]):[0-5][0-9]", "[Tt]")
        .prop_map(|(date, hour, minute, second, part, zone, mark)| {
            json!(format!("{date}{mark}{hour:02}:{minute:02}:{second:02}{part}{zone}"))
        })
}

fn pattern() -> impl Strategy<Value = Value> {
    word(&["", "^/shop/", "a{2,3}?", "[^a-z_]+", r"\d+\.\d+", "(?:a|b)*c", r"\bx\b"])
}

fn with_sku(mut condition: Value, sku: Value) -> Value {
    condition["sku"] = sku;
    condition
}

fn condition() -> BoxedStrategy<Value> {
    let plain = map(".{0,6}".prop_filter("an operator", |name| !name.starts_with('$')).boxed(), json(), 0);
    let condition = plain.prop_recursive(3, 12, 3, |inside| {
        let operators = prop_oneof![
            (
                word(&["$eq", "$ne", "$gt", "$lte", "$exists", "$in", "$nini", "$veq", "$vgte", "$inGroup", "$type"]),
                json()
            ),
            (word(&["$regex", "$regexi"]), pattern()),
            (word(&["$all", "$alli"]), list(json(), 0)),
            // With `$and` and its like alone, these would be unknown operators.
            (word(&["$elemMatch"]), (inside.clone(), json()).prop_map(|(condition, sku)| with_sku(condition, sku))),
            (word(&["$elemMatch", "$not", "$size"]), json().prop_map(|value| json!({"$gt": value}))),
        ];
        let name = |(name, value): (Value, Value)| (name.as_str().unwrap_or_default().to_owned(), value);
        let wanted = prop::collection::vec(operators.prop_map(name), 1..3)
            .prop_map(|operators| Value::Object(operators.into_iter().collect()));
        prop_oneof![
            map("[a-z.]{1,6}".boxed(), wanted, 0),
            object([
                ("$and", maybe(list(inside.clone(), 0))),
                ("$or", maybe(list(inside.clone(), 0))),
                ("$nor", maybe(list(inside.clone(), 0))),
                ("$not", maybe(inside.clone())),
                ("plan", maybe(json()))
            ]),
        ]
    });
    condition.boxed()
}

fn flag() -> impl Strategy<Value = Value> {
    let rule = |serve: BoxedStrategy<Value>| {
        object([("if", need(condition())), ("serve", maybe(serve)), ("percentage", maybe(percentage()))])
    };
    let weight = (1..=1_000_000_000_u32).prop_map(Value::from);
    let variants = object([
        ("blue", need(object([("weight", need(weight)), ("value", need(json()))]))),
        ("", need(object([("weight", need((0..3_u32).prop_map(Value::from))), ("value", need(json()))]))),
    ]);
    let names = || word(&["blue", ""]).boxed();
    let free = || json().boxed();
    let common = |variants: Member, served: fn() -> BoxedStrategy<Value>, rules: BoxedStrategy<Value>| {
        object([
            ("enabled", maybe(truth())),
            ("percentage", maybe(percentage())),
            ("salt", maybe(name().prop_map(Value::from))),
            ("default", maybe(served())),
            ("variants", variants),
            ("rules", maybe(rules)),
            // None of these flags exists, so there are no cycles.
            ("requires", maybe(map("[a-z]:[a-z]".boxed(), json(), 0))),
            ("from", maybe(time())),
            ("until", maybe(time())),
        ])
    };
    prop_oneof![
        truth(),
        percentage(),
        common(need(variants), names, list(rule(names()), 0).boxed()),
        common(Just(None).boxed(), free, list(rule(free()), 0).boxed()),
    ]
}

fn bundle() -> impl Strategy<Value = Value> {
    let path = || "(/[A-Za-z0-9_@-]{1,8}){1,3}(\\.js)?".prop_map(Value::from);
    let hash = || "sha(256|384|512)-[A-Za-z0-9+/]{1,20}={0,2}".prop_map(Value::from);
    let script =
        object([("src", need(path())), ("type", maybe(word(&["module", "classic"]))), ("integrity", maybe(hash()))]);
    let style = object([("href", need(path())), ("integrity", maybe(hash()))]);
    let preload = object([("href", need(path())), ("as", need(word(&["script", "style", "font", "image", "fetch"])))]);
    object([
        ("version", need(".{1,8}".prop_map(Value::from))),
        ("scripts", need(list(script, 1))),
        ("styles", maybe(list(style, 0))),
        ("preload", maybe(list(preload, 0))),
    ])
}

/// A whole config without a fault.
pub(crate) fn config() -> impl Strategy<Value = Value> {
    let rule =
        object([("if", need(condition())), ("serve", need(word(&["canary", "stable"]))), ("always", maybe(truth()))]);
    object([
        ("$schema", maybe(json())),
        ("SCHEMA_VERSION", maybe(Just(json!(1)))),
        ("CANARY_PERCENTAGE", need(percentage())),
        ("FEATURE_FLAGS", need(map(name().boxed(), flag(), 0))),
        ("REVISION", maybe((0..1_u64 << 53).prop_map(Value::from))),
        ("SALT", maybe(name().prop_map(Value::from))),
        ("CANARY_RULES", maybe(list(rule, 0))),
        ("SEGMENTS", maybe(map(".{0,6}".boxed(), list(json(), 0), 0))),
        ("ASSETS", maybe(object([("canary", maybe(bundle()))]))),
        (
            "TELEMETRY",
            maybe(object([
                ("endpoint", maybe(".{1,9}".prop_map(Value::from))),
                ("sampleRate", maybe((0.0..=1.0).prop_map(Value::from))),
                ("cohorts", maybe(word(&["all", "balanced"]))),
                ("countAutomation", maybe(truth())),
                ("horizonSeconds", maybe((1..=3_600_u32).prop_map(Value::from))),
            ])),
        ),
        (
            "GUARD",
            maybe(object([
                ("readyTimeoutMs", maybe((1..=30_000_u32).prop_map(Value::from))),
                ("readyWhen", maybe(word(&["loaded", "started"]))),
            ])),
        ),
        ("OVERRIDES", maybe(object([("query", maybe(truth()))]))),
        ("EXPIRES_AT", maybe(time())),
    ])
}
