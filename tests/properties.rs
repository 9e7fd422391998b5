//! Properties that hold for every input.
#![cfg(not(target_arch = "wasm32"))]
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "a panic fails the test"
)]

use canary_runtime::bucketing::{BUCKETS, Domain, bucket};
use canary_runtime::{
    Arm, AssetUrl, Cohort, Config, Decision, Details, Document, Evaluation, EvaluationContext, History, Overrides,
    Percentage, Reason, Value, Visitor,
};
use proptest::prelude::*;

#[path = "properties/distribution.rs"]
mod distribution;
#[path = "properties/grammar.rs"]
mod grammar;

/// Evaluates a config for a user and passes the decision and the flag `f` to `read`.
fn evaluate<T>(members: &str, key: &str, read: impl FnOnce(Decision, Details) -> T) -> T {
    let (config, _) = Config::parse(format!("{{{members}}}").as_bytes()).expect("a valid config");
    let context = EvaluationContext { targeting_key: key.to_owned(), ..EvaluationContext::default() };
    let evaluation = Evaluation::new(&config, &context);
    read(evaluation.decide(Visitor::Identified, History::default()), evaluation.flag("f"))
}

fn percent(buckets: u32) -> f64 {
    f64::from(buckets) / 1000.0
}

fn decide(buckets: u32, key: &str) -> Decision {
    evaluate(&format!(r#""CANARY_PERCENTAGE": {}, "FEATURE_FLAGS": {{}}"#, percent(buckets)), key, |decision, _| {
        decision
    })
}

