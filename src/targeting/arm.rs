//! The two arms of a canary rollout.

/// The bundle that a page view gets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Arm {
    /// The new bundle, which the config names.
    Canary,
    /// The current bundle, which the page itself names.
    Stable,
}

impl Arm {
    /// Returns the name, as in `data-canary-variant`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Canary => "canary",
            Self::Stable => "stable",
        }
    }
}
