//! OpenFeature's words for why a value is what it is.

/// Why a decision or a flag came out as it did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    /// The same for everybody.
    Static,
    /// By the user's bucket, in or out.
    Split,
    /// Switched off, or nobody whom we may bucket.
    Disabled,
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
            Self::Disabled => "DISABLED",
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
            Self::General => "GENERAL",
        }
    }
}
