//! A file in a git repository, through the operator's own `git`.

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, bail, ensure};

use crate::platform::forge;
use crate::platform::lock::Lock;

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

/// A branch that was pushed for a pull request.
#[derive(Debug)]
pub(crate) struct Branch {
    /// The commit that it has on the remote.
    pub(crate) commit: String,
    /// The address at which the forge opens a pull request, where it is known.
    pub(crate) pull_request: Option<String>,
}

/// A commit that changed the file.
#[derive(Debug)]
pub(crate) struct Version {
    pub(crate) commit: String,
    /// Seconds since 1970.
    pub(crate) time: i64,
    /// The path of the file in that commit, from the root of the repository.
    path: String,
}

/// A commit's name, shortened for people.
pub(crate) fn short(commit: &str) -> &str {
    commit.get(..12).unwrap_or(commit)
}

impl Tracked {
    /// A file in a repository. It is not checked whether it can be committed.
    pub(crate) fn find(path: &Path) -> anyhow::Result<Self> {
        let file = fs::canonicalize(path).with_context(|| format!("cannot read {}", path.display()))?;
        let folder = file.parent().context("a file in no folder")?.to_owned();
        Ok(Self { name: path.display().to_string(), folder, file })
    }

    /// Finds a tracked file on a branch. Refuses where a commit of it would hold other changes than those made from now
    /// on.
    pub(crate) fn open(path: &Path) -> anyhow::Result<Self> {
        let this = Self::find(path)?;
        this.check().with_context(|| format!("cannot commit {}", this.name))?;
        Ok(this)
    }

    fn check(&self) -> anyhow::Result<()> {
        self.check_work_tree()?;
        let is_rebasing = |name| {
            self.git(&["rev-parse", "--git-path", name]).is_ok_and(|it| self.folder.join(it.output.trim()).exists())
        };
        if ["rebase-merge", "rebase-apply"].into_iter().any(is_rebasing) {
            bail!("a rebase is in progress: git rebase --continue, or git rebase --abort");
        }
        if !self.ask(&["symbolic-ref", "--quiet", "HEAD"], &[])?.success {
            bail!("HEAD is detached: switch to a branch first");
        }
        if !self.ask(&["ls-files", "--error-unmatch", "--"], &[&self.file])?.success {
            bail!("the file is untracked: add and commit it first");
        }
        // git commits none of its changes.
        if self.ask(&["ls-files", "-v", "--"], &[&self.file])?.output.starts_with('S') {
            bail!("the file is marked skip-worktree: git update-index --no-skip-worktree {}", self.file.display());
        }
        let staged = self.git(&["diff", "--cached", "--name-only"])?.output;
        if let Some(first) = staged.lines().next() {
            bail!("other changes are staged ({first}): commit or unstage them first");
        }
        let dirty = self.ask(&["diff", "--quiet", "--"], &[&self.file])?;
        ensure!(dirty.success, "the file has other changes: commit or drop them first");
        Ok(())
    }

    fn check_work_tree(&self) -> anyhow::Result<()> {
        let inside = self.git(&["rev-parse", "--is-inside-work-tree"])?.output;
        ensure!(
            inside.trim() == "true",
            "this is a bare repository, or git's own folder: expected a file in a work tree"
        );
        Ok(())
    }

    /// Waits until no other process of this program commits in the repository.
    pub(crate) fn lock(&self) -> anyhow::Result<Lock> {
        let folder = self.check_work_tree().and_then(|()| self.git(&["rev-parse", "--absolute-git-dir"]));
        let folder = folder.with_context(|| format!("cannot commit {}", self.name))?;
        Lock::folder(Path::new(folder.output.trim_end_matches('\n')))
    }

    /// Commits what has changed in the file, and returns the commit.
    pub(crate) fn commit(&self, message: &str, signoff: bool) -> anyhow::Result<String> {
        let signoff = if signoff { "--signoff" } else { "--no-signoff" };
        let answer = self.ask(&["commit", "--quiet", "--only", signoff, "--message", message, "--"], &[&self.file])?;
        ensure!(answer.success, "git commit failed: {}", self.silent_hook(&answer).unwrap_or_else(|| answer.reason()));
        self.unstage();
        self.head()
    }

    /// The hooks one of which has refused a commit, where git says nothing.
    fn silent_hook(&self, answer: &Answer) -> Option<String> {
        if answer.errors.lines().any(|line| !line.trim().is_empty()) {
            return None;
        }
        let folder = self.git(&["rev-parse", "--git-path", "hooks"]).ok()?.output;
        let folder = fs::canonicalize(self.folder.join(folder.trim_end_matches('\n'))).ok()?;
        let hooks = ["pre-commit", "prepare-commit-msg", "commit-msg"].map(|name| folder.join(name));
        let hooks: Vec<_> = hooks.iter().filter(|hook| hook.is_file()).map(|hook| hook.display().to_string()).collect();
        (!hooks.is_empty()).then(|| format!("git gives no reason; a hook may have refused it: {}", hooks.join(", ")))
    }

