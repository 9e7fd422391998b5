//! The fields that page views of one row have in common, and the row itself.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::counts::Counts;
use crate::report::{Arm, Cohort, Device, Engine, First};

/// A revision, or what stands for one that no known config has.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(untagged)]
pub enum Revision {
    /// The revision of a known config.
    Known(u64),
    /// Any other.
    Other(Other),
}

/// The word `other`.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
pub enum Other {
    /// Stands for all values that are not known.
    #[serde(rename = "other")]
    Other,
}

impl Revision {
    /// The revision that no known config has.
    pub const OTHER: Self = Self::Other(Other::Other);
}

/// What the views of a row have in common. The order of the fields is the order of rows; absent values come first, and
/// `other` comes after all revisions.
#[derive(Clone, Debug, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
pub struct Group {
    /// The run.
    pub salt: Arc<str>,
    /// The config's revision.
    pub revision: Option<Revision>,
    /// The cohort that was assigned.
    pub cohort: Cohort,
    /// The bundle that was inserted.
    pub arm: Arm,
    /// The version of that bundle.
    pub version: Option<Arc<str>>,
    /// The comparison that the views are units of.
    pub first: Option<First>,
    /// Whether the browser had any bundle of the app up before.
    pub returning: bool,
    /// The browser's engine.
    pub engine: Engine,
    /// The kind of device.
    pub device: Device,
}

/// One group in one minute: a line of `GET /windows`.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Row {
    /// Unix time divided by the length of a minute.
    pub minute: u64,
    /// The views.
    #[serde(flatten)]
    pub group: Group,
    /// All counts.
    #[serde(flatten)]
    pub counts: Counts,
    /// The counts without views beyond a client's cap, where they differ.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub capped: Option<Counts>,
}
