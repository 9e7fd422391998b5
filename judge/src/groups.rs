//! Sums over a run: views of the same revision, comparison and share.

use alloc::collections::BTreeMap;
use alloc::vec::Vec;

use crate::log_space::real;
use crate::metric::Metric;
use crate::row::{Comparison, Count, Side};
use crate::sample_ratio::ln_sample_ratio;

/// Both sides' views, summed.
#[derive(Clone, Debug, Default)]
pub(crate) struct Sides {
    pub(crate) canary: Side,
    pub(crate) stable: Side,
}

impl Sides {
    pub(crate) fn add(&mut self, canary: &Side, stable: &Side) {
        self.canary.add(canary);
        self.stable.add(stable);
    }
}

/// A revision, a comparison and the bits of a share, which order shares as numbers because none is negative.
type Key = (u64, Comparison, u64);

/// All groups of a run.
#[derive(Clone, Debug, Default)]
pub(crate) struct Groups(BTreeMap<Key, Sides>);

/// One metric's counts at one share.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ShareCounts {
    pub(crate) share: f64,
    pub(crate) canary: Count,
    pub(crate) stable: Count,
}

impl Groups {
    /// Adds a row's views.
    pub(crate) fn add(&mut self, revision: u64, first: Comparison, share: f64, canary: &Side, stable: &Side) {
        self.0.entry((revision, first, share.to_bits())).or_default().add(canary, stable);
    }

    /// All views.
    pub(crate) fn total(&self) -> Sides {
        let mut total = Sides::default();
        self.0.values().for_each(|sides| total.add(&sides.canary, &sides.stable));
        total
    }

    /// The last revision and its views.
    pub(crate) fn last_revision(&self) -> Option<(u64, Sides)> {
        let ((revision, ..), _) = self.0.last_key_value()?;
        let mut total = Sides::default();
        let of_it = self.0.range((*revision, Comparison::Run, 0)..).map(|(_, sides)| sides);
        of_it.for_each(|sides| total.add(&sides.canary, &sides.stable));
        Some((*revision, total))
    }

    /// A metric's counts, one for each share.
    pub(crate) fn by_share(&self, metric: Metric) -> Vec<ShareCounts> {
        let mut sums = BTreeMap::<u64, (Count, Count)>::new();
        for ((_, _, share), sides) in &self.0 {
            let (canary, stable) = sums.entry(*share).or_default();
            canary.add(sides.canary.count(metric));
            stable.add(sides.stable.count(metric));
        }
        let counts = sums.into_iter();
        counts.map(|(share, (canary, stable))| ShareCounts { share: f64::from_bits(share), canary, stable }).collect()
    }

    /// The ratio of rates by Mantel and Haenszel, where stable has bad views.
    pub(crate) fn estimate(&self, metric: Metric) -> Option<f64> {
        let mut groups = BTreeMap::<(u64, Comparison), (Count, Count)>::new();
        for ((revision, first, _), sides) in &self.0 {
            let (canary, stable) = groups.entry((*revision, *first)).or_default();
            canary.add(sides.canary.count(metric));
            stable.add(sides.stable.count(metric));
        }
        let (mut above, mut below) = (0.0, 0.0);
        for (canary, stable) in groups.into_values().filter(|(canary, stable)| canary.of + stable.of > 0.0) {
            above += canary.bad * stable.of / (canary.of + stable.of);
            below += stable.bad * canary.of / (canary.of + stable.of);
        }
        (below > 0.0 && above >= 0.0).then(|| above / below)
    }

    /// ln of the evidence against the designed shares.
    pub(crate) fn ln_sample_ratio(&self) -> f64 {
        let views = |side: &Side| real(side.exposed);
        let groups = self.0.iter();
        groups
            .map(|((_, _, share), sides)| {
                ln_sample_ratio(f64::from_bits(*share), views(&sides.canary), views(&sides.stable))
            })
            .sum()
    }

    /// The canary views that the shares give, of all that were seen.
    pub(crate) fn expected_canary_views(&self) -> f64 {
        let expected = |((_, _, share), sides): (&Key, &Sides)| {
            f64::from_bits(*share) * real(sides.canary.exposed.saturating_add(sides.stable.exposed))
        };
        self.0.iter().map(expected).sum()
    }
}
