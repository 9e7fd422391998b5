//! `canaryctl rollout plan`: the length of a run and what it can find, before it begins.

use std::io::Write;
use std::process::ExitCode;

use crate::commands::rollout::target::{self, Target};
use crate::terminal::output::Output;
use crate::terminal::stdout::stdout;

/// Print how long a run will take, and which faults it can find.
///
/// It simulates runs at the traffic of the last 48 hours. The exit code is 1 where the branch cannot be pushed to, or fewer than
/// half of the runs of a healthy canary get to the promotion within a week.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  canaryctl rollout plan
  canaryctl rollout plan --views-per-second 0.5 --output json")]
pub(crate) struct Args {
    #[command(flatten)]
    target: Target,
    /// Page views per second on the site, instead of those that the collectors counted.
    #[arg(long, value_name = "RATE", value_parser = super::simulate::parse_rate)]
    views_per_second: Option<f64>,
    /// Simulated runs of each scenario.
    #[arg(long, value_name = "N", default_value_t = 20, value_parser = clap::value_parser!(u64).range(1..=10_000))]
    runs: u64,
    /// The time of the look, as RFC 3339; else the clock's.
    #[arg(long, value_name = "TIME")]
    now: Option<String>,
}

/// Prints the plan.
pub(crate) fn run(args: &Args, output: Output) -> anyhow::Result<ExitCode> {
    let now = target::now(args.now.as_deref())?;
    let plan = args.target.open()?.plan(args.views_per_second, args.runs, now)?;
    let mut out = stdout(output);
    match output {
        Output::Text => write!(out, "{}", plan.text())?,
        Output::Json => writeln!(out, "{}", serde_json::to_string(&plan)?)?,
    }
    out.flush()?;
    Ok(if plan.push.is_none() && plan.minutes.is_some() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
