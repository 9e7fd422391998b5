//! The result of evaluating a flag.

use alloc::string::String;

use crate::evaluation::reason::{ErrorCode, Reason};
use crate::json::document::Json;
use crate::json::writer::Writer;

/// The value of a flag.
#[derive(Clone, Copy, Debug)]
pub enum Value<'a> {
    /// A boolean that the config does not spell out.
    Bool(bool),
    /// A JSON value of the config or of an override.
    Json(Json<'a>),
}

impl<'a> Value<'a> {
    /// Returns the value as JSON, as it is written in the config.
    #[must_use]
    pub fn source(self) -> &'a str {
        match self {
            Self::Bool(true) => "true",
            Self::Bool(false) => "false",
            Self::Json(json) => json.source(),
        }
    }

    /// Returns whether the value equals a JSON value.
    #[must_use]
    pub fn equals(self, json: Json) -> bool {
        match self {
            Self::Bool(value) => json.as_bool() == Some(value),
            Self::Json(value) => value == json,
        }
    }
}

/// The value of a flag and its reason. If there is a bucket, the user was exposed to an experiment.
#[derive(Clone, Copy, Debug)]
pub struct Details<'a> {
    /// The value; none stands for the caller's default.
    pub value: Option<Value<'a>>,
    /// The name of the variant, if the flag has variants.
    pub variant: Option<&'a str>,
    /// The reason.
    pub reason: Reason,
    /// The error, if that is the reason.
    pub error: Option<ErrorCode>,
    /// The user's bucket, if it determined the value.
    pub bucket: Option<u32>,
    /// Whether an override determined the value.
    pub overridden: bool,
}

impl<'a> Details<'a> {
    /// Creates the details of the caller's default.
    pub(crate) fn without_value(reason: Reason) -> Self {
        Self { value: None, variant: None, reason, error: None, bucket: None, overridden: false }
    }

    /// Creates the details of a value that an override gives.
    pub(crate) fn overridden(value: Json<'a>) -> Self {
        Self { overridden: true, ..Self::with_value(Value::Json(value), Reason::TargetingMatch) }
    }

    /// Creates the details of a value.
    pub(crate) fn with_value(value: Value<'a>, reason: Reason) -> Self {
        Self { value: Some(value), ..Self::without_value(reason) }
    }

    /// Creates the details of the caller's default that an error causes.
    #[must_use]
    pub fn error(error: ErrorCode) -> Self {
        Self { error: Some(error), ..Self::without_value(Reason::Error) }
    }

    /// Returns the details as JSON: `{"value"?, "variant"?, "reason", "errorCode"?, "bucket"?, "override"?}`.
    #[must_use]
    pub fn to_json(&self) -> String {
        let mut out = Writer::default();
        out.open("", b'{');
        if let Some(value) = self.value {
            out.raw("value", value.source());
        }
        out.optional_string("variant", self.variant)
            .string("reason", self.reason.as_str())
            .optional_string("errorCode", self.error.map(ErrorCode::as_str));
        if let Some(bucket) = self.bucket {
            out.number("bucket", Some(u64::from(bucket)));
        }
        if self.overridden {
            out.bool("override", true);
        }
        out.close(b'}');
        out.into_string()
    }
}
