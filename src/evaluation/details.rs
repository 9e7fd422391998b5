//! The outcome of evaluating a flag.

use alloc::string::String;

use crate::bucketing::variants::Variant;
use crate::evaluation::reason::{ErrorCode, Reason};
use crate::json::document::Json;
use crate::json::writer::Writer;

/// A flag's value.
#[derive(Clone, Copy, Debug)]
pub enum Value<'a> {
    /// One that nobody typed.
    Bool(bool),
    /// Any JSON, handed on as it was typed.
    Json(Json<'a>),
}

impl<'a> Value<'a> {
    /// As JSON.
    #[must_use]
    pub fn text(self) -> &'a str {
        match self {
            Self::Bool(true) => "true",
            Self::Bool(false) => "false",
            Self::Json(json) => json.source(),
        }
    }

    /// Whether it means the same as `json`.
    #[must_use]
    pub fn is(self, json: Json) -> bool {
        match self {
            Self::Bool(value) => json.as_bool() == Some(value),
            Self::Json(value) => value == json,
        }
    }
}

/// A flag's value and why it is that. Where there is a bucket, somebody was exposed to an experiment.
#[derive(Clone, Copy, Debug)]
pub struct Details<'a> {
    /// The value, or nothing for the caller's default.
    pub value: Option<Value<'a>>,
    /// The name of the variant, where there are variants.
    pub variant: Option<&'a str>,
    /// Why.
    pub reason: Reason,
    /// What went wrong, where the reason is an error.
    pub error: Option<ErrorCode>,
    /// The user's place among the flag's buckets, where that decided.
    pub bucket: Option<u32>,
    /// Whether an override decided.
    pub overridden: bool,
}

impl<'a> Details<'a> {
    /// The caller's default.
    #[must_use]
    pub fn none(reason: Reason) -> Self {
        Self { value: None, variant: None, reason, error: None, bucket: None, overridden: false }
    }

    /// A value.
    #[must_use]
    pub fn of(value: Value<'a>, reason: Reason) -> Self {
        Self { value: Some(value), ..Self::none(reason) }
    }

    /// Takes a variant's name and value.
    pub(crate) fn take(&mut self, variant: Option<Variant<'a>>) {
        self.value = variant.map(|variant| Value::Json(variant.value));
        self.variant = variant.map(|variant| variant.name);
    }

    /// The caller's default, because of `error`.
    #[must_use]
    pub fn error(error: ErrorCode) -> Self {
        Self { error: Some(error), ..Self::none(Reason::Error) }
    }

    /// As JSON: `{"value"?, "variant"?, "reason", "errorCode"?, "bucket"?, "override"?}`.
    #[must_use]
    pub fn to_json(&self) -> String {
        let mut out = Writer::default();
        out.open("", b'{');
        if let Some(value) = self.value {
            out.raw("value", value.text());
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
