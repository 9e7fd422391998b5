//! The steps of a flag's evaluation in words.

use canary_runtime::evaluation::FlagStep;
use canary_runtime::{Details, ErrorCode, Percentage};

use crate::commands::explain::json::value;

/// Describes why a flag has its value.
pub(crate) fn describe(details: &Details<'_>, steps: &[FlagStep<'_>]) -> String {
    if let Some(error) = details.error {
        let text = match error {
            ErrorCode::FlagNotFound => "the config has no such flag",
            ErrorCode::ParseError => "malformed, see the warnings",
            ErrorCode::TargetingKeyMissing => "a split needs a key",
            ErrorCode::InvalidContext | ErrorCode::General => "",
        };
        return text.to_owned();
    }
    if details.overridden {
        return "an override".to_owned();
    }
    let has_match = steps.iter().any(|step| matches!(step, FlagStep::RuleMatches { .. }));
    let texts = steps.iter().filter_map(|step| match step {
        FlagStep::Rules { count } if *count > 0 && !has_match => Some("no rule matches".to_owned()),
        FlagStep::Rules { .. } => None,
        step => Some(describe_step(step)),
    });
    texts.collect::<Vec<_>>().join(", ")
}

fn describe_step(step: &FlagStep<'_>) -> String {
    match step {
        FlagStep::Constant => "the same for everyone".to_owned(),
        FlagStep::Disabled => "enabled is false".to_owned(),
        FlagStep::NotStarted(from) => format!("begins at {}", from.source()),
        FlagStep::Ended(until) => format!("ended at {}", until.source()),
        FlagStep::Unmet { key, expected, actual: Some(actual) } => {
            format!("requires {key} to be {}, but it is {}", expected.source(), value(*actual))
        }
        FlagStep::Unmet { key, expected, actual: None } => {
            format!("requires {key} to be {}, but it has no value", expected.source())
        }
        FlagStep::Rules { count } => format!("{count} rules"),
        FlagStep::RuleMatches { number } => format!("rule {number} matches"),
        FlagStep::Percentage { source, percentage, bucket: Some(bucket), included } => {
            let (side, last) = (if *included { "inside" } else { "outside" }, last(*percentage));
            format!("bucket {bucket} is {side} {} %, 0 to {last}", source.source())
        }
        FlagStep::Percentage { source, included, .. } => {
            format!("{} %: {}", source.source(), if *included { "everyone" } else { "no one" })
        }
        FlagStep::Variant { name, bucket: Some(bucket), buckets } => {
            let last = buckets.end.saturating_sub(1);
            format!("variant bucket {bucket} is in {name}'s range, {} to {last}", buckets.start)
        }
        FlagStep::Variant { name, .. } => format!("all buckets belong to {name}"),
    }
}

fn last(percentage: Percentage) -> u32 {
    percentage.buckets().saturating_sub(1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use canary_runtime::{Config, Document, Evaluation, EvaluationContext};

    /// Checks the words about the flag `f` of `user-1`. Its buckets are 2,522 (flag) and 42,475 (variant).
    #[track_caller]
    fn check(flags: &str, key: &str, expected: &str) {
        let text = format!(r#"{{"CANARY_PERCENTAGE": 0, "FEATURE_FLAGS": {{"f": {flags}}}}}"#);
        let (config, _) = Config::parse(text.as_bytes()).unwrap();
        let attributes = Document::parse(r#"{"plan": "pro"}"#).unwrap();
        let context = EvaluationContext { targeting_key: key.to_owned(), attributes };
        let mut steps = Vec::new();
        let details = Evaluation::new(&config, &context).at(1_000).flag_traced("f", &mut steps);
        assert_eq!(describe(&details, &steps), expected, "{flags}");
    }

    #[test]
    fn every_step_has_words() {
        for (flags, expected) in [
            ("true", "the same for everyone"),
            ("{}", "the same for everyone"),
            ("0", "0 %: no one"),
            (r#"{"percentage": 100}"#, "100 %: everyone"),
            ("90.0", "bucket 2522 is inside 90.0 %, 0 to 89999"),
            ("2", "bucket 2522 is outside 2 %, 0 to 1999"),
            (r#"{"enabled": false, "until": "1970-01-01T00:00:00Z"}"#, "enabled is false"),
            (r#"{"from": "1970-01-01T00:01:00Z"}"#, "begins at \"1970-01-01T00:01:00Z\""),
            (r#"{"until": "1970-01-01T00:00:01Z"}"#, "ended at \"1970-01-01T00:00:01Z\""),
            (r#"{"requires": {"g": 1, "h": 2}}, "g": true"#, "requires g to be 1, but it is true"),
            (r#"{"requires": {"g": 1}}"#, "requires g to be 1, but it has no value"),
            (r#"{"rules": [{"if": {"plan": "free"}}]}"#, "no rule matches"),
            (r#"{"percentage": 0, "rules": [{"if": {"plan": "free"}}]}"#, "no rule matches, 0 %: no one"),
            (
                r#"{"rules": [{"if": {"plan": "free"}}, {"if": {"plan": "pro"}, "percentage": 2}, {"if": {}, "serve": 1}]}"#,
                "rule 2 matches, bucket 2522 is outside 2 %, 0 to 1999, rule 3 matches",
            ),
            (
                r#"{"variants": {"a": {"weight": 1, "value": 1}, "b": {"weight": 9, "value": 2}}}"#,
                "variant bucket 42475 is in b's range, 10000 to 99999",
            ),
            (
                r#"{"variants": {"a": {"weight": 0, "value": 1}, "b": {"weight": 9, "value": 2}}}"#,
                "all buckets belong to b",
            ),
            ("7.77777", "malformed, see the warnings"),
        ] {
            check(flags, "user-1", expected);
        }
        check("50", "", "a split needs a key");
    }
}
