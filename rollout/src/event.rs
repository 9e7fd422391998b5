//! What happens in a run without a change of a file: one JSON line each.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::phase::Phase;

/// An event.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Event {
    /// Seconds since 1970, written in RFC 3339.
    #[serde(with = "rfc3339")]
    pub at: i64,
    /// Its kind.
    #[serde(rename = "type")]
    pub kind: Kind,
    /// The phase after it.
    pub phase: Phase,
    /// The step after it.
    pub step: usize,
    /// The percentage after it.
    #[serde(serialize_with = "percentage")]
    pub weight: f64,
    /// The cause in short. It is written again when this changes, not at every look.
    pub state: String,
    /// The cause in words.
    pub message: String,
    /// The canary's version, in the first event of a run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// What was read from the collectors.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub windows: Option<Windows>,
}

/// Kinds of events.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// The run is as the state says, and waits.
    Hold,
    /// A check of a run that counts checks.
    Check,
    /// A webhook or a metric failed.
    FailedCheck,
    /// A commit changed the weight, or ended the run.
    Commit,
    /// Rows were read.
    Windows,
    /// The run ended without a commit.
    End,
    /// A webhook after the run was called.
    PostRollout,
}

/// What was read from the collectors beside the judge's rows.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct Windows {
    /// The length of a minute in seconds.
    pub window: u64,
    /// The last minute that was read.
    pub through: u64,
    /// Views of cohorts `canary` and `control`.
    pub assigned: u64,
    /// Views among them of a browser that was in the other cohort before.
    pub both: u64,
    /// Lost minutes, as inclusive ranges.
    pub gaps: Vec<(u64, u64)>,
    /// The first minute of each revision that was not seen before.
    pub seen: BTreeMap<u64, u64>,
}

impl Event {
    /// Whether it is bad news.
    #[must_use]
    pub fn is_warning(&self) -> bool {
        self.phase == Phase::Failed || self.kind == Kind::FailedCheck || self.state.starts_with("alert:")
    }
}

impl Kind {
    /// Whether an event says what the run waits for.
    #[must_use]
    pub const fn has_state(self) -> bool {
        matches!(self, Self::Hold | Self::Commit | Self::End)
    }
}

/// A percentage without a decimal point where it is whole.
#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes fields so")]
fn percentage<S: serde::Serializer>(weight: &f64, serializer: S) -> Result<S::Ok, S::Error> {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it is a whole number from 0 to 100")]
    if weight.fract() == 0.0 && (0.0..=100.0).contains(weight) {
        return serializer.serialize_u64(*weight as u64);
    }
    serializer.serialize_f64(*weight)
}

mod rfc3339 {
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes fields so")]
    pub(super) fn serialize<S: Serializer>(at: &i64, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&crate::time::format(*at))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<i64, D::Error> {
        let text = String::deserialize(deserializer)?;
        crate::time::parse(&text).ok_or_else(|| D::Error::custom(format_args!("found {text:?}, expected RFC 3339")))
    }
}
