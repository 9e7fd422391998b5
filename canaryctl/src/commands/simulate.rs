//! `canaryctl simulate`: evaluates a config for many users, and compares the shares with the expected ones.

mod counts;
mod expected;
mod json;
mod simulation;
mod text;

use std::io::{self, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::ensure;

use crate::config::loaded::Loaded;
use crate::population::population::{self, Population};
use crate::terminal::chart::Style;
use crate::terminal::message::warn;
use crate::terminal::output::Output;
use simulation::Simulation;

/// Evaluate a config for many users, and print the shares of bundles, cohorts, reasons and flag values.
///
/// The users are synthetic, user-0 and so on, unless --keys names a file. Each share has the expected share next to it, and
/// the deviation in percentage points. Exits with 1 if the config is rejected.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  canaryctl simulate --config k8s/base/canary-config-cm.yaml
  canaryctl simulate --config cm.yaml --users 10000000 --attributes '{\"plan\": \"pro\"}'
  canaryctl simulate --config cm.yaml --keys ids.txt --output json | jq .arms")]
pub(crate) struct Args {
    /// The ConfigMap manifest or the bare config; `-` is standard input.
    #[arg(long, value_name = "FILE")]
    config: PathBuf,
    #[command(flatten)]
    population: population::Args,
    /// Draw the chart in ASCII.
    #[arg(long)]
    ascii: bool,
}

/// Evaluates the config for all users.
pub(crate) fn run(args: &Args, output: Output) -> anyhow::Result<ExitCode> {
    let is_input = |path: &PathBuf| path.as_os_str() == "-";
    ensure!(
        !(is_input(&args.config) && args.population.keys.as_ref().is_some_and(is_input)),
        "--config and --keys cannot both be standard input"
    );
    let file = Loaded::read(&args.config)?;
    if file.parsed.is_err() {
        file.warn_of_rejection();
        return Ok(ExitCode::FAILURE);
    }
    let population = Population::from_args(&args.population)?;
    file.warn();
    if let Some(fault) = file.evaluator(population.now).fault() {
        warn(&format!("{}: everyone gets stable: {fault}", file.name));
    }
    let report = report(&Simulation::run(&file, &population), output, Style::detect(args.ascii));
    let mut out = io::stdout().lock();
    out.write_all(report.as_bytes())?;
    out.flush()?;
    Ok(ExitCode::SUCCESS)
}

fn report(simulation: &Simulation, output: Output, style: Style) -> String {
    match output {
        Output::Text => text::report(simulation, style),
        Output::Json => format!("{}\n", json::report(simulation)),
    }
}

#[cfg(test)]
mod tests;
