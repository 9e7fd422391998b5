//! What becomes of one page view.

use crate::simulation::browser::{Browser, Use};
use crate::simulation::random::Random;
use crate::simulation::scenario::{Fault, Network};

/// The share of views that fail without an error that can be told, of those that fail on stable.
const FAILS_SILENTLY: f64 = 0.9;

/// Seconds until a bundle is up: at least, and beyond that on average, with a cold and with a warm cache.
const COLD: (f64, f64) = (0.5, 0.9);
const WARM: (f64, f64) = (0.2, 0.25);

/// Users who leave within a second that they wait: most, and impatient ones, of whom there are so many.
const LEAVES: (f64, f64, f64) = (0.003, 0.05, 0.05);

/// Views of a shared incident that fail, and that have an error.
const INCIDENT: (f64, f64) = (0.4, 0.05);

/// How often a web vital is measured, and how often it is above its three thresholds.
const LCP: (f64, [f64; 3]) = (0.75, [0.22, 0.08, 0.03]);
const INP: (f64, [f64; 3]) = (0.6, [0.15, 0.03, 0.008]);
const CLS: (f64, [f64; 3]) = (0.75, [0.12, 0.05, 0.02]);

/// What acts on a view besides its browser.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Conditions {
    pub(crate) is_canary: bool,
    /// The canary's fault, where the view has it.
    pub(crate) fault: Fault,
    /// Whether this browser had the canary before.
    pub(crate) had_canary: bool,
    pub(crate) is_incident: bool,
    pub(crate) network: Network,
}

/// The reports of a view that arrive, each with its delay in seconds.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Reports {
    pub(crate) exposed: Option<f64>,
    pub(crate) ready: Option<f64>,
    pub(crate) left: Option<f64>,
    pub(crate) error: Option<f64>,
    pub(crate) vitals: Option<f64>,
    /// Above how many thresholds each measured vital is.
    pub(crate) poor: [Option<usize>; 3],
    /// Whether a monitor that counts failing views counts this one.
    pub(crate) is_failure: bool,
}

/// Plays a view.
pub(crate) fn view(browser: &Browser, conditions: Conditions, random: &mut Random) -> Reports {
    let mut reports = Reports::default();
    let Conditions { is_canary, fault, had_canary, is_incident, network } = conditions;
    if fault == Fault::Silent {
        return reports;
    }
    let (fails, errs) = rates(browser.habit);
    let breaks = match fault {
        Fault::NotReady(share) => share,
        Fault::Later(share) if had_canary => share,
        _ => 0.0,
    };
    let is_broken = random.happens(breaks);
    let is_hit = is_incident && random.happens(INCIDENT.0);
    let is_lost = is_broken || is_hit || random.happens(fails);
    let more = if let Fault::Errors(ratio) = fault { ratio } else { 1.0 };
    let has_error = random.happens(f64::min(errs * more, 1.0)) || (is_incident && random.happens(INCIDENT.1));
    reports.exposed = network.send(random, 0.0);
    reports.is_failure = is_broken || has_error || (is_lost && !random.happens(FAILS_SILENTLY));
    if has_error {
        reports.error = network.send(random, 0.0);
    }
    if is_lost {
        return reports;
    }
    // A returning browser has stable's files; the canary's are new to it until its second view.
    let is_warm = browser.is_returning && (!is_canary || had_canary);
    let (least, more) = if is_warm { WARM } else { COLD };
    let wait = least + random.wait(more);
    let (patient, impatient, share) = LEAVES;
    let leaves = if random.happens(share) { impatient } else { patient };
    if random.happens(leaves * wait) {
        reports.left = network.send(random, network.late);
        return reports;
    }
    reports.ready = network.send(random, network.late);
    // Vitals of returning browsers are in no row, and WebKit's engine measures none.
    if browser.is_returning || browser.is_webkit {
        return reports;
    }
    reports.vitals = network.send(random, network.late);
    let slower = if let Fault::Slow(ratio) = fault { ratio } else { 1.0 };
    for (place, ((measured, above), slower)) in reports.poor.iter_mut().zip([(LCP, slower), (INP, 1.0), (CLS, 1.0)]) {
        if random.happens(measured) {
            let level = random.unit();
            *place = Some(above.iter().filter(|share| level < **share * slower).count());
        }
    }
    reports
}

/// How often a view does not get ready, and how often it has an error: the more a visitor comes, the rarer.
const fn rates(habit: Use) -> (f64, f64) {
    match habit {
        Use::New => (0.007, 0.0012),
        Use::Light => (0.004, 0.001),
        Use::Heavy => (0.003, 0.0005),
        Use::Broken => (1.0, 0.01),
        Use::Bot => (0.1, 0.002),
    }
}

impl Network {
    /// Sends a report: its delay, where it arrives.
    fn send(self, random: &mut Random, late: f64) -> Option<f64> {
        if random.happens(self.lost + late) {
            return None;
        }
        let mean = if random.happens(self.slow_share) { self.slow } else { self.delay };
        Some(random.wait(mean).min(59.0))
    }
}