/// Returns whether a flag with a percentage is `true`.
fn is_on(flag: impl Fn(f64) -> String, buckets: u32, key: &str) -> bool {
    let members = format!(r#""CANARY_PERCENTAGE": 0, "FEATURE_FLAGS": {{"f": {}}}"#, flag(percent(buckets)));
    evaluate(&members, key, |_, details| details.value.map(Value::source) == Some("true"))
}

/// The definitions of a flag with a percentage.
const PERCENTAGES: [fn(f64) -> String; 3] = [
    |percent| percent.to_string(),
    |percent| format!(r#"{{"percentage": {percent}, "salt": "s"}}"#),
    |percent| format!(r#"{{"rules": [{{"if": {{}}, "percentage": {percent}}}]}}"#),
];

proptest! {
    #[test]
    fn any_bytes_have_a_result(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let _result = Config::parse(&bytes);
    }

    #[test]
    fn any_json_like_text_has_a_result(text in r#"(\{|\}|\[|\]|"|:|,|\\|[a-zA-Z0-9_.+-]|CANARY_PERCENTAGE|FEATURE_FLAGS| ){0,60}"#) {
        let _result = Config::parse(text.as_bytes());
    }

    #[test]
    fn any_change_of_a_config_has_a_result(
        config in grammar::config(),
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>(), 0..4_u8), 1..8),
    ) {
        let mut bytes = config.into_bytes();
        for (index, byte, kind) in changes {
            let at = index.index(bytes.len());
            match kind {
                0 => bytes[at] = byte,
                1 => bytes.insert(at, byte),
                2 => bytes.truncate(at + 1),
                _ => { bytes.remove(at); }
            }
            if bytes.is_empty() { break }
        }
        if let Err(error) = Config::parse(&bytes) {
            prop_assert!(error.line().starts_with("E1"), "{}", error);
        }
    }

    #[test]
    fn every_config_can_be_evaluated(
        config in grammar::config(), attributes in grammar::object(), key in ".{0,3}", now in any::<i64>(),
    ) {
        let (config, _) = Config::parse(config.as_bytes()).map_err(|error| TestCaseError::fail(format!("{error} {config}")))?;
        let context = EvaluationContext { targeting_key: key, attributes: Document::parse(&attributes).expect("JSON") };
        let overrides = Overrides::new(["canary"], ["f1:[1]"]);
        let evaluation = Evaluation::new(&config, &context).with_overrides(&overrides).at(now);
        for flag in config.flag_keys() {
            let details = evaluation.flag(flag);
            prop_assert_eq!(details.to_json(), evaluation.flag(flag).to_json());
            prop_assert_eq!(details.error.is_some(), details.reason == Reason::Error);
            prop_assert!(details.error.is_none() || details.value.is_none());
        }
        for (quarantined, held) in [(false, false), (true, false), (false, true)] {
            let decision = evaluation.decide(Visitor::Identified, History { quarantined, held });
            prop_assert!(decision.cohort != Cohort::Control || decision.variant == Arm::Stable);
        }
    }

    #[test]
    fn numbers_equal_those_of_serde_json(text in grammar::number()) {
        let ours = Document::parse(&text).expect("JSON").root().as_number().expect("a number");
        let theirs: f64 = serde_json::from_str(&text).expect("a number");
        prop_assert_eq!(ours.to_bits(), theirs.to_bits(), "{}", text);
    }

    #[test]
    fn a_portable_pattern_compiles(pattern in grammar::pattern(), text in ".{0,8}", ignore_case in any::<bool>()) {
        check_pattern(&pattern, &text, ignore_case)?;
    }

    #[test]
    fn any_text_that_is_portable_compiles(pattern in r"[a-c(){}\[\]\\*+?|^$.,0-9dDwWsSbB/&~:=!<>-]{0,12}", text in "[a-c0-9 ]{0,8}") {
        check_pattern(&pattern, &text, false)?;
    }

    #[test]
    fn buckets_are_in_range(salt in ".*", key in ".*") {
        prop_assert!(bucket(Domain::Canary, &salt, &key) < BUCKETS);
    }

    #[test]
    fn raising_the_percentage_excludes_no_one(a in 0..=BUCKETS, b in 0..=BUCKETS, key in ".+") {
        let (low, high) = (decide(a.min(b), &key), decide(a.max(b), &key));
        prop_assert!(low.variant == Arm::Stable || high.variant == Arm::Canary);
        for definition in PERCENTAGES {
            prop_assert!(!is_on(definition, a.min(b), &key) || is_on(definition, a.max(b), &key));
        }
    }

    #[test]
    fn zero_percent_is_no_one_and_a_hundred_is_everyone(key in ".+") {
        prop_assert_eq!(decide(0, &key).variant, Arm::Stable);
        prop_assert_eq!(decide(BUCKETS, &key).variant, Arm::Canary);
        for definition in PERCENTAGES {
            prop_assert!(!is_on(definition, 0, &key) && is_on(definition, BUCKETS, &key));
        }
    }

    #[test]
    fn up_to_50_percent_no_one_moves_between_canary_and_control(a in 0..=BUCKETS / 2, b in 0..=BUCKETS / 2, key in ".+") {
        let cohorts = [decide(a, &key).cohort, decide(b, &key).cohort];
        prop_assert!(!(cohorts.contains(&Cohort::Canary) && cohorts.contains(&Cohort::Control)));
    }

    #[test]
    fn a_percentage_is_exact_or_rejected(percent in -1.0..101.0) {
        if let Some(percentage) = Percentage::new(percent) {
            prop_assert_eq!((f64::from(percentage.buckets()) / 1000.0).to_bits(), (percent + 0.0).to_bits());
        }
    }

    #[test]
    fn an_asset_url_is_a_plain_path_or_another_origin(text in r"[a-zA-Z0-9:/\\.%@?#_ -]{0,30}") {
        match AssetUrl::parse(&text) {
            Some(AssetUrl::SameOrigin) => prop_assert!(text.starts_with('/') && !text.starts_with("//") && !text.contains("..")),
            Some(AssetUrl::CrossOrigin(origin)) => prop_assert!(origin.starts_with("https://") && text.starts_with(origin)),
            None => {}
        }
    }
}

/// Checks that a portable pattern compiles: with `|` in front it matches everything, unless it does not compile. A flag
/// with a pattern that is not portable is malformed.
fn check_pattern(pattern: &str, text: &str, ignore_case: bool) -> Result<(), TestCaseError> {
    let operator = if ignore_case { "$regexi" } else { "$regex" };
    let flag = |pattern: &str| serde_json::json!({ "rules": [{ "if": { "a": { operator: pattern } } }] });
    let flags = serde_json::json!({ "plain": flag(pattern), "alternative": flag(&format!("|{pattern}")) });
    let config = serde_json::json!({ "CANARY_PERCENTAGE": 0, "FEATURE_FLAGS": flags }).to_string();
    let (config, _) = Config::parse(config.as_bytes()).expect("a valid config");
    let attributes = serde_json::json!({ "a": text }).to_string();
    let attributes = Document::parse(&attributes).expect("JSON");
    let context = EvaluationContext { attributes, ..EvaluationContext::default() };
    let flags = ["plain", "alternative"].map(|key| Evaluation::new(&config, &context).flag(key));
    if flags.iter().all(|details| details.error.is_none()) {
        prop_assert_eq!(flags[1].value.map(Value::source), Some("true"), "{}", pattern);
    }
    Ok(())
}

#[test]
fn the_largest_portable_patterns_compile() {
    for part in [r"\S{1000}", r"\W{1000}", ".{1000}", "[^a]{1000}", r"(\D{10}){100}", r"\S{999}?"] {
        for ignore_case in [false, true] {
            let pattern = part.repeat(999 / part.len());
            check_pattern(&pattern, "a", ignore_case).expect("compiles");
        }
    }
}
