//! A collector: reports become the counts of minutes.

use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;

use crate::row::{Comparison, Row, Side, Vital};
use crate::simulation::browser::{STRATA, stratum_name};
use crate::simulation::random::Random;
use crate::simulation::scenario::Draft;
use crate::simulation::view::Reports;

/// Both sides of a row.
#[derive(Clone, Debug, Default)]
struct Cell {
    canary: Side,
    control: Side,
}

/// The minute that is counted now, and the next, into which late reports of this one fall.
#[derive(Clone, Debug)]
pub(crate) struct Collector {
    minutes: [Minute; 2],
    names: Vec<String>,
}

#[derive(Clone, Debug)]
struct Minute {
    /// For each step, comparison and stratum.
    cells: Vec<Cell>,
    /// Those that have a count.
    used: Vec<usize>,
    assigned: u64,
    both: u64,
}

/// Where a unit's reports are counted.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Unit {
    pub(crate) step: usize,
    pub(crate) first: Comparison,
    pub(crate) stratum: usize,
    pub(crate) is_canary: bool,
}

impl Unit {
    const fn index(self) -> usize {
        let comparison = match self.first {
            Comparison::Run => 0,
            Comparison::Cohort => 1,
        };
        self.step.wrapping_mul(2).wrapping_add(comparison).wrapping_mul(STRATA).wrapping_add(self.stratum)
    }
}

impl Collector {
    pub(crate) fn new(steps: usize) -> Self {
        let minute = Minute {
            cells: vec![Cell::default(); steps.saturating_mul(2).saturating_mul(STRATA)],
            used: Vec::new(),
            assigned: 0,
            both: 0,
        };
        Self { minutes: [minute.clone(), minute], names: (0..STRATA).map(stratum_name).collect() }
    }

    /// Counts a view's reports, `second` being its exposure within the minute: each in the minute in which it would
    /// have been exposed had the report come at once.
    pub(crate) fn count(&mut self, unit: Unit, second: f64, reports: &Reports) {
        let [now, next] = &mut self.minutes;
        let mut add = |delay: Option<f64>, change: &dyn Fn(&mut Side)| {
            if let Some(delay) = delay {
                let minute = if second + delay < 60.0 { &mut *now } else { &mut *next };
                minute.change(unit, change);
            }
        };
        add(reports.exposed, &|side| {
            side.exposed = side.exposed.saturating_add(1);
            side.not_ready = side.not_ready.saturating_add(1);
        });
        add(reports.ready, &|side| side.not_ready = side.not_ready.saturating_sub(1));
        add(reports.left, &|side| {
            side.left = side.left.saturating_add(1);
            side.not_ready = side.not_ready.saturating_sub(1);
        });
        add(reports.error, &|side| side.error = side.error.saturating_add(1));
        add(reports.vitals, &|side| {
            let vitals = [&mut side.lcp, &mut side.inp, &mut side.cls];
            for (vital, above) in vitals.into_iter().zip(reports.poor) {
                let Some(above) = above else { continue };
                let mut counts = [0; 3];
                counts.iter_mut().take(above).for_each(|count| *count = 1);
                vital.add(Vital { measured: 1, above: counts });
            }
        });
    }

    /// Counts a view of cohort `canary` or `control`, unit or not.
    pub(crate) const fn count_assigned(&mut self, both: bool) {
        let [now, _] = &mut self.minutes;
        now.assigned = now.assigned.saturating_add(1);
        now.both = now.both.saturating_add(both as u64);
    }

    /// Ends the minute: its rows, and how many views were assigned to both cohorts, of how many.
    pub(crate) fn end(&mut self, minute: u64, shares: &[f64], draft: Draft) -> (Vec<Row>, u64, u64) {
        let [now, next] = &mut self.minutes;
        let mut rows = Vec::with_capacity(now.used.len());
        now.used.sort_unstable();
        for index in now.used.drain(..) {
            let Some(cell) = now.cells.get_mut(index) else { continue };
            let Cell { mut canary, mut control } = core::mem::take(cell);
            let (step, comparison) = (index / (2 * STRATA), (index / STRATA) & 1);
            let stratum = index.checked_rem(STRATA).unwrap_or_default();
            let first = if comparison == 0 { Comparison::Run } else { Comparison::Cohort };
            let designed = shares.get(step).copied().unwrap_or_default();
            let mut share = if first == Comparison::Cohort && designed <= 0.5 { 0.5 } else { designed };
            if draft == Draft::RealizedShare {
                let views = crate::log_space::real(canary.exposed.saturating_add(control.exposed));
                share = if views > 0.0 { crate::log_space::real(canary.exposed) / views } else { share };
            }
            if draft == Draft::CutNotReady {
                canary.not_ready = canary.not_ready.max(0);
                control.not_ready = control.not_ready.max(0);
            }
            let stratum = self.names.get(stratum).cloned().unwrap_or_default();
            let revision = (step as u64).saturating_add(1);
            rows.push(Row { minute, revision, first, share, stratum, canary, control });
        }
        let counts = (now.assigned, now.both);
        (now.assigned, now.both) = (0, 0);
        core::mem::swap(now, next);
        (rows, counts.0, counts.1)
    }
}

impl Minute {
    fn change(&mut self, unit: Unit, change: &dyn Fn(&mut Side)) {
        let index = unit.index();
        let Some(cell) = self.cells.get_mut(index) else { return };
        if cell.canary == Side::default() && cell.control == Side::default() && !self.used.contains(&index) {
            self.used.push(index);
        }
        change(if unit.is_canary { &mut cell.canary } else { &mut cell.control });
    }
}

/// The collector's cap on one network: whole views, by a threshold that the minutes before have set.
#[derive(Clone, Debug, Default)]
pub(crate) struct Cap {
    /// Views in the minute before.
    before: u64,
}

impl Cap {
    /// Views a minute that one network may send.
    const PER_MINUTE: f64 = 1_000.0 / 60.0;

    /// How many of a minute's views are admitted.
    pub(crate) fn admit(&mut self, views: u64, random: &mut Random) -> u64 {
        let before = crate::log_space::real(self.before);
        let share = if before > Self::PER_MINUTE { Self::PER_MINUTE / before } else { 1.0 };
        self.before = views;
        (0..views).filter(|_| random.happens(share)).count() as u64
    }
}
