//! What the config wants: shares that follow from it alone, in percent.
//!
//! The expectations restate the contract on purpose: they are computed from percentages and weights, not from buckets, and
//! call none of the runtime's rules for cohorts, percentages and variants, so that the two check each other. Conditions do
//! not depend on the key, so they are evaluated once for each kind of user.

mod flag;
mod probe;

use canary_runtime::{Arm, Cohort, EvaluationContext, Reason};

use crate::commands::simulate::tally::Outcome;
use crate::config::loaded::{ConfigFile, Offer};
use crate::population::population::Crowd;
use crate::terminal::format::percent;
use probe::Probe;

/// Everybody, in percent.
const ALL: f64 = 100.0;

/// Shares that add up to 100.
#[derive(Debug)]
pub(crate) struct Shares<K>(pub(crate) Vec<(K, f64)>);

impl<K> Default for Shares<K> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<K: PartialEq> Shares<K> {
    pub(crate) fn add(&mut self, outcome: K, share: f64) {
        match self.0.iter_mut().find(|(known, _)| *known == outcome) {
            Some((_, sum)) => *sum += share,
            None => self.0.push((outcome, share)),
        }
    }

    /// What one outcome should get.
    pub(crate) fn get(&self, outcome: &K) -> f64 {
        self.0.iter().find(|(known, _)| known == outcome).map_or(0.0, |(_, share)| *share)
    }

    fn add_all(&mut self, other: Self, weight: f64) {
        for (outcome, share) in other.0 {
            self.add(outcome, share * weight / ALL);
        }
    }
}

/// All of them.
#[derive(Debug, Default)]
pub(crate) struct Expected {
    pub(crate) arms: Shares<Arm>,
    pub(crate) cohorts: Shares<Cohort>,
    /// In the order of the keys; nothing where it does not follow simply, as for a flag that requires others.
    pub(crate) flags: Vec<Option<Shares<Outcome>>>,
}

impl Expected {
    pub(crate) fn of(file: &ConfigFile, offer: &Offer, crowd: &Crowd, keys: &[&str]) -> Self {
        let probes: Vec<_> = keys.iter().map(|key| Probe::of(file, key)).collect();
        let mut expected = Self::default();
        expected.flags.resize_with(keys.len(), || Some(Shares::default()));
        for (context, count) in crowd.kinds() {
            let weight = percent(count, crowd.len());
            expected.add_bundle(offer, &context, weight);
            for ((key, probe), sum) in keys.iter().zip(&probes).zip(&mut expected.flags) {
                let shares = flag::shares(offer, &context, key, probe.as_ref(), crowd.now);
                match (sum.as_mut(), shares) {
                    (Some(sum), Some(shares)) => sum.add_all(shares, weight),
                    _ => *sum = None,
                }
            }
        }
        expected
    }

    fn add_bundle(&mut self, offer: &Offer, context: &EvaluationContext, weight: f64) {
        let decision = offer.decide(context);
        let mut add = |variant, cohort, share: f64| {
            self.arms.add(variant, share * weight / ALL);
            self.cohorts.add(cohort, share * weight / ALL);
        };
        match offer.config() {
            Some(config) if matches!(decision.reason, Reason::Split | Reason::Static) => {
                let canary = f64::from(config.percentage.buckets()) / 1000.0;
                // The control is as large as the canary; above 50 %, it is all of stable.
                let control = canary.min(ALL - canary);
                add(Arm::Canary, Cohort::Canary, canary);
                add(Arm::Stable, Cohort::Control, control);
                add(Arm::Stable, Cohort::Rest, ALL - canary - control);
            }
            _ => add(decision.variant, decision.cohort, ALL),
        }
    }
}
