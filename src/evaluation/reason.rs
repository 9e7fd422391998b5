//! OpenFeature's words for why a value is what it is.

/// Why a decision or a flag came out as it did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    /// The same for everybody.
    Static,
    /// By the user's bucket, in or out.
    Split,
    /// A rule or an override.
    TargetingMatch,
    /// No rule matched.
    Default,
    /// Switched off, or nobody whom we may bucket.
    Disabled,
    /// What this browser remembers: a canary that failed here, or a change too recent.
    Cached,
    /// Something was wrong; the error code says what.
    Error,
}

impl Reason {
    /// The word.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Static => "STATIC",
            Self::Split => "SPLIT",
            Self::TargetingMatch => "TARGETING_MATCH",
            Self::Default => "DEFAULT",
            Self::Disabled => "DISABLED",
            Self::Cached => "CACHED",
            Self::Error => "ERROR",
        }
    }
}

/// What went wrong in an evaluation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ErrorCode {
    /// The config has no such flag.
    FlagNotFound,
    /// The config or the flag could not be read.
    ParseError,
    /// A split needs a user to bucket.
    TargetingKeyMissing,
    /// The context is none.
    InvalidContext,
    /// Anything else.
    General,
}

impl ErrorCode {
    /// The word.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::FlagNotFound => "FLAG_NOT_FOUND",
            Self::ParseError => "PARSE_ERROR",
            Self::TargetingKeyMissing => "TARGETING_KEY_MISSING",
            Self::InvalidContext => "INVALID_CONTEXT",
            Self::General => "GENERAL",
        }
    }
}
