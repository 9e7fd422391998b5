//! The evaluation of feature flags.

use alloc::vec::Vec;

use crate::bucketing::bucket::{Domain, bucket_of_bytes};
use crate::bucketing::percentage::Percentage;
use crate::bucketing::variants::{Variant, Variants};
use crate::config::flag::Flag;
use crate::config::timestamp::parse_rfc3339;
use crate::evaluation::details::{Details, Value};
use crate::evaluation::evaluation::Evaluation;
use crate::evaluation::reason::{ErrorCode, Reason};
use crate::evaluation::trace::{FlagStep, NoTrace, Trace};
use crate::json::document::{Json, Kind};
use crate::json::keyword::Keyword;
use crate::targeting::condition::{self, TargetingContext};

/// The details of flags that have been evaluated, by index.
type Memo<'a> = Vec<Option<Details<'a>>>;

impl<'a> Evaluation<'a> {
    /// Evaluates the flag with the given key.
    #[must_use]
    pub fn flag(&self, key: &str) -> Details<'a> {
        self.flag_traced(key, &mut NoTrace)
    }

    /// Evaluates the flag with the given key, and records each step. The evaluation of required flags is not recorded.
    pub fn flag_traced(&self, key: &str, trace: &mut impl Trace<FlagStep<'a>>) -> Details<'a> {
        match self.config.flag_index(key) {
            Some(index) => self.flag_at(index, &mut Vec::new(), trace),
            None => Details::error(ErrorCode::FlagNotFound),
        }
    }

    /// Evaluates a flag after those that it requires. The recursion is limited, because flags in a cycle or at the start of
    /// a long chain are malformed.
    fn flag_at(&self, index: usize, memo: &mut Memo<'a>, trace: &mut impl Trace<FlagStep<'a>>) -> Details<'a> {
        if let Some(Some(details)) = memo.get(index) {
            return *details;
        }
        let Some(flag) = self.config.flag(index) else { return Details::error(ErrorCode::ParseError) };
        let details = if let Some(value) = self.overrides.flag(flag, self.config.applies_query()) {
            Details::overridden(value)
        } else {
            let targeting_key = self.context.targeting_key.as_bytes();
            let user = User { targeting_key, targeting: self.targeting(), now: self.now };
            evaluate(flag, &user, &mut Required { evaluation: self, memo }, trace)
        };
        if let Some(known) = memo.get_mut(index) {
            *known = Some(details);
        }
        details
    }
}

/// The flags that a flag requires, by index.
struct Required<'a, 'e> {
    evaluation: &'e Evaluation<'a>,
    memo: &'e mut Memo<'a>,
}

impl<'a> Requirements<'a> for Required<'a, '_> {
    fn value(&mut self, key: &str, _position: usize) -> Option<Value<'a>> {
        let Evaluation { config, .. } = *self.evaluation;
        self.memo.resize(config.flag_count(), None);
        let index = config.flag_index(key)?;
        self.evaluation.flag_at(index, self.memo, &mut NoTrace).value
    }
}

/// The user and the time that a flag is evaluated for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct User<'a> {
    /// The key as UTF-8, which is hashed; empty if the user is not known.
    pub(crate) targeting_key: &'a [u8],
    pub(crate) targeting: TargetingContext<'a>,
    /// Milliseconds since 1970.
    pub(crate) now: i64,
}

/// The values of the flags that a flag requires.
pub(crate) trait Requirements<'a> {
    /// Returns the value of the required flag `key`, the member at `position` of `requires`.
    fn value(&mut self, key: &str, position: usize) -> Option<Value<'a>>;
}

/// Evaluates a flag that is not malformed.
pub(crate) fn evaluate<'a>(
    flag: Flag<'a>,
    user: &User<'_>,
    required: &mut impl Requirements<'a>,
    trace: &mut impl Trace<FlagStep<'a>>,
) -> Details<'a> {
    let mut evaluator = FlagEvaluator { user, flag, details: Details::without_value(Reason::Static), required, trace };
    match evaluator.evaluate() {
        Some(()) => evaluator.details,
        None => Details::error(ErrorCode::TargetingKeyMissing),
    }
}

/// The evaluation of one flag. Its methods return `None` if they need a targeting key and there is none.
struct FlagEvaluator<'a, 'e, R, T> {
    user: &'e User<'e>,
    flag: Flag<'a>,
    details: Details<'a>,
    required: &'e mut R,
    trace: &'e mut T,
}

