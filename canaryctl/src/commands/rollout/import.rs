//! `canaryctl rollout import`: Flagger's manifests as `rollout.yaml`.

use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context;

use crate::platform::input;
use crate::rollout::import::{Imported, documents, import};
use crate::terminal::output::Output;
use crate::terminal::stdout::stdout;

/// Print the rollout.yaml of Flagger's manifests: canaries, metric templates and alert providers.
///
/// What does not carry over is listed in comments before it, and in `notes` of the JSON.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  canaryctl rollout import canary.yaml metric-templates.yaml >rollout.yaml")]
pub(crate) struct Args {
    /// Manifests of Flagger; `-` is standard input.
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
}

/// Prints one document for each Canary.
pub(crate) fn run(args: &Args, output: Output) -> anyhow::Result<ExitCode> {
    let mut all = Vec::new();
    for path in &args.files {
        let name = path.display().to_string();
        let text = String::from_utf8(input::read(path)?).with_context(|| format!("{name}: expected UTF-8"))?;
        all.extend(documents(&name, &text)?);
    }
    let imported = import(&all)?;
    let mut out = stdout(output);
    match output {
        Output::Text => {
            let files: Vec<_> = imported.iter().map(Imported::yaml).collect();
            write!(out, "{}", files.join("---\n"))?;
        }
        Output::Json => writeln!(out, "{}", serde_json::to_string(&imported)?)?,
    }
    out.flush()?;
    Ok(ExitCode::SUCCESS)
}
