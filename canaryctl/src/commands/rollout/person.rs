//! `canaryctl rollout start`, `promote`, `abort`, `pause` and `resume`: commits by the person who runs them.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context;
use serde_json::Value;

use crate::commands::rollout::target::{self, Target};
use crate::platform::input;
use crate::rollout::person::Wish;
use crate::terminal::output::Output;

/// Options of every commit by a person.
#[derive(Debug, clap::Args)]
#[group(skip)]
pub(crate) struct Common {
    #[command(flatten)]
    target: Target,
    /// The subject of the commit, instead of one that says what is done.
    #[arg(long, value_name = "TEXT")]
    message: Option<String>,
    /// The time of the commit, as RFC 3339; else the clock's.
    #[arg(long, value_name = "TIME")]
    now: Option<String>,
}

/// Begin a run of a version, also of one that failed before.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  canaryctl rollout start --version 1.6.0
  canaryctl assets --dir dist --output json >bundle.json && canaryctl rollout start --version 1.6.0 --bundle bundle.json")]
pub(crate) struct Start {
    /// The canary's version.
    #[arg(long, value_name = "V")]
    version: String,
    /// The bundle; else the one that every address of the canary serves at /assets/V/bundle.json.
    #[arg(long, value_name = "FILE")]
    bundle: Option<PathBuf>,
    #[command(flatten)]
    common: Common,
}

/// Promote the canary without the rest of the ladder; files are probed as ever.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  canaryctl rollout promote")]
pub(crate) struct Promote {
    #[command(flatten)]
    common: Common,
}

/// Send everyone back to stable and end the run.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  canaryctl rollout abort --message \"checkout is broken\"")]
pub(crate) struct Abort {
    #[command(flatten)]
    common: Common,
}

/// Keep the weight; the judge goes on and may roll back.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  canaryctl rollout pause")]
pub(crate) struct Pause {
    #[command(flatten)]
    common: Common,
}

/// Go on after a pause, or after somebody else changed the percentage.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  canaryctl rollout resume")]
pub(crate) struct Resume {
    #[command(flatten)]
    common: Common,
}

pub(crate) fn start(args: &Start, output: Output) -> anyhow::Result<ExitCode> {
    let bundle = args.bundle.as_ref().map(|path| {
        let bundle: Value = serde_json::from_slice(&input::read(path)?)
            .with_context(|| format!("{}: expected JSON", path.display()))?;
        anyhow::Ok(bundle)
    });
    let wish = Wish::Start { version: args.version.clone(), bundle: bundle.transpose()? };
    act(&args.common, &wish, output)
}

pub(crate) fn promote(args: &Promote, output: Output) -> anyhow::Result<ExitCode> {
    act(&args.common, &Wish::Promote, output)
}

pub(crate) fn abort(args: &Abort, output: Output) -> anyhow::Result<ExitCode> {
    act(&args.common, &Wish::Abort, output)
}

pub(crate) fn pause(args: &Pause, output: Output) -> anyhow::Result<ExitCode> {
    act(&args.common, &Wish::Pause, output)
}

pub(crate) fn resume(args: &Resume, output: Output) -> anyhow::Result<ExitCode> {
    act(&args.common, &Wish::Resume, output)
}

fn act(common: &Common, wish: &Wish, output: Output) -> anyhow::Result<ExitCode> {
    let now = target::now(common.now.as_deref())?;
    common.target.open()?.act(wish, now, common.message.as_deref())?.print(output)?;
    Ok(ExitCode::SUCCESS)
}
