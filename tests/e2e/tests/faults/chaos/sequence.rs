//! A sequence of page views with faults, as data that follows from a seed.

use super::app::App;
use super::fault::{Fault, Store, Target};
use super::noise::Noise;
use super::random::Random;

/// A page, and several views of it in one browser.
#[expect(clippy::struct_excessive_bools, reason = "independent properties of a page")]
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Sequence {
    /// Whether the page has the inline guard.
    pub(crate) guard: bool,
    /// Whether it asks for consent first.
    pub(crate) consent: bool,
    /// Whether its config has flags.
    pub(crate) flags: bool,
    /// Whether stable has a script that it can do without, before its own.
    pub(crate) optional: bool,
    pub(crate) views: Vec<View>,
}

/// One page view, with several faults.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct View {
    pub(crate) app: App,
    /// Whether it is a reload instead of a navigation, where the view before is of the same app.
    pub(crate) reloads: bool,
    /// Whether the page is the answer to a form.
    pub(crate) post: Option<Post>,
    pub(crate) noise: Option<Noise>,
    /// Milliseconds in which the HTML arrives.
    pub(crate) slow_html: Option<u64>,
    pub(crate) faults: Vec<Fault>,
    pub(crate) store: Option<Store>,
    /// Milliseconds after which the user leaves, whatever is on the screen.
    pub(crate) leaves_after: Option<u64>,
}

/// What the server says of a page that is the answer to a form.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Post {
    /// `Server-Timing: post`.
    Told,
    /// Nothing.
    Untold,
}

/// The number of connections that faults may keep open in one view.
const HELD: usize = 2;

impl Sequence {
    /// The sequence of a seed.
    pub(crate) fn new(seed: u64) -> Self {
        let mut random = Random::new(seed);
        let (guard, consent, flags) = (random.one_in(2), random.one_in(12), !random.one_in(3));
        let optional = random.one_in(3);
        let count = 1 + random.below(3);
        let views = (0..count).map(|_| View::new(&mut random, guard, optional)).collect();
        Self { guard, consent, flags, optional, views }
    }

    /// All sequences that lack one thing of this one.
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
            without(&|other| other.views[place].post = None);
            without(&|other| other.views[place].noise = None);
            without(&|other| other.views[place].slow_html = None);
            without(&|other| other.views[place].app = App::Shop);
        }
        // Without a guard a page needs its runtime.
        if self.views.iter().all(|view| !view.breaks(Target::Runtime)) {
            without(&|other| other.guard = false);
        }
        without(&|other| other.consent = false);
        without(&|other| other.flags = false);
        if self.views.iter().all(|view| !view.breaks(Target::Optional)) {
            without(&|other| other.optional = false);
        }
        all
    }
}

impl View {
    /// A view without faults.
    pub(crate) const SOUND: Self = Self {
        app: App::Shop,
        reloads: true,
        post: None,
        noise: None,
        slow_html: None,
        faults: Vec::new(),
        store: None,
        leaves_after: None,
    };

    fn new(random: &mut Random, guard: bool, optional: bool) -> Self {
        let app = if random.one_in(3) { App::Admin } else { App::Shop };
        let mut view = Self { app, reloads: random.one_in(2), ..Self::SOUND };
        for _ in 0..=random.below(4) {
            let target = random.pick(&Target::ALL);
            let fault = Fault { target, how: random.pick(target.hows()) };
            let is_one_too_many = fault.holds_connection() && view.held() == HELD;
            if !view.breaks(target)
                && !is_one_too_many
                && (guard || target != Target::Runtime)
                && (optional || target != Target::Optional)
            {
                view.faults.push(fault);
            }
        }
        view.store = random.one_in(3).then(|| random.pick(&Store::ALL));
        view.post = random.one_in(5).then(|| random.pick(&[Post::Told, Post::Untold]));
        view.noise = random.one_in(3).then(|| random.pick(&Noise::ALL));
        view.slow_html = random.one_in(6).then(|| random.pick(&[300, 900, 1800]));
        view.leaves_after = random.one_in(6).then(|| random.pick(&[50, 200, 500, 900]));
        view
    }

    pub(crate) fn breaks(&self, target: Target) -> bool {
        self.faults.iter().any(|fault| fault.target == target)
    }

    fn held(&self) -> usize {
        self.faults.iter().filter(|fault| fault.holds_connection()).count()
    }
}