    /// Makes the index that of HEAD. Nothing was staged before the commit, so what is staged now comes from a hook, and would
    /// keep the next edit from being committed.
    fn unstage(&self) {
        let Ok(staged) = self.git(&["diff", "--cached", "--name-only", "--no-relative", "-z"]) else { return };
        let Ok(root) = self.git(&["rev-parse", "--show-toplevel"]) else { return };
        let root = Path::new(root.output.trim_end_matches('\n'));
        let paths: Vec<_> =
            staged.output.split('\0').filter(|path| !path.is_empty()).map(|path| root.join(path)).collect();
        if !paths.is_empty() {
            let paths: Vec<_> = paths.iter().map(PathBuf::as_path).collect();
            let _ = self.ask(&["reset", "--quiet", "--"], &paths);
        }
    }

    /// Whether the file is not as it was committed.
    pub(crate) fn is_dirty(&self) -> bool {
        self.ask(&["diff", "--quiet", "--"], &[&self.file]).is_ok_and(|answer| !answer.success)
    }

    /// Puts the file back as it was committed.
    pub(crate) fn restore(&self) -> anyhow::Result<()> {
        let answer = self.ask(&["checkout", "--quiet", "HEAD", "--"], &[&self.file])?;
        ensure!(answer.success, "{}", answer.reason());
        Ok(())
    }

    /// Refuses a branch that cannot be pushed as one of its own.
    pub(crate) fn check_branch(&self, name: &str) -> anyhow::Result<()> {
        let is_name = self.ask(&["check-ref-format", "--branch", name], &[])?.success && !name.starts_with('-');
        ensure!(is_name, "--branch {name}: expected the name of a branch");
        ensure!(self.branch()? != name, "--branch {name} is the branch that is checked out, expected another one");
        if let Ok(target) = self.target()
            && let Some(other) = self.git(&["rev-list", &format!("{target}..HEAD")])?.output.lines().next()
        {
            bail!("the branch has other commits that are not pushed ({}): push them first", short(other));
        }
        Ok(())
    }

    /// Pushes the commit as a branch of its own, and takes it back from the branch that is checked out.
    pub(crate) fn push_branch(&self, commit: &str, name: &str) -> anyhow::Result<Branch> {
        let (remote, base) = (self.remote()?, self.branch()?);
        let reference = format!("{commit}:refs/heads/{name}");
        let answer = self.ask(&["push", "--porcelain", &remote, &reference], &[]);
        let back = self.ask(&["reset", "--quiet", "--keep", &format!("{commit}^")], &[])?;
        let answer = answer?;
        if answer.is_behind() {
            bail!("the remote has a branch {name} with other commits: choose another name");
        }
        ensure!(answer.success, "{}", answer.refusal());
        ensure!(back.success, "the branch {name} is pushed, but {base} still has the commit: {}", back.reason());
        let addresses = [
            self.git(&["config", "--get", &format!("remote.{remote}.url")]),
            self.git(&["remote", "get-url", "--push", &remote]),
        ];
        let addresses: Vec<_> = addresses.into_iter().flatten().map(|it| it.output.trim().to_owned()).collect();
        let pull_request = forge::pull_request(&answer.errors, &addresses, &base, name);
        Ok(Branch { commit: commit.to_owned(), pull_request })
    }

    /// The branch that is checked out.
    fn branch(&self) -> anyhow::Result<String> {
        Ok(self.git(&["symbolic-ref", "--short", "HEAD"])?.output.trim().to_owned())
    }

    /// The remote that pushes go to.
    fn remote(&self) -> anyhow::Result<String> {
        let name = format!("refs/heads/{}", self.branch()?);
        let own = self.git(&["for-each-ref", "--format=%(push:remotename)", &name])?.output.trim().to_owned();
        if !own.is_empty() {
            return Ok(own);
        }
        let remotes = self.git(&["remote"])?.output;
        let mut remotes = remotes.lines();
        match (remotes.next(), remotes.next()) {
            (Some(only), None) => Ok(only.to_owned()),
            _ => Ok("origin".to_owned()),
        }
    }

    /// The remote branch that pushes go to, as this repository knows it: another one than the upstream where one pulls from
    /// a project and pushes to a fork.
    fn target(&self) -> anyhow::Result<String> {
        let known = |name| self.git(&["rev-parse", "--abbrev-ref", name]).ok();
        let found = known("@{push}").or_else(|| known("@{upstream}")).context("the branch has no upstream")?;
        Ok(found.output.trim().to_owned())
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
        let refusal = answer.refusal();
        let refusal = refusal.trim_end_matches('.');
        if answer.is_refused()
            && let (Ok(remote), Ok(target), Ok(head)) = (self.remote(), self.target(), self.head())
        {
            let name = format!("canary-{}", head.get(..7).unwrap_or(&head));
            bail!(
                "{refusal}. If the branch is protected: git push {remote} HEAD:refs/heads/{name} && git reset --keep {target}, \
                 and open a pull request for {name}; --branch NAME does that at once"
            );
        }
        if answer.is_hooked() {
            bail!("the hook pre-push refused: {refusal}. Do what it asks, then this again");
        }
        bail!("{refusal}")
    }

