//! One edit of the file as it is now, committed and pushed where asked.

use std::io::{self, Write};
use std::path::Path;

use anyhow::Context;
use serde_json::json;

use super::Args;
use crate::config::editor::{Change, Editor, shown};
use crate::platform::git::{Push, Tracked, short};
use crate::terminal::message::warn;
use crate::terminal::output::Output;

const PERCENTAGE: &str = "CANARY_PERCENTAGE";

/// An edit, and what has become of it so far.
#[derive(Debug)]
pub(crate) struct Attempt {
    editor: Editor,
    /// The file in its repository, where that is asked for.
    tracked: Option<Tracked>,
    dry_run: bool,
    is_pushed: bool,
    /// The subject of a commit.
    message: String,
    warnings: Vec<String>,
    commit: Option<String>,
    pushed: Option<String>,
}

/// How it has ended.
#[derive(Debug)]
pub(crate) enum End {
    /// As asked.
    Done,
    /// The remote had other commits. The branch is at this one of the remote now, and nothing is left of the edit.
    Moved(String),
}

impl Attempt {
    /// Makes the edit, and judges it. Nothing is written.
    pub(crate) fn edit(args: &Args, file: &Path) -> anyhow::Result<Self> {
        let mut editor = Editor::open(file)?;
        let tracked = if args.commit || args.push { Some(Tracked::open(file)?) } else { None };
        let mut warnings = Vec::new();
        if let Some(percent) = &args.percent {
            editor.set(&[PERCENTAGE], percent)?;
        }
        for flag in &args.flags {
            let lost = flag.apply(&mut editor)?;
            if !lost.is_empty() {
                warnings.push(format!("{} is replaced, without its {}", flag.path(), lost.join(", ")));
            }
        }
        let message = message(editor.changes());
        if editor.is_changed() {
            editor.raise_revision()?;
            warnings.extend(editor.judge()?.iter().map(ToString::to_string));
        }
        let (dry_run, is_pushed) = (args.dry_run, args.push && !args.dry_run);
        Ok(Self { editor, tracked, dry_run, is_pushed, message, warnings, commit: None, pushed: None })
    }

    /// Writes the file and commits it, or leaves it as it was.
    pub(crate) fn write(&mut self) -> anyhow::Result<()> {
        if self.dry_run || !self.editor.is_changed() {
            return Ok(());
        }
        self.editor.save()?;
        let Some(tracked) = &self.tracked else { return Ok(()) };
        let commit = tracked.commit(&self.message).or_else(|error| {
            self.editor.undo()?;
            Err(error.context(format!("{} is as it was", self.editor.path().display())))
        });
        self.commit = Some(commit?);
        Ok(())
    }

    /// Pushes the branch, also where nothing has changed: a kill switch has to arrive at the second attempt.
    pub(crate) fn push(&mut self) -> anyhow::Result<End> {
        let (true, Some(tracked)) = (self.is_pushed, &self.tracked) else { return Ok(End::Done) };
        let pushed = tracked.push().and_then(|push| match push {
            Push::Done(commit) => {
                self.pushed = Some(commit);
                Ok(End::Done)
            }
            Push::Nothing => Ok(End::Done),
            Push::Rejected => {
                let commit = tracked.follow(self.commit.as_deref()).context("the remote has moved")?;
                Ok(End::Moved(short(&commit).to_owned()))
            }
        });
        let so_far = if self.commit.is_some() { "is committed, but not pushed" } else { "is not pushed" };
        pushed.with_context(|| format!("{} {so_far}", self.editor.path().display()))
    }

    /// Tells what has happened.
    pub(crate) fn print(&self, output: Output) -> anyhow::Result<()> {
        let file = self.editor.path().display().to_string();
        for warning in &self.warnings {
            warn(&format!("{file}: {warning}"));
        }
        let mut out = io::stdout().lock();
        match output {
            Output::Text => {
                if self.dry_run {
                    write!(out, "{}", self.editor.diff())?;
                }
                writeln!(out, "{file}: {}{}", self.list(), self.note())?;
            }
            Output::Json => {
                let changes: Vec<_> = self.editor.changes().iter().map(Change::json).collect();
                let mut line = json!({"file": file, "changes": changes, "commit": self.commit, "pushed": self.pushed});
                if let (true, Some(line)) = (self.dry_run, line.as_object_mut()) {
                    line.insert("diff".to_owned(), self.editor.diff().into());
                }
                writeln!(out, "{line}")?;
            }
        }
        out.flush()?;
        Ok(())
    }

    fn list(&self) -> String {
        let list = self.editor.changes().iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
        if list.is_empty() { "nothing to change".to_owned() } else { list }
    }

    fn note(&self) -> String {
        match (&self.commit, &self.pushed) {
            (Some(commit), _) => format!(", commit {}", short(commit)),
            (None, Some(commit)) => format!(", pushed {}", short(commit)),
            (None, None) if self.dry_run && self.editor.is_changed() => ", not written".to_owned(),
            (None, None) => String::new(),
        }
    }
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

#[cfg(test)]
mod tests {
    use super::*;

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
