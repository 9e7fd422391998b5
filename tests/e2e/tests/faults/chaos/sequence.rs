//! A sequence of faults as data: it follows from its seed, and can be made smaller.

use super::fault::{Fault, Store, Target};
use super::random::Chance;

/// A page, and views of it in a row by one browser.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Sequence {
    /// Whether the page has the inline guard.
    pub(crate) guard: bool,
    /// Whether it asks for consent first.
    pub(crate) consent: bool,
    /// Whether its config has flags.
    pub(crate) flags: bool,
    pub(crate) views: Vec<View>,
}

/// One page view, with several faults.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct View {
    /// By a reload of what is there, or to another address.
    pub(crate) reloads: bool,
    pub(crate) faults: Vec<Fault>,
    pub(crate) store: Option<Store>,
    /// Its reader goes on after so many milliseconds, whatever there is.
    pub(crate) leaves_after: Option<u64>,
}

/// How many connections may be held in one view.
const HELD: usize = 2;

impl Sequence {
    /// What follows from a seed.
    pub(crate) fn new(seed: u64) -> Self {
        let mut chance = Chance::new(seed);
        let (guard, consent, flags) = (chance.one_in(2), chance.one_in(12), !chance.one_in(3));
        let count = 1 + chance.below(3);
        let views = (0..count).map(|_| View::new(&mut chance, guard)).collect();
        Self { guard, consent, flags, views }
    }

    /// All that are smaller by one thing.
    pub(crate) fn smaller(&self) -> Vec<Self> {
        let mut all = Vec::new();
        let mut without = |change: &dyn Fn(&mut Self)| {
            let mut other = self.clone();
            change(&mut other);
            if other != *self && !other.views.is_empty() {
                all.push(other);
            }
        };
        for place in 0..self.views.len() {
            without(&|other| drop(other.views.remove(place)));
        }
        for (place, view) in self.views.iter().enumerate() {
            for fault in 0..view.faults.len() {
                without(&|other| {
                    other.views[place].faults.remove(fault);
                });
            }
            without(&|other| other.views[place].store = None);
            without(&|other| other.views[place].leaves_after = None);
            without(&|other| other.views[place].reloads = false);
        }
        // A page without a guard cannot do without its runtime.
        if self.views.iter().all(|view| !view.breaks(Target::Runtime)) {
            without(&|other| other.guard = false);
        }
        without(&|other| other.consent = false);
        without(&|other| other.flags = false);
        all
    }
}

impl View {
    /// A view where nothing fails.
    pub(crate) const CALM: Self = Self { reloads: true, faults: Vec::new(), store: None, leaves_after: None };

    fn new(chance: &mut Chance, guard: bool) -> Self {
        let mut view = Self { reloads: chance.one_in(2), ..Self::CALM };
        for _ in 0..=chance.below(4) {
            let target = chance.pick(&Target::ALL);
            let fault = Fault { target, how: chance.pick(target.hows()) };
            let is_one_too_many = fault.holds_connection() && view.held() == HELD;
            if !view.breaks(target) && !is_one_too_many && (guard || target != Target::Runtime) {
                view.faults.push(fault);
            }
        }
        view.store = chance.one_in(3).then(|| chance.pick(&Store::ALL));
        view.leaves_after = chance.one_in(6).then(|| chance.pick(&[50, 200, 500, 900]));
        view
    }

    pub(crate) fn breaks(&self, target: Target) -> bool {
        self.faults.iter().any(|fault| fault.target == target)
    }

    fn held(&self) -> usize {
        self.faults.iter().filter(|fault| fault.holds_connection()).count()
    }
}
