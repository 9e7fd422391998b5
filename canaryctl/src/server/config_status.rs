//! The status of the config: valid with a summary, rejected or missing.

use std::fmt;

use canary_runtime::Diagnostic;
use serde_json::{Value, json};

use crate::config::loaded::Loaded;

/// How a page goes on without a config that it accepts.
const PAGES: &str = "pages keep their last good config, else load stable";

/// The status of the config after a change.
#[derive(Debug, PartialEq)]
pub(crate) enum ConfigStatus {
    /// Pages accept it.
    Valid {
        /// The share of users on the canary, in percent.
        percentage: f64,
        /// The value of `REVISION`.
        revision: Option<u64>,
        /// The number of flags.
        flags: usize,
        /// Problems that disable only a part of the config.
        warnings: Vec<String>,
        /// The same for people: with their places in the file, and the source.
        places: Vec<String>,
    },
    /// It is served, but every page rejects it, for this reason; then the same for people.
    Rejected(String, String),
    /// There is no config to serve, for this reason.
    Missing(String),
}

impl ConfigStatus {
    /// Checks a config, or the error of reading it, as a page does at the time `now`, in milliseconds since 1970.
    pub(crate) fn of(config: Result<&Loaded, &str>, now: i64) -> Self {
        let config = match config {
            Ok(config) => config,
            Err(error) => return Self::Missing(error.to_owned()),
        };
        let parsed = config.parsed.as_ref().map_err(Diagnostic::clone);
        match parsed.and_then(|parsed| parsed.0.check_expiry(Some(now)).map(|()| parsed)) {
            Ok((parsed, warnings)) => Self::Valid {
                percentage: f64::from(parsed.percentage.buckets()) / 1000.0,
                revision: parsed.revision(),
                flags: parsed.flag_keys().count(),
                warnings: warnings.iter().map(ToString::to_string).collect(),
                places: config
                    .found()
                    .iter()
                    .map(|found| config.shown(&config.describe(found).into_warning()))
                    .collect(),
            },
            Err(fault) => {
                let own = config.found().first().filter(|_| config.parsed.is_err());
                // An expired config is none that was found to be malformed.
                let value = config.document.root().get(fault.key());
                let place = value.map(|value| config.document.position(value.span().start));
                let expired = fault.clone().with_position(place);
                let described = config.describe(own.unwrap_or(&expired));
                Self::Rejected(fault.to_string(), config.shown(&described))
            }
        }
    }

    /// The status as JSON.
    pub(crate) fn json(&self) -> Value {
        match self {
            Self::Valid { percentage, revision, flags, warnings, .. } => json!({"config": {
                "served": true, "error": null, "percentage": percentage, "revision": revision, "flags": flags,
                "warnings": warnings,
            }}),
            Self::Rejected(error, _) => json!({"config": {"served": true, "error": error}}),
            Self::Missing(error) => {
                json!({"config": {"served": false, "error": error.lines().next().unwrap_or_default()}})
            }
        }
    }
}

impl fmt::Display for ConfigStatus {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Valid { percentage, revision, flags, places, .. } => {
                write!(out, "config: {percentage} % canary, ")?;
                match revision {
                    Some(revision) => write!(out, "revision {revision}, ")?,
                    None => out.write_str("no revision, ")?,
                }
                write!(out, "{flags} {}", if *flags == 1 { "flag" } else { "flags" })?;
                places.iter().try_for_each(|place| write!(out, "\nconfig: {}", place.trim_end()))
            }
            Self::Rejected(_, place) => write_first(out, place, "served as is"),
            Self::Missing(error) => write_first(out, error, "answered with 404"),
        }
    }
}

/// Writes an error, with what follows from it on its first line; below that is the source.
fn write_first(out: &mut fmt::Formatter<'_>, error: &str, answer: &str) -> fmt::Result {
    let (line, source) = error.trim_end().split_once('\n').unwrap_or((error.trim_end(), ""));
    write!(out, "config: {line} ({answer}; {PAGES})")?;
    if source.is_empty() { Ok(()) } else { write!(out, "\n{source}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(config: Result<&str, &str>, text: &str, json: &str) {
        let config = config.map(|text| Loaded::parse("config".to_owned(), text.as_bytes()));
        let status = ConfigStatus::of(config.as_ref().map_err(|error| *error), 1_000);
        assert_eq!(status.to_string(), text);
        assert_eq!(status.json(), serde_json::from_str::<Value>(json).unwrap());
    }

    #[test]
    fn an_expired_config_is_rejected() {
        let config = r#"{"CANARY_PERCENTAGE": 5, "FEATURE_FLAGS": {}, "EXPIRES_AT": "1970-01-01T00:00:01Z"}"#;
        let fault = "E115 EXPIRES_AT: expected a time after the Date of the response";
        check(
            Ok(config),
            "config: config:1:61: error E115 EXPIRES_AT: expected a time after the Date of the response (served as is; pages keep \
             their last good config, else load stable)\n  |\n1 | {\"CANARY_PERCENTAGE\": 5, \"FEATURE_FLAGS\": {}, \
             \"EXPIRES_AT\": \"1970-01-01T00:00:01Z\"}\n  |                                                             \
             ^^^^^^^^^^^^^^^^^^^^^^ found a string",
            &format!(r#"{{"config": {{"served": true, "error": "{fault}"}}}}"#),
        );
    }

    #[test]
    fn a_valid_config_is_summarized() {
        check(
            Ok(r#"{"CANARY_PERCENTAGE": 0.5, "REVISION": 7, "FEATURE_FLAGS": {"a": 1, "b": true}}"#),
            "config: 0.5 % canary, revision 7, 2 flags",
            r#"{"config": {"served": true, "percentage": 0.5, "revision": 7, "flags": 2, "warnings": [], "error": null}}"#,
        );
    }

    #[test]
    fn each_warning_has_a_line() {
        check(
            Ok(r#"{"CANARY_PERCENTAGE": 100, "FEATURE_FLAGS": {"a": "on"}}"#),
            "config: 100 % canary, no revision, 1 flag\n\
             config: config:1:51: warning E112 FEATURE_FLAGS.a: expected true, false, a percentage or an object\n  |\n\
             1 | {\"CANARY_PERCENTAGE\": 100, \"FEATURE_FLAGS\": {\"a\": \"on\"}}\n  |                                                   ^^^^ \
             found a string",
            r#"{"config": {"served": true, "percentage": 100.0, "revision": null, "flags": 1, "error": null, "warnings":
                ["E112 FEATURE_FLAGS.a (line 1, column 51): expected true, false, a percentage or an object"]}}"#,
        );
    }

    #[test]
    fn a_rejected_config_has_a_reason() {
        check(
            Ok("{}"),
            "config: config:1:1: error E109 CANARY_PERCENTAGE: expected a number from 0 to 100 with at most 3 decimals (served \
             as is; pages keep their last good config, else load stable)\n  |\n1 | {}\n  | ^ CANARY_PERCENTAGE is missing",
            r#"{"config": {"served": true,
                "error": "E109 CANARY_PERCENTAGE (line 1, column 1): expected a number from 0 to 100 with at most 3 decimals"}}"#,
        );
    }

    #[test]
    fn a_missing_config_has_a_reason() {
        check(
            Err("cannot read cm.yaml: gone"),
            "config: cannot read cm.yaml: gone (answered with 404; pages keep their last good config, else load stable)",
            r#"{"config": {"served": false, "error": "cannot read cm.yaml: gone"}}"#,
        );
    }
}
