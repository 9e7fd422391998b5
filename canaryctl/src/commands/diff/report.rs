//! What there is to tell, whoever reads it.

use canary_runtime::Arm;

use crate::commands::diff::changes::{Change, changes};
use crate::commands::diff::transitions::{FlagKey, Move, Moves};
use crate::config::loaded::ConfigFile;
use crate::population::histogram::Share;
use crate::population::population::Crowd;

/// Bundles before and after, as they are listed.
const ARMS: [(Arm, Arm); 4] =
    [(Arm::Stable, Arm::Canary), (Arm::Canary, Arm::Stable), (Arm::Canary, Arm::Canary), (Arm::Stable, Arm::Stable)];

/// All of it.
pub(crate) struct Report<'a> {
    /// The names of both files.
    pub(crate) names: (&'a str, &'a str),
    pub(crate) crowd: &'a Crowd,
    pub(crate) changes: Vec<Change<'a>>,
    pub(crate) arms: [ArmTransition; 4],
    /// Flags that were edited, or that are something else for somebody.
    pub(crate) flags: Vec<FlagReport<'a>>,
    /// Users who get another bundle or another value of a flag that stays.
    pub(crate) moved: u64,
}

/// How many go from a bundle to a bundle.
pub(crate) struct ArmTransition {
    pub(crate) from: Arm,
    pub(crate) to: Arm,
    pub(crate) count: u64,
    /// Keys of some of them.
    pub(crate) examples: Vec<String>,
}

/// One flag.
pub(crate) struct FlagReport<'a> {
    pub(crate) flag: &'a FlagKey,
    /// For how many it changes.
    pub(crate) moved: u64,
    /// How, the most frequent first.
    pub(crate) moves: Vec<(&'a Move, u64, Vec<String>)>,
}

impl<'a> Report<'a> {
    pub(crate) fn new(
        (old, new): (&'a ConfigFile, &'a ConfigFile),
        crowd: &'a Crowd,
        keys: &'a [FlagKey],
        counted: &'a Moves,
    ) -> Self {
        let changes = changes(old.document.root(), new.document.root());
        let examples = |users: &[u64]| users.iter().map(|user| crowd.key(*user)).collect::<Vec<_>>();
        let arms = ARMS.map(|(from, to)| {
            let share = counted.arms.find(&(from, to));
            let (count, users) = share.map_or((0, &[][..]), |share| (share.count, share.examples.as_slice()));
            ArmTransition { from, to, count, examples: examples(users) }
        });
        let flags = keys.iter().zip(&counted.flags).map(|(flag, counter)| {
            let mut shares: Vec<&Share<Move>> = counter.shares().iter().filter(|share| !share.outcome.stays).collect();
            shares.sort_by(|a, b| b.count.cmp(&a.count).then_with(|| a.examples.cmp(&b.examples)));
            let told = shares.iter().map(|share| (&share.outcome, share.count, examples(&share.examples)));
            FlagReport { flag, moved: shares.iter().map(|share| share.count).sum(), moves: told.collect() }
        });
        let is_told = |it: &FlagReport| {
            it.moved > 0 || !it.flag.stays() || changes.iter().any(|change| change.is_of_flag(&it.flag.key))
        };
        let flags = flags.filter(is_told).collect();
        Self { names: (&old.name, &new.name), crowd, changes, arms, flags, moved: counted.moved }
    }

    /// Whether anything is not as before for anybody.
    pub(crate) fn is_move(&self) -> bool {
        self.moved > 0 || self.flags.iter().any(|it| !it.flag.stays())
    }
}

impl FlagReport<'_> {
    /// What has become of the flag itself.
    pub(crate) fn fate(&self) -> &'static str {
        match (self.flag.in_old, self.flag.in_new) {
            (false, _) => "added",
            (_, false) => "removed",
            _ => "changed",
        }
    }
}
