//! `canaryctl rollout simulate`: measures the judge on simulated page views.

mod json;
mod text;

use std::io::{self, Write};
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::thread;

use anyhow::bail;
use canary_judge::simulation::{Scenario, Summary, play};

use crate::commands::rollout::judge::read_policy;
use crate::terminal::output::Output;
use crate::terminal::progress::{Progress, TICK};
use json::Played;

/// Measure the judge on simulated rollouts: what it finds, how soon, and how often it is wrong.
///
/// Each scenario is a rollout with one fault, or with none. It runs --runs times, on all cores. The same seed gives the
/// same figures on every machine.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  canaryctl rollout simulate
  canaryctl rollout simulate --runs 50000 --scenario 'no change' --flagger
  canaryctl rollout simulate --views-per-second 0.2 --policy judge.yaml --output json")]
pub(crate) struct Args {
    /// Runs of each scenario.
    #[arg(long, value_name = "N", default_value_t = 100, value_parser = clap::value_parser!(u64).range(1..=10_000_000))]
    runs: u64,
    /// The seed of all random numbers.
    #[arg(long, value_name = "S", default_value_t = 1)]
    seed: u64,
    /// Page views per second on the site, on average.
    #[arg(long, value_name = "RATE", default_value_t = 1.0, value_parser = parse_rate)]
    views_per_second: f64,
    /// Run only this scenario; may be repeated.
    #[arg(long = "scenario", value_name = "NAME")]
    scenarios: Vec<String>,
    /// The judge's policy, as YAML or JSON; default: the built-in policy.
    #[arg(long, value_name = "FILE")]
    policy: Option<PathBuf>,
    /// Apply Flagger's rule to the same views: one check per minute, 1 % failing views, threshold 5.
    #[arg(long)]
    flagger: bool,
}

pub(crate) fn parse_rate(text: &str) -> Result<f64, &'static str> {
    let rate = text.parse().ok().filter(|rate| (0.001..=1_000.0).contains(rate));
    rate.ok_or("expected a number from 0.001 to 1000")
}

/// Prints the figures.
pub(crate) fn run(args: &Args, output: Output) -> anyhow::Result<ExitCode> {
    let scenarios = scenarios(args)?;
    let summaries = play_all(&scenarios, args.runs, args.seed);
    let played = Played {
        runs: args.runs,
        seed: args.seed,
        views_per_second: args.views_per_second,
        has_flagger: args.flagger,
        results: scenarios.iter().zip(&summaries).collect(),
    };
    let report = match output {
        Output::Text => text::report(&played),
        Output::Json => format!("{}\n", json::report(&played)),
    };
    let mut out = io::stdout().lock();
    out.write_all(report.as_bytes())?;
    out.flush()?;
    Ok(ExitCode::SUCCESS)
}

fn scenarios(args: &Args) -> anyhow::Result<Vec<Scenario>> {
    let mut scenarios = Scenario::all(args.views_per_second);
    for name in &args.scenarios {
        if !scenarios.iter().any(|scenario| scenario.name == *name) {
            let names: Vec<_> = scenarios.iter().map(|scenario| format!("{:?}", scenario.name)).collect();
            bail!("unknown scenario {name:?}, expected one of {}", names.join(", "));
        }
    }
    if !args.scenarios.is_empty() {
        scenarios.retain(|scenario| args.scenarios.iter().any(|name| name == scenario.name));
    }
    if let Some(path) = &args.policy {
        let policy = read_policy(path)?;
        for scenario in &mut scenarios {
            scenario.policy = policy.clone();
        }
    }
    Ok(scenarios)
}

/// Plays every run of every scenario. Runs are independent, so the order in which threads finish them does not matter.
fn play_all(scenarios: &[Scenario], runs: u64, seed: u64) -> Vec<Summary> {
    let runs = usize::try_from(runs).unwrap_or(usize::MAX);
    let all = runs.saturating_mul(scenarios.len());
    let next = &AtomicUsize::new(0);
    let (sender, results) = channel();
    let mut whole = vec![Summary::default(); scenarios.len()];
    let mut progress = Progress::new(all as u64, "runs");
    thread::scope(|scope| {
        for _ in 0..thread::available_parallelism().map_or(1, Into::into) {
            let sender = sender.clone();
            scope.spawn(move || {
                let mut parts = vec![Summary::default(); scenarios.len()];
                loop {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    // Scenarios alternate, so that finished runs predict the time left.
                    let (run, index) = (number.checked_div(scenarios.len()), number.checked_rem(scenarios.len()));
                    let (Some(run), Some(index)) = (run.filter(|_| number < all), index) else { break };
                    if let (Some(scenario), Some(part)) = (scenarios.get(index), parts.get_mut(index)) {
                        part.add(scenario, &play(scenario, seed, run as u64));
                    }
                }
                sender.send(parts)
            });
        }
        drop(sender);
        loop {
            match results.recv_timeout(TICK) {
                Ok(parts) => whole.iter_mut().zip(parts).for_each(|(whole, part)| whole.merge(part)),
                Err(RecvTimeoutError::Timeout) => progress.tick(next.load(Ordering::Relaxed) as u64),
                Err(RecvTimeoutError::Disconnected) => break,
            }
        }
    });
    progress.clear();
    whole
}
