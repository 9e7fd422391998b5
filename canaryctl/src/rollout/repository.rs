//! A bare clone of the remote repository, through the operator's own `git`.

use std::fmt::Write as _;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, bail, ensure};
use canary_rollout::Rollout;
use tempfile::TempDir;

/// The refs of runs.
pub(crate) const RUNS: &str = "refs/canary/runs/";

/// Settings of a work tree's repository that its clone takes over.
const SETTINGS: [&str; 8] =
    ["user.", "author.", "committer.", "commit.gpgsign", "gpg.", "core.sshcommand", "credential.", "http."];

/// A clone of a remote repository without files, in a folder of its own.
#[derive(Debug)]
pub(crate) struct Repository {
    folder: TempDir,
    /// The address of the remote.
    pub(crate) remote: String,
    /// The branch that is followed.
    pub(crate) branch: String,
    /// The work tree that was named, if one was.
    pub(crate) work_tree: Option<PathBuf>,
    /// Where runs are kept.
    pub(crate) runs: String,
    /// The branch that commits go to, where the followed one is protected.
    pub(crate) proposals: Option<String>,
}

/// A change of a ref: its name, what it was, and what it becomes; nothing deletes it.
#[derive(Clone, Debug)]
pub(crate) struct Update {
    pub(crate) name: String,
    pub(crate) old: Option<String>,
    pub(crate) new: String,
}

/// The outcome of a push.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Pushed {
    Done,
    /// Somebody else has pushed meanwhile.
    Race,
    /// The remote refuses, for this reason.
    Refused(String),
}

impl Repository {
    /// Clones what `--repo` and `--branch` name: a bare repository, an address, or a work tree, whose remote it is.
    pub(crate) fn open(repo: Option<&str>, branch: Option<&str>) -> anyhow::Result<Self> {
        let named = repo.unwrap_or(".");
        let (remote, checked_out, work_tree) =
            if Path::new(named).is_dir() { local(Path::new(named))? } else { (named.to_owned(), None, None) };
        let branch = match branch.map(str::to_owned).or(checked_out) {
            Some(branch) => branch,
            None => default_branch(&remote)?,
        };
        let folder =
            tempfile::Builder::new().prefix("canaryctl-").tempdir().context("cannot make a folder for a clone")?;
        let this = Self { folder, remote, branch, work_tree, runs: RUNS.to_owned(), proposals: None };
        this.git(&["init", "--quiet", "--bare", "."])?;
        this.git(&["remote", "add", "origin", &this.remote])?;
        this.git(&["config", "remote.origin.promisor", "true"])?;
        this.git(&["config", "remote.origin.partialclonefilter", "blob:none"])?;
        if let Some(tree) = &this.work_tree {
            let settings = run(tree, &["config", "--local", "--list", "-z"], &[], b"")?;
            for setting in settings.output.split('\0').filter_map(|line| line.split_once('\n')) {
                if SETTINGS.iter().any(|prefix| setting.0.starts_with(prefix)) {
                    this.git(&["config", "--add", setting.0, setting.1])?;
                }
            }
        }
        this.fetch()?;
        Ok(this)
    }

    /// The address of the remote without a password or token.
    pub(crate) fn shown(&self) -> String {
        without_secret(&self.remote)
    }

    /// Follows other refs from now on, where these are others.
    pub(crate) fn adopt(&mut self, rollout: &Rollout) -> anyhow::Result<bool> {
        let runs = rollout.runs_branch.as_ref().map_or_else(|| RUNS.to_owned(), |name| format!("refs/heads/{name}/"));
        let proposals = rollout.push.as_ref().map(|push| push.branch.clone());
        ensure!(
            proposals.as_ref() != Some(&self.branch),
            "spec.push.branch: {} is the branch that is followed; expected another one",
            self.branch
        );
        if (&self.runs, &self.proposals) == (&runs, &proposals) {
            return Ok(false);
        }
        (self.runs, self.proposals) = (runs, proposals);
        self.fetch()?;
        Ok(true)
    }

