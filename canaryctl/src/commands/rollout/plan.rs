//! `canaryctl rollout plan`: the length of a run and what it can find, before it begins.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context;
use canary_rollout::Rollout;

use crate::commands::rollout::target::{self, Target};
use crate::rollout::file;
use crate::rollout::plan::Plan;
use crate::terminal::output::Output;
use crate::terminal::stdout::stdout;

/// Print how long a run will take, and which faults it can find.
///
/// It simulates runs at the traffic of the last 48 hours. The exit code is 1 where the branch cannot be pushed to, or fewer than
/// half of the runs of a healthy canary get to the promotion within a week.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  canaryctl rollout plan
  canaryctl rollout plan --views-per-second 0.5 --output json
  canaryctl rollout plan --file rollout.yaml --views-per-second 0.5 --markdown")]
pub(crate) struct Args {
    #[command(flatten)]
    target: Target,
    /// Page views per second on the site, instead of those that the collectors counted.
    #[arg(long, value_name = "RATE", value_parser = super::simulate::parse_rate)]
    views_per_second: Option<f64>,
    /// Plan this file as it is on the disk. Neither the remote nor the collectors are asked.
    #[arg(long, value_name = "FILE", requires = "views_per_second")]
    #[arg(conflicts_with_all = ["rollout", "repo", "branch", "collectors", "prometheus"])]
    file: Option<PathBuf>,
    /// Print Markdown, for a comment on a pull request.
    #[arg(long)]
    markdown: bool,
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
    let plan = match &args.file {
        Some(path) => Plan::of(&read(path)?, args.views_per_second, args.runs, now),
        None => args.target.open()?.plan(args.views_per_second, args.runs, now)?,
    };
    let mut out = stdout(output);
    match output {
        Output::Text if args.markdown => write!(out, "{}", plan.markdown())?,
        Output::Text => write!(out, "{}", plan.text())?,
        Output::Json => writeln!(out, "{}", serde_json::to_string(&plan)?)?,
    }
    out.flush()?;
    Ok(if plan.is_feasible() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Reads a file that need not be in a repository.
fn read(path: &Path) -> anyhow::Result<Rollout> {
    let name = path.display().to_string();
    let text = fs::read_to_string(path).with_context(|| format!("cannot read {name}"))?;
    file::parse(&name, &text)
}
