//! The counts of a simulation: users by bundle, cohort, reason and flag value.

use canary_runtime::{Arm, Cohort, Details, ErrorCode, EvaluationContext, Reason, Value};

use crate::config::loaded::Evaluator;
use crate::population::histogram::Histogram;

/// The result of evaluating a flag.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Outcome {
    /// The value as typed in the config; `None` for the caller's default.
    pub(crate) value: Option<String>,
    /// The name of the variant, if the flag has variants.
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

    /// Compares without allocating.
    fn is(&self, details: &Details) -> bool {
        self.reason == details.reason
            && self.variant.as_deref() == details.variant
            && self.value.as_deref() == details.value.map(Value::source)
            && self.error == details.error
    }
}

/// The histograms of a simulation.
#[derive(Debug, Default)]
pub(crate) struct Counts {
    pub(crate) arms: Histogram<Arm>,
    pub(crate) cohorts: Histogram<Cohort>,
    pub(crate) reasons: Histogram<(Reason, Option<ErrorCode>)>,
    /// One histogram per flag, in the order of the keys.
    pub(crate) flags: Vec<Histogram<Outcome>>,
}

impl Counts {
    /// Evaluates and counts a user.
    pub(crate) fn add(&mut self, evaluator: &Evaluator, user: u64, context: &EvaluationContext, keys: &[&str]) {
        let decision = evaluator.decide(context);
        self.arms.add(decision.variant, user);
        self.cohorts.add(decision.cohort, user);
        self.reasons.add((decision.reason, decision.error), user);
        self.flags.resize_with(keys.len(), Histogram::default);
        for (key, histogram) in keys.iter().zip(&mut self.flags) {
            let details = evaluator.flag(context, key);
            histogram.add_with(|known| known.is(&details), || Outcome::of(&details), user);
        }
    }

    /// Adds the counts of another thread.
    pub(crate) fn merge(&mut self, other: Self) {
        self.arms.merge(other.arms);
        self.cohorts.merge(other.cohorts);
        self.reasons.merge(other.reasons);
        self.flags.resize_with(self.flags.len().max(other.flags.len()), Histogram::default);
        for (flag, other) in self.flags.iter_mut().zip(other.flags) {
            flag.merge(other);
        }
    }
}
