//! `canaryctl rollout status`, `windows` and `verify`: what Git and the collectors say.

use std::io::Write;
use std::process::ExitCode;
use std::thread::sleep;
use std::time::Duration;

use anyhow::Context;
use canary_rollout::time;

use crate::commands::rollout::target::{self, Target};
use crate::rollout::status::Status;
use crate::terminal::chart::Style;
use crate::terminal::message::warn;
use crate::terminal::output::Output;
use crate::terminal::stdout::stdout;

/// The pause between two looks.
const PAUSE: Duration = Duration::from_secs(5);

/// A state that is waited for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Awaited {
    Promoted,
    Failed,
    Held,
    Step,
}

/// Print the state of a rollout, or wait for one.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  canaryctl rollout status
  canaryctl rollout status --wait --for promoted --timeout 2h

With --wait the exit code is 0 for the awaited state, 1 where the run failed or was aborted, 2 after the time-out.")]
pub(crate) struct StatusArgs {
    #[command(flatten)]
    target: Target,
    /// The time of the look, as RFC 3339; else the clock's.
    #[arg(long, value_name = "TIME")]
    now: Option<String>,
    /// Wait, and print a line for each change.
    #[arg(long)]
    wait: bool,
    /// The state that is waited for.
    #[arg(long = "for", value_enum, default_value = "promoted", requires = "wait")]
    awaited: Awaited,
    /// How long to wait.
    #[arg(long, value_name = "DURATION", default_value = "30m", value_parser = duration, requires = "wait")]
    timeout: i64,
}

fn duration(text: &str) -> Result<i64, &'static str> {
    let milliseconds = time::duration(text).ok_or("expected a duration such as 30s, 5m or 1h30m")?;
    i64::try_from(milliseconds / 1000).map_err(|_| "too long")
}

/// Print the rows that a run was judged by.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  canaryctl rollout windows 1.6.0 | canaryctl rollout judge -")]
pub(crate) struct WindowsArgs {
    /// The run; else the last one.
    run: Option<String>,
    #[command(flatten)]
    target: Target,
}

/// Recompute every verdict from Git alone.
///
/// The exit code is 1 where one differs. Answers of webhooks and probes cannot be recomputed.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  canaryctl rollout verify\n  canaryctl rollout verify 1.6.0")]
pub(crate) struct VerifyArgs {
    /// The run; else all.
    run: Option<String>,
    #[command(flatten)]
    target: Target,
}

fn print(status: &Status, output: Output) -> anyhow::Result<()> {
    let mut out = stdout(output);
    match output {
        Output::Text => write!(out, "{}", status.text(Style::detect(false)))?,
        Output::Json => writeln!(out, "{}", serde_json::to_string(status)?)?,
    }
    out.flush()?;
    Ok(())
}

pub(crate) fn status(args: &StatusArgs, output: Output) -> anyhow::Result<ExitCode> {
    let mut controller = args.target.open()?;
    let now = || target::now(args.now.as_deref());
    if !args.wait {
        print(&controller.status(now()?)?, output)?;
        return Ok(ExitCode::SUCCESS);
    }
    let end = crate::platform::clock::now().saturating_add(args.timeout.saturating_mul(1000));
    let first = controller.status(now()?)?;
    let (step, mut shown) = (first.step, String::new());
    loop {
        let status = controller.status(now()?)?;
        let line = status.line();
        if line != shown {
            match output {
                Output::Text => {
                    let mut out = stdout(output);
                    writeln!(out, "{line}")?;
                    out.flush()?;
                }
                Output::Json => print(&status, output)?,
            }
            shown = line;
        }
        let is_reached = match args.awaited {
            Awaited::Promoted => status.phase == "Succeeded",
            Awaited::Failed => status.phase == "Failed",
            Awaited::Held => {
                matches!(status.state.as_str(), "Holding" | "Collecting") || status.state.starts_with("Paused")
            }
            Awaited::Step => status.step > step,
        };
        if is_reached {
            return Ok(ExitCode::SUCCESS);
        }
        if status.phase == "Failed" {
            return Ok(ExitCode::FAILURE);
        }
        if crate::platform::clock::now() >= end {
            warn("the time is over, and the awaited state has not come");
            return Ok(ExitCode::from(2));
        }
        sleep(PAUSE.min(Duration::from_millis(
            u64::try_from(end.saturating_sub(crate::platform::clock::now())).unwrap_or_default(),
        )));
        if let Err(error) = controller.repository.fetch() {
            warn(&format!("{error:#}"));
        }
    }
}

pub(crate) fn windows(args: &WindowsArgs, output: Output) -> anyhow::Result<ExitCode> {
    let mut controller = args.target.open()?;
    let (_, history) = controller.read()?;
    let last = history.run.map(|run| run.salt);
    let run = args.run.clone().or(last).context("there is no run")?;
    let repository = &controller.repository;
    let rows = repository.read(&format!("{}{run}", repository.runs), "windows.jsonl").ok().flatten();
    let rows = rows.with_context(|| format!("{run}: no such run"))?;
    let mut out = stdout(output);
    out.write_all(&rows)?;
    out.flush()?;
    Ok(ExitCode::SUCCESS)
}

pub(crate) fn verify(args: &VerifyArgs, output: Output) -> anyhow::Result<ExitCode> {
    let checked = args.target.open()?.verify(args.run.as_deref())?;
    let mut out = stdout(output);
    for it in &checked {
        match output {
            Output::Text => {
                let commit = it.commit.get(..12).unwrap_or(&it.commit);
                let words = it.difference.as_deref().unwrap_or("as recorded");
                writeln!(out, "run {}, commit {commit}, {}: {words}", it.run, it.verdict)?;
            }
            Output::Json => writeln!(out, "{}", serde_json::to_string(it)?)?,
        }
    }
    out.flush()?;
    let is_same = checked.iter().all(|it| it.difference.is_none());
    Ok(if is_same { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
