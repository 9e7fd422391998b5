//! One config, one user, one moment: what everything is.

use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;

use crate::condition::Subject;
use crate::config::Config;
use crate::details::{Details, Value};
use crate::flag::{Flag, User};
use crate::json::Document;
use crate::overrides::Overrides;
use crate::reason::{ErrorCode, Reason};

/// For whom is evaluated. No clock, randomness or storage inside.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Context {
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
    pub context: &'a Context,
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
        let Some(index) = self.config.find(flag_key) else { return Details::error(ErrorCode::FlagNotFound) };
        // Flags to be evaluated, and whether all that they require has been. A list instead of calls, because nothing
        // limits how long a chain of flags may be.
        let mut open = vec![(index, false)];
        let mut known: Vec<Option<Option<Value<'a>>>> = Vec::new();
        let mut last = Details::error(ErrorCode::General);
        while let Some((index, ready)) = open.pop() {
            if matches!(known.get(index), Some(Some(_))) {
                continue;
            }
            let requires = self.config.flag(index).into_iter().flat_map(Flag::requires);
            if !ready && requires.clone().next().is_some() {
                open.push((index, true));
                open.extend(requires.filter_map(|(name, _)| Some((self.config.find(name)?, false))));
                known.resize(self.config.flag_count(), None);
                continue;
            }
            last = self.one(index, &known);
            if let Some(known) = known.get_mut(index) {
                *known = Some(last.value);
            }
        }
        last
    }

    fn one(&self, index: usize, known: &[Option<Option<Value<'a>>>]) -> Details<'a> {
        let Some(flag) = self.config.flag(index) else { return Details::error(ErrorCode::ParseError) };
        if let Some(value) = self.overrides.flag(flag.key(), self.config.allows_query()) {
            return Details { overridden: true, ..Details::of(Value::Json(value), Reason::TargetingMatch) };
        }
        let met = flag.requires().all(|(name, wanted)| {
            let value = self.config.find(name).and_then(|other| known.get(other).copied().flatten().flatten());
            value.is_some_and(|value| value.is(wanted))
        });
        let user = User { targeting_key: &self.context.targeting_key, subject: self.subject(), now: self.now };
        flag.evaluate(&user, met)
    }
}
