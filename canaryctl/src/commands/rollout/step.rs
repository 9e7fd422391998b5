//! `canaryctl rollout step`: one decision, for cron and CI.

use std::process::ExitCode;

use crate::commands::rollout::target::{self, Target};
use crate::terminal::output::Output;

/// Decide once, commit once at most, and exit.
///
/// The exit code is 0 whatever was decided, and 2 where nothing could be decided or pushed.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  canaryctl rollout step
  canaryctl rollout step --repo git@example.com:shop/deploy.git --collectors http://collector:9090 --output json
  canaryctl rollout step --dry-run")]
pub(crate) struct Args {
    #[command(flatten)]
    target: Target,
    /// The time of the decision, as RFC 3339; else the clock's.
    #[arg(long, value_name = "TIME")]
    now: Option<String>,
    /// Print the decision and push nothing; gates and probes are asked.
    #[arg(long)]
    dry_run: bool,
}

/// Prints the decision.
pub(crate) fn run(args: &Args, output: Output) -> anyhow::Result<ExitCode> {
    let now = target::now(args.now.as_deref())?;
    args.target.open()?.step(now, args.dry_run)?.print(output)?;
    Ok(ExitCode::SUCCESS)
}
