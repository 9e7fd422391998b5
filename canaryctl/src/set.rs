//! `canaryctl set`: other percentages in the config's file.

mod flag;

use std::io::{self, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context;
use canary_runtime::Percentage;
use serde_json::json;

use crate::edit::{Change, Editor, shown};
use crate::git::Tracked;
use crate::output::Output;
use crate::target;
use flag::Assignment;

const PERCENTAGE: &str = "CANARY_PERCENTAGE";

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
    /// Commit, and push the branch.
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
    let file = target::file(args.file.as_deref(), "--file")?;
    let mut editor = Editor::open(&file)?;
    let tracked = if args.commit || args.push { Some(Tracked::open(&file)?) } else { None };
    if let Some(percent) = &args.percent {
        editor.set(&[PERCENTAGE], percent)?;
    }
    for flag in &args.flags {
        let lost = flag.apply(&mut editor)?;
        if !lost.is_empty() {
            warn(&format!("{}: {} is replaced, without its {}", editor.path().display(), flag.path(), lost.join(", ")));
        }
    }
    let message = message(editor.changes());
    if editor.is_changed() {
        editor.raise_revision()?;
        for fault in editor.judge()? {
            warn(&format!("{}: {fault}", editor.path().display()));
        }
    }
    if args.dry_run || !editor.is_changed() {
        print(&editor, &Outcome { dry_run: args.dry_run, commit: None }, output)?;
        // What an earlier push could not bring there: a kill switch has to arrive at the second attempt.
        if let (true, false, Some(tracked)) = (args.push, args.dry_run, tracked) {
            tracked.push().with_context(|| format!("{} is not pushed", file.display()))?;
        }
        return Ok(ExitCode::SUCCESS);
    }
    editor.save()?;
    let commit = tracked.as_ref().map(|tracked| commit(&editor, tracked, &message)).transpose()?;
    print(&editor, &Outcome { dry_run: false, commit: commit.as_deref() }, output)?;
    if let (true, Some(tracked)) = (args.push, tracked) {
        let name = file.display();
        tracked.push().with_context(|| format!("{name} is committed, but not pushed"))?;
    }
    Ok(ExitCode::SUCCESS)
}

/// Commits the file, or puts it back.
fn commit(editor: &Editor, tracked: &Tracked, message: &str) -> anyhow::Result<String> {
    tracked.commit(message).or_else(|error| {
        editor.undo()?;
        Err(error.context(format!("{} is as it was", editor.path().display())))
    })
}

/// What has happened, as the subject of a commit.
fn message(changes: &[Change]) -> String {
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

struct Outcome<'a> {
    dry_run: bool,
    commit: Option<&'a str>,
}

fn print(editor: &Editor, outcome: &Outcome<'_>, output: Output) -> anyhow::Result<()> {
    let mut out = io::stdout().lock();
    let (file, changes) = (editor.path().display().to_string(), editor.changes());
    match output {
        Output::Text => {
            if outcome.dry_run {
                write!(out, "{}", editor.diff())?;
            }
            let list = changes.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
            let list = if list.is_empty() { "nothing to change" } else { &list };
            let commit = outcome.commit.and_then(|commit| commit.get(..12));
            let note = match commit {
                Some(commit) => format!(", commit {commit}"),
                None if outcome.dry_run && !changes.is_empty() => ", not written".to_owned(),
                None => String::new(),
            };
            writeln!(out, "{file}: {list}{note}")?;
        }
        Output::Json => {
            let changes: Vec<_> = changes.iter().map(Change::json).collect();
            let mut line = json!({"file": file, "changes": changes, "commit": outcome.commit});
            if let (true, Some(line)) = (outcome.dry_run, line.as_object_mut()) {
                line.insert("diff".to_owned(), editor.diff().into());
            }
            writeln!(out, "{line}")?;
        }
    }
    out.flush()?;
    Ok(())
}

fn warn(text: &str) {
    // Whoever does not read warnings gets the edit nevertheless.
    let _ = writeln!(io::stderr(), "canaryctl: {text}");
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
    fn a_commit_says_what_has_changed() {
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
        assert_eq!(message(&changes), "canary: 5 % -> 10 %, a.percentage 2.5 -> 7, b absent -> true");
    }
}