    /// Takes over what the remote has now.
    pub(crate) fn fetch(&self) -> anyhow::Result<()> {
        let branch = format!("+refs/heads/{0}:refs/heads/{0}", self.branch);
        let runs = format!("+{0}*:{0}*", self.runs);
        // A pattern, as a name that the remote does not have would be an error.
        let proposals = self.proposals.as_ref().map(|name| format!("+refs/heads/{name}*:refs/heads/{name}*"));
        let mut args = vec!["fetch", "--quiet", "--no-tags", "--prune", "--filter=blob:none", "origin", &branch, &runs];
        args.extend(proposals.as_deref());
        self.git(&args).with_context(|| format!("cannot fetch {} of {}", self.branch, self.shown()))?;
        Ok(())
    }

    /// The commit at the head of the branch.
    pub(crate) fn head(&self) -> anyhow::Result<String> {
        let head = self.resolve(&format!("refs/heads/{}", self.branch))?;
        head.with_context(|| format!("{} has no branch {}", self.shown(), self.branch))
    }

    /// The commit that a name leads to.
    pub(crate) fn resolve(&self, name: &str) -> anyhow::Result<Option<String>> {
        let answer = self.ask(&["rev-parse", "--verify", "--quiet", &format!("{name}^{{commit}}")], &[], b"")?;
        Ok(answer.success.then(|| answer.output.trim().to_owned()))
    }

    /// A file of a commit, where it has it.
    pub(crate) fn read(&self, commit: &str, path: &str) -> anyhow::Result<Option<Vec<u8>>> {
        let listed = self.git(&["ls-tree", "-z", commit, "--", path])?;
        let Some(blob) = listed
            .split('\0')
            .next()
            .and_then(|line| line.split('\t').next()?.rsplit(' ').next())
            .filter(|it| !it.is_empty())
        else {
            return Ok(None);
        };
        let answer = self.ask(&["cat-file", "blob", blob], &[], b"")?;
        ensure!(answer.success, "cannot read {path} of {commit}: {}", answer.reason());
        Ok(Some(answer.bytes))
    }

    /// Writes a commit on another one, with changed files. Returns its hash.
    pub(crate) fn commit(
        &self,
        parent: &str,
        files: &[(String, Vec<u8>)],
        message: &str,
        now: i64,
    ) -> anyhow::Result<String> {
        let index = self.folder.path().join("index-of-a-commit");
        let _ = fs::remove_file(&index);
        let index = index.to_string_lossy().into_owned();
        let env = [("GIT_INDEX_FILE", index.as_str())];
        self.succeed(&["read-tree", parent], &env, b"")?;
        for (path, bytes) in files {
            let blob = self.succeed(&["hash-object", "-w", "--stdin"], &[], bytes)?;
            let listed = self.git(&["ls-tree", parent, "--", path])?;
            let mode = listed.split(' ').next().filter(|mode| !mode.is_empty()).unwrap_or("100644");
            self.succeed(
                &["update-index", "--add", "--cacheinfo", &format!("{mode},{},{path}", blob.trim())],
                &env,
                b"",
            )?;
        }
        let tree = self.succeed(&["write-tree"], &env, b"")?;
        self.commit_tree(tree.trim(), Some(parent), message, now)
    }

    /// Writes the commit of a run's ref.
    pub(crate) fn commit_run(
        &self,
        old: Option<&str>,
        files: &[(&str, Vec<u8>)],
        message: &str,
        now: i64,
    ) -> anyhow::Result<String> {
        let mut tree = String::new();
        for (name, bytes) in files {
            let blob = self.succeed(&["hash-object", "-w", "--stdin"], &[], bytes)?;
            let _ = writeln!(tree, "100644 blob {}\t{name}", blob.trim());
        }
        let tree = self.succeed(&["mktree"], &[], tree.as_bytes())?;
        self.commit_tree(tree.trim(), old, message, now)
    }

    fn commit_tree(&self, tree: &str, parent: Option<&str>, message: &str, now: i64) -> anyhow::Result<String> {
        let mut args = vec!["commit-tree", tree];
        if let Some(parent) = parent {
            args.extend(["-p", parent]);
        }
        // commit-tree does not look at this setting by itself.
        let signs = self.ask(&["config", "--type=bool", "--get", "commit.gpgsign"], &[], b"")?;
        if signs.output.trim() == "true" {
            args.push("-S");
        }
        let date = format!("@{now} +0000");
        let mut env = vec![("GIT_AUTHOR_DATE", date.as_str()), ("GIT_COMMITTER_DATE", date.as_str())];
        if !self.ask(&["var", "GIT_COMMITTER_IDENT"], &[], b"")?.success {
            for name in ["GIT_AUTHOR_NAME", "GIT_COMMITTER_NAME"] {
                env.push((name, "canaryctl"));
            }
            for name in ["GIT_AUTHOR_EMAIL", "GIT_COMMITTER_EMAIL"] {
                env.push((name, "canaryctl@localhost"));
            }
        }
        Ok(self.succeed(&args, &env, message.as_bytes())?.trim().to_owned())
    }

