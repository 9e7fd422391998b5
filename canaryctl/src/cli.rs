//! The command line: one variant a verb.

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::commands::{
    assets, bucket, completions, diff, explain, guard, inject, nudge, rollout, schema, segment, serve, set, simulate,
    validate,
};
use crate::terminal::output::Output;

/// Prepares and serves a client-side canary, and computes what the runtime computes.
///
/// Exit codes: 0; 1 where the answer is no; 2 for wrong usage or input.
#[derive(Debug, Parser)]
#[command(version)]
pub(crate) struct Cli {
    /// For people, or one JSON value a line for machines.
    #[arg(long, global = true, value_enum, value_name = "FORMAT", default_value_t)]
    output: Output,
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    Serve(serve::Args),
    Validate(validate::Args),
    Explain(explain::Args),
    Bucket(bucket::Args),
    Assets(assets::Args),
    Inject(inject::Args),
    Guard(guard::Args),
    Completions(completions::Args),
    Set(set::Args),
    Segment(segment::Args),
    Schema(schema::Args),
    Simulate(simulate::Args),
    Diff(diff::Args),
    Nudge(nudge::Args),
    Rollout(rollout::Args),
}

impl Cli {
    /// Does what was asked.
    pub(crate) fn run(&self) -> anyhow::Result<ExitCode> {
        match &self.verb {
            Verb::Serve(args) => serve::run(args, self.output),
            Verb::Validate(args) => validate::run(args, self.output),
            Verb::Explain(args) => explain::run(args, self.output),
            Verb::Bucket(args) => bucket::run(args, self.output),
            Verb::Assets(args) => assets::run(args, self.output),
            Verb::Inject(args) => inject::run(args, self.output),
            Verb::Guard(args) => guard::run(args, self.output),
            Verb::Completions(args) => completions::run(args, self.output),
            Verb::Set(args) => set::run(args, self.output),
            Verb::Segment(args) => segment::run(args, self.output),
            Verb::Schema(args) => schema::run(args, self.output),
            Verb::Simulate(args) => simulate::run(args, self.output),
            Verb::Diff(args) => diff::run(args, self.output),
            Verb::Nudge(args) => nudge::run(args, self.output),
            Verb::Rollout(args) => rollout::run(args, self.output),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_definition_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn every_verb_has_an_example() {
        for verb in Cli::command().get_subcommands_mut() {
            let help = verb.render_long_help().to_string();
            assert!(help.contains(&format!("  canaryctl {}", verb.get_name())), "{help}");
        }
    }
}
