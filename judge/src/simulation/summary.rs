//! Many runs of a scenario, summed up.

use alloc::collections::BTreeMap;
use alloc::vec::Vec;

use libm::{exp, lgamma, log, log1p};

use crate::log_space::real;
use crate::simulation::play::Outcome;
use crate::simulation::scenario::Scenario;

/// Of how many runs, how many did what, and when.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Summary {
    /// All runs.
    pub runs: u64,
    /// Runs that were rolled back once the fault had begun, or at all where there is none; by cause.
    pub rolled_back: BTreeMap<&'static str, u64>,
    /// Runs that were rolled back before there was a reason.
    pub too_early: u64,
    /// Minutes of data from the beginning of the fault to the roll-back.
    minutes: Vec<u64>,
    /// Units on the canary in that time.
    units: Vec<u64>,
    /// Views that had the fault, over all runs.
    pub harmed: u64,
    /// Runs in which a metric was at its hold line.
    pub held: u64,
    /// Those runs, by the first metric that was.
    pub held_by: BTreeMap<&'static str, u64>,
    /// Runs whose last verdict suspects the counts.
    pub suspect: u64,
    /// Of the runs that evidence rolled back, those that name the engine `webkit`.
    pub named_webkit: u64,
    /// Minutes to the end of the last step, of the runs that got there.
    promoted: Vec<u64>,
    /// Minutes to Flagger's roll-back, of the runs with one: as it is, and without minutes that have no views.
    flagger: [Vec<u64>; 2],
    /// Runs that Flagger rolled back before there was a reason, likewise.
    pub flagger_too_early: [u64; 2],
}

/// A median and a 95 % quantile; absent where fewer runs have the value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Quantiles {
    /// In half of all runs it is at most this.
    pub median: Option<u64>,
    /// In 95 of 100 runs it is at most this.
    pub p95: Option<u64>,
}

impl Summary {
    /// Adds a run.
    pub fn add(&mut self, scenario: &Scenario, outcome: &Outcome) {
        let one = |count: &mut u64, is: bool| *count = count.saturating_add(u64::from(is));
        one(&mut self.runs, true);
        if let Some((minute, cause)) = outcome.rolled_back {
            if minute < scenario.since {
                one(&mut self.too_early, true);
            } else {
                one(self.rolled_back.entry(cause).or_default(), true);
                self.minutes.push(minute.saturating_sub(scenario.since).saturating_add(1));
                self.units.push(outcome.units);
                let is_webkit = outcome.stratum.as_deref().is_some_and(|stratum| stratum.starts_with("webkit/"));
                one(&mut self.named_webkit, is_webkit && cause == "evidence");
            }
        }
        self.harmed = self.harmed.saturating_add(outcome.harmed);
        one(&mut self.held, outcome.held.is_some());
        if let Some(metric) = outcome.held_by {
            one(self.held_by.entry(metric.name()).or_default(), true);
        }
        one(&mut self.suspect, outcome.is_suspect);
        self.promoted.extend(outcome.promoted);
        let found = [outcome.flagger.0, outcome.flagger.1];
        let places = self.flagger.iter_mut().zip(&mut self.flagger_too_early).zip(found);
        for ((found_at, too_early), found) in places {
            match found {
                Some(minute) if minute < scenario.since => one(too_early, true),
                Some(minute) => found_at.push(minute.saturating_sub(scenario.since).saturating_add(1)),
                None => {}
            }
        }
    }

    /// Adds other runs of the same scenario.
    pub fn merge(&mut self, other: Self) {
        let add = |count: &mut u64, more: u64| *count = count.saturating_add(more);
        add(&mut self.runs, other.runs);
        for (cause, count) in other.rolled_back {
            add(self.rolled_back.entry(cause).or_default(), count);
        }
        add(&mut self.too_early, other.too_early);
        self.minutes.extend(other.minutes);
        self.units.extend(other.units);
        add(&mut self.harmed, other.harmed);
        add(&mut self.held, other.held);
        for (metric, count) in other.held_by {
            add(self.held_by.entry(metric).or_default(), count);
        }
        add(&mut self.suspect, other.suspect);
        add(&mut self.named_webkit, other.named_webkit);
        self.promoted.extend(other.promoted);
        for (mine, theirs) in self.flagger.iter_mut().zip(other.flagger) {
            mine.extend(theirs);
        }
        for (mine, theirs) in self.flagger_too_early.iter_mut().zip(other.flagger_too_early) {
            add(mine, theirs);
        }
    }

