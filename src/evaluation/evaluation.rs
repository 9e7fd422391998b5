//! One config, one user, one moment: what everything is.

use alloc::string::String;
use alloc::vec::Vec;

use crate::config::Config;
use crate::evaluation::details::{Details, Value};
use crate::evaluation::flag::User;
use crate::evaluation::overrides::Overrides;
use crate::evaluation::reason::{ErrorCode, Reason};
use crate::json::document::Document;
use crate::targeting::condition::Subject;

/// For whom is evaluated. No clock, randomness or storage inside.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct EvaluationContext {
    /// What is bucketed; empty where nobody is known.
    pub targeting_key: String,
    /// What conditions are asked about: a JSON object.
    pub attributes: Document,
}

/// All that an answer depends on.
#[derive(Clone, Copy, Debug)]
pub struct Evaluation<'a> {
    /// What the operator wants.
    pub config: &'a Config,
    /// For whom.
    pub context: &'a EvaluationContext,
    /// What testers want.
    pub overrides: &'a Overrides,
    /// Milliseconds since 1970.
    pub now: i64,
}

impl<'a> Evaluation<'a> {
    /// What conditions are asked about.
    #[must_use]
    pub fn subject(&self) -> Subject<'a> {
        Subject { attributes: &self.context.attributes, segments: self.config.segments() }
    }

    /// Evaluates one flag.
    #[must_use]
    pub fn flag(&self, flag_key: &str) -> Details<'a> {
        match self.config.find(flag_key) {
            Some(index) => self.at(index, &mut Vec::new()),
            None => Details::error(ErrorCode::FlagNotFound),
        }
    }

    /// Evaluates the flag at a place after those that it requires, which are no circle and no long row: such flags are
    /// malformed. `known`: what flags are, once that is known.
    fn at(&self, index: usize, known: &mut Vec<Option<Details<'a>>>) -> Details<'a> {
        if let Some(Some(details)) = known.get(index) {
            return *details;
        }
        let Evaluation { config, context, overrides, now } = *self;
        let Some(flag) = config.flag(index) else { return Details::error(ErrorCode::ParseError) };
        let mut met = true;
        for (name, wanted) in flag.requires() {
            known.resize(config.flag_count(), None);
            let value = config.find(name.as_text()).and_then(|other| self.at(other, known).value);
            met &= value.is_some_and(|value| value.is(wanted));
        }
        let details = if let Some(value) = overrides.flag(flag.key(), config.allows_query()) {
            Details { overridden: true, ..Details::of(Value::Json(value), Reason::TargetingMatch) }
        } else {
            let user = User { targeting_key: &context.targeting_key, subject: self.subject(), now };
            flag.evaluate(&user, met)
        };
        if let Some(known) = known.get_mut(index) {
            *known = Some(details);
        }
        details
    }
}

#[cfg(test)]
mod tests;
