//! `canaryctl simulate`: what share of users gets what.

mod counts;
mod expected;
mod json;
mod text;

use std::io::{self, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::ensure;

use crate::config::loaded::ConfigFile;
use crate::population::population::{self, Crowd};
use crate::terminal::chart::Style;
use crate::terminal::message::warn;
use crate::terminal::output::Output;
use counts::Tally;
use expected::Expected;

/// Decide for many users, and print the shares of bundles, cohorts and flags' values.
///
/// Users are synthetic, user-0 and so on, unless --keys has real ones. With each share stands what the config wants, and
/// by how many percentage points this crowd deviates from it. Exits with 1 if the config is rejected.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  canaryctl simulate --config k8s/base/canary-config-cm.yaml
  canaryctl simulate --config cm.yaml --users 10000000 --attributes '{\"plan\": \"pro\"}'
  canaryctl simulate --config cm.yaml --keys ids.txt --output json | jq .arms")]
pub(crate) struct Args {
    /// The ConfigMap manifest, or the bare config; `-` is standard input.
    #[arg(long, value_name = "FILE")]
    config: PathBuf,
    #[command(flatten)]
    crowd: population::Args,
    /// Draw the chart in ASCII.
    #[arg(long)]
    ascii: bool,
}

/// What was found out.
struct Simulation<'a> {
    file: &'a ConfigFile,
    crowd: &'a Crowd,
    keys: &'a [&'a str],
    tally: &'a Tally,
    expected: &'a Expected,
}

/// Decides for everybody.
pub(crate) fn run(args: &Args, output: Output) -> anyhow::Result<ExitCode> {
    let is_input = |path: &PathBuf| path.as_os_str() == "-";
    ensure!(
        !(is_input(&args.config) && args.crowd.keys.as_ref().is_some_and(is_input)),
        "--config and --keys cannot both be standard input"
    );
    let file = ConfigFile::read(&args.config)?;
    let (config, crowd) = match &file.parsed {
        Ok((config, _)) => (config, Crowd::gather(&args.crowd)?),
        Err(fault) => {
            warn(&format!("{}: the config is rejected: {fault}", file.name));
            return Ok(ExitCode::FAILURE);
        }
    };
    file.warn();
    if let Some(fault) = file.offer(crowd.now).fault() {
        warn(&format!("{}: everybody gets stable: {fault}", file.name));
    }
    let keys: Vec<_> = config.flag_keys().collect();
    let report = report(&file, &crowd, &keys, output, Style::detect(args.ascii));
    let mut out = io::stdout().lock();
    out.write_all(report.as_bytes())?;
    out.flush()?;
    Ok(ExitCode::SUCCESS)
}

fn report(file: &ConfigFile, crowd: &Crowd, keys: &[&str], output: Output, style: Style) -> String {
    let offer = file.offer(crowd.now);
    let tally = crowd.fold(|tally: &mut Tally, user, context| tally.add(&offer, user, context, keys), Tally::merge);
    let expected = Expected::of(file, &offer, crowd, keys);
    let simulation = Simulation { file, crowd, keys, tally: &tally, expected: &expected };
    match output {
        Output::Text => text::report(&simulation, style),
        Output::Json => format!("{}\n", json::report(&simulation)),
    }
}

#[cfg(test)]
mod tests;
