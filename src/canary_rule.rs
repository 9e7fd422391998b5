//! `CANARY_RULES`: who gets which bundle whatever the percentage says.

use alloc::vec::Vec;

use crate::condition::{self, Gaps, Subject};
use crate::decision::Variant;
use crate::json::{Json, Kind};
use crate::log::Log;
use crate::word::Word;

/// One rule that has been checked.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CanaryRule<'a>(Json<'a>);

impl<'a> CanaryRule<'a> {
    /// That of an item of `CANARY_RULES`.
    #[must_use]
    pub fn new(json: Json<'a>) -> Self {
        Self(json)
    }

    /// Checks that `json` is an array of rules; the nodes of those which match nobody, because some of what was typed
    /// cannot be read, go to `deaf`.
    pub(crate) fn check_all(json: Json, log: &mut Log, deaf: &mut Vec<usize>) -> bool {
        if json.kind() != Kind::Array {
            return log.refuse(json, "an array of rules");
        }
        json.items().all(|rule| {
            let mut gaps = Gaps { tolerant: true, found: false };
            let sound = Self::check(rule, log, &mut gaps);
            if gaps.found {
                deaf.push(rule.index());
            }
            sound
        })
    }

    fn check(rule: Json, log: &mut Log, gaps: &mut Gaps) -> bool {
        let sound = rule.members().all(|(name, value)| match name.word() {
            Word::If => condition::check(value, log, gaps),
            Word::Serve => true,
            Word::Always => value.as_bool().is_some() || log.refuse(value, "true or false"),
            _ => {
                log.ignore(name);
                true
            }
        });
        sound
            && (rule.member(Word::If).is_some() || log.refuse_member(rule, Word::If, "a rule, which is an object with a condition"))
            && (matches!(rule.member(Word::Serve).map(Json::word), Some(Word::Canary | Word::Stable))
                || log.refuse_member(rule, Word::Serve, "\"canary\" or \"stable\""))
    }

    /// Whether it is about this user.
    #[must_use]
    pub fn matches(self, subject: &Subject) -> bool {
        self.0.member(Word::If).is_some_and(|condition| condition::holds(condition, subject))
    }

    /// What it serves.
    #[must_use]
    pub fn serve(self) -> Variant {
        if self.0.member(Word::Serve).map(Json::word) == Some(Word::Canary) { Variant::Canary } else { Variant::Stable }
    }

    /// Whether it holds even at 0 %.
    #[must_use]
    pub fn always(self) -> bool {
        self.0.member(Word::Always).and_then(Json::as_bool) == Some(true)
    }
}
