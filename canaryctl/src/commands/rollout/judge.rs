//! `canaryctl rollout judge`: the verdict on a canary by a file of counts.

mod json;
mod text;

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{anyhow, bail, ensure};
use canary_judge::{Circumstances, Judge, Policy, Row};

use crate::platform::input;
use crate::rollout::rows::{message, parse_rows};
use crate::terminal::chart::Style;
use crate::terminal::output::Output;
use crate::terminal::stdout::stdout;

/// Judge a canary by counts of page views.
///
/// FILE has one JSON object per line, a row of counts, in order of minutes. The step counts as finished. The exit code is
/// 0 for every verdict.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  canaryctl rollout judge rows.jsonl
  canaryctl rollout judge - --policy judge.yaml --output json <rows.jsonl")]
pub(crate) struct Args {
    /// The rows; `-` is standard input.
    file: PathBuf,
    /// The judge's policy, as YAML or JSON; default: the built-in policy.
    #[arg(long, value_name = "FILE")]
    policy: Option<PathBuf>,
    /// Print ASCII only.
    #[arg(long)]
    ascii: bool,
}

/// Prints the verdict.
pub(crate) fn run(args: &Args, output: Output) -> anyhow::Result<ExitCode> {
    let is_input = |path: &Path| path.as_os_str() == "-";
    ensure!(
        !(is_input(&args.file) && args.policy.as_deref().is_some_and(is_input)),
        "FILE and --policy cannot both be standard input"
    );
    let policy = match &args.policy {
        Some(path) => read_policy(path)?,
        None => Policy::default(),
    };
    let rows = read_rows(&args.file)?;
    let verdict = Judge::of_rows(policy, &rows).verdict(&Circumstances::default());
    let report = match output {
        Output::Text => text::report(&verdict, &rows, &name(&args.file), Style::detect(args.ascii)),
        Output::Json => format!("{}\n", serde_json::to_string(&json::Report::from(&verdict))?),
    };
    let mut out = stdout(output);
    out.write_all(report.as_bytes())?;
    out.flush()?;
    Ok(ExitCode::SUCCESS)
}

fn name(path: &Path) -> String {
    if path.as_os_str() == "-" { "standard input".to_owned() } else { path.display().to_string() }
}

fn read_rows(path: &Path) -> anyhow::Result<Vec<Row>> {
    parse_rows(&name(path), &input::read(path)?)
}

/// Reads a policy; an empty file is the built-in policy.
pub(crate) fn read_policy(path: &Path) -> anyhow::Result<Policy> {
    let (name, bytes) = (name(path), input::read(path)?);
    let text = str::from_utf8(&bytes).map_err(|error| anyhow!("{name}: found bytes that are not UTF-8: {error}"))?;
    match serde_json::from_str(text) {
        Ok(policy) => return Ok(policy),
        Err(error) if error.is_data() => bail!("{name}:{}:{}: {}", error.line(), error.column(), message(&error)),
        // Not JSON: it may be YAML.
        Err(_) => {}
    }
    let policy: Option<Policy> = serde_saphyr::from_str(text).map_err(|error| {
        let (line, column) = error.location().map_or((1, 1), |place| (place.line(), place.column()));
        let text = error.without_snippet().to_string();
        // The place is part of the text, in one of two forms.
        let text = text.lines().next().unwrap_or_default();
        let text = text.split(" at line ").next().unwrap_or(text);
        anyhow!("{name}:{line}:{column}: {}", text.strip_prefix("error: ").unwrap_or(text))
    })?;
    Ok(policy.unwrap_or_default())
}
