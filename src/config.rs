//! The compiled config: an immutable snapshot of what an operator typed, swapped whole.

use alloc::string::String;
use alloc::vec::Vec;

use crate::bundle::Bundle;
use crate::fault::{Code, Fault};
use crate::flag::{Details, Flag};
use crate::json::{Json, sorted_names};
use crate::name::{is_flag_key, is_name};
use crate::percentage::Percentage;
use crate::reason::ErrorCode;
use crate::time::parse_rfc3339;

/// The largest document that is read, in bytes: a `ConfigMap` holds no more.
pub const MAX_BYTES: usize = 1 << 20;

/// The most flags that a config may have.
pub const MAX_FLAGS: usize = 10_000;

/// The newest `SCHEMA_VERSION` that this reader knows.
pub const SCHEMA_VERSION: u64 = 1;

/// What `canary-config.json` means.
#[derive(Clone, Debug, PartialEq)]
pub struct Config {
    /// The share of users on the canary bundle.
    pub percentage: Percentage,
    /// The salt of the canary decision.
    pub salt: String,
    /// A label, shown and reported, never compared.
    pub revision: Option<u64>,
    /// What the canary is, where the config says so.
    pub canary: Option<Bundle>,
    /// After this point in time, in milliseconds since 1970, the config counts as absent.
    pub expires_at: Option<i64>,
    /// Sorted by key.
    flags: Vec<(String, Flag)>,
}

impl Config {
    /// Reads a config. What costs only a part of it comes back as warnings.
    ///
    /// ```
    /// use canary_runtime::Config;
    ///
    /// let (config, warnings) = Config::parse(br#"{"CANARY_PERCENTAGE": 5, "FEATURE_FLAGS": {}}"#).unwrap();
    /// assert_eq!(config.percentage.buckets(), 5_000);
    /// assert!(warnings.is_empty());
    /// ```
    ///
    /// # Errors
    ///
    /// The first thing for which the whole document has to be rejected. Any bytes give an answer, none a panic.
    pub fn parse(bytes: &[u8]) -> Result<(Self, Vec<Fault>), Fault> {
        let mut json = Json::parse(text(bytes)?)?;
        let assets = json.take("ASSETS");
        let Json::Object(members) = &json else {
            return Err(Fault::new(Code::Key, "", "an object"));
        };
        let mut warnings = Vec::new();
        check_schema(json.get("SCHEMA_VERSION"))?;
        let config = Self {
            percentage: parse_percentage(json.get("CANARY_PERCENTAGE"))?,
            salt: parse_salt(json.get("SALT"))?,
            revision: parse_revision(json.get("REVISION"), &mut warnings),
            canary: parse_assets(assets, &mut warnings)?,
            expires_at: parse_expiry(json.get("EXPIRES_AT"))?,
            flags: parse_flags(json.get("FEATURE_FLAGS"), &mut warnings)?,
        };
        for (name, _) in members {
            if !KEYS.contains(&name.as_str()) {
                warnings.push(Fault::under(Code::Notice, "", name, "a known key; it is ignored"));
            }
        }
        Ok((config, warnings))
    }

    /// Refuses a config past its `EXPIRES_AT`. `now` is the reply's own time in milliseconds since 1970; where
    /// that is not known, a config with an end counts as past it.
    ///
    /// # Errors
    ///
    /// [`Code::Expired`].
    pub fn check_expiry(&self, now: Option<i64>) -> Result<(), Fault> {
        match (self.expires_at, now) {
            (Some(end), now) if now.is_none_or(|now| now >= end) => {
                Err(Fault::new(Code::Expired, "EXPIRES_AT", "a time still to come, by the reply's Date"))
            }
            _ => Ok(()),
        }
    }

    /// The keys of all flags, sorted.
    pub fn flag_keys(&self) -> impl Iterator<Item = &str> {
        self.flags.iter().map(|(key, _)| key.as_str())
    }