    /// Fetches, and moves the branch and its files to the commit of the remote. Drops the commit `made`. Refuses where any
    /// other commit would be lost. Returns the new commit.
    pub(crate) fn follow(&self, made: Option<&str>) -> anyhow::Result<String> {
        self.git(&["fetch", "--quiet", &self.remote()?])?;
        let upstream = self.target()?;
        let unpushed = self.git(&["rev-list", &format!("{upstream}..HEAD")])?.output;
        if let Some(other) = unpushed.lines().find(|commit| Some(*commit) != made) {
            bail!(
                "the branch has other commits that are not pushed: git branch aside {} && git reset --keep {upstream}, \
                 then this again, and git cherry-pick {upstream}..aside for the others",
                short(other)
            );
        }
        // Unlike --hard, --keep refuses to overwrite a local change or an untracked file.
        let answer = self.ask(&["reset", "--quiet", "--keep", &upstream], &[])?;
        ensure!(
            answer.success,
            "local changes are in the way ({}): git stash --include-untracked && git reset --keep {upstream}, then this \
             again, then git stash pop",
            answer.reason()
        );
        self.head()
    }

    /// The versions of the file, newest first.
    pub(crate) fn history(&self, most: usize) -> anyhow::Result<Vec<Version>> {
        let most = format!("--max-count={most}");
        let args = ["log", "--follow", &most, "-z", "--name-only", "--format=%x01%H %ct", "--"];
        let answer = self.ask(&args, &[&self.file])?;
        ensure!(answer.success, "{}", answer.reason());
        let versions = answer.output.split('\x01').filter_map(|entry| {
            let mut parts = entry.split('\0').map(|it| it.trim_matches('\n')).filter(|part| !part.is_empty());
            let (commit, time) = parts.next()?.split_once(' ')?;
            let path = parts.next()?.to_owned();
            Some(Version { commit: commit.to_owned(), time: time.parse().ok()?, path })
        });
        Ok(versions.collect())
    }

    /// The text of the file in a version.
    pub(crate) fn text_at(&self, version: &Version) -> anyhow::Result<String> {
        Ok(self.git(&["show", &format!("{}:{}", version.commit, version.path)])?.output)
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

/// The last line of git about a push that failed.
const FAILED: &str = "error: failed to push some refs";

/// The most lines of a remote or a hook that are repeated.
const WORDS: usize = 10;

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
        if own.is_empty() {
            return lines().next_back().unwrap_or("git gives no reason").to_owned();
        }
        // What git itself tells to do.
        let remedies: Vec<_> = lines().filter(|line| line.starts_with("git ")).take(2).collect();
        let own = own.join("; ");
        if remedies.is_empty() { own } else { format!("{}: {}", own.trim_end_matches('.'), remedies.join(", ")) }
    }

    /// Whether the remote refused a branch.
    fn is_refused(&self) -> bool {
        self.refs().any(|line| line.contains("\t[remote rejected]"))
    }

    /// Whether a hook of this repository refused the push: then git says no more than that it failed.
    fn is_hooked(&self) -> bool {
        let mut own = self.errors.lines().filter(|line| line.starts_with("error: ") || line.starts_with("fatal: "));
        !self.is_refused() && own.next().is_some_and(|line| line.starts_with(FAILED)) && own.next().is_none()
    }

    /// The reason of a push that failed, in the words of git and of the remote, or of a hook.
    fn refusal(&self) -> String {
        let from_remote = self.errors.lines().filter_map(|line| line.strip_prefix("remote:")).map(str::trim);
        let from_hook = self
            .errors
            .lines()
            .map(str::trim)
            .filter(|line| ![FAILED, "hint:", "To ", "remote:"].iter().any(|start| line.starts_with(start)));
        let is_word = |line: &&str| line.chars().any(char::is_alphanumeric);
        let words: Vec<_> = if self.is_hooked() {
            let lines: Vec<_> = from_hook.filter(is_word).collect();
            lines.iter().skip(lines.len().saturating_sub(WORDS)).map(|line| (*line).to_owned()).collect()
        } else {
            let remote = from_remote.filter(is_word).map(|line| line.strip_prefix("error: ").unwrap_or(line));
            [self.reason()].into_iter().chain(remote.take(WORDS).map(str::to_owned)).collect()
        };
        if words.is_empty() { "it gives no reason".to_owned() } else { words.join("; ") }
    }
}
