//! Counts of users by outcome, with a few users of each outcome as examples.

/// Examples kept for each outcome.
const EXAMPLES: usize = 2;

/// The outcomes so far. There are few, so a list is faster than a map.
#[derive(Clone, Debug)]
pub(crate) struct Histogram<K>(Vec<Bin<K>>);

/// One outcome and its users.
#[derive(Clone, Debug)]
pub(crate) struct Bin<K> {
    /// The outcome.
    pub(crate) outcome: K,
    /// The number of users with it.
    pub(crate) count: u64,
    /// The first of these users, in ascending order.
    pub(crate) examples: Vec<u64>,
}

impl<K> Default for Histogram<K> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<K: PartialEq> Histogram<K> {
    /// Counts a user. Users come in ascending order.
    pub(crate) fn add(&mut self, outcome: K, user: u64) {
        let index = self.0.iter().position(|bin| bin.outcome == outcome);
        self.add_at(index, || outcome, user);
    }

    /// Counts a user whose outcome is cheaper to compare than to create.
    pub(crate) fn add_with(&mut self, is_equal: impl Fn(&K) -> bool, create: impl FnOnce() -> K, user: u64) {
        let index = self.0.iter().position(|bin| is_equal(&bin.outcome));
        self.add_at(index, create, user);
    }

    fn add_at(&mut self, index: Option<usize>, create: impl FnOnce() -> K, user: u64) {
        let Some(bin) = index.and_then(|index| self.0.get_mut(index)) else {
            self.0.push(Bin { outcome: create(), count: 1, examples: vec![user] });
            return;
        };
        bin.count = bin.count.saturating_add(1);
        if bin.examples.len() < EXAMPLES {
            bin.examples.push(user);
        }
    }

    /// Adds the counts of another histogram.
    pub(crate) fn merge(&mut self, other: Self) {
        for new in other.0 {
            let Some(bin) = self.0.iter_mut().find(|bin| bin.outcome == new.outcome) else {
                self.0.push(new);
                continue;
            };
            bin.count = bin.count.saturating_add(new.count);
            bin.examples.extend(new.examples);
            bin.examples.sort_unstable();
            bin.examples.truncate(EXAMPLES);
        }
    }

    /// The number of users with an outcome.
    pub(crate) fn count(&self, outcome: &K) -> u64 {
        self.bin(outcome).map_or(0, |bin| bin.count)
    }

    /// The bin of an outcome, if any user has it.
    pub(crate) fn bin(&self, outcome: &K) -> Option<&Bin<K>> {
        self.0.iter().find(|bin| bin.outcome == *outcome)
    }

    /// All bins, in no particular order.
    pub(crate) fn bins(&self) -> &[Bin<K>] {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn merged_histograms_keep_the_first_examples() {
        let (mut a, mut b) = (Histogram::default(), Histogram::default());
        for user in [10, 11, 12] {
            a.add("in", user);
        }
        for (outcome, user) in [("out", 2), ("in", 3)] {
            b.add(outcome, user);
        }
        a.merge(b);
        let bins: Vec<_> = a.bins().iter().map(|it| (it.outcome, it.count, it.examples.clone())).collect();
        assert_eq!(bins, [("in", 4, vec![3, 10]), ("out", 1, vec![2])]);
        assert_eq!((a.count(&"in"), a.count(&"never")), (4, 0));
    }
}
