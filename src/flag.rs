//! Feature flags: on, off, or on for a share of the users.

use alloc::string::String;

use crate::bucket::{Domain, bucket};
use crate::json::Json;
use crate::percentage::Percentage;
use crate::reason::{ErrorCode, Reason};
use crate::text::Writer;

/// One flag, compiled.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Flag {
    /// The same for everybody.
    Fixed(bool),
    /// `true` for a share of the users, each flag with a share of its own.
    Share(Percentage),
    /// It could not be read; the caller's default holds.
    Malformed,
}

/// The outcome of an evaluation. A value that is absent is the caller's default.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Details {
    /// The value, or nothing for the caller's default.
    pub value: Option<bool>,
    /// Why.
    pub reason: Reason,
    /// What went wrong, where the reason is an error.
    pub error: Option<ErrorCode>,
}

impl Flag {
    /// Compiles what was typed, or nothing where it is no flag.
    #[must_use]
    pub fn parse(json: &Json) -> Option<Self> {
        match *json {
            Json::Bool(value) => Some(Self::Fixed(value)),
            Json::Number(percent) => Percentage::new(percent).map(Self::Share),
            _ => None,
        }
    }

    /// The value for the user `targeting_key`, bucketed by the flag's own key.
    #[must_use]
    pub fn evaluate(&self, flag_key: &str, targeting_key: &str) -> Details {
        match *self {
            Self::Fixed(value) => Details::of(value, Reason::Static),
            Self::Share(Percentage::NONE) => Details::of(false, Reason::Static),
            Self::Share(Percentage::ALL) => Details::of(true, Reason::Static),
            Self::Share(_) if targeting_key.is_empty() => Details::error(ErrorCode::TargetingKeyMissing),
            Self::Share(share) => {
                Details::of(share.contains(bucket(Domain::Flag, flag_key, targeting_key)), Reason::Split)
            }
            Self::Malformed => Details::error(ErrorCode::ParseError),
        }
    }
}

impl Details {
    fn of(value: bool, reason: Reason) -> Self {
        Self { value: Some(value), reason, error: None }
    }

    /// The caller's default, because of `error`.
    #[must_use]
    pub fn error(error: ErrorCode) -> Self {
        Self { value: None, reason: Reason::Error, error: Some(error) }
    }

    /// As JSON: `{"value"?, "reason", "errorCode"?}`.
    #[must_use]
    pub fn to_json(&self) -> String {
        let mut out = Writer::default();
        out.open("", b'{');
        if let Some(value) = self.value {
            out.bool("value", value);
        }
        out.string("reason", self.reason.as_str()).optional("errorCode", self.error.map(ErrorCode::as_str)).close(b'}');
        out.finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(typed: &str, user: &str, expected: &str) {
        let flag = Flag::parse(&Json::parse(typed).unwrap()).unwrap_or(Flag::Malformed);
        assert_eq!(flag.evaluate("new-checkout", user).to_json(), expected);
    }

    #[test]
    fn evaluates() {
        check("true", "u", r#"{"value":true,"reason":"STATIC"}"#);
        check("false", "", r#"{"value":false,"reason":"STATIC"}"#);
        check("0", "u", r#"{"value":false,"reason":"STATIC"}"#);
        check("100", "", r#"{"value":true,"reason":"STATIC"}"#);
        // SHA-256 of "flag:new-checkout:user-1" puts this user into bucket 9_095, user-2 into 55_127.
        check("50", "user-1", r#"{"value":true,"reason":"SPLIT"}"#);
        check("50", "user-2", r#"{"value":false,"reason":"SPLIT"}"#);
        check("50", "", r#"{"reason":"ERROR","errorCode":"TARGETING_KEY_MISSING"}"#);
        for malformed in ["101", "-1", "\"on\"", "null", "[]", "33.3333"] {
            check(malformed, "u", r#"{"reason":"ERROR","errorCode":"PARSE_ERROR"}"#);
        }
    }
}
