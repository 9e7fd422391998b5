//! `canaryctl set`: sets percentages and flags in the config.

mod flag;

use std::path::PathBuf;
use std::process::ExitCode;

use canary_runtime::Percentage;

use crate::commands::edit::{self, Done};
use crate::config::change::{Change, shown};
use crate::config::default_path;
use crate::config::editor::Editor;
use crate::terminal::output::Output;
use flag::Assignment;

const PERCENTAGE: &str = "CANARY_PERCENTAGE";

/// Set percentages and flags in the config, in place.
///
/// Comments, order and layout stay. `REVISION` goes up by one where there is one. A config that would be rejected is not
/// written; a config that is rejected because of its percentage can be repaired.
#[derive(Debug, clap::Args)]
#[command(after_help = "What --flag does to a flag:
  that is true, false or a percentage   replaces it by VALUE
  that is an object, VALUE a number     sets its `percentage`; rules and variants stay
  that is an object, VALUE a boolean    sets its `enabled`; rules and variants stay
  any, VALUE an object                  replaces it, and names the members that are lost
  that is absent                        adds it, with --new alone

Examples:
  F=k8s/overlays/production/config/canary-config-cm.yaml
  canaryctl set 10 --config $F
  canaryctl set 12.5 --config $F --commit --push
  canaryctl set 0 --flag new-checkout=false --config $F --dry-run
  canaryctl set --flag new-checkout=25 --config $F
  canaryctl set --new --flag banner=true --config $F")]
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
    /// Add flags that the config does not have; without this, a misspelled name is refused.
    #[arg(long, requires = "flags")]
    new: bool,
    /// The ConfigMap manifest, or the bare config; else the one below k8s/, unless environments have their own.
    // Scripts call it --file as well.
    #[arg(long, alias = "file", value_name = "FILE")]
    config: Option<PathBuf>,
    #[command(flatten)]
    edit: edit::Args,
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
    let file = default_path::to_edit(args.config.as_deref())?;
    edit::run(&args.edit, &file, output, |editor| apply(args, editor))
}

fn apply(args: &Args, editor: &mut Editor) -> anyhow::Result<Done> {
    let mut warnings = Vec::new();
    if let Some(percent) = &args.percent {
        editor.set(&[PERCENTAGE], percent)?;
    }
    for flag in &args.flags {
        if !args.new {
            flag.check_known(editor)?;
        }
        let lost = flag.apply(editor)?;
        if !lost.is_empty() {
            warnings.push(format!("{} is replaced, without its {}", flag.path(), lost.join(", ")));
        }
    }
    Ok(Done { subject: subject(editor.changes()), warnings, ..Done::default() })
}

/// The changes as the subject of a commit.
fn subject(changes: &[Change]) -> String {
    let parts = changes.iter().map(|change| {
        let from = change.from.as_deref().map_or("absent".into(), shown);
        let to = shown(&change.to);
        match change.key.strip_prefix("FEATURE_FLAGS.") {
            Some(flag) => format!("{flag} {from} -> {to}"),
            None => format!("{from} % -> {to} %"),
        }
    });
    format!("canary: {}", parts.collect::<Vec<_>>().join(", "))
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

    #[test]
    fn the_subject_lists_the_changes() {
        let change = |key: &str, from: Option<&str>, to: &str| Change {
            key: key.to_owned(),
            from: from.map(str::to_owned),
            to: to.to_owned(),
        };
        let changes = [
            change("CANARY_PERCENTAGE", Some("5"), "10"),
            change("FEATURE_FLAGS.a.percentage", Some("2.5"), "7"),
            change("FEATURE_FLAGS.b", None, "true"),
        ];
        assert_eq!(subject(&changes), "canary: 5 % -> 10 %, a.percentage 2.5 -> 7, b absent -> true");
    }
}