    /// Runs that were rolled back with a reason, or without a fault at all.
    #[must_use]
    pub fn found(&self) -> u64 {
        self.minutes.len() as u64
    }

    /// Minutes of data from the beginning of the fault to the roll-back, over all runs.
    #[must_use]
    pub fn minutes(&self) -> Quantiles {
        quantiles(&self.minutes, self.runs)
    }

    /// Canary views that were judged in that time, over all runs.
    #[must_use]
    pub fn units(&self) -> Quantiles {
        quantiles(&self.units, self.runs)
    }

    /// Runs whose last step was over by the judge's word, and the minutes that it took, over all runs.
    #[must_use]
    pub fn promoted(&self) -> (u64, Quantiles) {
        (self.promoted.len() as u64, quantiles(&self.promoted, self.runs))
    }

    /// Flagger's roll-backs and minutes, as it is, and without minutes that have no views.
    #[must_use]
    pub fn flagger(&self) -> [(u64, Quantiles); 2] {
        let [all, by_views] = &self.flagger;
        [all, by_views].map(|minutes| (minutes.len() as u64, quantiles(minutes, self.runs)))
    }
}

fn quantiles(values: &[u64], runs: u64) -> Quantiles {
    let mut sorted = values.to_vec();
    sorted.sort_unstable();
    let at = |percent: u64| {
        // The smallest value that so many of all runs do not exceed.
        let rank = runs.saturating_mul(percent).div_ceil(100).saturating_sub(1);
        sorted.get(usize::try_from(rank).ok()?).copied()
    };
    Quantiles { median: at(50), p95: at(95) }
}

/// The largest probability that `found` of `runs` do not exclude at 95 %, by Clopper and Pearson, one-sided.
#[must_use]
pub fn upper_bound(found: u64, runs: u64) -> f64 {
    if found >= runs {
        return 1.0;
    }
    // Whether so few would still be seen in 5 % of repetitions.
    let is_possible = |p: f64| {
        let choose = |k: f64| lgamma(real(runs) + 1.0) - lgamma(k + 1.0) - lgamma(real(runs) - k + 1.0);
        let term = |k: f64| exp(choose(k) + k * log(p) + (real(runs) - k) * log1p(-p));
        (0..=found).map(real).map(term).sum::<f64>() > 0.05
    };
    let (mut low, mut high) = (real(found) / real(runs), 1.0);
    for _ in 0..60 {
        let middle = f64::midpoint(low, high);
        if is_possible(middle) { low = middle } else { high = middle }
    }
    high
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bounds_are_those_of_clopper_and_pearson() {
        // scipy.stats.beta.ppf(0.95, found + 1, runs - found)
        for (found, runs, expected) in
            [(0, 50_000, 5.991_285e-5), (5, 10_000, 1.051_033e-3), (40, 50, 0.887_578), (3, 3, 1.0)]
        {
            let bound = upper_bound(found, runs);
            assert!((bound / expected - 1.0).abs() < 1e-3, "{found} of {runs}: {bound}");
        }
    }

    #[test]
    fn quantiles_count_runs_that_were_not_found() {
        let values: Vec<u64> = (1..=95).collect();
        assert_eq!(quantiles(&values, 100), Quantiles { median: Some(50), p95: Some(95) });
        assert_eq!(quantiles(&values, 101), Quantiles { median: Some(51), p95: None });
        assert_eq!(quantiles(&[], 0), Quantiles { median: None, p95: None });
    }
}
