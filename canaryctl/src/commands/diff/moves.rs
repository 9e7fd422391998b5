//! What users had and what they get.

use std::collections::BTreeMap;

use canary_runtime::{Arm, EvaluationContext, Value};

use crate::config::loaded::{ConfigFile, Offer};
use crate::population::histogram::Counter;

/// A flag that one of the two configs has.
#[derive(Clone, Debug)]
pub(crate) struct FlagKey {
    pub(crate) key: String,
    pub(crate) in_old: bool,
    pub(crate) in_new: bool,
}

impl FlagKey {
    /// Those of both, sorted.
    pub(crate) fn all(old: &ConfigFile, new: &ConfigFile) -> Vec<Self> {
        let mut keys = BTreeMap::<_, (bool, bool)>::new();
        for key in old.parsed.iter().flat_map(|(config, _)| config.flag_keys()) {
            keys.entry(key).or_default().0 = true;
        }
        for key in new.parsed.iter().flat_map(|(config, _)| config.flag_keys()) {
            keys.entry(key).or_default().1 = true;
        }
        keys.into_iter().map(|(key, (in_old, in_new))| Self { key: key.to_owned(), in_old, in_new }).collect()
    }

    /// Whether it stays; else what it is for somebody depends on the code that asks.
    pub(crate) fn stays(&self) -> bool {
        self.in_old && self.in_new
    }
}

/// A flag's values before and after, as typed; nothing for the caller's default.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Move {
    pub(crate) from: Option<String>,
    pub(crate) to: Option<String>,
    /// Whether both mean the same.
    pub(crate) stays: bool,
}

impl Move {
    fn is(&self, from: Option<Value>, to: Option<Value>) -> bool {
        self.from.as_deref() == from.map(Value::source) && self.to.as_deref() == to.map(Value::source)
    }
}

/// All counts.
#[derive(Debug, Default)]
pub(crate) struct Moves {
    /// Bundles before and after.
    pub(crate) arms: Counter<(Arm, Arm)>,
    /// In the order of the keys.
    pub(crate) flags: Vec<Counter<Move>>,
    /// Users who get another bundle or another value of a flag that stays.
    pub(crate) moved: u64,
}

impl Moves {
    /// Counts a user.
    pub(crate) fn add(&mut self, old: &Offer, new: &Offer, user: u64, context: &EvaluationContext, keys: &[FlagKey]) {
        let arms = (old.decide(context).variant, new.decide(context).variant);
        self.arms.add(arms, user);
        let mut moves = arms.0 != arms.1;
        self.flags.resize_with(keys.len(), Counter::default);
        for (flag, counter) in keys.iter().zip(&mut self.flags) {
            let from = if flag.in_old { old.flag(context, &flag.key).value } else { None };
            let to = if flag.in_new { new.flag(context, &flag.key).value } else { None };
            let text = |value: Option<Value>| value.map(|value| value.source().to_owned());
            let stays = is_same(from, to);
            moves |= flag.stays() && !stays;
            counter.add_as(|known| known.is(from, to), || Move { from: text(from), to: text(to), stays }, user);
        }
        self.moved = self.moved.saturating_add(moves.into());
    }

    /// Takes in what another thread has counted.
    pub(crate) fn merge(&mut self, other: Self) {
        self.arms.merge(other.arms);
        self.flags.resize_with(self.flags.len().max(other.flags.len()), Counter::default);
        for (flag, other) in self.flags.iter_mut().zip(other.flags) {
            flag.merge(other);
        }
        self.moved = self.moved.saturating_add(other.moved);
    }
}

/// Whether code that asks for the flag sees no difference.
fn is_same(from: Option<Value>, to: Option<Value>) -> bool {
    match (from, to) {
        (Some(from), Some(Value::Json(to))) => from.equals(to),
        (Some(Value::Json(from)), Some(to)) => to.equals(from),
        (Some(Value::Bool(from)), Some(Value::Bool(to))) => from == to,
        (from, to) => from.is_none() && to.is_none(),
    }
}
