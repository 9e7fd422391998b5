//! The minutes that are still counted, and which of them are final or incomplete.

use std::collections::{BTreeMap, HashMap};

use crate::counts::Counts;
use crate::gaps::Gaps;
use crate::group::{Group, Row};
use crate::report::Report;
use crate::timing::Timing;

/// The largest number of groups in one minute. A site with many versions has a few hundred; only a flood of invented
/// reports has more.
const MAX_GROUPS: usize = 2_048;

/// The counts of recent minutes. Older ones are in the store.
#[derive(Debug)]
pub struct Windows {
    timing: Timing,
    minutes: BTreeMap<u64, Minute>,
    gaps: Gaps,
    through: u64,
}

/// The counts of one minute.
#[derive(Debug, Default)]
pub(crate) struct Minute {
    groups: HashMap<Group, Pair>,
    is_changed: bool,
}

#[derive(Clone, Debug, Default)]
struct Pair {
    all: Counts,
    capped: Counts,
}

/// The reason for which a good report is not counted. Its minute is a gap.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum Drop {
    /// The clock was set back, and the minute is already final.
    Clock,
    /// The minute has too many groups.
    Groups,
    /// The server cannot keep up.
    Overload,
}

impl Drop {
    /// All of them, in the order of their names.
    pub const ALL: [Self; 3] = [Self::Clock, Self::Groups, Self::Overload];

    /// Returns the value of the label `reason`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Clock => "clock",
            Self::Groups => "groups",
            Self::Overload => "overload",
        }
    }
}

impl Windows {
    /// Starts to count. `gaps` are those of earlier processes; `through` is the last minute that one of them called final.
    #[must_use]
    pub fn new(timing: Timing, gaps: Gaps, through: u64) -> Self {
        Self { timing, minutes: BTreeMap::new(), gaps, through }
    }

    /// Returns the timing.
    #[must_use]
    pub const fn timing(&self) -> Timing {
        self.timing
    }

    /// Returns the gaps.
    #[must_use]
    pub const fn gaps(&self) -> &Gaps {
        &self.gaps
    }

    /// Returns the last final minute.
    #[must_use]
    pub const fn through(&self) -> u64 {
        self.through
    }

    /// Makes minutes a gap.
    pub fn add_gap(&mut self, from: u64, to: u64) {
        self.gaps.add(from, to);
    }

    /// Puts rows back that an earlier process has stored.
    pub fn restore(&mut self, rows: Vec<Row>) {
        for Row { minute, group, counts, capped } in rows {
            let capped = capped.unwrap_or_else(|| counts.clone());
            self.minutes.entry(minute).or_default().groups.insert(group, Pair { all: counts, capped });
        }
    }

    /// Counts a report in a minute.
    ///
    /// # Errors
    ///
    /// The reason for which it is dropped; its minute is a gap then.
    pub fn count(
        &mut self,
        minute: u64,
        group: Group,
        report: &Report,
        code: &str,
        is_capped: bool,
    ) -> Result<(), Drop> {
        if minute <= self.through {
            self.gaps.add(minute, minute);
            return Err(Drop::Clock);
        }
        let Minute { groups, is_changed } = self.minutes.entry(minute).or_default();
        if groups.len() >= MAX_GROUPS && !groups.contains_key(&group) {
            self.gaps.add(minute, minute);
            return Err(Drop::Groups);
        }
        let pair = groups.entry(group).or_default();
        pair.all.count(report, code);
        if !is_capped {
            pair.capped.count(report, code);
        }
        *is_changed = true;
        Ok(())
    }

    /// Moves the last final minute on, and returns the minutes that became final.
    pub fn advance(&mut self, now: f64) -> Vec<u64> {
        let through = self.timing.last_final(now);
        if through <= self.through {
            return Vec::new();
        }
        let from = self.through.saturating_add(1);
        self.through = through;
        self.gaps.forget_before(self.timing.first_kept(now));
        self.minutes.range(from..=through).map(|(minute, _)| *minute).collect()
    }

    /// Takes note that the clock was set. Views from before have reports after, which are counted in wrong minutes, so the
    /// minutes on both sides are a gap. What is final stays as it is, unless the clock is set back by days.
    pub fn set_clock(&mut self, before: f64, after: f64) {
        let (from, to) = (before.min(after), before.max(after));
        let kept = self.timing.first_kept(before);
        if self.timing.minute(after) < kept {
            self.minutes.clear();
            self.gaps = Gaps::default();
            self.through = self.timing.last_final(after);
            self.gaps.add(0, self.timing.minute(after));
        } else {
            self.gaps.add(self.timing.first_open(from), self.timing.minute(to));
        }
    }

    /// Returns the sorted rows of a minute that is not in the store alone.
    #[must_use]
    pub fn rows(&self, minute: u64) -> Option<Vec<Row>> {
        self.minutes.get(&minute).map(|counts| counts.rows(minute))
    }

    /// Returns the minutes that are here and changed since they were written.
    pub fn changed(&self) -> impl Iterator<Item = u64> {
        self.minutes.iter().filter(|(_, minute)| minute.is_changed).map(|(minute, _)| *minute)
    }

    /// Takes note that a minute is about to be written.
    pub fn set_written(&mut self, minute: u64) {
        if let Some(minute) = self.minutes.get_mut(&minute) {
            minute.is_changed = false;
        }
    }

    /// Takes note that a minute was not written.
    pub fn set_changed(&mut self, minute: u64) {
        if let Some(minute) = self.minutes.get_mut(&minute) {
            minute.is_changed = true;
        }
    }

    /// Forgets final minutes that are written.
    pub fn forget_written(&mut self) {
        let through = self.through;
        self.minutes.retain(|minute, counts| *minute > through || counts.is_changed);
    }

    /// Returns the groups of a minute with all their counts.
    pub fn groups(&self, minute: u64) -> impl Iterator<Item = (&Group, &Counts)> {
        self.minutes.get(&minute).into_iter().flat_map(|minute| &minute.groups).map(|(group, pair)| (group, &pair.all))
    }
}

impl Minute {
    fn rows(&self, minute: u64) -> Vec<Row> {
        let mut groups: Vec<_> = self.groups.iter().collect();
        groups.sort_unstable_by_key(|(group, _)| *group);
        let row = |(group, Pair { all, capped }): (&Group, &Pair)| Row {
            minute,
            group: group.clone(),
            counts: all.clone(),
            capped: (capped != all).then(|| capped.clone()),
        };
        // A final report alone makes a group without any count.
        groups.into_iter().filter(|(_, pair)| pair.all != Counts::default()).map(row).collect()
    }
}
