//! A simulation: what the users of a population get, and what the config leads to expect.

use canary_runtime::EvaluationContext;

use crate::commands::simulate::counts::Counts;
use crate::commands::simulate::expected::Expected;
use crate::config::loaded::Loaded;
use crate::population::population::Population;

/// The results of a simulation.
pub(crate) struct Simulation<'a> {
    pub(crate) file: &'a Loaded,
    pub(crate) population: &'a Population,
    /// The keys of the flags.
    pub(crate) keys: Vec<&'a str>,
    pub(crate) counts: Counts,
    pub(crate) expected: Expected,
}

impl<'a> Simulation<'a> {
    /// Evaluates a config for all users of a population.
    pub(crate) fn run(file: &'a Loaded, population: &'a Population) -> Self {
        let keys: Vec<_> = file.parsed.iter().flat_map(|(config, _)| config.flag_keys()).collect();
        let evaluator = file.evaluator(population.now);
        let add = |counts: &mut Counts, user, context: &EvaluationContext| counts.add(&evaluator, user, context, &keys);
        let counts = population.fold(add, Counts::merge);
        let expected = Expected::of(file, &evaluator, population, &keys);
        Self { file, population, keys, counts, expected }
    }
}
