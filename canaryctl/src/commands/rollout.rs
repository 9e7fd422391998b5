//! `canaryctl rollout`: the discipline of a rollout, and what it can find.

mod judge;
mod simulate;

use std::process::ExitCode;

use crate::terminal::output::Output;

/// Judge the counts of a canary and a stable version.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  canaryctl rollout judge windows.jsonl
  canaryctl rollout judge windows.jsonl --policy judge.yaml --output json | jq .verdict
  canaryctl rollout simulate --runs 1000")]
pub(crate) struct Args {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, clap::Subcommand)]
enum Verb {
    Judge(judge::Args),
    Simulate(simulate::Args),
}

/// Does what was asked.
pub(crate) fn run(args: &Args, output: Output) -> anyhow::Result<ExitCode> {
    match &args.verb {
        Verb::Judge(args) => judge::run(args, output),
        Verb::Simulate(args) => simulate::run(args, output),
    }
}
