use canary_runtime::{Config, Document, Evaluation, EvaluationContext, Reason};
use proptest::prelude::*;

use super::*;

/// SHA-256 of `segment:testers:ann` and of `segment:testers:42`.
const ANN: &str = "sha256:d89e23299c6b58150f6562c1b3201c51208f054e313a9f3f858a38c7f24b6236";
const NUMBER: &str = "sha256:4466156737fe7375a9f60ba1b1a338e48cf24960a4b4cb9cfe3cc69cadaec3a5";

fn add(plain: bool) -> Add {
    Add { name: "testers".to_owned(), values: "-".into(), config: None, plain, edit: edit::Args::default() }
}

#[test]
fn hashes_are_those_of_the_runtime() {
    assert_eq!(hashed("testers", "ann"), ANN);
    assert_eq!(hashed("testers", "42"), NUMBER);
    assert_eq!(hashed("testers", "é"), "sha256:9ca7da15460265cb8769d71cd6aa93d44090b02584a6701f482ba4855118b706");
    assert_eq!(hashed("testers", ANN), ANN);
    for no_hash in [ANN.to_uppercase(), ANN.trim_end_matches('6').to_owned(), format!("{ANN}0")] {
        assert_ne!(hashed("testers", &no_hash), no_hash);
    }
}

#[test]
fn values_are_added_once() {
    let lines = |text: &str| text.split(' ').map(str::to_owned).collect::<Vec<_>>();
    let choose = |plain, text: &str, segment: Value| add(plain).choose(&lines(text), Some(&segment));
    assert_eq!(add(true).choose(&lines("ann bob ann"), None), (lines("ann bob"), 1));
    assert_eq!(choose(false, "ann bob", json!(["bob"])), (vec![ANN.to_owned()], 1));
    assert_eq!(choose(true, "ann bob", json!([ANN])), (lines("bob"), 1));
    assert_eq!(choose(false, &format!("{ANN} ann"), json!([])), (vec![ANN.to_owned()], 1));
    // A value that is not a string never matches the string that reads the same.
    assert_eq!(choose(true, "42 true null 5 7", json!([42.0, true, null, [5], "7"])), (lines("42 true null 5"), 1));
    assert_eq!(choose(false, "42", json!([NUMBER])), (vec![], 1));
}

#[test]
fn a_line_is_a_value() {
    let read = |text: &[u8]| read(text).map_err(|error| format!("{error:#}"));
    let values = |values: &[&str]| Ok(values.iter().map(|value| (*value).to_owned()).collect::<Vec<_>>());
    assert_eq!(read(b""), values(&[]));
    assert_eq!(read(b"a\r\n b \nc\r"), values(&["a", " b ", "c\r"]));
    assert_eq!(read(b"a\n\nb"), Err("line 2: an empty value".to_owned()));
    assert_eq!(read(b"\r\n"), Err("line 1: an empty value".to_owned()));
    let not_text = "line 2: not UTF-8: invalid utf-8 sequence of 1 bytes from index 0";
    assert_eq!(read(b"a\n\xff"), Err(not_text.to_owned()));
}

fn json_value() -> impl Strategy<Value = Value> {
    prop_oneof![
        prop::sample::select(vec![json!("5"), json!("ann"), json!("true"), json!("null"), json!("5,6"), json!("")]),
        prop::sample::select(vec![
            json!(5),
            json!(5.5),
            json!(true),
            json!(null),
            json!([5]),
            json!([5, 6]),
            json!({})
        ]),
        prop::sample::select(vec!["5", "ann", "true", "5,6"]).prop_map(|value| json!(segment_hash("testers", value))),
    ]
}

/// Whether a rule about the segment `testers` matches a user.
fn is_matched(listed: &[Value], user: &str) -> bool {
    let config = json!({
        "CANARY_PERCENTAGE": 0,
        "SEGMENTS": {"testers": listed},
        "FEATURE_FLAGS": {"a": {"default": false, "rules": [{"if": {"user": {"$inGroup": "testers"}}, "serve": true}]}},
    });
    let (config, _) = Config::parse(config.to_string().as_bytes()).unwrap();
    let attributes = Document::parse(&json!({"user": user}).to_string()).unwrap();
    let context = EvaluationContext { targeting_key: "key".to_owned(), attributes };
    Evaluation::new(&config, &context).flag("a").reason == Reason::TargetingMatch
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    /// A line is skipped if the runtime finds it in the segment, and found there once it is added.
    #[test]
    fn the_runtime_agrees(
        listed in prop::collection::vec(json_value(), 0..6),
        line in prop::sample::select(vec!["5", "5.5", "ann", "true", "null", "5,6", "[object Object]"]),
        plain in any::<bool>(),
    ) {
        let is_in = |listed: &[Value]| is_matched(listed, line);
        let (new, skipped) = add(plain).choose(&[line.to_owned()], Some(&Value::from(listed.clone())));
        prop_assert_eq!(skipped == 1, is_in(&listed), "{} {:?}", line, listed);
        let after: Vec<_> = listed.into_iter().chain(new.into_iter().map(Value::from)).collect();
        prop_assert!(is_in(&after), "{} {:?}", line, after);
    }
}
