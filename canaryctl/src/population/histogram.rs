//! How many users came out how, and the first of them.

/// How many users are named as examples of an outcome.
const EXAMPLES: usize = 2;

/// The outcomes that were met. There are few, so a list is faster than a map.
#[derive(Clone, Debug)]
pub(crate) struct Counter<K>(Vec<Share<K>>);

/// One outcome.
#[derive(Clone, Debug)]
pub(crate) struct Share<K> {
    /// What came out.
    pub(crate) outcome: K,
    /// For how many.
    pub(crate) count: u64,
    /// The first of them, in their order.
    pub(crate) examples: Vec<u64>,
}

impl<K> Default for Counter<K> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<K: PartialEq> Counter<K> {
    /// Counts a user. Users come in ascending order.
    pub(crate) fn add(&mut self, outcome: K, user: u64) {
        let index = self.0.iter().position(|share| share.outcome == outcome);
        self.add_at(index, || outcome, user);
    }

    /// The same where making an outcome costs more than knowing it again.
    pub(crate) fn add_as(&mut self, is_it: impl Fn(&K) -> bool, make: impl FnOnce() -> K, user: u64) {
        let index = self.0.iter().position(|share| is_it(&share.outcome));
        self.add_at(index, make, user);
    }

    fn add_at(&mut self, index: Option<usize>, make: impl FnOnce() -> K, user: u64) {
        let Some(share) = index.and_then(|index| self.0.get_mut(index)) else {
            self.0.push(Share { outcome: make(), count: 1, examples: vec![user] });
            return;
        };
        share.count = share.count.saturating_add(1);
        if share.examples.len() < EXAMPLES {
            share.examples.push(user);
        }
    }

    /// Takes in what was counted elsewhere.
    pub(crate) fn merge(&mut self, other: Self) {
        for new in other.0 {
            let Some(share) = self.0.iter_mut().find(|share| share.outcome == new.outcome) else {
                self.0.push(new);
                continue;
            };
            share.count = share.count.saturating_add(new.count);
            share.examples.extend(new.examples);
            share.examples.sort_unstable();
            share.examples.truncate(EXAMPLES);
        }
    }

    /// For how many it came out so.
    pub(crate) fn count(&self, outcome: &K) -> u64 {
        self.find(outcome).map_or(0, |share| share.count)
    }

    /// The share of one outcome, if there is any.
    pub(crate) fn find(&self, outcome: &K) -> Option<&Share<K>> {
        self.0.iter().find(|share| share.outcome == *outcome)
    }

    /// All outcomes, in no order.
    pub(crate) fn shares(&self) -> &[Share<K>] {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keeps_the_first_of_all_parts() {
        let (mut a, mut b) = (Counter::default(), Counter::default());
        for user in [10, 11, 12] {
            a.add("in", user);
        }
        for (outcome, user) in [("out", 2), ("in", 3)] {
            b.add(outcome, user);
        }
        a.merge(b);
        let shares: Vec<_> = a.shares().iter().map(|it| (it.outcome, it.count, it.examples.clone())).collect();
        assert_eq!(shares, [("in", 4, vec![3, 10]), ("out", 1, vec![2])]);
        assert_eq!((a.count(&"in"), a.count(&"never")), (4, 0));
    }
}
