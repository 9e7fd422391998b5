//! `canaryctl set`: other percentages in the config's file.

mod attempt;
mod flag;

use std::path::PathBuf;
use std::process::ExitCode;

use canary_runtime::Percentage;

use crate::config::default_path;
use crate::terminal::message::warn;
use crate::terminal::output::Output;
use attempt::{Attempt, End};
use flag::Assignment;

/// How often the remote may have moved meanwhile.
const ATTEMPTS: usize = 3;

/// Set percentages in the config, in place.
///
/// Comments, order and layout stay. `REVISION` is counted up where there is one. A config that would be rejected is not
/// written; one that is rejected because of its percentage can be repaired.
#[derive(Debug, clap::Args)]
#[command(after_help = "What --flag does to a flag:
  that is true, false or a percentage   replaces it by VALUE
  that is an object, VALUE a number     sets its `percentage`; rules and variants stay
  that is an object, VALUE a boolean    sets its `enabled`; rules and variants stay
  any, VALUE an object                  replaces it, and names the members that are lost
  that is absent                        adds it

Examples:
  F=k8s/overlays/production/config/canary-config-cm.yaml
  canaryctl set 10 --file $F
  canaryctl set 12.5 --file $F --commit --push
  canaryctl set 0 --flag new-checkout=false --file $F --dry-run
  canaryctl set --flag new-checkout=25 --flag banner=true --file $F")]
pub(crate) struct Args {
    /// Users on the canary, from 0 to 100 with at most 3 decimals; 0 is the kill switch.
    #[arg(
        value_name = "PERCENT",
        required_unless_present = "flags",
        allow_negative_numbers = true,
        value_parser = parse_percent
    )]
    percent: Option<String>,
    /// A flag and its value as JSON: true, false, a percentage or an object. May be repeated.
    #[arg(long = "flag", value_name = "KEY=VALUE")]
    flags: Vec<Assignment>,
    /// The ConfigMap manifest, or the bare config; k8s/base/canary-config-cm.yaml unless an overlay has its own.
    #[arg(long, value_name = "FILE")]
    file: Option<PathBuf>,
    /// Print what would change, and write nothing.
    #[arg(long)]
    dry_run: bool,
    /// Commit the file, and nothing else, to the branch that is checked out.
    #[arg(long)]
    commit: bool,
    /// Commit, and push the branch; where the remote has moved, on top of what it has now.
    #[arg(long)]
    push: bool,
}

fn parse_percent(text: &str) -> Result<String, &'static str> {
    let number = serde_json::from_str(text).ok().and_then(Percentage::new);
    number.map(|_| text.to_owned()).ok_or("expected a number from 0 to 100 with at most 3 decimals, such as 12.5")
}

/// Edits the file, and commits it where asked.
pub(crate) fn run(args: &Args, output: Output) -> anyhow::Result<ExitCode> {
    let mut keys: Vec<_> = args.flags.iter().map(Assignment::key).collect();
    keys.sort_unstable();
    if let Some([key, _]) = keys.array_windows().find(|[a, b]| a == b) {
        anyhow::bail!("--flag {key} is given twice");
    }
    let file = default_path::file(args.file.as_deref(), "--file")?;
    for _ in 0..ATTEMPTS {
        let mut attempt = Attempt::edit(args, &file)?;
        attempt.write()?;
        let end = attempt.push();
        if let Ok(End::Moved(commit)) = &end {
            warn(&format!("{}: the remote had moved, the branch is at {commit} now", file.display()));
            continue;
        }
        attempt.print(output)?;
        end?;
        return Ok(ExitCode::SUCCESS);
    }
    anyhow::bail!("{}: nothing is committed, the remote has moved {ATTEMPTS} times: try this again", file.display())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentages_are_json_numbers() {
        for text in ["0", "5", "12.5", "0.001", "5.0", "5e0", "100", "-0"] {
            assert_eq!(parse_percent(text).as_deref(), Ok(text));
        }
        for text in
            ["", "05", "+5", ".5", "5.", "5%", "-1", "100.001", "0.0001", "1e999", "NaN", "null", "\"5\"", "0x5"]
        {
            assert!(parse_percent(text).is_err(), "{text}");
        }
    }
}
