//! The phases of a run, with Flagger's names.

use serde::{Deserialize, Serialize};

/// A phase.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Phase {
    /// The canary's files are not yet on all addresses, or its first weight is not set.
    Initializing,
    /// There is no run.
    #[default]
    Initialized,
    /// `confirm-rollout` says no.
    Waiting,
    /// The weights rise.
    Progressing,
    /// `confirm-promotion` says no.
    WaitingPromotion,
    /// Stable becomes the canary's version.
    Promoting,
    /// The run ends.
    Finalising,
    /// Everyone is on the new stable version.
    Succeeded,
    /// Everyone is back on stable.
    Failed,
}

const NAMES: [(Phase, &str); 9] = [
    (Phase::Initializing, "Initializing"),
    (Phase::Initialized, "Initialized"),
    (Phase::Waiting, "Waiting"),
    (Phase::Progressing, "Progressing"),
    (Phase::WaitingPromotion, "WaitingPromotion"),
    (Phase::Promoting, "Promoting"),
    (Phase::Finalising, "Finalising"),
    (Phase::Succeeded, "Succeeded"),
    (Phase::Failed, "Failed"),
];

impl Phase {
    /// Its name.
    #[must_use]
    pub fn name(self) -> &'static str {
        NAMES.iter().find(|(phase, _)| *phase == self).map_or("", |(_, name)| name)
    }

    /// The phase of that name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        NAMES.iter().find(|(_, known)| *known == name).map(|(phase, _)| *phase)
    }

    /// Whether the run is over.
    #[must_use]
    pub const fn is_over(self) -> bool {
        matches!(self, Self::Succeeded | Self::Failed)
    }
}
