//! Flags that are the same for everyone, and since when, by the git log of the config.

use std::path::Path;

use canary_runtime::{Config, Flag};
use serde_json::Value;

use crate::config::loaded::Loaded;
use crate::platform::clock;
use crate::platform::git::Tracked;

/// The most commits that are read. A flag that is older than these is settled for at least so long.
const COMMITS: usize = 500;

const DAY: i64 = 24 * 60 * 60;

/// A flag that is the same for everyone.
#[derive(Debug)]
pub(crate) struct Settled {
    pub(crate) key: String,
    /// The value that everyone gets, as people say it.
    pub(crate) value: &'static str,
    pub(crate) days: i64,
}

impl Settled {
    /// The flags of a config that have been settled for at least some days.
    pub(crate) fn find(path: &Path, config: &Config, days: u32) -> anyhow::Result<Vec<Self>> {
        let now = clock::now() / 1000;
        let flags = (0..config.flag_count()).filter_map(|index| config.flag(index));
        let settled = flags.filter_map(|flag| Some((flag.key().to_owned(), value_for_all(flag)?)));
        // Each with the time from which on it is known to be settled, and whether an older commit may say more.
        let mut found: Vec<_> = settled.map(|(key, value)| (key, value, now, true)).collect();
        if found.is_empty() {
            return Ok(Vec::new());
        }
        let file = Tracked::find(path)?;
        for version in file.history(COMMITS)? {
            if found.iter().all(|(.., is_open)| !is_open) {
                break;
            }
            let bytes = file.text_at(&version).unwrap_or_default().into_bytes();
            let old = Loaded::of_file(&version.commit, path, bytes).ok();
            let old = old.as_ref().and_then(|old| old.parsed.as_ref().ok()).map(|(config, _)| config);
            for (key, value, since, is_open) in found.iter_mut().filter(|(.., is_open)| *is_open) {
                let flag = old.and_then(|old| old.flag(old.flag_index(key)?));
                *is_open = flag.and_then(value_for_all) == Some(*value);
                if *is_open {
                    *since = version.time;
                }
            }
        }
        let settled = found.into_iter().map(|(key, value, since, _)| {
            let days = now.saturating_sub(since) / DAY;
            Self { key, value, days }
        });
        Ok(settled.filter(|it| it.days >= i64::from(days)).collect())
    }
}

/// The value that everyone gets whatever their bucket and attributes are, where it does not depend on the time or another flag.
fn value_for_all(flag: Flag) -> Option<&'static str> {
    let definition: Value = serde_json::from_str(flag.source()).ok()?;
    let at = |percentage: &Value| match percentage.as_f64() {
        Some(0.0) => Some("0 %"),
        Some(100.0) => Some("100 %"),
        _ => None,
    };
    match &definition {
        Value::Bool(true) => Some("true"),
        Value::Bool(false) => Some("false"),
        Value::Number(_) => at(&definition),
        Value::Object(members) if members.get("enabled") == Some(&Value::Bool(false)) => Some("off"),
        Value::Object(members) => {
            let is_empty = |name: &str| match members.get(name) {
                None => true,
                Some(Value::Array(items)) => items.is_empty(),
                Some(Value::Object(members)) => members.is_empty(),
                Some(_) => false,
            };
            let is_plain = ["from", "until", "requires", "rules"].into_iter().all(is_empty);
            match members.get("percentage") {
                _ if !is_plain => None,
                // Inside 100 %, variants split the users.
                Some(percentage) => at(percentage).filter(|it| *it == "0 %" || is_empty("variants")),
                None => is_empty("variants").then_some("true"),
            }
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn knows_flags_that_are_the_same_for_everyone() {
        for (definition, expected) in [
            ("true", Some("true")),
            ("0", Some("0 %")),
            ("100", Some("100 %")),
            ("12.5", None),
            ("{}", Some("true")),
            (r#"{"enabled": false, "percentage": 50}"#, Some("off")),
            (r#"{"percentage": 100, "rules": []}"#, Some("100 %")),
            (r#"{"percentage": 100, "rules": [{"if": {"plan": "pro"}, "serve": false}]}"#, None),
            (r#"{"percentage": 100, "until": "2026-12-01T00:00:00Z"}"#, None),
            (r#"{"percentage": 100, "variants": {"a": {"weight": 1, "value": 1}}}"#, None),
            (r#"{"percentage": 0, "variants": {"a": {"weight": 1, "value": 1}}, "default": "a"}"#, Some("0 %")),
        ] {
            let text = format!(r#"{{"CANARY_PERCENTAGE": 0, "FEATURE_FLAGS": {{"f": {definition}}}}}"#);
            let (config, _) = Config::parse(text.as_bytes()).unwrap();
            assert_eq!(value_for_all(config.flag(0).unwrap()), expected, "{definition}");
        }
    }
}
