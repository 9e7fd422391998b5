//! The reasons and error codes of OpenFeature.

/// The reason for a decision or for the value of a flag.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    /// The result is the same for everyone.
    Static,
    /// The user's bucket is included or excluded.
    Split,
    /// A rule matches, or there is an override.
    TargetingMatch,
    /// No rule matches.
    Default,
    /// The canary or the flag is off, or the visitor is anonymous.
    Disabled,
    /// Past page views keep the browser with stable.
    Cached,
    /// An error occurred; there is an error code.
    Error,
}

impl Reason {
    /// Returns the name in OpenFeature.
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

/// An error in an evaluation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ErrorCode {
    /// The config does not have the flag.
    FlagNotFound,
    /// The config or the flag is malformed.
    ParseError,
    /// A percentage or a variant needs a targeting key.
    TargetingKeyMissing,
    /// The context is malformed.
    InvalidContext,
    /// Another error.
    General,
}

impl ErrorCode {
    /// Returns the name in OpenFeature.
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
