//! One config, one user, one moment: what everything is.

use alloc::string::String;
use alloc::vec::Vec;

use crate::condition::Subject;
use crate::config::Config;
use crate::details::{Details, Value};
use crate::flag::User;
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
        let mut chain = Chain { evaluation: self, known: Vec::new(), open: Vec::new(), left: MAX_VISITS };
        match chain.flag(index) {
            Ok(details) => details,
            Err(_) => Details::error(ErrorCode::ParseError),
        }
    }
}

/// How many flags may require each other in a row.
const MAX_CHAIN: usize = 64;

/// How often flags may be looked at for one: more than any sensible config takes, so that a tangle of circles ends.
const MAX_VISITS: usize = 100_000;

/// The flags that one flag requires, and those which they require.
struct Chain<'e, 'a> {
    evaluation: &'e Evaluation<'a>,
    /// What flags are, once that is known.
    known: Vec<Option<Details<'a>>>,
    /// The flags that wait for the one that is evaluated.
    open: Vec<usize>,
    /// How many visits are left.
    left: usize,
}

impl<'a> Chain<'_, 'a> {
    /// Evaluates a flag after those that it requires; or is the first place among the open ones to which a circle leads
    /// back, where the chain is too long 0.
    fn flag(&mut self, index: usize) -> Result<Details<'a>, usize> {
        if let Some(Some(details)) = self.known.get(index) {
            return Ok(*details);
        }
        if let Some(place) = self.open.iter().position(|open| *open == index) {
            return Err(place);
        }
        let Evaluation { config, context, overrides, now } = *self.evaluation;
        let Some(flag) = config.flag(index) else { return Ok(Details::error(ErrorCode::ParseError)) };
        let place = self.open.len();
        self.left = self.left.saturating_sub(1);
        if place == MAX_CHAIN || self.left == 0 {
            return Err(0);
        }
        self.open.push(index);
        let (mut met, mut back) = (true, usize::MAX);
        for (name, wanted) in flag.requires() {
            match config.find(name).map(|other| self.flag(other)) {
                Some(Ok(details)) => met &= details.value.is_some_and(|value| value.is(wanted)),
                Some(Err(circle)) => back = back.min(circle),
                None => met = false,
            }
        }
        self.open.pop();
        if back < place {
            return Err(back);
        }
        let details = if back == place {
            Details::error(ErrorCode::ParseError)
        } else if let Some(value) = overrides.flag(flag.key(), config.allows_query()) {
            Details { overridden: true, ..Details::of(Value::Json(value), Reason::TargetingMatch) }
        } else {
            let user = User { targeting_key: &context.targeting_key, subject: self.evaluation.subject(), now };
            flag.evaluate(&user, met)
        };
        if place > 0 {
            self.known.resize(config.flag_count(), None);
            if let Some(known) = self.known.get_mut(index) {
                *known = Some(details);
            }
        }
        Ok(details)
    }
}
