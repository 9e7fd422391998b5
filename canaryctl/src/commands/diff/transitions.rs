//! Transitions of users between bundles and between flag values.

use std::collections::BTreeMap;

use canary_runtime::{Arm, EvaluationContext, Value};

use crate::config::loaded::{Evaluator, Loaded};
use crate::population::histogram::Histogram;

/// A flag of the old config, the new config or both.
#[derive(Clone, Debug)]
pub(crate) struct FlagKey {
    pub(crate) key: String,
    pub(crate) in_old: bool,
    pub(crate) in_new: bool,
}

impl FlagKey {
    /// The flags of two configs, sorted by key.
    pub(crate) fn all(old: &Loaded, new: &Loaded) -> Vec<Self> {
        let mut keys = BTreeMap::<_, (bool, bool)>::new();
        for key in old.parsed.iter().flat_map(|(config, _)| config.flag_keys()) {
            keys.entry(key).or_default().0 = true;
        }
        for key in new.parsed.iter().flat_map(|(config, _)| config.flag_keys()) {
            keys.entry(key).or_default().1 = true;
        }
        keys.into_iter().map(|(key, (in_old, in_new))| Self { key: key.to_owned(), in_old, in_new }).collect()
    }

    /// Whether both configs have the flag. The value of any other flag depends on the code that evaluates it.
    pub(crate) fn is_in_both(&self) -> bool {
        self.in_old && self.in_new
    }
}

/// A flag's old and new value as typed; `None` for the caller's default.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct FlagTransition {
    pub(crate) from: Option<String>,
    pub(crate) to: Option<String>,
    /// Whether both values are equal, however they are typed.
    pub(crate) is_equal: bool,
}

impl FlagTransition {
    /// Compares without allocating.
    fn is(&self, from: Option<Value>, to: Option<Value>) -> bool {
        self.from.as_deref() == from.map(Value::source) && self.to.as_deref() == to.map(Value::source)
    }
}

/// The histograms of all transitions.
#[derive(Debug, Default)]
pub(crate) struct Transitions {
    /// Old and new bundle.
    pub(crate) arms: Histogram<(Arm, Arm)>,
    /// One histogram per flag, in the order of the keys.
    pub(crate) flags: Vec<Histogram<FlagTransition>>,
    /// Users who get another bundle, or another value of a flag that both configs have.
    pub(crate) moved: u64,
}

impl Transitions {
    /// Evaluates both configs for a user, and counts the transitions.
    pub(crate) fn add(
        &mut self,
        old: &Evaluator,
        new: &Evaluator,
        user: u64,
        context: &EvaluationContext,
        keys: &[FlagKey],
    ) {
        let arms = (old.decide(context).variant, new.decide(context).variant);
        self.arms.add(arms, user);
        let mut is_moved = arms.0 != arms.1;
        self.flags.resize_with(keys.len(), Histogram::default);
        for (flag, histogram) in keys.iter().zip(&mut self.flags) {
            let from = if flag.in_old { old.flag(context, &flag.key).value } else { None };
            let to = if flag.in_new { new.flag(context, &flag.key).value } else { None };
            let text = |value: Option<Value>| value.map(|value| value.source().to_owned());
            let is_equal = is_equal(from, to);
            is_moved |= flag.is_in_both() && !is_equal;
            let create = || FlagTransition { from: text(from), to: text(to), is_equal };
            histogram.add_with(|known| known.is(from, to), create, user);
        }
        self.moved = self.moved.saturating_add(is_moved.into());
    }

    /// Adds the counts of another thread.
    pub(crate) fn merge(&mut self, other: Self) {
        self.arms.merge(other.arms);
        self.flags.resize_with(self.flags.len().max(other.flags.len()), Histogram::default);
        for (flag, other) in self.flags.iter_mut().zip(other.flags) {
            flag.merge(other);
        }
        self.moved = self.moved.saturating_add(other.moved);
    }
}

/// Whether the code that evaluates the flag gets equal values.
fn is_equal(from: Option<Value>, to: Option<Value>) -> bool {
    match (from, to) {
        (Some(from), Some(Value::Json(to))) => from.equals(to),
        (Some(Value::Json(from)), Some(to)) => to.equals(from),
        (Some(Value::Bool(from)), Some(Value::Bool(to))) => from == to,
        (from, to) => from.is_none() && to.is_none(),
    }
}
