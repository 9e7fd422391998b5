//! The options and the steps of every verb that edits the config: write, commit, push.

use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::ExitCode;

use anyhow::Context;
use clap::ArgGroup;
use serde_json::{Map, Value, json};

use crate::config::change::Change;
use crate::config::editor::{Edited, Editor};
use crate::platform::git::{Branch, Push, Tracked, short};
use crate::platform::lock::Lock;
use crate::terminal::color::Paint;
use crate::terminal::message::warn;
use crate::terminal::output::Output;
use crate::terminal::stdout::stdout;

/// How often an edit is tried, because the remote may move meanwhile.
const ATTEMPTS: usize = 3;

/// The warning about an edit of a file that SOPS has signed.
const MAC: &str = "the MAC of SOPS no longer fits after this edit, so sops will say \"MAC mismatch\", though Flux applies the file; \
                   the config is public, so keep it in a file of its own, without SOPS";

/// Options of every verb that edits the config.
#[derive(Debug, Default, clap::Args)]
#[group(skip)]
#[command(group = ArgGroup::new("committing").args(["commit", "push", "branch"]).multiple(true))]
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
    /// Commit, and push that as a branch of this name, for a pull request; the branch that is checked out stays as it was.
    #[arg(long, value_name = "NAME")]
    branch: Option<String>,
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
        self.dry_run || self.commits()
    }

    /// Whether the edit is committed.
    fn commits(&self) -> bool {
        self.commit || self.push || self.branch.is_some()
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
    let real = fs::canonicalize(file).with_context(|| format!("cannot read {}", file.display()))?;
    let folder = real.parent().context("a file in no folder")?;
    // A dry run writes nothing, so it need not wait for another run.
    let _lock = if args.dry_run { None } else { Some(Lock::folder(folder)?) };
    let tracked = if args.commits() { Some(Tracked::find(file)?) } else { None };
    let _repository = tracked.as_ref().filter(|_| !args.dry_run).map(Tracked::lock).transpose()?;
    for _ in 0..ATTEMPTS {
        let mut attempt = Attempt::new(args, file, &apply)?;
        attempt.write()?;
        let end = attempt.push();
        if let Ok(End::Moved(commit)) = &end {
            warn(&format!("{}: the remote had moved, the branch is at {commit} now", file.display()));
            continue;
        }
        // A commit that could not be pushed as a branch is taken back.
        if args.branch.is_none() || end.is_ok() {
            attempt.print(output)?;
        }
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
    /// The branch that was pushed instead of the one that is checked out.
    branch: Option<Branch>,
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
        let tracked = if args.commits() { Some(Tracked::open(file)?) } else { None };
        if let (Some(name), Some(tracked)) = (&args.branch, &tracked) {
            tracked.check_branch(name)?;
        }
        let mut done = apply(&mut editor)?;
        let applied = editor.changes().len();
        if editor.is_changed() {
            editor.raise_revision()?;
            if editor.has_mac() {
                done.warnings.push(MAC.to_owned());
            }
        }
        let edited = editor.finish()?;
        Ok(Self { args, edited, done, applied, tracked, commit: None, pushed: None, branch: None })
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
        let mut commit = tracked.commit(message, self.args.signoff);
        // A hook that formats the file and then fails wants the commit to be made again.
        if commit.is_err() && self.edited.adopt() {
            commit = tracked.commit(message, self.args.signoff);
        }
        let error = match commit {
            Ok(commit) => {
                self.commit = Some(commit);
                // A hook that formats the file and does not stage it: the next edit would be refused.
                return if tracked.is_dirty() && self.edited.adopt() { tracked.restore() } else { Ok(()) };
            }
            Err(error) => error,
        };
        let file = self.file();
        Err(match self.edited.undo() {
            Ok(()) => error.context(format!("{file} is as it was")),
            Err(_) => error
                .context(format!("a hook has changed {file} otherwise, which stays: git checkout -- {file} drops it")),
        })
    }

    /// Pushes the commit as a branch of its own.
    fn push_branch(&mut self, name: &str) -> anyhow::Result<End> {
        if let (Some(tracked), Some(commit)) = (&self.tracked, &self.commit) {
            let branch = tracked.push_branch(commit, name).context("nothing is committed")?;
            self.pushed = Some(branch.commit.clone());
            self.branch = Some(branch);
        }
        Ok(End::Done)
    }

    /// Pushes the branch, also where nothing has changed: a kill switch has to arrive at the second attempt.
    fn push(&mut self) -> anyhow::Result<End> {
        if let Some(name) = &self.args.branch {
            return self.push_branch(name);
        }
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
        let mut out = stdout(output);
        match output {
            Output::Text => {
                if self.args.dry_run {
                    write!(out, "{}", self.edited.diff())?;
                }
                writeln!(out, "{file}: {}{}", self.list(), self.note())?;
                if let Some(address) = self.branch.as_ref().and_then(|branch| branch.pull_request.as_ref()) {
                    writeln!(out, "pull request: {address}")?;
                }
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
                if let Some(name) = &self.args.branch {
                    let address = self.branch.as_ref().and_then(|branch| branch.pull_request.as_ref());
                    line.insert("branch".to_owned(), self.branch.as_ref().map(|_| name.as_str()).into());
                    line.insert("pullRequest".to_owned(), json!(address));
                }
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
        if let (Some(name), Some(branch)) = (&self.args.branch, &self.branch) {
            return format!(", commit {} on the branch {name}", short(&branch.commit));
        }
        match (&self.commit, &self.pushed) {
            (Some(commit), _) => format!(", commit {}", short(commit)),
            (None, Some(commit)) => format!(", pushed {}", short(commit)),
            (None, None) if self.args.dry_run && self.edited.is_changed() => ", not written".to_owned(),
            (None, None) => String::new(),
        }
    }
}
