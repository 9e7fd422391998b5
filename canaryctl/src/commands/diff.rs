//! `canaryctl diff`: compares two configs and their effect on users.

mod changes;
mod json;
mod markdown;
mod report;
mod text;
mod transitions;

use std::io::{self, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::ensure;
use canary_runtime::EvaluationContext;

use crate::config::loaded::Loaded;
use crate::population::population::{self, Population};
use crate::terminal::message::warn;
use crate::terminal::output::Output;
use report::Report;
use transitions::{FlagKey, Transitions};

/// Compare two configs, and count the users who get another bundle or another value of a flag.
///
/// Evaluates both configs for many users. If OLD is rejected, its users have stable and no flags. Exits with 1 if NEW is
/// rejected, and with 0 otherwise, unless --exit-code is given.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  canaryctl diff old.yaml new.yaml
  canaryctl diff <(git show HEAD:cm.yaml) cm.yaml --users 1000000
  canaryctl diff <(git show origin/main:cm.yaml) cm.yaml --markdown | gh pr comment --body-file -")]
pub(crate) struct Args {
    /// The old config: a ConfigMap manifest or the bare config; `-` is standard input.
    #[arg(value_name = "OLD")]
    old: PathBuf,
    /// The new config.
    #[arg(value_name = "NEW")]
    new: PathBuf,
    #[command(flatten)]
    population: population::Args,
    /// Print Markdown, for a comment on a pull request.
    #[arg(long)]
    markdown: bool,
    /// Exit with 1 if any user moves, or flags are added or removed.
    #[arg(long)]
    exit_code: bool,
}

/// Evaluates both configs for all users, and prints the report.
pub(crate) fn run(args: &Args, output: Output) -> anyhow::Result<ExitCode> {
    let paths = [Some(&args.old), Some(&args.new), args.population.keys.as_ref()];
    let inputs = paths.into_iter().flatten().filter(|path| path.as_os_str() == "-").count();
    ensure!(inputs < 2, "only one of OLD, NEW and --keys can be standard input");
    let (old, new) = (Loaded::read(&args.old)?, Loaded::read(&args.new)?);
    if new.parsed.is_err() {
        new.warn_of_rejection();
        return Ok(ExitCode::FAILURE);
    }
    let population = Population::from_args(&args.population)?;
    new.warn();
    for file in [&old, &new] {
        if let Some(fault) = file.evaluator(population.now).fault() {
            warn(&format!("{}: everyone gets stable: {fault}", file.name));
        }
    }
    let format = match output {
        Output::Json => |report: &Report| format!("{}\n", json::write(report)),
        Output::Text if args.markdown => markdown::write,
        Output::Text => text::write,
    };
    let (text, has_effect) = compare(&old, &new, &population, |report| (format(report), report.has_effect()));
    let mut out = io::stdout().lock();
    out.write_all(text.as_bytes())?;
    out.flush()?;
    Ok(if args.exit_code && has_effect { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

/// Compares two configs, and hands the report to `render`.
fn compare<T>(old: &Loaded, new: &Loaded, population: &Population, render: impl FnOnce(&Report) -> T) -> T {
    let (before, after) = (old.evaluator(population.now), new.evaluator(population.now));
    let keys = FlagKey::all(old, new);
    let add = |transitions: &mut Transitions, user, context: &EvaluationContext| {
        transitions.add(&before, &after, user, context, &keys);
    };
    let transitions = population.fold(add, Transitions::merge);
    render(&Report::new((old, new), population, &keys, &transitions))
}

#[cfg(test)]
mod tests;
