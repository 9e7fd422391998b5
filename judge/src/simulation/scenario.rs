//! What is played.

use alloc::vec;
use alloc::vec::Vec;

use crate::policy::Policy;

/// A rollout, its site and what is wrong with the canary.
#[derive(Clone, Debug)]
pub struct Scenario {
    /// How it is called.
    pub name: &'static str,
    /// What the judge judges by.
    pub policy: Policy,
    /// Page views a second, on average over a week.
    pub views_per_second: f64,
    /// The percentage of each step.
    pub ladder: Vec<f64>,
    /// The least length of a step.
    pub step_minutes: u64,
    /// What ends a step.
    pub pace: Pace,
    /// The longest that it is played.
    pub minutes: u64,
    /// Whether traffic follows the hours of days and the days of a week, or is even.
    pub has_rush_hours: bool,
    /// What is wrong with the canary.
    pub fault: Fault,
    /// The minute in which that begins.
    pub since: u64,
    /// Whether the engine `webkit` alone has it.
    pub is_webkit_only: bool,
    /// Reports that no browser of a visitor sent.
    pub forged: Option<Forged>,
    /// Minutes from one incident that hits both sides to the next, on average; each lasts ten minutes.
    pub incident_minutes: f64,
    /// How reports travel.
    pub network: Network,
    /// A design that was found wrong.
    pub draft: Draft,
}

/// How reports travel.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Network {
    /// Seconds on the way, on average.
    pub delay: f64,
    /// Seconds on the way of slow ones, on average.
    pub slow: f64,
    /// The share of slow ones.
    pub slow_share: f64,
    /// The share that never arrives.
    pub lost: f64,
    /// The share of the reports of a view's end that come after the horizon, and are refused.
    pub late: f64,
}

impl Network {
    /// A second report of a page on a connection that is open.
    pub const USUAL: Self = Self { delay: 0.1, slow: 3.0, slow_share: 0.01, lost: 0.001, late: 0.001 };
}

/// What ends a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pace {
    /// Its length alone, whatever the judge says; a roll-back ends the run.
    Clock,
    /// The judge's word.
    Judge,
}

/// What is wrong with the canary.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Fault {
    /// Nothing but cold caches.
    None,
    /// So many views do not get ready.
    NotReady(f64),
    /// So many times as many views have an error.
    Errors(f64),
    /// So many times as many views are slow.
    Slow(f64),
    /// The same share of views that do not get ready, of returning visitors from their second view on.
    Later(f64),
    /// No report arrives.
    Silent,
}

/// Reports from one network that claim to be views on the canary.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Forged {
    /// How many views a minute.
    pub per_minute: f64,
    /// Whether they claim to be ready.
    pub are_ready: bool,
    /// The minute in which they begin.
    pub since: u64,
}

/// A design that was found wrong, kept so that tests see the simulation find it again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Draft {
    /// The design that is used.
    None,
    /// The share of views that came, instead of the designed one.
    RealizedShare,
    /// The first view in its arm against everything stable, instead of the first view of the run.
    FirstInArm,
    /// `not-ready` of a row cut at 0.
    CutNotReady,
}

impl Scenario {
    /// A healthy canary on the usual ladder, five hours in all.
    #[must_use]
    pub fn clean(views_per_second: f64) -> Self {
        Self {
            name: "no change",
            policy: Policy::default(),
            views_per_second,
            ladder: vec![1.0, 5.0, 10.0, 25.0, 50.0],
            step_minutes: 60,
            pace: Pace::Clock,
            minutes: 300,
            has_rush_hours: true,
            fault: Fault::None,
            since: 0,
            is_webkit_only: false,
            forged: None,
            incident_minutes: 600.0,
            network: Network::USUAL,
            draft: Draft::None,
        }
    }

    /// A canary with a fault at one percentage, even traffic, and an incident a week.
    #[must_use]
    pub fn at(name: &'static str, views_per_second: f64, percentage: f64, minutes: u64, fault: Fault) -> Self {
        Self {
            name,
            ladder: vec![percentage],
            minutes,
            step_minutes: minutes,
            has_rush_hours: false,
            incident_minutes: 7.0 * 24.0 * 60.0,
            fault,
            ..Self::clean(views_per_second)
        }
    }

    /// The same with a fault that begins later.
    #[must_use]
    pub fn since(self, since: u64) -> Self {
        Self { since, ..self }
    }

    /// A healthy canary that the judge leads up the ladder, for at most a week.
    #[must_use]
    pub fn ladder(views_per_second: f64) -> Self {
        Self { name: "to promotion", pace: Pace::Judge, minutes: 7 * 24 * 60, ..Self::clean(views_per_second) }
    }

    /// What `canaryctl rollout simulate` plays: no change, and the faults that a judge has to find.
    #[must_use]
    pub fn all(views_per_second: f64) -> Vec<Self> {
        let day = 24 * 60;
        let forged = |name, are_ready| Self {
            name,
            forged: Some(Forged { per_minute: 2.0 * views_per_second.max(0.1), are_ready, since: 90 }),
            ..Self::clean(views_per_second)
        };
        let clean = Self::clean(views_per_second);
        let two_days = 2 * day;
        vec![
            clean.clone(),
            Self::at("nothing boots, 1 %", views_per_second, 1.0, day, Fault::NotReady(1.0)),
            Self::at("20 % broken, 1 %", views_per_second, 1.0, day, Fault::NotReady(0.2)),
            Self::at("errors x5, 1 %", views_per_second, 1.0, two_days, Fault::Errors(5.0)),
            Self::at("nothing boots, 50 %", views_per_second, 50.0, day, Fault::NotReady(1.0)).since(60),
            Self::at("20 % broken, 50 %", views_per_second, 50.0, day, Fault::NotReady(0.2)).since(60),
            Self { name: "half of WebKit broken", fault: Fault::NotReady(0.5), is_webkit_only: true, ..clean.clone() },
            Self { name: "slow x1.5", fault: Fault::Slow(1.5), ..clean.clone() },
            Self { name: "silent from 50 %", fault: Fault::Silent, since: 240, ..clean.clone() },
            Self { name: "later views broken", fault: Fault::Later(0.2), ..clean },
            forged("forged failures", false),
            forged("forged successes", true),
            Self::ladder(views_per_second),
        ]
    }
}
