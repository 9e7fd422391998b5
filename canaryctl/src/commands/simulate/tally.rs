//! What came out, for how many.

use canary_runtime::{Arm, Cohort, Details, ErrorCode, EvaluationContext, Reason, Value};

use crate::config::loaded::Offer;
use crate::population::histogram::Counter;

/// What a flag is, and why.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Outcome {
    /// As typed; nothing for the caller's default.
    pub(crate) value: Option<String>,
    /// Its name, where there are variants.
    pub(crate) variant: Option<String>,
    pub(crate) reason: Reason,
    pub(crate) error: Option<ErrorCode>,
}

impl Outcome {
    pub(crate) fn of(details: &Details) -> Self {
        Self {
            value: details.value.map(|value| value.source().to_owned()),
            variant: details.variant.map(str::to_owned),
            reason: details.reason,
            error: details.error,
        }
    }

    fn is(&self, details: &Details) -> bool {
        self.reason == details.reason
            && self.variant.as_deref() == details.variant
            && self.value.as_deref() == details.value.map(Value::source)
            && self.error == details.error
    }
}

/// All counts.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    pub(crate) arms: Counter<Arm>,
    pub(crate) cohorts: Counter<Cohort>,
    pub(crate) reasons: Counter<(Reason, Option<ErrorCode>)>,
    /// In the order of the keys.
    pub(crate) flags: Vec<Counter<Outcome>>,
}

impl Tally {
    /// Counts a user.
    pub(crate) fn add(&mut self, offer: &Offer, user: u64, context: &EvaluationContext, keys: &[&str]) {
        let decision = offer.decide(context);
        self.arms.add(decision.variant, user);
        self.cohorts.add(decision.cohort, user);
        self.reasons.add((decision.reason, decision.error), user);
        self.flags.resize_with(keys.len(), Counter::default);
        for (key, counter) in keys.iter().zip(&mut self.flags) {
            let details = offer.flag(context, key);
            counter.add_as(|known| known.is(&details), || Outcome::of(&details), user);
        }
    }

    /// Takes in what another thread has counted.
    pub(crate) fn merge(&mut self, other: Self) {
        self.arms.merge(other.arms);
        self.cohorts.merge(other.cohorts);
        self.reasons.merge(other.reasons);
        self.flags.resize_with(self.flags.len().max(other.flags.len()), Counter::default);
        for (flag, other) in self.flags.iter_mut().zip(other.flags) {
            flag.merge(other);
        }
    }
}
