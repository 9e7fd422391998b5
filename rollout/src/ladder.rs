//! The weights of a run, one after the other.

/// Rising weights.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Ladder(pub Vec<f64>);

impl Ladder {
    /// Equal steps up to a weight. The last step is cut there.
    #[must_use]
    pub fn rising(step: f64, max: f64) -> Self {
        let mut weights = Vec::new();
        let (mut count, mut weight) = (1.0, step);
        while weight < max {
            // Decimals of a sum, such as 0.1 + 0.2, would be no percentage.
            weights.push((weight * 1000.0).round() / 1000.0);
            count += 1.0;
            weight = step * count;
        }
        weights.push(max);
        Self(weights)
    }

    /// The number of steps.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether it has no steps.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The first step above a weight: its number from 1, and its weight. A ladder may have changed since the weight was set.
    #[must_use]
    pub fn after(&self, weight: f64) -> Option<(usize, f64)> {
        let step = self.0.iter().position(|other| *other > weight)?;
        Some((step.saturating_add(1), *self.0.get(step)?))
    }

    /// The number of steps up to a weight.
    #[must_use]
    pub fn step_of(&self, weight: f64) -> usize {
        self.0.iter().filter(|other| **other <= weight).count()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_step_is_cut() {
        for (step, max, expected) in [
            (20.0, 50.0, vec![20.0, 40.0, 50.0]),
            (50.0, 50.0, vec![50.0]),
            (60.0, 50.0, vec![50.0]),
            (0.1, 0.3, vec![0.1, 0.2, 0.3]),
        ] {
            assert_eq!(Ladder::rising(step, max).0, expected);
        }
    }

    #[test]
    fn a_changed_ladder_goes_on_above_the_weight() {
        let ladder = Ladder(vec![1.0, 5.0, 10.0]);
        assert_eq!((ladder.after(0.0), ladder.after(5.0)), (Some((1, 1.0)), Some((3, 10.0))));
        assert_eq!((ladder.after(7.0), ladder.after(10.0)), (Some((3, 10.0)), None));
        assert_eq!((ladder.step_of(0.0), ladder.step_of(7.0), ladder.step_of(10.0)), (0, 2, 3));
    }
}
