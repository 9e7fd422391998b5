//! The status of the config: valid with a summary, rejected or missing.

use std::fmt;

use canary_runtime::Diagnostic;
use serde_json::{Value, json};

use crate::config::loaded::Loaded;

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
    },
    /// It is served, but every page rejects it, for this reason.
    Rejected(String),
    /// There is no config to serve, for this reason.
    Missing(String),
}

impl ConfigStatus {
    /// Checks a config, or the error of reading it, as a page does at the time `now`, in milliseconds since 1970.
    pub(crate) fn of(config: Result<&Loaded, &str>, now: i64) -> Self {
        let parsed = match config {
            Ok(config) => config.parsed.as_ref().map_err(Diagnostic::clone),
            Err(error) => return Self::Missing(error.to_owned()),
        };
        match parsed.and_then(|parsed| parsed.0.check_expiry(Some(now)).map(|()| parsed)) {
            Ok((config, warnings)) => Self::Valid {
                percentage: f64::from(config.percentage.buckets()) / 1000.0,
                revision: config.revision(),
                flags: config.flag_keys().count(),
                warnings: warnings.iter().map(ToString::to_string).collect(),
            },
            Err(fault) => Self::Rejected(fault.to_string()),
        }
    }

    /// The status as JSON.
    pub(crate) fn json(&self) -> Value {
        match self {
            Self::Valid { percentage, revision, flags, warnings } => json!({"config": {
                "served": true, "error": null, "percentage": percentage, "revision": revision, "flags": flags,
                "warnings": warnings,
            }}),
            Self::Rejected(error) => json!({"config": {"served": true, "error": error}}),
            Self::Missing(error) => json!({"config": {"served": false, "error": error}}),
        }
    }
}

impl fmt::Display for ConfigStatus {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Valid { percentage, revision, flags, warnings } => {
                write!(out, "config: {percentage} % canary, ")?;
                match revision {
                    Some(revision) => write!(out, "revision {revision}, ")?,
                    None => out.write_str("no revision, ")?,
                }
                write!(out, "{flags} {}", if *flags == 1 { "flag" } else { "flags" })?;
                warnings.iter().try_for_each(|warning| write!(out, "\nconfig: warning: {warning}"))
            }
            Self::Rejected(fault) => write!(out, "config: {fault} (served as is; pages load stable)"),
            Self::Missing(error) => write!(out, "config: {error} (answered with 404; pages load stable)"),
        }
    }
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
            &format!("config: {fault} (served as is; pages load stable)"),
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
             config: warning: E112 FEATURE_FLAGS.a (line 1, column 51): expected true, false, a percentage or an object",
            r#"{"config": {"served": true, "percentage": 100.0, "revision": null, "flags": 1, "error": null, "warnings":
                ["E112 FEATURE_FLAGS.a (line 1, column 51): expected true, false, a percentage or an object"]}}"#,
        );
    }

    #[test]
    fn a_rejected_config_has_a_reason() {
        check(
            Ok("{}"),
            "config: E109 CANARY_PERCENTAGE (line 1, column 1): expected a number from 0 to 100 with at most 3 decimals \
             (served as is; pages load stable)",
            r#"{"config": {"served": true,
                "error": "E109 CANARY_PERCENTAGE (line 1, column 1): expected a number from 0 to 100 with at most 3 decimals"}}"#,
        );
    }

    #[test]
    fn a_missing_config_has_a_reason() {
        check(
            Err("cannot read cm.yaml: gone"),
            "config: cannot read cm.yaml: gone (answered with 404; pages load stable)",
            r#"{"config": {"served": false, "error": "cannot read cm.yaml: gone"}}"#,
        );
    }
}