    /// Evaluates one flag for one user.
    #[must_use]
    pub fn flag(&self, flag_key: &str, targeting_key: &str) -> Details {
        self.flags
            .binary_search_by(|(key, _)| key.as_str().cmp(flag_key))
            .ok()
            .and_then(|index| self.flags.get(index))
            .map_or_else(|| Details::error(ErrorCode::FlagNotFound), |(key, flag)| flag.evaluate(key, targeting_key))
    }
}

const KEYS: [&str; 7] =
    ["SCHEMA_VERSION", "CANARY_PERCENTAGE", "FEATURE_FLAGS", "REVISION", "SALT", "ASSETS", "EXPIRES_AT"];

fn text(bytes: &[u8]) -> Result<&str, Fault> {
    if bytes.len() > MAX_BYTES {
        return Err(Fault::new(Code::Size, "", "at most 1 MiB"));
    }
    let bytes = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes);
    if bytes.trim_ascii_start().starts_with(b"<") {
        return Err(Fault::new(Code::Html, "", "JSON, not a web page"));
    }
    str::from_utf8(bytes).map_err(|_| Fault::new(Code::Syntax, "", "UTF-8"))
}

fn check_schema(json: Option<&Json>) -> Result<(), Fault> {
    let Some(json) = json else { return Ok(()) };
    match json.as_integer() {
        Some(1..=SCHEMA_VERSION) => Ok(()),
        Some(0) | None => Err(Fault::new(Code::Key, "SCHEMA_VERSION", "an integer from 1 up")),
        Some(_) => Err(Fault::new(Code::Schema, "SCHEMA_VERSION", "1, the newest that this reader knows")),
    }
}

fn parse_percentage(json: Option<&Json>) -> Result<Percentage, Fault> {
    let percentage = if let Some(Json::Number(percent)) = json { Percentage::new(*percent) } else { None };
    percentage.ok_or_else(|| {
        Fault::new(Code::Percentage, "CANARY_PERCENTAGE", "a number from 0 to 100 with at most 3 decimals")
    })
}

fn parse_salt(json: Option<&Json>) -> Result<String, Fault> {
    match json {
        None => Ok(String::from("canary")),
        Some(Json::String(salt)) if is_name(salt) => Ok(salt.clone()),
        _ => Err(Fault::new(Code::Key, "SALT", "1 to 64 of A-Z a-z 0-9 _ . -")),
    }
}

fn parse_revision(json: Option<&Json>, warnings: &mut Vec<Fault>) -> Option<u64> {
    let revision = json?.as_integer();
    if revision.is_none() {
        warnings.push(Fault::new(Code::Notice, "REVISION", "an integer from 0 up; it is ignored"));
    }
    revision
}

fn parse_assets(json: Option<Json>, warnings: &mut Vec<Fault>) -> Result<Option<Bundle>, Fault> {
    let Some(mut json) = json else { return Ok(None) };
    let canary = json.take("canary");
    let Json::Object(members) = json else { return Err(Fault::new(Code::Key, "ASSETS", "an object")) };
    for (name, _) in members {
        if name != "canary" {
            // Stable among them: it is what the page itself carries, so that the way home never depends on this file.
            warnings.push(Fault::under(Code::Notice, "ASSETS.", &name, "canary alone; it is ignored"));
        }
    }
    canary.map(|canary| Bundle::parse(canary, warnings)).transpose()
}

fn parse_expiry(json: Option<&Json>) -> Result<Option<i64>, Fault> {
    json.map(|json| {
        json.as_str()
            .and_then(parse_rfc3339)
            .ok_or_else(|| Fault::new(Code::Key, "EXPIRES_AT", "a time such as 2026-12-01T00:00:00Z"))
    })
    .transpose()
}

