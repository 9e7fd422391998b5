//! `CANARY_RULES`: who gets which bundle whatever the percentage says.

use crate::condition::{self, Subject};
use crate::decision::Variant;
use crate::json::{Json, Kind};
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

    /// Whether it is about this user.
    #[must_use]
    pub fn matches(self, subject: &Subject) -> bool {
        condition::holds(self.0.member(Word::If), subject)
    }

    /// What it serves.
    #[must_use]
    pub fn serve(self) -> Variant {
        if self.0.member(Word::Serve).word() == Word::Canary { Variant::Canary } else { Variant::Stable }
    }

    /// Whether it holds even at 0 %.
    #[must_use]
    pub fn always(self) -> bool {
        self.0.member(Word::Always).kind() == Kind::True
    }
}
