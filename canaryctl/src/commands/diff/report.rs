//! The results of a diff, independent of the output format.

use canary_runtime::Arm;

use crate::commands::diff::changes::{Change, changes};
use crate::commands::diff::transitions::{FlagKey, FlagTransition, Transitions};
use crate::config::loaded::Loaded;
use crate::population::histogram::Bin;
use crate::population::population::Population;

/// Old and new bundle, in the order of the output.
const ARMS: [(Arm, Arm); 4] =
    [(Arm::Stable, Arm::Canary), (Arm::Canary, Arm::Stable), (Arm::Canary, Arm::Canary), (Arm::Stable, Arm::Stable)];

/// The differences between two configs, and their effect on a population.
pub(crate) struct Report<'a> {
    /// The names of the old and the new file.
    pub(crate) names: (&'a str, &'a str),
    pub(crate) population: &'a Population,
    pub(crate) changes: Vec<Change<'a>>,
    pub(crate) arms: [ArmTransition; 4],
    /// The flags that were edited, or that have another value for some user.
    pub(crate) flags: Vec<FlagReport<'a>>,
    /// Users who get another bundle, or another value of a flag that both configs have.
    pub(crate) moved: u64,
}

/// The users with one old and one new bundle.
pub(crate) struct ArmTransition {
    pub(crate) from: Arm,
    pub(crate) to: Arm,
    pub(crate) count: u64,
    /// The keys of some of these users.
    pub(crate) examples: Vec<String>,
}

/// One flag.
pub(crate) struct FlagReport<'a> {
    pub(crate) flag: &'a FlagKey,
    /// The number of users who get another value.
    pub(crate) moved: u64,
    /// Their transitions with counts and examples, the most frequent first.
    pub(crate) transitions: Vec<(&'a FlagTransition, u64, Vec<String>)>,
}

impl<'a> Report<'a> {
    pub(crate) fn new(
        (old, new): (&'a Loaded, &'a Loaded),
        population: &'a Population,
        keys: &'a [FlagKey],
        transitions: &'a Transitions,
    ) -> Self {
        let changes = changes(old.document.root(), new.document.root());
        let examples = |users: &[u64]| users.iter().map(|user| population.key(*user)).collect::<Vec<_>>();
        let arms = ARMS.map(|(from, to)| {
            let bin = transitions.arms.bin(&(from, to));
            let (count, users) = bin.map_or((0, &[][..]), |bin| (bin.count, bin.examples.as_slice()));
            ArmTransition { from, to, count, examples: examples(users) }
        });
        let flags = keys.iter().zip(&transitions.flags).map(|(flag, histogram)| {
            let mut bins: Vec<&Bin<FlagTransition>> =
                histogram.bins().iter().filter(|bin| !bin.outcome.is_equal).collect();
            bins.sort_by(|a, b| b.count.cmp(&a.count).then_with(|| a.examples.cmp(&b.examples)));
            FlagReport {
                flag,
                moved: bins.iter().map(|bin| bin.count).sum(),
                transitions: bins.iter().map(|bin| (&bin.outcome, bin.count, examples(&bin.examples))).collect(),
            }
        });
        let is_affected = |it: &FlagReport| {
            it.moved > 0 || !it.flag.is_in_both() || changes.iter().any(|change| change.is_of_flag(&it.flag.key))
        };
        let flags = flags.filter(is_affected).collect();
        Self { names: (&old.name, &new.name), population, changes, arms, flags, moved: transitions.moved }
    }

    /// Whether any user moves, or a flag was added or removed.
    pub(crate) fn has_effect(&self) -> bool {
        self.moved > 0 || self.flags.iter().any(|it| !it.flag.is_in_both())
    }
}

impl FlagReport<'_> {
    /// Whether the flag was added, removed or changed.
    pub(crate) fn status(&self) -> &'static str {
        match (self.flag.in_old, self.flag.in_new) {
            (false, _) => "added",
            (_, false) => "removed",
            _ => "changed",
        }
    }
}
