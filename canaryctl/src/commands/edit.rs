//! The options and the steps of every verb that edits the config: write, commit, push.

use std::io::{self, Write};
use std::path::Path;
use std::process::ExitCode;

use anyhow::Context;
use clap::ArgGroup;
use serde_json::{Map, Value, json};

use crate::config::change::Change;
use crate::config::editor::{Edited, Editor};
use crate::platform::git::{Push, Tracked, short};
use crate::terminal::color::Paint;
use crate::terminal::message::warn;
use crate::terminal::output::Output;

/// How often an edit is tried, because the remote may move meanwhile.
const ATTEMPTS: usize = 3;

/// Options of every verb that edits the config.
#[derive(Debug, Default, clap::Args)]
#[group(skip)]
#[command(group = ArgGroup::new("committing").args(["commit", "push"]).multiple(true))]
#[expect(clippy::struct_excessive_bools, reason = "each is an option of the command line")]
pub(crate) struct Args {
    /// Print the change as a diff and write nothing.
    #[arg(long)]
    dry_run: bool,
    /// Commit the file, and nothing else, to the branch that is checked out.
    #[arg(long)]
    commit: bool,
    /// Commit, and push the branch; where the remote has moved, repeat the edit on top of it.
    #[arg(long)]
    push: bool,
    /// The message of the commit, instead of a line that lists the changes.
    #[arg(long, value_name = "TEXT", requires = "committing")]
    message: Option<String>,
    /// Add a Signed-off-by line to the message of the commit.
    #[arg(long, requires = "committing")]
    signoff: bool,
}

impl Args {
    /// Whether any of the options is given.
    pub(crate) fn is_any(&self) -> bool {
        self.dry_run || self.commit || self.push
    }
}

/// The edit of a verb, for the output and the commit.
#[derive(Debug, Default)]
pub(crate) struct Done {
    /// The edit in words, in the place of the list of changes.
    pub(crate) text: Option<String>,
    /// Members of the JSON output beside those that every verb has.
    pub(crate) json: Map<String, Value>,
    /// The subject of the commit.
    pub(crate) subject: String,
    /// Warnings about the edit.
    pub(crate) warnings: Vec<String>,
}

/// Edits the config of a file with `apply`, raises its revision, and writes, commits and pushes the file as asked.
pub(crate) fn run(
    args: &Args,
    file: &Path,
    output: Output,
    apply: impl Fn(&mut Editor) -> anyhow::Result<Done>,
) -> anyhow::Result<ExitCode> {
    for _ in 0..ATTEMPTS {
        let mut attempt = Attempt::new(args, file, &apply)?;
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

/// An edit of the file as it is now.
#[derive(Debug)]
struct Attempt<'a> {
    args: &'a Args,
    edited: Edited,
    done: Done,
    /// How many of the changes `apply` has made.
    applied: usize,
    /// The file in its repository, where that is asked for.
    tracked: Option<Tracked>,
    commit: Option<String>,
    pushed: Option<String>,
}

/// The end of an attempt.
#[derive(Debug)]
enum End {
    /// All is done as asked.
    Done,
    /// The remote had other commits. The branch is at this commit of the remote, and the edit is dropped.
    Moved(String),
}

impl<'a> Attempt<'a> {
    /// Makes the edit and judges it. Nothing is written.
    fn new(args: &'a Args, file: &Path, apply: &impl Fn(&mut Editor) -> anyhow::Result<Done>) -> anyhow::Result<Self> {
        let mut editor = Editor::open(file)?;
        let tracked = if args.commit || args.push { Some(Tracked::open(file)?) } else { None };
        let done = apply(&mut editor)?;
        let applied = editor.changes().len();
        if editor.is_changed() {
            editor.raise_revision()?;
        }
        let edited = editor.finish()?;
        Ok(Self { args, edited, done, applied, tracked, commit: None, pushed: None })
    }

    fn file(&self) -> String {
        self.edited.path().display().to_string()
    }

    /// Writes the file and commits it, or leaves it as it was.
    fn write(&mut self) -> anyhow::Result<()> {
        if self.args.dry_run || !self.edited.is_changed() {
            return Ok(());
        }
        self.edited.save()?;
        let Some(tracked) = &self.tracked else { return Ok(()) };
        let message = self.args.message.as_deref().unwrap_or(&self.done.subject);
        let commit = tracked.commit(message, self.args.signoff).or_else(|error| {
            self.edited.undo()?;
            Err(error.context(format!("{} is as it was", self.file())))
        });
        self.commit = Some(commit?);
        Ok(())
    }

    /// Pushes the branch, also where nothing has changed: a kill switch has to arrive at the second attempt.
    fn push(&mut self) -> anyhow::Result<End> {
        let (true, false, Some(tracked)) = (self.args.push, self.args.dry_run, &self.tracked) else {
            return Ok(End::Done);
        };
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
        pushed.with_context(|| format!("{} {so_far}", self.file()))
    }

    /// Prints the outcome.
    fn print(&self, output: Output) -> anyhow::Result<()> {
        let file = self.file();
        for warning in &self.done.warnings {
            warn(&format!("{file}: {warning}"));
        }
        for warning in &self.edited.warnings {
            warn(&warning.line(&file, Paint::OFF));
        }
        let mut out = io::stdout().lock();
        match output {
            Output::Text => {
                if self.args.dry_run {
                    write!(out, "{}", self.edited.diff())?;
                }
                writeln!(out, "{file}: {}{}", self.list(), self.note())?;
            }
            Output::Json => {
                let changes: Vec<_> = self.edited.changes.iter().map(Change::json).collect();
                let mut line = self.done.json.clone();
                line.extend([
                    ("file".to_owned(), json!(file)),
                    ("changes".to_owned(), json!(changes)),
                    ("commit".to_owned(), json!(self.commit)),
                    ("pushed".to_owned(), json!(self.pushed)),
                ]);
                if self.args.dry_run {
                    line.insert("diff".to_owned(), self.edited.diff().into());
                }
                writeln!(out, "{}", Value::Object(line))?;
            }
        }
        out.flush()?;
        Ok(())
    }

    fn list(&self) -> String {
        let listed = if self.done.text.is_some() { self.applied } else { 0 };
        let changes = self.edited.changes.iter().skip(listed).map(ToString::to_string);
        let parts: Vec<_> = self.done.text.iter().cloned().chain(changes).collect();
        if parts.is_empty() { "nothing to change".to_owned() } else { parts.join(", ") }
    }

    fn note(&self) -> String {
        match (&self.commit, &self.pushed) {
            (Some(commit), _) => format!(", commit {}", short(commit)),
            (None, Some(commit)) => format!(", pushed {}", short(commit)),
            (None, None) if self.args.dry_run && self.edited.is_changed() => ", not written".to_owned(),
            (None, None) => String::new(),
        }
    }
}