    /// Pushes all updates or none.
    pub(crate) fn push(&self, updates: &[Update]) -> anyhow::Result<Pushed> {
        let mut args =
            vec!["push".to_owned(), "--porcelain".to_owned(), "--atomic".to_owned(), "--no-verify".to_owned()];
        for Update { name, old, .. } in updates {
            args.push(format!("--force-with-lease={name}:{}", old.as_deref().unwrap_or_default()));
        }
        args.push("origin".to_owned());
        args.extend(updates.iter().map(|Update { name, new, .. }| format!("{new}:{name}")));
        let args: Vec<_> = args.iter().map(String::as_str).collect();
        let answer = self.ask(&args, &[], b"")?;
        if answer.success {
            return Ok(Pushed::Done);
        }
        self.fetch().with_context(|| format!("cannot push: {}", answer.reason()))?;
        for Update { name, old, new } in updates {
            let found = self.resolve(name)?;
            // The answer to a push that was taken may be lost.
            if found != *old && found.as_deref().unwrap_or_default() != new {
                return Ok(Pushed::Race);
            }
        }
        let is_taken = updates
            .iter()
            .all(|update| self.resolve(&update.name).is_ok_and(|found| found.unwrap_or_default() == update.new));
        Ok(if is_taken { Pushed::Done } else { Pushed::Refused(answer.reason()) })
    }

    /// Why the branch cannot be pushed to, as far as the remote says before a push.
    pub(crate) fn probe_push(&self, commit: &str) -> anyhow::Result<Option<String>> {
        let branch = self.proposals.as_ref().unwrap_or(&self.branch);
        let reference = format!("+{commit}:refs/heads/{branch}");
        let answer = self.ask(&["push", "--porcelain", "--dry-run", "--no-verify", "origin", &reference], &[], b"")?;
        Ok((!answer.success).then(|| answer.reason()))
    }

    /// Runs git, which has to succeed, and returns its output.
    pub(crate) fn git(&self, args: &[&str]) -> anyhow::Result<String> {
        self.succeed(args, &[], b"")
    }

    /// Whether a question to git is answered with yes.
    pub(crate) fn is(&self, args: &[&str]) -> anyhow::Result<bool> {
        Ok(self.ask(args, &[], b"")?.success)
    }

    fn succeed(&self, args: &[&str], env: &[(&str, &str)], input: &[u8]) -> anyhow::Result<String> {
        let answer = self.ask(args, env, input)?;
        let verb = args.first().copied().unwrap_or_default();
        ensure!(answer.success, "git {verb} failed: {}", answer.reason());
        Ok(answer.output)
    }

    fn ask(&self, args: &[&str], env: &[(&str, &str)], input: &[u8]) -> anyhow::Result<Answer> {
        run(self.folder.path(), args, env, input)
    }
}

struct Answer {
    success: bool,
    bytes: Vec<u8>,
    output: String,
    errors: String,
}

impl Answer {
    fn reason(&self) -> String {
        let refused = self.output.lines().filter_map(|line| line.rsplit('\t').next());
        if let Some(refused) =
            refused.clone().find(|text| text.starts_with("[remote rejected]") && !text.contains("atomic"))
        {
            let remote = self.errors.lines().filter_map(|line| line.strip_prefix("remote:")).map(str::trim);
            let words: Vec<_> = remote.filter(|line| !line.is_empty()).take(5).collect();
            return if words.is_empty() { refused.to_owned() } else { format!("{refused}: {}", words.join("; ")) };
        }
        let lines = || self.errors.lines().map(str::trim).filter(|line| !line.is_empty());
        let marked: Vec<_> =
            lines().filter_map(|line| line.strip_prefix("fatal: ").or(line.strip_prefix("error: "))).take(3).collect();
        // ssh says why in a line of its own, and git only that it failed.
        let by_ssh = lines().take_while(|line| *line != "fatal: Could not read from remote repository.");
        if marked.first().is_some_and(|first| first.starts_with("Could not read from remote"))
            && let Some(line) = by_ssh.last()
        {
            return line.trim_end_matches('.').to_owned();
        }
        if marked.is_empty() {
            lines().next_back().unwrap_or("git gives no reason").to_owned()
        } else {
            marked.join("; ")
        }
    }
}

