//! `CANARY_RULES`: who gets which bundle whatever the percentage says.

use crate::evaluation::decision::Arm;
use crate::json::document::{Json, Kind};
use crate::json::keyword::Keyword;
use crate::targeting::condition::{self, Subject};

/// One rule that has been checked.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CanaryRule<'a>(Json<'a>);

impl<'a> CanaryRule<'a> {
    /// That of an item of `CANARY_RULES`.
    #[must_use]
    pub fn new(json: Json<'a>) -> Self {
        Self(json)
    }

    /// Whether it is about this user.
    #[must_use]
    pub fn matches(self, subject: &Subject) -> bool {
        condition::holds(self.0.member(Keyword::If), subject)
    }

    /// What it serves.
    #[must_use]
    pub fn serve(self) -> Arm {
        if self.0.member(Keyword::Serve).keyword() == Keyword::Canary { Arm::Canary } else { Arm::Stable }
    }

    /// Whether it holds even at 0 %.
    #[must_use]
    pub fn always(self) -> bool {
        self.0.member(Keyword::Always).kind() == Kind::True
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::document::Document;
    use crate::targeting::segment::Segments;

    #[test]
    fn says_whom_it_is_about_what_they_get_and_when() {
        let attributes = Document::parse(r#"{"plan": "pro"}"#).unwrap();
        let subject = Subject { attributes: &attributes, segments: Segments::new(attributes.root().null()) };
        for (text, expected) in [
            (r#"{"if": {}, "serve": "canary"}"#, (true, Arm::Canary, false)),
            (r#"{"if": {"plan": "pro"}, "serve": "stable", "always": true}"#, (true, Arm::Stable, true)),
            (r#"{"if": {"plan": "free"}, "serve": "stable", "always": false}"#, (false, Arm::Stable, false)),
        ] {
            let document = Document::parse(text).unwrap();
            let rule = CanaryRule::new(document.root());
            assert_eq!((rule.matches(&subject), rule.serve(), rule.always()), expected, "{text}");
        }
    }
}
