//! One file in a git repository, by the `git` that the operator has.

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, bail, ensure};

/// A file that git knows.
#[derive(Debug)]
pub(crate) struct Tracked {
    /// As it was named.
    name: String,
    folder: PathBuf,
    file: PathBuf,
}

impl Tracked {
    /// Finds a file of which a commit would hold nothing but what is changed from now on, on a branch.
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
            bail!("git does not know it yet: add and commit it first");
        }
        let staged = self.git(&["diff", "--cached", "--name-only"])?.output;
        if let Some(first) = staged.lines().next() {
            bail!("other changes are staged ({first}): commit or unstage them first");
        }
        let dirty = self.ask(&["diff", "--quiet", "--"], &[&self.file])?;
        ensure!(dirty.success, "it has other changes: commit or drop them first");
        Ok(())
    }

    /// Commits what has changed in the file, and returns the commit.
    pub(crate) fn commit(&self, message: &str) -> anyhow::Result<String> {
        let answer = self.ask(&["commit", "--quiet", "--only", "--message", message, "--"], &[&self.file])?;
        ensure!(answer.success, "git commit failed: {}", answer.reason());
        Ok(self.git(&["rev-parse", "HEAD"])?.output.trim().to_owned())
    }

    /// Pushes the branch to where it is pushed by default.
    pub(crate) fn push(&self) -> anyhow::Result<()> {
        let answer = self.ask(&["push", "--quiet"], &[])?;
        if answer.success {
            return Ok(());
        }
        if answer.errors.contains("[rejected]") {
            bail!("the remote has commits that this branch lacks: git pull --rebase, then git push");
        }
        bail!("{}", answer.reason())
    }

    /// Runs git, which has to succeed.
    fn git(&self, args: &[&str]) -> anyhow::Result<Answer> {
        let answer = self.ask(args, &[])?;
        ensure!(answer.success, "{}", answer.reason());
        Ok(answer)
    }

    fn ask(&self, args: &[&str], paths: &[&Path]) -> anyhow::Result<Answer> {
        let mut command = Command::new("git");
        // Names of files are names and no patterns; messages are read below.
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
    /// The line that says what went wrong: git's own, or else the last, which a hook may have written.
    fn reason(&self) -> &str {
        let lines = || self.errors.lines().map(str::trim).filter(|line| !line.is_empty());
        let refused = lines().find(|line| line.contains("[remote rejected]"));
        let fatal = || lines().find_map(|line| line.strip_prefix("fatal: "));
        refused.or_else(fatal).or_else(|| lines().next_back()).unwrap_or("git gives no reason")
    }
}
