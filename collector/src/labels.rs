//! The closed sets of labels: reports can name no salt, revision, version or code that a config or the runtime does not.

use std::sync::Arc;

use canary_runtime::Config;
use serde::{Deserialize, Serialize};

use crate::group::Revision;
use crate::report::{Arm, is_name};

/// The word that stands for a label that is not known.
pub(crate) const OTHER: &str = "other";
/// The number of configs whose labels are known.
const CONFIGS: usize = 3;
/// The number of versions of stable that are known.
const STABLE_VERSIONS: usize = 8;
/// The time that a version of stable must not have been seen before another takes its place, in milliseconds. So invented
/// versions cannot push the real ones out.
const STABLE_IDLE_MS: f64 = 3_600_000.0;
/// The path to which reports are sent unless the config has another.
pub const ENDPOINT: &str = "/runtime/r";

/// The codes of faults that a page can report.
pub const CODES: [&str; 42] = [
    "E101", "E102", "E103", "E104", "E105", "E106", "E107", "E108", "E109", "E110", "E111", "E112", "E113", "E115",
    "E116", "E117", "E119", "E201", "E202", "E203", "E204", "E205", "E206", "E301", "E302", "E303", "E304", "E307",
    "E401", "E402", "E403", "E404", "E405", "E406", "E407", "E408", "E409", "E410", "E412", "E501", "E701", "E702",
];

/// The labels of one config.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct ConfigLabels {
    /// `SALT`.
    pub salt: Arc<str>,
    /// `REVISION`.
    pub revision: Option<u64>,
    /// The version of the canary's bundle.
    pub version: Option<Arc<str>>,
    /// The path of `TELEMETRY.endpoint`.
    pub endpoint: Arc<str>,
}

impl ConfigLabels {
    /// Reads the labels of a config.
    #[must_use]
    pub fn of(config: &Config) -> Self {
        let version = config.canary_version().filter(|version| is_name(version));
        let endpoint = config.telemetry().get("endpoint").and_then(canary_runtime::Json::as_str).unwrap_or(ENDPOINT);
        Self {
            salt: config.salt().into(),
            revision: config.revision(),
            version: version.map(Arc::from),
            endpoint: path(endpoint).into(),
        }
    }
}

/// The path of an address that may have an origin and a query.
fn path(endpoint: &str) -> &str {
    let path = match endpoint.split_once("://") {
        Some((_, rest)) => rest.find('/').and_then(|at| rest.get(at..)).unwrap_or(ENDPOINT),
        None => endpoint,
    };
    path.split(['?', '#']).next().unwrap_or(ENDPOINT)
}

/// The labels of the last configs, and of stable as reports have named it.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
pub struct Labels {
    /// The newest first.
    configs: Vec<ConfigLabels>,
    stable: Vec<StableVersion>,
    #[serde(skip, default = "other")]
    other: Option<Arc<str>>,
}

#[derive(Clone, Debug, Deserialize, Serialize)]
struct StableVersion {
    name: Arc<str>,
    /// The time of the last report, in milliseconds since 1970.
    seen: f64,
}

#[expect(clippy::unnecessary_wraps, reason = "the field's type")]
fn other() -> Option<Arc<str>> {
    Some(Arc::from(OTHER))
}

impl Labels {
    /// Makes a config the newest. Returns whether the known labels have changed.
    pub fn add_config(&mut self, config: ConfigLabels) -> bool {
        if self.configs.first() == Some(&config) {
            return false;
        }
        self.configs.retain(|known| *known != config);
        self.configs.insert(0, config);
        self.configs.truncate(CONFIGS);
        true
    }

    /// Whether a config was seen.
    #[must_use]
    pub const fn has_config(&self) -> bool {
        !self.configs.is_empty()
    }

    /// Returns the configs, the newest first.
    #[must_use]
    pub fn configs(&self) -> &[ConfigLabels] {
        &self.configs
    }

    /// Returns the known versions of stable.
    pub fn stable_versions(&self) -> impl Iterator<Item = &Arc<str>> {
        self.stable.iter().map(|version| &version.name)
    }

    /// Whether reports are sent to a path.
    #[must_use]
    pub fn is_endpoint(&self, path: &str) -> bool {
        path == ENDPOINT || self.configs.iter().any(|config| &*config.endpoint == path)
    }

    /// Returns the salt to count a report by.
    pub fn salt(&mut self, salt: &str) -> Arc<str> {
        match self.configs.iter().find(|config| &*config.salt == salt) {
            Some(config) => Arc::clone(&config.salt),
            None => self.other(),
        }
    }

    /// Returns the revision to count a report by.
    #[must_use]
    pub fn revision(&self, revision: Option<u64>) -> Option<Revision> {
        let number = revision?;
        let is_known = self.configs.iter().any(|config| config.revision == revision);
        Some(if is_known { Revision::Known(number) } else { Revision::OTHER })
    }

    /// Returns the version to count a report by. `now` is in milliseconds since 1970.
    pub fn version(&mut self, arm: Arm, version: Option<&str>, now: f64) -> Option<Arc<str>> {
        let version = version?;
        if arm == Arm::Stable
            && let Some(known) = self.stable.iter_mut().find(|known| &*known.name == version)
        {
            known.seen = now;
            return Some(Arc::clone(&known.name));
        }
        let mut of_configs = self.configs.iter().filter_map(|config| config.version.as_ref());
        if let Some(known) = of_configs.find(|known| &***known == version) {
            return Some(Arc::clone(known));
        }
        Some(if arm == Arm::Stable { self.add_stable(version, now) } else { self.other() })
    }

    fn add_stable(&mut self, version: &str, now: f64) -> Arc<str> {
        let added = StableVersion { name: Arc::from(version), seen: now };
        let name = Arc::clone(&added.name);
        if self.stable.len() < STABLE_VERSIONS {
            self.stable.push(added);
            return name;
        }
        let oldest = self.stable.iter_mut().min_by(|a, b| a.seen.total_cmp(&b.seen));
        match oldest.filter(|oldest| now - oldest.seen >= STABLE_IDLE_MS) {
            Some(oldest) => *oldest = added,
            None => return self.other(),
        }
        name
    }

    fn other(&mut self) -> Arc<str> {
        Arc::clone(self.other.get_or_insert_with(|| Arc::from(OTHER)))
    }

    /// Whether a revision is one that reports are counted by.
    #[must_use]
    pub fn has_revision(&self, revision: Option<Revision>) -> bool {
        match revision {
            Some(Revision::Known(number)) => self.configs.iter().any(|config| config.revision == Some(number)),
            _ => true,
        }
    }

    /// Whether a version is one that reports are counted by.
    #[must_use]
    pub fn has_version(&self, version: Option<&Arc<str>>) -> bool {
        let Some(version) = version else { return true };
        let mut of_configs = self.configs.iter().filter_map(|config| config.version.as_ref());
        &**version == OTHER || of_configs.any(|known| known == version) || self.stable_versions().any(|v| v == version)
    }
}

/// Returns the code to count a fault by.
#[must_use]
pub(crate) fn code(code: &str) -> &'static str {
    CODES.iter().find(|known| **known == code).copied().unwrap_or(OTHER)
}