fn parse_flags(json: Option<&Json>, warnings: &mut Vec<Fault>) -> Result<Vec<(String, Flag)>, Fault> {
    let Some(Json::Object(members)) = json else {
        return Err(Fault::new(Code::Key, "FEATURE_FLAGS", "an object"));
    };
    if members.len() > MAX_FLAGS {
        return Err(Fault::new(Code::Flags, "FEATURE_FLAGS", "at most 10,000 flags"));
    }
    let flags = sorted_names(members)
        .into_iter()
        .filter_map(|(key, index)| Some((key, &members.get(index)?.1)))
        .map(|(key, value)| {
            let named = is_flag_key(key);
            let flag = if named { Flag::parse(value) } else { None };
            let flag = flag.unwrap_or_else(|| {
                let expected = if named {
                    "true, false or a percentage; the caller's default holds"
                } else {
                    "1 to 64 of A-Z a-z 0-9 _ . -, and no name of JavaScript's own"
                };
                warnings.push(Fault::under(Code::Flag, "FEATURE_FLAGS.", key, expected));
                Flag::Malformed
            });
            (String::from(key), flag)
        })
        .collect();
    Ok(flags)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reason::Reason;
    use std::string::ToString;
    use std::{format, vec};

    #[track_caller]
    fn rejected(text: &str, message: &str) {
        assert_eq!(Config::parse(text.as_bytes()).unwrap_err().to_string(), message, "{text}");
    }

    #[track_caller]
    fn with(members: &str) -> (Config, Vec<String>) {
        let text = format!(r#"{{"CANARY_PERCENTAGE": 5, "FEATURE_FLAGS": {{}}{members}}}"#);
        let (config, warnings) = Config::parse(text.as_bytes()).unwrap();
        (config, warnings.iter().map(ToString::to_string).collect())
    }

    #[test]
    fn the_smallest_config_has_defaults() {
        let (config, warnings) = with("");
        assert_eq!(
            (config.salt.as_str(), config.revision, config.canary, config.expires_at),
            ("canary", None, None, None)
        );
        assert!(warnings.is_empty());
    }

    #[test]
    fn a_byte_order_mark_is_accepted() {
        assert!(Config::parse(b"\xEF\xBB\xBF{\"CANARY_PERCENTAGE\": 5, \"FEATURE_FLAGS\": {}}").is_ok());
    }

    #[test]
    fn what_is_no_config_is_rejected() {
        rejected("\n <!doctype html>", "E104 expected JSON, not a web page");
        rejected("", "E105 line 1, column 0: expected JSON");
        rejected("[]", "E117 expected an object");
        assert_eq!(Config::parse(b"{\"a\": \"\xff\"}").unwrap_err().to_string(), "E105 expected UTF-8");
        assert_eq!(Config::parse(&vec![b' '; MAX_BYTES + 1]).unwrap_err().to_string(), "E106 expected at most 1 MiB");
        rejected(
            r#"{"CANARY_PERCENTAGE": 5, "CANARY_PERCENTAGE": 6, "FEATURE_FLAGS": {}}"#,
            "E108 CANARY_PERCENTAGE: expected every key once",
        );
    }

    #[test]
    fn percentages_are_never_coerced() {
        for bad in ["-1", "101", "\"10\"", "true", "null", "18446744073709551616", "33.3333", "[5]", "{}"] {
            rejected(
                &format!(r#"{{"CANARY_PERCENTAGE": {bad}, "FEATURE_FLAGS": {{}}}}"#),
                "E109 CANARY_PERCENTAGE: expected a number from 0 to 100 with at most 3 decimals",
            );
        }
    }

    #[test]
    fn malformed_keys_reject_the_config() {
        for (member, message) in [
            (r#""SCHEMA_VERSION": 2"#, "E110 SCHEMA_VERSION: expected 1, the newest that this reader knows"),
            (r#""SCHEMA_VERSION": 0"#, "E117 SCHEMA_VERSION: expected an integer from 1 up"),
            (r#""SCHEMA_VERSION": "1""#, "E117 SCHEMA_VERSION: expected an integer from 1 up"),
            (r#""SALT": "a:b""#, "E117 SALT: expected 1 to 64 of A-Z a-z 0-9 _ . -"),
            (r#""EXPIRES_AT": "tomorrow""#, "E117 EXPIRES_AT: expected a time such as 2026-12-01T00:00:00Z"),
            (r#""ASSETS": []"#, "E117 ASSETS: expected an object"),
        ] {
            rejected(&format!(r#"{{"CANARY_PERCENTAGE": 5, "FEATURE_FLAGS": {{}}, {member}}}"#), message);
        }
        rejected(r#"{"CANARY_PERCENTAGE": 5}"#, "E117 FEATURE_FLAGS: expected an object");
    }

    #[test]
    fn small_faults_are_warnings() {
        let (config, warnings) = with(r#", "REVISION": -1, "TEAM": "web", "ASSETS": {"stable": {}}"#);
        assert_eq!((config.revision, config.canary), (None, None));
        assert_eq!(
            warnings,
            [
                "I118 REVISION: expected an integer from 0 up; it is ignored",
                "I118 ASSETS.stable: expected canary alone; it is ignored",
                "I118 TEAM: expected a known key; it is ignored",
            ]
        );
    }

    #[test]
    fn one_malformed_flag_costs_that_flag() {
        let text =
            br#"{"CANARY_PERCENTAGE": 5, "FEATURE_FLAGS": {"z": true, "__proto__": true, "bad": "on", "a": false}}"#;
        let (config, warnings) = Config::parse(text).unwrap();
        let codes: Vec<_> = warnings.iter().map(|warning| (warning.code(), warning.key())).collect();
        assert_eq!(
            codes,
            [(Code::Flag, "FEATURE_FLAGS.__proto__".to_string()), (Code::Flag, "FEATURE_FLAGS.bad".to_string())]
        );
        assert_eq!(config.flag_keys().collect::<Vec<_>>(), ["__proto__", "a", "bad", "z"]);
        assert_eq!((config.flag("z", "u").value, config.flag("a", "u").value), (Some(true), Some(false)));
        assert_eq!(config.flag("bad", "u").error, Some(ErrorCode::ParseError));
        assert_eq!(config.flag("none", "u").error, Some(ErrorCode::FlagNotFound));
        assert_eq!(config.flag("none", "u").reason, Reason::Error);
    }

    #[test]
    fn too_many_flags_are_rejected() {
        let flags: Vec<_> = (0..=MAX_FLAGS).map(|index| format!("\"f{index}\":1")).collect();
        let text = format!(r#"{{"CANARY_PERCENTAGE": 5, "FEATURE_FLAGS": {{{}}}}}"#, flags.join(","));
        rejected(&text, "E111 FEATURE_FLAGS: expected at most 10,000 flags");
    }

    #[test]
    fn the_limits_themselves_are_allowed() {
        let flags: Vec<_> = (0..MAX_FLAGS).map(|index| format!("\"f{index}\":1")).collect();
        let mut text = format!(r#"{{"CANARY_PERCENTAGE": 5, "FEATURE_FLAGS": {{{}}}}}"#, flags.join(","));
        text.extend(std::iter::repeat_n(' ', MAX_BYTES - text.len()));
        assert_eq!(text.len(), MAX_BYTES);
        assert!(Config::parse(text.as_bytes()).is_ok());
    }

    #[test]
    fn a_salt_is_taken() {
        assert_eq!(with(r#", "SALT": "release-1.5.0""#).0.salt, "release-1.5.0");
    }

    #[test]
    fn expiry_is_judged_by_the_reply() {
        let (config, _) = with(r#", "EXPIRES_AT": "1970-01-01T00:00:01Z""#);
        assert!(config.check_expiry(Some(999)).is_ok());
        for now in [Some(1_000), None] {
            let fault = config.check_expiry(now).unwrap_err();
            assert_eq!(fault.to_string(), "E115 EXPIRES_AT: expected a time still to come, by the reply's Date");
        }
        assert!(with("").0.check_expiry(None).is_ok());
    }
}
