//! A file in a git repository, through the operator's own `git`.

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, bail, ensure};

/// A file that git tracks.
#[derive(Debug)]
pub(crate) struct Tracked {
    /// The path as it was named.
    name: String,
    folder: PathBuf,
    file: PathBuf,
}

/// The outcome of a push.
#[derive(Debug)]
pub(crate) enum Push {
    /// The remote has this commit now.
    Done(String),
    /// The remote had everything.
    Nothing,
    /// The remote has commits that the branch lacks.
    Rejected,
}

/// A commit's name, shortened for people.
pub(crate) fn short(commit: &str) -> &str {
    commit.get(..12).unwrap_or(commit)
}

impl Tracked {
    /// Finds a tracked file on a branch. Refuses where a commit of it would hold other changes than those made from now
    /// on.
    pub(crate) fn open(path: &Path) -> anyhow::Result<Self> {
        let file = fs::canonicalize(path).with_context(|| format!("cannot read {}", path.display()))?;
        let folder = file.parent().context("a file in no folder")?.to_owned();
        let this = Self { name: path.display().to_string(), folder, file };
        this.check().with_context(|| format!("cannot commit {}", this.name))?;
        Ok(this)
    }

    fn check(&self) -> anyhow::Result<()> {
        ensure!(self.git(&["rev-parse", "--is-inside-work-tree"])?.output.trim() == "true", "not in a work tree");
        if !self.ask(&["symbolic-ref", "--quiet", "HEAD"], &[])?.success {
            bail!("HEAD is detached: switch to a branch first");
        }
        if !self.ask(&["ls-files", "--error-unmatch", "--"], &[&self.file])?.success {
            bail!("the file is untracked: add and commit it first");
        }
        let staged = self.git(&["diff", "--cached", "--name-only"])?.output;
        if let Some(first) = staged.lines().next() {
            bail!("other changes are staged ({first}): commit or unstage them first");
        }
        let dirty = self.ask(&["diff", "--quiet", "--"], &[&self.file])?;
        ensure!(dirty.success, "the file has other changes: commit or drop them first");
        Ok(())
    }

    /// Commits what has changed in the file, and returns the commit.
    pub(crate) fn commit(&self, message: &str, signoff: bool) -> anyhow::Result<String> {
        let signoff = if signoff { "--signoff" } else { "--no-signoff" };
        let answer = self.ask(&["commit", "--quiet", "--only", signoff, "--message", message, "--"], &[&self.file])?;
        ensure!(answer.success, "git commit failed: {}", answer.reason());
        self.head()
    }

    /// Pushes the branch to its default remote branch.
    pub(crate) fn push(&self) -> anyhow::Result<Push> {
        let answer = self.ask(&["push", "--porcelain"], &[])?;
        if answer.success {
            let is_news = answer.refs().any(|line| !line.starts_with('='));
            return Ok(if is_news { Push::Done(self.head()?) } else { Push::Nothing });
        }
        if answer.is_behind() {
            return Ok(Push::Rejected);
        }
        let mut lines = answer.errors.lines().map(str::trim);
        if let Some(remedy) = lines.find(|line| line.starts_with("git push --set-upstream")) {
            bail!("the branch has no upstream: {remedy}, then this again");
        }
        bail!("{}", answer.reason())
    }

    /// Fetches, and moves the branch and its files to the commit of the remote. Drops the commit `made`. Refuses where any
    /// other commit would be lost. Returns the new commit.
    pub(crate) fn follow(&self, made: Option<&str>) -> anyhow::Result<String> {
        self.git(&["fetch", "--quiet"])?;
        let upstream = self.git(&["rev-parse", "--abbrev-ref", "@{upstream}"])?.output;
        let upstream = upstream.trim();
        let unpushed = self.git(&["rev-list", &format!("{upstream}..HEAD")])?.output;
        if let Some(other) = unpushed.lines().find(|commit| Some(*commit) != made) {
            bail!(
                "the branch has other commits that are not pushed: git branch aside {} && git reset --keep {upstream}, \
                 then this again, and git cherry-pick {upstream}..aside for the others",
                short(other)
            );
        }
        // Unlike --hard, --keep refuses to overwrite a local change or an untracked file.
        let answer = self.ask(&["reset", "--quiet", "--keep", upstream], &[])?;
        ensure!(
            answer.success,
            "local changes are in the way ({}): git stash --include-untracked && git reset --keep {upstream}, then this \
             again, then git stash pop",
            answer.reason()
        );
        self.head()
    }

    fn head(&self) -> anyhow::Result<String> {
        Ok(self.git(&["rev-parse", "HEAD"])?.output.trim().to_owned())
    }

    /// Runs git and fails if git does.
    fn git(&self, args: &[&str]) -> anyhow::Result<Answer> {
        let answer = self.ask(args, &[])?;
        ensure!(answer.success, "{}", answer.reason());
        Ok(answer)
    }

    fn ask(&self, args: &[&str], paths: &[&Path]) -> anyhow::Result<Answer> {
        let mut command = Command::new("git");
        // File names are not patterns. The messages are parsed below, so they have to be English.
        command.arg("--literal-pathspecs").env("LC_ALL", "C");
        let output = command.args(args).args(paths).current_dir(&self.folder).stdin(Stdio::null()).output();
        let output = output.map_err(|error| match error.kind() {
            ErrorKind::NotFound => anyhow::anyhow!("git is not installed"),
            _ => anyhow::Error::new(error).context("cannot run git"),
        })?;
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        Ok(Answer { success: output.status.success(), output: text(&output.stdout), errors: text(&output.stderr) })
    }
}

struct Answer {
    success: bool,
    output: String,
    errors: String,
}

impl Answer {
    /// The lines of `push --porcelain` for each branch: a flag, its names and the outcome, separated by tabs.
    fn refs(&self) -> impl Iterator<Item = &str> {
        self.output.lines().filter(|line| line.contains('\t'))
    }

    /// Whether somebody else pushed first: before this push began, or while it was running, in the words of old and new
    /// remotes.
    fn is_behind(&self) -> bool {
        let is_race = |line: &str| line.contains("cannot lock ref") && line.contains(" but expected ");
        let raced = self.errors.lines().any(is_race) || self.output.contains("(incorrect old value provided)");
        raced || self.refs().any(|line| line.contains("\t[rejected]"))
    }

    /// The reason of a failure: from the remote, from git itself, or else the last line, which a hook may have written.
    fn reason(&self) -> String {
        let mut outcomes = self.refs().filter_map(|line| line.rsplit('\t').next());
        if let Some(refused) = outcomes.find(|text| text.starts_with("[remote rejected]")) {
            return refused.to_owned();
        }
        let lines = || self.errors.lines().map(str::trim).filter(|line| !line.is_empty());
        let marked = |mark| lines().filter_map(move |line| line.strip_prefix(mark));
        // A hook may write many such lines.
        let own: Vec<_> = marked("error: ").take(3).chain(marked("fatal: ").take(1)).collect();
        if own.is_empty() { lines().next_back().unwrap_or("git gives no reason").to_owned() } else { own.join("; ") }
    }
}
