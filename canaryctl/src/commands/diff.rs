//! `canaryctl diff`: who moves when one config takes the place of another.

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

use crate::config::loaded::ConfigFile;
use crate::population::population::{self, Crowd};
use crate::terminal::message::warn;
use crate::terminal::output::Output;
use report::Report;
use transitions::{FlagKey, Moves};

/// Tell who moves when the config NEW takes the place of OLD.
///
/// Decides for many users with both, and prints who gets another bundle or another value of a flag. Where OLD is
/// rejected, its pages have stable and no flags. Exits with 1 if NEW is rejected; that people move is information.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  canaryctl diff old.yaml new.yaml
  canaryctl diff <(git show HEAD:cm.yaml) cm.yaml --users 1000000
  canaryctl diff <(git show origin/main:cm.yaml) cm.yaml --markdown | gh pr comment --body-file -")]
pub(crate) struct Args {
    /// The config of now, as a manifest or bare; `-` is standard input.
    #[arg(value_name = "OLD")]
    old: PathBuf,
    /// The config to come.
    #[arg(value_name = "NEW")]
    new: PathBuf,
    #[command(flatten)]
    crowd: population::Args,
    /// Write Markdown, for a comment on a pull request.
    #[arg(long)]
    markdown: bool,
    /// Exit with 1 if anybody moves, or flags come or go.
    #[arg(long)]
    exit_code: bool,
}

/// Decides for everybody, twice.
pub(crate) fn run(args: &Args, output: Output) -> anyhow::Result<ExitCode> {
    let paths = [Some(&args.old), Some(&args.new), args.crowd.keys.as_ref()];
    let inputs = paths.into_iter().flatten().filter(|path| path.as_os_str() == "-").count();
    ensure!(inputs < 2, "only one of OLD, NEW and --keys can be standard input");
    let (old, new) = (ConfigFile::read(&args.old)?, ConfigFile::read(&args.new)?);
    if let Err(fault) = &new.parsed {
        warn(&format!("{}: the config is rejected: {fault}", new.name));
        return Ok(ExitCode::FAILURE);
    }
    let crowd = Crowd::gather(&args.crowd)?;
    new.warn();
    for file in [&old, &new] {
        if let Some(fault) = file.offer(crowd.now).fault() {
            warn(&format!("{}: everybody has stable: {fault}", file.name));
        }
    }
    let form = match output {
        Output::Json => |report: &Report| format!("{}\n", json::write(report)),
        Output::Text if args.markdown => markdown::write,
        Output::Text => text::write,
    };
    let (text, moves) = compare(&old, &new, &crowd, |report| (form(report), report.is_move()));
    let mut out = io::stdout().lock();
    out.write_all(text.as_bytes())?;
    out.flush()?;
    Ok(if args.exit_code && moves { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

fn compare<T>(old: &ConfigFile, new: &ConfigFile, crowd: &Crowd, tell: impl FnOnce(&Report) -> T) -> T {
    let (before, after) = (old.offer(crowd.now), new.offer(crowd.now));
    let keys = FlagKey::all(old, new);
    let moves =
        crowd.fold(|moves: &mut Moves, user, context| moves.add(&before, &after, user, context, &keys), Moves::merge);
    tell(&Report::new((old, new), crowd, &keys, &moves))
}

#[cfg(test)]
mod tests;
