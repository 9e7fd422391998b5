//! The share of each config as it was read: counts have revisions, and the judge needs their percentages.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use serde_json::Value;

use crate::config::loaded::Loaded;
use crate::platform::clock;

/// A config that was read.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct KnownConfig {
    /// Milliseconds since 1970.
    pub(crate) at: i64,
    pub(crate) salt: String,
    pub(crate) revision: Option<u64>,
    pub(crate) percentage: f64,
    pub(crate) version: Option<String>,
    pub(crate) is_balanced: bool,
}

/// The number of configs that are remembered.
const CONFIGS: usize = 256;

/// The configs since this program started, the newest last.
#[derive(Debug, Default)]
pub(crate) struct KnownConfigs(Mutex<Vec<KnownConfig>>);

impl KnownConfigs {
    /// Takes note of a config that parses.
    pub(crate) fn add(&self, loaded: &Loaded) {
        let Ok((config, _)) = &loaded.parsed else { return };
        let json: Value = serde_json::from_slice(&loaded.bytes).unwrap_or_default();
        let telemetry = json.get("TELEMETRY");
        self.push(KnownConfig {
            at: clock::now(),
            salt: config.salt().to_owned(),
            revision: config.revision(),
            percentage: json.get("CANARY_PERCENTAGE").and_then(Value::as_f64).unwrap_or_default(),
            version: config.canary_version().map(str::to_owned),
            is_balanced: telemetry.and_then(|it| it.get("cohorts")).and_then(Value::as_str) == Some("balanced"),
        });
    }

    fn push(&self, config: KnownConfig) {
        let mut all = self.all();
        all.push(config);
        if all.len() > CONFIGS {
            all.remove(0);
        }
    }

    fn all(&self) -> MutexGuard<'_, Vec<KnownConfig>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The current config.
    pub(crate) fn current(&self) -> Option<KnownConfig> {
        self.all().last().cloned()
    }

    /// The percentage of each revision in a minute, given as milliseconds since 1970. A revision that was edited without
    /// a new number has none in the minutes around the edit, because nobody knows what a view of these saw.
    pub(crate) fn percentages(&self, from: i64, to: i64) -> BTreeMap<u64, f64> {
        let mut percentages = BTreeMap::new();
        let mut unclear = Vec::new();
        for config in self.all().iter() {
            let revision = config.revision.unwrap_or_default();
            let before = percentages.get(&revision).copied();
            if before.is_some() && config.at > to {
                continue;
            }
            percentages.insert(revision, config.percentage);
            #[expect(clippy::float_cmp, reason = "the same text is the same number")]
            let is_edit = before.is_some_and(|before| before != config.percentage);
            if is_edit && config.at > from {
                unclear.push(revision);
            }
        }
        percentages.retain(|revision, _| !unclear.contains(revision));
        percentages
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config(at: i64, revision: Option<u64>, percentage: f64) -> KnownConfig {
        KnownConfig { at, salt: "a".to_owned(), revision, percentage, version: None, is_balanced: false }
    }

    #[test]
    fn a_minute_has_the_percentages_of_its_time() {
        let configs = KnownConfigs::default();
        configs.push(config(1_000, Some(1), 5.0));
        configs.push(config(5_500, Some(1), 10.0));
        configs.push(config(6_500, Some(2), 20.0));
        // What was counted before this program started has what it found first.
        assert_eq!(configs.percentages(0, 900), BTreeMap::from([(1, 5.0), (2, 20.0)]));
        assert_eq!(configs.percentages(5_000, 6_000), BTreeMap::from([(2, 20.0)]));
        assert_eq!(configs.percentages(6_000, 7_000), BTreeMap::from([(1, 10.0), (2, 20.0)]));
        assert_eq!(configs.current().map(|config| config.percentage), Some(20.0));
    }
}