impl<'a, R: Requirements<'a>, T: Trace<FlagStep<'a>>> FlagEvaluator<'a, '_, R, T> {
    fn evaluate(&mut self) -> Option<()> {
        let definition = self.flag.definition();
        match definition.kind() {
            Kind::Object => self.evaluate_object(definition)?,
            Kind::Number => {
                let included = self.is_in_percentage(definition)?;
                self.details.value = Some(Value::Bool(included));
                self.details.reason = percentage_reason(definition);
            }
            _ => {
                self.trace.record(|| FlagStep::Constant);
                self.details.value = Some(Value::Json(definition));
            }
        }
        Some(())
    }

    fn evaluate_object(&mut self, definition: Json<'a>) -> Option<()> {
        if self.is_disabled(definition) {
            self.fall_back(Reason::Disabled);
            return Some(());
        }
        let rules = definition.member(Keyword::Rules).items();
        self.trace.record(|| FlagStep::Rules { count: rules.clone().count() });
        for (rule, number) in rules.clone().zip(1..) {
            if !condition::matches(rule.member(Keyword::If), &self.user.targeting) {
                continue;
            }
            self.trace.record(|| FlagStep::RuleMatches { number });
            let percentage = rule.member(Keyword::Percentage);
            let reason = if percentage.exists() { Reason::Split } else { Reason::TargetingMatch };
            if percentage.exists() && !self.is_in_percentage(percentage)? {
                self.details.bucket = None;
                continue;
            }
            let serve = rule.member(Keyword::Serve);
            if !serve.exists() {
                return self.assign_variant(reason);
            }
            self.serve(serve, reason);
            return Some(());
        }
        let percentage = definition.member(Keyword::Percentage);
        if percentage.exists() {
            let reason = percentage_reason(percentage);
            if self.is_in_percentage(percentage)? {
                return self.assign_variant(reason);
            }
            self.fall_back(reason);
        } else if self.variants().is_some() {
            return self.assign_variant(Reason::Split);
        } else if rules.count() == 0 {
            self.trace.record(|| FlagStep::Constant);
            return self.assign_variant(Reason::Static);
        } else {
            self.fall_back(Reason::Default);
        }
        Some(())
    }

    /// Returns whether the flag is switched off, out of its dates, or requires another value of another flag.
    fn is_disabled(&mut self, definition: Json<'a>) -> bool {
        let now = self.user.now;
        let time = |key| parse_rfc3339(definition.member(key).as_text());
        if definition.member(Keyword::Enabled).kind() == Kind::False {
            self.trace.record(|| FlagStep::Disabled);
            true
        } else if time(Keyword::From).is_some_and(|from| now < from) {
            self.trace.record(|| FlagStep::NotStarted(definition.member(Keyword::From)));
            true
        } else if time(Keyword::Until).is_some_and(|until| now >= until) {
            self.trace.record(|| FlagStep::Ended(definition.member(Keyword::Until)));
            true
        } else {
            !self
                .flag
                .requires()
                .zip(0..)
                .all(|((key, expected), position)| self.is_met(key.as_text(), position, expected))
        }
    }

    /// Returns whether a required flag has the required value.
    fn is_met(&mut self, key: &'a str, position: usize, expected: Json<'a>) -> bool {
        let actual = self.required.value(key, position);
        let is_met = actual.is_some_and(|actual| actual.equals(expected));
        if !is_met {
            self.trace.record(|| FlagStep::Unmet { key, expected, actual });
        }
        is_met
    }

    /// Gives the variant of the user's bucket, or `true` if the flag has no variants.
    fn assign_variant(&mut self, reason: Reason) -> Option<()> {
        self.details.reason = reason;
        let Some(variants) = self.variants() else {
            self.details.value = Some(Value::Bool(true));
            return Some(());
        };
        let (variant, bucket) = match variants.sole() {
            None => {
                let bucket = self.bucket(Domain::Variant)?;
                (variants.assign(bucket), Some(bucket))
            }
            sole => (sole, None),
        };
        self.trace.record(|| {
            let name = variant.map_or("", |variant| variant.name);
            FlagStep::Variant { name, bucket, buckets: variants.buckets(name) }
        });
        self.set_variant(variant);
        Some(())
    }

    /// Gives the flag's default, or `false` if it has neither a default nor variants.
    fn fall_back(&mut self, reason: Reason) {
        let default = self.flag.definition().member(Keyword::Default);
        if default.exists() {
            self.serve(default, reason);
        } else {
            self.details.reason = reason;
            self.details.value = self.variants().is_none().then_some(Value::Bool(false));
        }
    }

    /// Gives the variant with a name, or the value itself if the flag has no variants.
    fn serve(&mut self, served: Json<'a>, reason: Reason) {
        self.details.reason = reason;
        match self.variants() {
            Some(variants) => self.set_variant(variants.get(served.as_text())),
            None => self.details.value = Some(Value::Json(served)),
        }
    }

    fn set_variant(&mut self, variant: Option<Variant<'a>>) {
        self.details.value = variant.map(|variant| Value::Json(variant.value));
        self.details.variant = variant.map(|variant| variant.name);
    }

    fn variants(&self) -> Option<Variants<'a>> {
        let variants = self.flag.definition().member(Keyword::Variants);
        variants.exists().then(|| Variants::new(variants))
    }

    /// Returns whether a percentage includes the user.
    fn is_in_percentage(&mut self, source: Json<'a>) -> Option<bool> {
        let percentage = source.as_number().and_then(Percentage::new)?;
        let (included, bucket) = if percentage == Percentage::NONE || percentage == Percentage::ALL {
            (percentage == Percentage::ALL, None)
        } else {
            let bucket = self.bucket(Domain::Flag)?;
            (percentage.contains(bucket), Some(bucket))
        };
        self.trace.record(|| FlagStep::Percentage { source, percentage, bucket, included });
        Some(included)
    }

    /// Returns the user's bucket and notes that it was needed.
    fn bucket(&mut self, domain: Domain) -> Option<u32> {
        let salt = self.flag.definition().member(Keyword::Salt).as_str().unwrap_or(self.flag.key());
        let key = self.user.targeting_key;
        self.details.bucket = (!key.is_empty()).then(|| bucket_of_bytes(domain, salt, key));
        self.details.bucket
    }
}

/// Returns the reason of a value that a percentage decides.
fn percentage_reason(percentage: Json) -> Reason {
    if matches!(percentage.as_number(), Some(0.0 | 100.0)) { Reason::Static } else { Reason::Split }
}

#[cfg(test)]
mod tests;