fn run(folder: &Path, args: &[&str], env: &[(&str, &str)], input: &[u8]) -> anyhow::Result<Answer> {
    let mut command = Command::new("git");
    command.arg("--literal-pathspecs").args(args).current_dir(folder).envs(env.iter().copied());
    // The messages are parsed, and nobody is there to type a password.
    command.env("LC_ALL", "C").env("GIT_TERMINAL_PROMPT", "0");
    let child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn();
    let mut child = match child {
        Ok(child) => child,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => bail!("git is not installed"),
        Err(error) => return Err(error).context("cannot run git"),
    };
    if let Some(mut stdin) = child.stdin.take() {
        // git may end before it has read everything; its exit code tells.
        let _ = stdin.write_all(input);
    }
    let output = child.wait_with_output()?;
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    Ok(Answer {
        success: output.status.success(),
        output: text(&output.stdout),
        errors: text(&output.stderr),
        bytes: output.stdout,
    })
}

/// The remote of a folder, the branch there, and the work tree where it is none of a bare repository.
fn local(folder: &Path) -> anyhow::Result<(String, Option<String>, Option<PathBuf>)> {
    let ask = |args: &[&str]| -> anyhow::Result<Option<String>> {
        let answer = run(folder, args, &[], b"")?;
        Ok(answer.success.then(|| answer.output.trim().to_owned()))
    };
    let name = folder.display();
    let is_bare =
        ask(&["rev-parse", "--is-bare-repository"])?.with_context(|| format!("--repo {name}: no git repository"))?;
    let branch = ask(&["symbolic-ref", "--quiet", "--short", "HEAD"])?;
    if is_bare == "true" {
        let folder = fs::canonicalize(folder).with_context(|| format!("cannot read {name}"))?;
        return Ok((folder.to_string_lossy().into_owned(), branch, None));
    }
    let root = PathBuf::from(ask(&["rev-parse", "--show-toplevel"])?.context("no work tree")?);
    let remotes = ask(&["remote"])?.unwrap_or_default();
    let own = branch
        .as_ref()
        .map(|branch| ask(&["config", "--get", &format!("branch.{branch}.remote")]))
        .transpose()?
        .flatten();
    let own = own
        .or_else(|| if remotes.lines().count() == 1 { Some(remotes.clone()) } else { None })
        .unwrap_or_else(|| "origin".to_owned());
    let address = ask(&["remote", "get-url", &own])?;
    let address = address.with_context(|| {
        format!(
            "--repo {name}: the work tree has no remote {own}; add one with git remote add, or name a bare repository"
        )
    })?;
    let is_path = !address.contains("://") && root.join(&address).exists();
    let address = if is_path { fs::canonicalize(root.join(&address))?.to_string_lossy().into_owned() } else { address };
    Ok((address, branch, Some(root)))
}

fn default_branch(remote: &str) -> anyhow::Result<String> {
    let answer = run(Path::new("."), &["ls-remote", "--symref", remote, "HEAD"], &[], b"")?;
    let shown = without_secret(remote);
    ensure!(answer.success, "cannot read {shown}: {}", answer.reason());
    let line = answer.output.lines().find_map(|line| line.strip_prefix("ref: refs/heads/")?.split('\t').next());
    Ok(line.with_context(|| format!("{shown} names no branch: name one with --branch"))?.to_owned())
}

/// An address without what stands before its host: a user, and a password or token.
fn without_secret(address: &str) -> String {
    let parts = address.split_once("://").map(|(scheme, rest)| (scheme, rest.split_once('/').unwrap_or((rest, ""))));
    match parts.and_then(|(scheme, (host, path))| Some((scheme, host.rsplit_once('@')?.1, path))) {
        Some((scheme, host, path)) => format!("{scheme}://{host}/{path}"),
        None => address.to_owned(),
    }
}
