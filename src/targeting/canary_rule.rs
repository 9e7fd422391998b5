//! Rules of `CANARY_RULES`, which choose an arm regardless of the percentage.

use crate::json::document::{Json, Kind};
use crate::json::keyword::Keyword;
use crate::targeting::arm::Arm;
use crate::targeting::condition::{self, TargetingContext};

/// A validated rule.
#[derive(Clone, Copy, Debug)]
pub(crate) struct CanaryRule<'a> {
    rule: Json<'a>,
    is_supported: bool,
}

impl<'a> CanaryRule<'a> {
    /// Creates the view of an item of `CANARY_RULES`.
    pub(crate) fn new(rule: Json<'a>, is_supported: bool) -> Self {
        Self { rule, is_supported }
    }

    /// Returns whether this runtime supports all operators and regular expressions of the rule. If not, it never matches.
    pub(crate) fn is_supported(self) -> bool {
        self.is_supported
    }

    /// Returns whether the rule is supported and its condition matches.
    pub(crate) fn matches(self, context: &TargetingContext) -> bool {
        self.is_supported && condition::matches(self.rule.member(Keyword::If), context)
    }

    /// Returns the arm that the rule serves.
    pub(crate) fn serve(self) -> Arm {
        if self.rule.member(Keyword::Serve).keyword() == Keyword::Canary { Arm::Canary } else { Arm::Stable }
    }

    /// Returns whether the rule applies even at 0 %.
    pub(crate) fn always(self) -> bool {
        self.rule.member(Keyword::Always).kind() == Kind::True
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::document::Document;
    use crate::targeting::segment::Segments;

    #[test]
    fn has_a_condition_an_arm_and_always() {
        let attributes = Document::parse(r#"{"plan": "pro"}"#).unwrap();
        let context = TargetingContext { attributes: &attributes, segments: Segments::new(attributes.root().null()) };
        for (text, expected) in [
            (r#"{"if": {}, "serve": "canary"}"#, (true, Arm::Canary, false)),
            (r#"{"if": {"plan": "pro"}, "serve": "stable", "always": true}"#, (true, Arm::Stable, true)),
            (r#"{"if": {"plan": "free"}, "serve": "stable", "always": false}"#, (false, Arm::Stable, false)),
        ] {
            let document = Document::parse(text).unwrap();
            let rule = CanaryRule::new(document.root(), true);
            assert_eq!((rule.matches(&context), rule.serve(), rule.always()), expected, "{text}");
            assert!(!CanaryRule::new(document.root(), false).matches(&context), "{text}");
        }
    }
}
