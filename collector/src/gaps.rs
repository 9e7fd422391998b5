//! Minutes of which not everything was counted.

/// Inclusive ranges of minutes, sorted, that do not touch.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Gaps(Vec<(u64, u64)>);

impl Gaps {
    /// Makes gaps of ranges in any order.
    #[must_use]
    pub fn new(ranges: impl IntoIterator<Item = (u64, u64)>) -> Self {
        let mut gaps = Self::default();
        for (from, to) in ranges {
            gaps.add(from, to);
        }
        gaps
    }

    /// Adds the minutes from one to another.
    pub fn add(&mut self, from: u64, to: u64) {
        if self.0.last().is_some_and(|(start, end)| *start <= from && to <= *end) || to < from {
            return;
        }
        self.0.push((from, to));
        self.0.sort_unstable();
        self.0.dedup_by(|next, last| {
            let touches = next.0 <= last.1.saturating_add(1);
            if touches {
                last.1 = last.1.max(next.1);
            }
            touches
        });
    }

    /// Whether a minute is in a gap.
    #[must_use]
    pub fn contains(&self, minute: u64) -> bool {
        self.0.iter().any(|(from, to)| (*from..=*to).contains(&minute))
    }

    /// Forgets what is before a minute.
    pub fn forget_before(&mut self, minute: u64) {
        self.0.retain(|(_, to)| *to >= minute);
    }

    /// Returns the ranges from a minute on.
    pub fn since(&self, minute: u64) -> impl Iterator<Item = (u64, u64)> {
        self.0.iter().filter(move |(_, to)| *to >= minute).map(move |(from, to)| (minute.max(*from), *to))
    }

    /// Returns the ranges.
    #[must_use]
    pub fn ranges(&self) -> &[(u64, u64)] {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_that_touch_become_one() {
        let gaps = Gaps::new([(7, 9), (1, 2), (3, 3), (20, 25), (21, 22), (9, 11), (30, 29)]);
        assert_eq!(gaps.ranges(), [(1, 3), (7, 11), (20, 25)]);
        assert!(gaps.contains(7) && gaps.contains(11) && !gaps.contains(12));
        assert_eq!(gaps.since(10).collect::<Vec<_>>(), [(10, 11), (20, 25)]);
    }

    #[test]
    fn old_ranges_are_forgotten() {
        let mut gaps = Gaps::new([(0, 4), (6, 8)]);
        gaps.forget_before(5);
        assert_eq!(gaps.ranges(), [(6, 8)]);
    }
}
