//! `canaryctl rollout`: the rollout controller and its statistical judge.

mod import;
pub(crate) mod judge;
mod person;
mod plan;
mod read;
mod run;
mod schema;
mod simulate;
mod step;
mod target;

use std::process::ExitCode;

pub(crate) use simulate::parse_rate;

use crate::terminal::output::Output;

/// Roll a canary out by commits, judge it by counts of page views, or measure the judge on simulated rollouts.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  canaryctl rollout step --repo git@example.com:shop/deploy.git --branch main
  canaryctl rollout judge rows.jsonl
  canaryctl rollout judge rows.jsonl --policy judge.yaml --output json | jq .verdict
  canaryctl rollout simulate --runs 1000")]
pub(crate) struct Args {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, clap::Subcommand)]
enum Verb {
    Step(step::Args),
    Run(run::Args),
    Status(read::StatusArgs),
    Start(person::Start),
    Promote(person::Promote),
    Abort(person::Abort),
    Pause(person::Pause),
    Resume(person::Resume),
    Plan(plan::Args),
    Verify(read::VerifyArgs),
    Windows(read::WindowsArgs),
    Import(import::Args),
    Schema(schema::Args),
    Judge(judge::Args),
    Simulate(simulate::Args),
}

/// Runs the verb.
pub(crate) fn run(args: &Args, output: Output) -> anyhow::Result<ExitCode> {
    match &args.verb {
        Verb::Step(args) => step::run(args, output),
        Verb::Run(args) => run::run(args, output),
        Verb::Status(args) => read::status(args, output),
        Verb::Start(args) => person::start(args, output),
        Verb::Promote(args) => person::promote(args, output),
        Verb::Abort(args) => person::abort(args, output),
        Verb::Pause(args) => person::pause(args, output),
        Verb::Resume(args) => person::resume(args, output),
        Verb::Plan(args) => plan::run(args, output),
        Verb::Verify(args) => read::verify(args, output),
        Verb::Windows(args) => read::windows(args, output),
        Verb::Import(args) => import::run(args, output),
        Verb::Schema(args) => schema::run(args, output),
        Verb::Judge(args) => judge::run(args, output),
        Verb::Simulate(args) => simulate::run(args, output),
    }
}
